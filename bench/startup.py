"""
How soon a command can evaluate: from the files, from what is remembered, and from a bundle.

    python bench/startup.py               prints its section
    python bench/run.py --only startup    writes it to bench/RESULTS.md

The repository is `bench/large_repository.py`: 5,000 rules, tables of 20,000 rows. "Ready" means
that an `Executor` holds the rules and that all libraries for evaluating are loaded; nothing has
been computed. The garbage collector is set as a command sets it. CPU seconds of whole processes;
what libraries alone cost stands beside them.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from large_repository import make_repository
from measure import clocked

ROOT = Path(__file__).resolve().parents[1]
HEADING = "## Start of 5,000 rules and 20,000 table rows"
TIMES = 5
READY = """\
import sys
from pathlib import Path
from offerwright.cli.collector import collect_seldom, end_quickly
collect_seldom()
from offerwright.cli.loadouts import ready
from offerwright.evaluate.run import Executor
bundle = Path(sys.argv[2]) if len(sys.argv) > 2 else None
Executor(ready(Path(sys.argv[1]), bundle)[1].rules)
end_quickly()
"""
WORKER = """\
import sys
from pathlib import Path
from offerwright.evaluate.run import Executor
from offerwright.rules.packed import rules_from_bytes
Executor(rules_from_bytes(Path(sys.argv[1]).read_bytes()))
"""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="offerwright-bench-") as folder:
        print(section(Path(folder)))


def section(folder: Path, times: int = TIMES) -> str:
    """The tables, as Markdown."""
    shutil.rmtree(folder, ignore_errors=True)  # what was remembered would answer
    shop, cache = folder / "shop", folder / "cache"
    make_repository(shop)
    bundle, rules = folder / "rules.bundle", folder / "rules.bytes"
    inside = in_process(shop, bundle, rules, times)
    ready = [sys.executable, "-c", READY, str(shop)]
    cold = [cpu(ready, None) for _ in range(min(times, 3))]
    cpu(ready, cache)  # what is remembered from here on
    rows = [
        ("`python -c pass`", [cpu([sys.executable, "-c", "pass"], None) for _ in range(times)]),
        ("Polars, NumPy and PyArrow alone", _times(libraries(), None, times)),
        ("`offerwright --help`", _times([sys.executable, "-m", "offerwright", "--help"],
                                        None, times)),
        ("ready, from the files", cold),
        ("**ready, unchanged files, remembered**", _times(ready, cache, times)),
        ("**ready, from a bundle**", _times([*ready, str(bundle)], None, times)),
        ("a worker, from the rules as bytes", _times([sys.executable, "-c", WORKER, str(rules)],
                                                     None, times)),
    ]  # fmt: skip
    lines = [
        f"{HEADING}\n",
        f"`python bench/run.py --only startup`. Medians of {times}. "
        f"The bundle has {bundle.stat().st_size / 1e6:.1f} MB with the files that it was made of, "
        f"the rules alone {rules.stat().st_size / 1e6:.1f} MB.\n",
        "| whole process | CPU s |\n|---|---|",
        *(f"| {name} | {statistics.median(found):.2f} |" for name, found in rows),
        "\n| in a process that is running | CPU ms |\n|---|---|",
        *(f"| {name} | {found * 1e3:.1f} |" for name, found in inside),
    ]
    return "\n".join(lines) + "\n"


def libraries() -> list[str]:
    return [sys.executable, "-c", "import polars, numpy, pyarrow, pyarrow.compute"]


def in_process(shop: Path, bundle: Path, rules: Path, times: int) -> list[tuple[str, float]]:
    """Writing and reading, without the start of Python; leaves both files behind."""
    sys.path.insert(0, str(ROOT / "engine"))
    from offerwright.bundle import unpack
    from offerwright.bundle.pack import pack
    from offerwright.pipeline import load
    from offerwright.rules.packed import rules_from_bytes, rules_to_bytes

    loadout = load(shop)
    data, alone = pack(loadout), rules_to_bytes(loadout.rules)
    bundle.write_bytes(data)
    rules.write_bytes(alone)
    read = unpack(data, shop)

    def every_table() -> None:
        for plan in unpack(data, shop).rules.plans:
            for step in plan.steps:
                table = getattr(step, "table", None)
                if table is not None:
                    len(table.axes), len(table.rows)

    assert read.rules == loadout.rules
    return [
        ("writing a bundle", best(lambda: pack(loadout), 3)),
        ("**reading a bundle**", best(lambda: unpack(data, shop), times)),
        ("reading it with every table, which a run does table by table", best(every_table, times)),
        ("reading the rules alone", best(lambda: rules_from_bytes(alone), times)),
    ]


def best(work: Callable[[], object], times: int) -> float:
    """The least CPU seconds of several runs."""
    found = []
    for _ in range(times):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def _times(command: list[str], cache: Path | None, times: int) -> list[float]:
    return [cpu(command, cache) for _ in range(times)]


def cpu(command: list[str], cache: Path | None) -> float:
    """CPU seconds of one command that must end well."""
    return clocked(command, cache)[0]


if __name__ == "__main__":
    main()
