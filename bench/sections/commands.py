"""Commands as a user runs them: process start included."""

from __future__ import annotations

import shutil
import subprocess
import sys

from measure import clocked
from results import ROOT, Setup
from workload import Spec, make_workload

CLI = [sys.executable, "-m", "offerwright"]
PRINT = [sys.executable, "-c", "pass"]
OFFERS = ("offers", "--output", "jsonl", "--as-of", "2026-11-24T12:00:00+00:00")
TIMES = 5


def section(setup: Setup) -> str:
    """The table, as Markdown."""
    shop = setup.folder / "commands"
    size = setup.sizes[1]
    make_workload(shop, Spec(size))
    rows = [
        ("*for comparison: `python -c pass`*", PRINT, TIMES),
        ("`offerwright --help`", [*CLI, "--help"], TIMES),
        ("`offerwright check` on the reference repository",
         [*CLI, "check", "--root", str(ROOT)], TIMES),
        (f"`offerwright check` on the workload, {size:,} SKUs",
         [*CLI, "check", "--root", str(shop)], TIMES),
        (f"`offerwright offers --output jsonl` on it, {4 * size:,} offers",
         [*CLI, *OFFERS, "--root", str(shop)], 1),
        *_olist(setup),
    ]  # fmt: skip
    lines = [f"| {name} | {_cells(command, times)} |" for name, command, times in rows]
    return f"""## Commands

`python bench/run.py --only commands`. Process start included; medians of {TIMES}, the long ones
once.

| command | CPU s | wall s | peak MB |
|---|---|---|---|
{chr(10).join(lines)}
"""


def _olist(setup: Setup) -> list[tuple[str, list[str], int]]:
    """A plan over the catalogue of Olist, where that lies beside the repository."""
    data = ROOT.parent / "shared/data/olist"
    if setup.quick or not data.is_dir():
        return []
    sources, shop = setup.folder / "olist", setup.folder / "olist-shop"
    prepare = [str(ROOT / "examples/olist/prepare.py"), str(data), str(sources)]
    fill = ["--fill-price", "category-median"]
    subprocess.run([sys.executable, *prepare, *fill], check=True, capture_output=True)
    ignored = shutil.ignore_patterns(".offerwright")
    shutil.copytree(ROOT / "examples/olist", shop, ignore=ignored, dirs_exist_ok=True)
    plan = ["plan", "--root", str(shop), "--data", str(sources), "--first-publication"]
    label = "`offerwright plan` over Olist with filled prices, 98,853 offers"
    return [(label, [*CLI, *plan, "--out", str(setup.folder / "plan.jsonl")], 1)]


def _cells(command: list[str], times: int) -> str:
    found = sorted(clocked(command) for _ in range(times))
    cpu, wall, peak = found[len(found) // 2]
    return f"{cpu:.2f} | {wall:.2f} | {peak:.0f}"
