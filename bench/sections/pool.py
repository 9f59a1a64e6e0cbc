"""A pool of two processes beside one process: offers from file to file."""

from __future__ import annotations

import shutil
import statistics
import sys

from results import Setup

from sections.streaming import ACCOUNTS, Run, offers, shop

SIZES = (1_000_000, 3_000_000)
TURNS = 3
ENGINES = {
    "1 process, 1 thread": ["--workers", "1"],
    "1 process, 2 threads": ["--workers", "2"],
    "**pool, 2 processes**": ["--engine", "pool", "--workers", "2"],
}


def section(setup: Setup) -> str:
    """The table, as Markdown."""
    lines = [line for skus in _sizes(setup) for line in _of_size(setup, skus)]
    return f"""## A pool of processes: offers from file to file, {ACCOUNTS} accounts

`python bench/run.py --only pool`. `offers -o parquet --out FILE --digest`, whole commands, process
start included; medians of {TURNS} turns, one engine after the other in each. All digests are equal.

| SKUs | engine | wall s | ratio | CPU s | of all together, MB |
|---|---|---|---|---|---|
{chr(10).join(lines)}
"""


def _sizes(setup: Setup) -> tuple[int, ...]:
    return (50_000,) if setup.quick else SIZES


def _of_size(setup: Setup, skus: int) -> list[str]:
    root = shop(setup.folder, skus)
    runs: dict[str, list[Run]] = {name: [] for name in ENGINES}
    for _ in range(TURNS):
        for name, options in ENGINES.items():
            run = offers(root, options)
            if run is None:
                sys.exit(f"{name} was stopped")
            runs[name].append(run)
    shutil.rmtree(root)
    if len({run.digest for own in runs.values() for run in own}) != 1:
        sys.exit("the engines say different things")
    alone = _wall(runs["1 process, 1 thread"])
    return [
        f"| {skus:,} | {name} | {_wall(own):.1f} | {alone / _wall(own):.2f} "
        f"| {statistics.median(one.cpu for one in own):.1f} "
        f"| {max(one.together for one in own):,.0f} |"
        for name, own in runs.items()
    ]


def _wall(runs: list[Run]) -> float:
    return statistics.median(one.wall for one in runs)
