"""
How long `offerwright check` takes of a large repository, as a user runs it: process start included.

    python bench/check.py             prints its section
    python bench/run.py --only check  writes it to bench/RESULTS.md

The repository is `bench/large_repository.py`: 100 YAML files and more with 5,000 rules, tables of
20,000 rows. Times are medians of five; CPU seconds are those of the command and its children.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from large_repository import make_repository
from measure import clocked

HEADING = "## `offerwright check` of 5,000 rules and 20,000 table rows"
TIMES = 5
# Start of Python and a fixed piece of work: what the seconds of this machine are worth just now.
MEASURE = [sys.executable, "-c", "sum(i * i for i in range(5_000_000))"]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="offerwright-bench-") as folder:
        print(section(Path(folder)))


def section(folder: Path, times: int = TIMES) -> str:
    """The table, as Markdown; every figure is the median of so many runs."""
    # What an earlier run remembered would answer for this one.
    shutil.rmtree(folder, ignore_errors=True)
    shop, cache = folder / "shop", folder / "cache"
    make_repository(shop)
    files = sum(1 for f in (shop / "rules").rglob("*") if f.is_file()) + 1
    cold = [run(shop, None) for _ in range(times)]
    run(shop, cache)
    warm = [run(shop, cache) for _ in range(times)]
    edited = []
    for number in range(times):
        edit(shop, number)
        edited.append(run(shop, cache))
    base = [clocked(MEASURE) for _ in range(times)]
    rows = [
        ("cold, without a cache", cold),
        ("**unchanged, from the cache**", warm),
        ("one file changed", edited),
        ("*for comparison: a loop of 5 million in Python*", base),
    ]
    lines = [
        f"{HEADING}\n",
        "`python bench/run.py --only check`. "
        f"{files} files of the seller, 3 accounts; process start included, medians of {times}. "
        "The last line says what a second was worth: other work ran on the machine.\n",
        "| what | CPU s | wall s | peak MB |\n|---|---|---|---|",
    ]
    for name, results in rows:
        cpu, wall, peak = (statistics.median(column) for column in zip(*results, strict=True))
        lines.append(f"| {name} | {cpu:.2f} | {wall:.2f} | {peak:.0f} |")
    return "\n".join(lines) + "\n"


def run(shop: Path, cache: Path | None) -> tuple[float, float, float]:
    return clocked([sys.executable, "-m", "offerwright", "check"], cache, shop)


def edit(shop: Path, number: int) -> None:
    """Another percentage in one campaign."""
    file = sorted((shop / "rules/campaigns").glob("*.yaml"))[number]
    text = file.read_text("utf-8")
    file.write_text(text.replace("otherwise: {off: 0%}", f"otherwise: {{off: {number + 1}%}}"))


if __name__ == "__main__":
    main()
