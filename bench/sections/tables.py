"""How the evaluation grows with the rows of a decision table."""

from __future__ import annotations

from dataclasses import replace

from measure import Measured, Task, compared
from one import installed
from results import Setup

ROWS = (200, 2_000, 20_000)
BULK = {"engine": "**engine**", "numpy": "NumPy by hand", "polars": "Polars by hand, joins"}
BY_ROW = {"zen": "zen-engine", "decimal": "Python interpreter, `Decimal`"}


def section(setup: Setup) -> str:
    """The table, as Markdown."""
    folder = str(setup.folder)
    whole = Task(setup.whole, folder, times=setup.times)
    sample = Task(setup.sample, folder, times=1)
    small = {who: name for who, name in BY_ROW.items() if installed(who)}
    bulk = {rows: compared(BULK, replace(whole, rows=rows)) for rows in ROWS}
    slow = {rows: compared(["engine", *small], replace(sample, rows=rows)) for rows in ROWS}
    lines = [_line(name, [bulk[rows][who] for rows in ROWS]) for who, name in BULK.items()]
    lines += [_line(name, [slow[rows][who] for rows in ROWS]) for who, name in small.items()]
    first = " | ".join(f"{bulk[rows]['engine'].first:.2f}" for rows in ROWS)
    head = " | ".join(f"{rows:,} rows" for rows in ROWS)
    return f"""## Rows of a decision table

`python bench/run.py --only tables`. The whole evaluation for four accounts, microseconds a SKU;
{setup.whole:,} SKUs, row by row {setup.sample:,}. Growth from {ROWS[0]:,} to {ROWS[-1]:,} rows, of
the seconds and of those of CPU.

| executor | {head} | growth | CPU growth |
|---|---|---|---|---|---|
{chr(10).join(lines)}

The engine's first run, tables not walked yet, took {first} seconds.
"""


def _line(name: str, found: list[Measured]) -> str:
    each = [one.ns * 4 / 1e3 for one in found]
    seen = " | ".join(f"{one:.2f}" if one < 100 else f"{one:,.0f}" for one in each)
    growth, cpu = each[-1] / each[0], found[-1].cpu / found[0].cpu
    return f"| {name} | {seen} | {growth:.2f} | {cpu:.2f} |"
