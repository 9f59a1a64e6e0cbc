"""How many SKUs of a snapshot each row of each table matches, by the masks that evaluation uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.evaluate.match import Walks, holds, rows_of_mask, tested_column
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.views import Views
from offerwright.evaluate.walk import TableWalk
from offerwright.expressions.parse import microseconds
from offerwright.rules.findings.expected import (
    KNOWN_LATE,
    Counted,
    CountedRow,
    expecting_tables,
    reached_tables,
)
from offerwright.rules.plan import AccountPlan, RuleSet, TablePlan

EXAMPLES = 3


def expected_matches(
    rules: RuleSet, blocks: Iterable[pl.DataFrame], as_of: datetime
) -> list[Counted]:
    """
    The matches of the tables that expect a number, over a snapshot that comes block by block.

    Nothing is read where no row expects anything.
    """
    wanted = [plan for plan in rules.plans if any(True for _ in expecting_tables(plan))]
    found: list[Counted] = []
    for block in blocks if wanted else ():
        counted = count_matches(replace(rules, plans=tuple(wanted)), block, as_of, expects)
        found = [_sum(*pair) for pair in zip(found, counted, strict=True)] if found else counted
    return found


def expects(table: TablePlan) -> bool:
    """Whether a row of the table says how many SKUs it should match."""
    return any(row.expect_matches for row in table.rows)


def _sum(one: Counted, other: Counted) -> Counted:
    rows = (
        CountedRow(a.row, a.count + b.count, (*a.examples, *b.examples)[:EXAMPLES])
        for a, b in zip(one.rows, other.rows, strict=True)
    )
    return Counted(one.account, one.table, one.asked + other.asked, tuple(rows))


def _every(table: TablePlan) -> bool:
    return True


def count_matches(
    rules: RuleSet,
    snapshot: pl.DataFrame,
    as_of: datetime,
    wanted: Callable[[TablePlan], bool] = _every,
) -> list[Counted]:
    """
    The matches of every table, every step's `when` and every `for` that selects offers, for every
    account that has them.

    Validity windows of rows do not count: a campaign of next month is no mistake. Tables that ask
    for prices, live values or names set by steps are left out.

    Args:
        snapshot: `frames.SNAPSHOT`.
        as_of: what `as_of`, `today` and ages are computed with.
        wanted: which tables are counted.
    """
    frame = snapshot.sort("sku")
    walks = Walks()
    views = Views(rules, frame, as_of, {}, walks)
    found: list[Counted] = []
    for plan in rules.plans:
        rows = views.of(plan.account.name)
        for table, *reached in reached_tables(plan):
            if not wanted(table):
                continue
            counted = _counted(table, reached, rows, plan, microseconds(as_of), walks)
            if counted is not None:
                found.append(_named(counted, frame["sku"], plan))
    return found


def _counted(
    table: TablePlan,
    reaching: Sequence[TablePlan | None],
    rows: Rows,
    plan: AccountPlan,
    as_of: int,
    walks: Walks,
) -> tuple[TablePlan, int, dict[int, NDArray[np.bool_]]] | None:
    """The SKUs that reach the table, and for each row where it matches among them."""
    if not all(_is_known(axis.fact, rows, plan) for one in (table, *reaching) if one
               for axis in one.axes):  # fmt: skip
        return None
    reached = np.logical_and.reduce([holds(one, rows, as_of, walks) for one in reaching])
    # Under `first` a walk drops rows once an earlier one has won; here all are counted.
    walk = TableWalk(replace(table, hit="any"))
    columns = [tested_column(axis, rows) for axis in table.axes]
    states, masks = walk.matches(columns, rows.size, walk.every)
    matching: dict[int, NDArray[np.bool_]] = {}
    for state in np.unique(states).tolist():
        here = (states == state) & reached
        for row in rows_of_mask(table, masks[state]):
            matching[row] = matching[row] | here if row in matching else here
    return table, int(reached.sum()), matching


def _is_known(fact: str, rows: Rows, plan: AccountPlan) -> bool:
    scope_type = plan.scope.types.get(fact)
    is_map = scope_type is not None and scope_type.name == "map"
    return fact not in KNOWN_LATE and (is_map or rows.find(fact) is not None)


def _named(
    counted: tuple[TablePlan, int, dict[int, NDArray[np.bool_]]],
    skus: pl.Series,
    plan: AccountPlan,
) -> Counted:
    table, asked, matching = counted
    nothing = np.zeros(len(skus), dtype=bool)
    return Counted(
        account=plan.account.name,
        table=table,
        asked=asked,
        rows=tuple(
            _row(number, matching.get(number, nothing), skus) for number in range(len(table.rows))
        ),
    )


def _row(number: int, mask: NDArray[np.bool_], skus: pl.Series) -> CountedRow:
    at: Iterable[int] = np.flatnonzero(mask)[:EXAMPLES].tolist()
    return CountedRow(number, int(mask.sum()), tuple(skus[i] for i in at))
