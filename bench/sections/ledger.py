"""Plans against a ledger: how long reading, comparing and planning take, and how flat they are."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from results import Setup

PROGRAM = Path(__file__).resolve().parents[1] / "plans.py"
ACCOUNTS = 4


def section(setup: Setup) -> str:
    """The table, as Markdown."""
    changed = {skus: _ran(setup, skus, "changed") for skus in setup.sizes[1:]}
    first = {skus: _ran(setup, skus, "first") for skus in setup.sizes[:2]}
    again = [_ran(setup, setup.sizes[1], "again")]
    followed = "\n".join(map(_followed, again))
    steady = "\n".join(_steady(skus, one) for skus, one in changed.items())
    opening = "\n".join(_opening(skus, one) for skus, one in first.items())
    return f"""## Plans against a ledger

`python bench/run.py --only ledger`. Four accounts; every offer is confirmed in price, stock and
content, and one SKU in a hundred has another cost. Seconds: wall of the whole plan, by two threads
with the reader of the ledger beside them; CPU of reading the ledger alone, as a plan reads it, and
of the whole plan with that reading. `compare`: hashes of what would be said against the columns of
the ledger, without rendering. `write`: microseconds a row of filling the ledger in bulk.

| SKUs | rows | plan, s | reading, CPU s | plan, CPU s | ratio | compare, s | write, µs | MB |
|---|---|---|---|---|---|---|---|---|
{steady}

An empty ledger: everything is listed for the first time, the plan file holds all bodies.

| SKUs | operations | plan, s | plan, CPU s | file, s | file, MB | µs CPU an operation | peak MB |
|---|---|---|---|---|---|---|---|
{opening}

Plans that follow a remembered one (`--incremental`), of one worker, CPU seconds; each is compared
with the full plan.

| SKUs | full | full, remembered | no change | ratio | one SKU | ratio | offers planned | MB kept |
|---|---|---|---|---|---|---|---|---|
{followed}
"""


def _ran(setup: Setup, skus: int, case: str) -> dict[str, Any]:
    command = [sys.executable, str(PROGRAM), "--skus", str(skus), "--accounts", str(ACCOUNTS),
               "--case", case, "--folder", str(setup.folder)]  # fmt: skip
    more = {"first": ["--plan-only"], "again": ["--workers", "1"]}.get(case, [])
    done = subprocess.run([*command, *more], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _steady(skus: int, one: dict[str, Any]) -> str:
    ratio = one["plan_cpu"] / one["read_cpu"]
    written = f"{one['write_us']:.1f}" if one["write_us"] else "–"
    return (
        f"| {skus:,} | {one['ledger_rows']:,} | {one['plan_s']:.1f} | {one['read_cpu']:.1f} "
        f"| {one['plan_cpu']:.1f} | **{ratio:.1f}** | {one['compare_s']:.2f} | {written} "
        f"| {one['peak_mb']:.0f} |"
    )


def _opening(skus: int, one: dict[str, Any]) -> str:
    each = one["plan_cpu"] / max(one["operations"], 1) * 1e6
    return (
        f"| {skus:,} | {one['operations']:,} | {one['plan_s']:.1f} | {one['plan_cpu']:.1f} "
        f"| {one['file_s']:.1f} | {one['file_mb']:,.0f} | {each:.0f} | {one['peak_mb']:.0f} |"
    )


def _followed(one: dict[str, Any]) -> str:
    full, nothing, changed = one["full_cpu"], one["nothing_cpu"], one["one_cpu"]
    return (
        f"| {one['skus']:,} | {full:.2f} | {one['first_cpu']:.2f} | {nothing:.2f} "
        f"| **{full / nothing:.0f}** | {changed:.2f} | **{full / changed:.0f}** | {one['one']} "
        f"| {one['memory_mb']:.0f} |"
    )
