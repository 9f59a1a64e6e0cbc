"""Where durable-rules is not installed the twin serves, says so once, and decides the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cli.shop import reference_shop

ROOT = Path(__file__).resolve().parents[2]
# A module that is None cannot be imported: what Python does where a package is absent.
ABSENT = "import sys; sys.modules['durable_rules_engine'] = None; "


def run(code: str) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(ROOT / "engine"), "PATH": os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, "-c", ABSENT + code],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_twin_serves_and_says_so() -> None:
    done = run(
        "from offerwright.orders.engines import matcher_of; "
        "matcher, said = matcher_of('auto'); print(matcher.__name__, said)"
    )

    assert done.stdout.startswith("Twin note: durable-rules is not installed")


def test_asking_for_durable_rules_says_how_to_get_it() -> None:
    done = run("from offerwright.orders.engines import matcher_of; matcher_of('durable')")

    assert done.returncode == 1
    assert "Install `offerwright[durable]` with Python 3.11 or 3.12" in done.stderr


def test_the_whole_command_runs_and_the_absent_engine_is_refused(tmp_path: Path) -> None:
    reference_shop(tmp_path)
    main = "from offerwright.cli import main; main(['orders', 'route', {}])"
    common = f"'{tmp_path}/data/orders.jsonl', '--root', '{tmp_path}', '--as-of', '2026-11-27', "
    auto = run(main.format(common + "'-o', 'jsonl'"))
    refused = run(main.format(common + "'--engine', 'durable'"))

    # 13 orders, four of them with two lines.
    assert (auto.returncode, len(auto.stdout.splitlines())) == (0, 17)
    assert auto.stderr.count("durable-rules is not installed") == 1
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "use --engine twin" in refused.stderr
