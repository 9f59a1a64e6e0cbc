"""Where proofs are given up: said in a warning, never as a wrong finding, and soon."""

from __future__ import annotations

import random
from time import perf_counter
from zoneinfo import ZoneInfo

from offerwright.errors import Span
from offerwright.expressions import conditions as c
from offerwright.expressions.types import BOOLEAN
from offerwright.rules.analysis.dead import dead_rows, said_dead
from offerwright.rules.analysis.gaps import gaps
from offerwright.rules.analysis.grid import Grid, grid_of
from offerwright.rules.analysis.segments import Domain
from offerwright.rules.plan import RowPlan
from offerwright.rules.row_masks import table_of_rows

FACTS = 60
ZONE = ZoneInfo("UTC")
PRESENT = {f"f{number}": Domain(is_nullable=False) for number in range(FACTS)}


def puzzle(rows: int, *, wide: int, hit: str = "first") -> Grid:
    """A table of rows that test three of many facts each, and after them rows that test nothing.

    Whether the first rows leave something to the others is a puzzle (3-SAT) near its hardest point.
    """
    rng = random.Random(7)
    conditions = [
        c.AllOf(
            tuple(
                c.Test(f"f{fact}", BOOLEAN, (c.Equal(rng.random() < 0.5),))
                for fact in sorted(rng.sample(range(FACTS), 3))
            )
        )
        for _ in range(rows)
    ] + [c.AllOf(())] * wide
    plans = [
        RowPlan(f"r{number}", Span("t", number + 1, 1, number + 1, 2), condition)
        for number, condition in enumerate(conditions)
    ]
    table = table_of_rows("t", Span("t", 1, 1, 1, 2), hit, None, plans, (), False)
    return grid_of(table, PRESENT)


def test_a_gap_that_is_not_found_in_time_is_said_to_be_open() -> None:
    found = gaps(puzzle(270, wide=0, hit="unique"), ZONE, "NO_RULE_MATCHES")

    assert [(d.code, d.severity) for d in found] == [("NOT_PROVED", "warning")]
    assert found[0].message == (
        "whether some row matches every offer was not found out: too many combinations"
    )


def test_rows_of_which_nobody_knows_whether_they_win_are_named() -> None:
    grid = puzzle(270, wide=1)
    dead, unproved = dead_rows(grid)
    first = ", ".join(f"`r{row}`" for row in unproved[:3])

    assert dead == []
    assert unproved[-1] == 270
    assert [d.message for d in said_dead(grid)] == [
        f"whether {first} and {len(unproved) - 3} more can win was not found out: "
        "too many combinations"
    ]


def test_all_rows_of_a_table_share_one_patience() -> None:
    started = perf_counter()
    dead, unproved = dead_rows(puzzle(270, wide=300))

    # The first of them may win or not; the others it takes everything from.
    assert 270 in unproved
    assert [(d.row, d.killers) for d in dead] == [(row, (270,)) for row in range(271, 570)]
    assert perf_counter() - started < 20
