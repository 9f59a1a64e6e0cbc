"""`offerwright diff` of two states of the rules: what a pull request waits for."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from measure import clocked
from reference_catalogue import ALL, AS_OF, ONE, Edits, write_data, write_repository
from results import Setup

CLI = [sys.executable, "-m", "offerwright"]
SKUS = 100_000
TIMES = 1


def section(setup: Setup) -> str:
    """The table, as Markdown."""
    skus = SKUS // 20 if setup.quick else SKUS
    data = setup.folder / f"reference-{skus}"
    if not data.is_dir():
        write_data(data, skus)
    base = _state(setup.folder / "review-base", {}, data)
    rows = [
        ("*for comparison: `offerwright offers --state`, one whole run*",
         ["offers", "--root", str(base), "--state", str(setup.folder / "state")]),
        ("**one document changed: one account of five may differ**",
         _diff(base, _state(setup.folder / "review-one", ONE, data))),
        (f"{len(ALL)} documents changed, every account differs",
         _diff(base, _state(setup.folder / "review-all", ALL, data))),
    ]  # fmt: skip
    times = 1 if setup.quick else TIMES
    lines = [f"| {name} | {_cells([*CLI, *asked], times)} |" for name, asked in rows]
    return f"""## A change of the rules, reviewed

`python bench/run.py --only review`. The reference repository with five accounts and its catalogue
over and over, {skus:,} SKUs; two folders are compared, process start and rendering included; the
snapshot is there, each is run once. To say which of several documents moved an offer, the head is
computed once more without each, for the accounts that it can reach.

| `offerwright diff` | CPU s | wall s | peak MB |
|---|---|---|---|
{chr(10).join(lines)}
"""


def _state(root: Path, edits: Edits, data: Path) -> Path:
    """One state of the rules, with the snapshot."""
    shutil.rmtree(root, ignore_errors=True)
    write_repository(root, edits)
    shutil.copytree(data, root / "data")
    clocked([*CLI, "snapshot", "--root", str(root)])
    return root


def _diff(base: Path, head: Path) -> list[str]:
    return ["diff", str(base), str(head), "--as-of", AS_OF, "-o", "json", "--fail-on", "never"]


def _cells(command: list[str], times: int) -> str:
    found = sorted(clocked(command) for _ in range(times))
    cpu, wall, peak = found[len(found) // 2]
    return f"{cpu:.1f} | {wall:.1f} | {peak:.0f}"
