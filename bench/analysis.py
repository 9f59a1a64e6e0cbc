"""
How long the proofs of decision tables take, beside a plain comparison of every pair of rows.

    python bench/analysis.py             prints the section
    python bench/run.py --only analysis  writes it to bench/RESULTS.md

Two kinds of tables: a full grid, as people write them, and random boxes that overlap at will, which
no index helps with. The pairwise check finds overlaps only; it has no answer to gaps and dead rows.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import combinations, pairwise, product
from statistics import median
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from offerwright.errors import Span
from offerwright.expressions.conditions import AllOf, Atom, Equal, Test, Within
from offerwright.expressions.types import Type, money
from offerwright.rules.analysis.dead import said_dead
from offerwright.rules.analysis.gaps import gaps
from offerwright.rules.analysis.grid import grid_of
from offerwright.rules.analysis.overlap import meetings, overlaps
from offerwright.rules.plan import RowPlan, TablePlan
from offerwright.rules.tables import table_of_rows

SIZES = ((1_000, 5), (2_000, 6))
ZONE = ZoneInfo("UTC")
MONEY = money("BRL")
SEED = 20_261_124
TIMES = 3

Rows = list[tuple[Test, ...]]


def full_grid(size: int, facts: int) -> Rows:
    """Rows that fill a grid: amounts in bands and words by turns."""
    sides = [max(2, round(size ** (1 / facts)))] * facts
    while math.prod(sides) < size:
        sides[sides.index(min(sides))] += 1
    columns = [_bands(n, side) if n % 2 == 0 else _words(n, side) for n, side in enumerate(sides)]
    rows: Rows = list(product(*columns))
    random.Random(SEED).shuffle(rows)
    return rows[:size]


def _bands(number: int, side: int) -> list[Test]:
    cuts = [None, *(Decimal(10 * cut) for cut in range(1, side)), None]
    ends = pairwise(cuts)
    return [Test(f"f{number}", MONEY, (Within(low, high),)) for low, high in ends]


def _words(number: int, side: int) -> list[Test]:
    words = tuple(f"w{word}" for word in range(side))
    return [Test(f"f{number}", Type("enum", values=words), (Equal(word),)) for word in words]


def random_boxes(size: int, facts: int) -> Rows:
    """Rows of amounts between random bounds; a fifth of the cells is empty."""
    rng = random.Random(SEED)
    rows: Rows = []
    for _ in range(size):
        row = []
        for number in range(facts):
            low = rng.randrange(300)
            atom: Atom = Within(Decimal(low), Decimal(low + rng.randrange(1, 60)))
            if rng.random() < 0.8:
                row.append(Test(f"f{number}", MONEY, (atom,)))
        rows.append(tuple(row))
    return rows


def table(rows: Rows, hit: str) -> TablePlan:
    plans = [
        RowPlan(f"r{n}", Span("table", n + 1, 1, n + 1, 2), AllOf(row))
        for n, row in enumerate(rows)
    ]
    return table_of_rows("table", Span("table", 1, 1, 1, 2), hit, None, plans, (), False)


def plain_pairs(rows: Rows) -> int:
    """The pairs of rows that meet, by comparing cell with cell."""
    tests = [{test.fact: test.atoms[0] for test in row} for row in rows]
    return sum(_meet(one, other) for one, other in combinations(tests, 2))


def _meet(one: dict[str, Atom], other: dict[str, Atom]) -> bool:
    return all(_cells_meet(atom, other[fact]) for fact, atom in one.items() if fact in other)


def _cells_meet(one: Any, other: Any) -> bool:
    if isinstance(one, Equal):
        return bool(one.value == other.value)
    lows = [cell.low for cell in (one, other) if cell.low is not None]
    highs = [cell.high for cell in (one, other) if cell.high is not None]
    return not lows or not highs or max(lows) < min(highs)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, median of a few runs, and the last result."""
    seconds, result = [], None
    for _ in range(TIMES):
        start = perf_counter()
        result = work()
        seconds.append(perf_counter() - start)
    return median(seconds), result


def section(sizes: Sequence[tuple[int, int]] = SIZES) -> str:
    """The section of RESULTS.md: tables of so many rows and facts."""
    lines = [
        "## Proofs of decision tables",
        "",
        "`python bench/run.py --only analysis`: every table is proved from its conditions on, masks"
        " included. The peer compares every pair of rows cell by cell: overlaps only. Both found"
        " the same pairs.",
        "",
        "| table | overlaps, s | gaps, s | dead rows, s | plain pairs, s | pairs / overlaps |",
        "|---|---|---|---|---|---|",
    ]
    for kind, make in (("full grid", full_grid), ("random boxes", random_boxes)):
        lines += [_line(kind, make(*size), *size) for size in sizes]
    return "\n".join(lines) + "\n"


def _line(kind: str, rows: Rows, size: int, facts: int) -> str:
    unique, first = table(rows, "unique"), table(rows, "first")
    overlap, _ = timed(lambda: overlaps(grid_of(unique, {}), ZONE))
    gap, _ = timed(lambda: gaps(grid_of(unique, {}), ZONE, "NO_RULE_MATCHES"))
    dead, _ = timed(lambda: said_dead(grid_of(first, {})))
    start = perf_counter()
    pairs = plain_pairs(rows)
    plain = perf_counter() - start
    _same(unique, pairs)
    return (
        f"| {kind}, {size:,} rows x {facts} facts | {overlap:.2f} | {gap:.2f} | {dead:.2f} "
        f"| {plain:.2f} | {plain / overlap:.0f} |"
    )


def _same(unique: TablePlan, pairs: int) -> None:
    found: Sequence[Any] = list(meetings(grid_of(unique, {})))
    if len(found) != pairs:
        raise SystemExit(f"the proofs find {len(found)} pairs, the plain check {pairs}")


if __name__ == "__main__":
    print(section())
