"""One offer out of a large catalogue: `explain` as a command, and in a process that is running."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from measure import clocked
from reference_catalogue import AS_OF, write_data, write_repository
from results import ROOT, Setup

SKU, ACCOUNT, TIMES = "PAN-0001-0000", "meli", 7
COMMAND = [sys.executable, "-m", "offerwright"]
LIBRARIES = [sys.executable, "-c", "import polars, numpy, pyarrow, pyarrow.compute"]


def section(setup: Setup) -> str:
    """The table, as Markdown."""
    skus = 10_000 if setup.quick else 100_000
    shop, cache = setup.folder / "explain", setup.folder / "explain-cache"
    if not shop.exists():
        write_repository(shop, {})
        write_data(shop / "data", skus)
    clocked([*COMMAND, "snapshot"], cache, shop)
    asked = [*COMMAND, "explain", SKU, "--account", ACCOUNT, "--as-of", AS_OF]
    clocked(asked, cache, shop)  # what is remembered from here on
    rows = [
        ("Polars, NumPy and PyArrow alone, CPU s", _of(LIBRARIES, cache, shop)),
        ("**the command, files unchanged, CPU s**", _of(asked, cache, shop)),
        ("the command with `--without`, which compiles anew, CPU s",
         _of([*asked, "--without", "shop/gold-brands"], cache, shop)),
    ]  # fmt: skip
    lines = [
        "## One offer, explained\n",
        f"`python bench/run.py --only explain`. The reference rules over {skus:,} SKUs; "
        f"medians of {TIMES}.\n",
        "| | |\n|---|---|",
        *(f"| {name} | {found:.2f} |" for name, found in rows),
        f"| **in a process that has the rules, from the file on, CPU ms** | {warm(shop):.0f} |",
    ]
    return "\n".join(lines) + "\n"


def _of(command: list[str], cache: Path, shop: Path) -> float:
    return statistics.median(clocked(command, cache, shop)[0] for _ in range(TIMES))


def warm(shop: Path) -> float:
    """The row read from the snapshot, evaluated, judged and traced, in milliseconds."""
    sys.path.insert(0, str(ROOT / "engine"))
    from offerwright.evaluate.run import Executor
    from offerwright.facts.archive import newest_snapshot, open_snapshot
    from offerwright.pipeline import load
    from offerwright.sync.known import NOTHING_KNOWN, live_frame
    from offerwright.whatif.explained import Question, explained
    from offerwright.whatif.rows import rows_of

    loadout = load(shop)
    executor, guards = Executor(loadout.rules), loadout.guards.by_account[ACCOUNT]
    folder = newest_snapshot(shop / ".offerwright" / "snapshots")
    assert folder is not None
    facts, at = open_snapshot(folder).facts, datetime.fromisoformat(AS_OF)
    live = live_frame(NOTHING_KNOWN)

    def one() -> None:
        rows = rows_of(loadout.rules, facts, SKU)
        record = explained(executor, guards, Question(SKU, ACCOUNT, at, rows, live))
        assert record["price"] is not None

    one()
    return statistics.median(_ms(one) for _ in range(TIMES))


def _ms(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1e3
