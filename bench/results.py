"""RESULTS.md: a heading, then sections, each behind a line that says which command writes it."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench/RESULTS.md"
_MARK = re.compile(r"^<!-- (?:python )?bench/run\.py --only (\S+) -->$", re.MULTILINE)
_PACKAGES = ("polars", "numpy", "pyarrow", "orjson", "zen-engine", "durable-rules")


@dataclass(frozen=True)
class Setup:
    """Where sections may write, and how large they measure."""

    folder: Path
    quick: bool = False
    largest: int = 1_000_000

    @property
    def sizes(self) -> tuple[int, int, int]:
        """SKUs of the workload, rising."""
        if self.quick:
            return 1_000, 10_000, 50_000
        return self.largest // 100, self.largest // 10, self.largest

    @property
    def whole(self) -> int:
        """SKUs of a whole catalogue."""
        return self.sizes[-1]

    @property
    def sample(self) -> int:
        """SKUs for peers that go row by row."""
        return 200 if self.quick else 1_000

    @property
    def times(self) -> int:
        """Runs of which the median counts."""
        return 2 if self.quick else 3


def heading(setup: Setup) -> str:
    """The machine, the versions, the workload."""
    machine = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
    packages = ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
    quick = " **With `--quick`: sizes too small to judge by.**" if setup.quick else ""
    return f"""# Results

Made by `make bench` on {machine}; Offerwright {_version("offerwright")}, {packages}.{quick}

The workload is `bench/workload.py`: 800 categories, 500 brands, five nodes, four accounts; 40
conditional markups and a decision table of 2,000 rows, 300 commissions and fixed fees by bands for
each account, competitors, bounds, charm endings, stock shared out by largest remainder, 800
categories and three maps of 200 values for each account, titles cut to 60 characters. Every peer
computes all of it; what a peer leaves out is said where it stands. Outputs are compared with the
engine's before a time is printed. An offer is one SKU on one account. Times are wall seconds,
medians, each size in a process of its own; absolute ones are for orientation, ratios hold within
one run. `python bench/run.py --only NAME` makes one section again.
"""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def sections_of(text: str) -> dict[str, str]:
    """The sections that a file of results holds, by name."""
    parts = _MARK.split(text)
    return dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))


def written(head: str, sections: dict[str, str]) -> str:
    """The whole file."""
    parts = [
        f"<!-- bench/run.py --only {name} -->\n\n{text.strip()}\n"
        for name, text in sections.items()
    ]
    return "\n".join([head, *parts])
