"""What an offer must be to reach a row, a boundary or a branch: facts and their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TypeAlias

from offerwright.expressions.conditions import Number, Value
from offerwright.rules.analysis.asked import tables_of
from offerwright.rules.analysis.cover import NotProved, uncovered
from offerwright.rules.analysis.grid import Grid, grid_of
from offerwright.rules.analysis.segments import Domain as FactDomain
from offerwright.rules.analysis.witness import reaching
from offerwright.rules.analysis.words import sample
from offerwright.rules.axes import WordAxis
from offerwright.rules.plan import AccountPlan
from offerwright.testing.coverage import FALSE, TRUE, Unit
from offerwright.testing.segments import Boundary, Run, Sides
from offerwright.testing.tables import OTHERWISE, RuleTable

Wanted: TypeAlias = Mapping[str, Value | None]
"""By fact, the value that it must have; None = missing. Percents as shares, dates as days."""
_UNITS = {
    "money": Decimal("0.01"), "weight": Decimal("0.001"), "percent": Decimal("0.01"),
    "length": Decimal(1), "number": Decimal(1), "datetime": Decimal(3_600_000_000),
    "duration": Decimal(3_600),
}  # fmt: skip


def wanted(
    unit: Unit, one: RuleTable, columns: tuple[Sides, ...], plan: AccountPlan
) -> Iterator[Wanted]:
    """
    Facts that may reach a unit, the likeliest first; whether they do, only a run can say.

    Args:
        unit: what is to be reached.
        one: its step or table.
        columns: the boundaries of the table.
        plan: the account on which it is to be reached.
    """
    grid = _grid(one, plan)
    if unit.kind == "branch":
        yield from _branch(unit, one)
    elif grid is not None and unit.kind == "row":
        found = _gap(grid) if unit.name == OTHERWISE else _row(grid, unit.name)
        yield from () if found is None else (found,)
    elif unit.kind == "boundary":
        reaches = _any_row(grid) if grid is not None else {}
        for column in columns:
            for boundary in column.boundaries:
                if boundary.name == unit.name:
                    value = value_on(column, boundary)
                    yield {boundary.fact: value}
                    yield {**reaches, boundary.fact: value}


def _grid(one: RuleTable, plan: AccountPlan) -> Grid | None:
    if one.table is None:
        return None
    for asked in tables_of(plan):
        if asked.table is one.table:
            return asked.grid
    return grid_of(one.table, {}, one.when)


def _branch(unit: Unit, one: RuleTable) -> Iterator[Wanted]:
    if one.when is None:
        yield {}
        return
    grid = grid_of(one.when, _NEVER_MISSING)
    found = _row(grid, one.when.rows[0].id) if unit.name == TRUE else _gap(grid)
    if found is not None:
        yield found
    if unit.name == FALSE:
        yield from ({axis.fact: None} for axis in one.when.axes)


_NEVER_MISSING: Mapping[str, FactDomain] = {
    name: FactDomain(is_nullable=False)
    for name in ("sku", "account", "marketplace", "currency", "as_of", "today")
}


def _row(grid: Grid, row: str) -> Wanted | None:
    number = next(n for n, one in enumerate(grid.table.rows) if one.id == row)
    found = reaching(grid, number)
    return None if found is None else {name: given.value for name, given in found.items()}


def _any_row(grid: Grid) -> Wanted:
    for row in grid.table.rows:
        found = _row(grid, row.id)
        if found is not None:
            return found
    return {}


def _gap(grid: Grid) -> Wanted | None:
    """An offer that no row accepts."""
    masks = [[s.maybe for s in column.segments] for column in grid.columns]
    for whole in grid.wholes:
        try:
            point = uncovered(masks, whole, grid.parts)
        except NotProved:
            continue
        if point is not None:
            return {
                column.fact: sample(column, column.segments[number])
                for column, number in zip(grid.columns, point, strict=True)
            }
    return None


def value_on(column: Sides, boundary: Boundary) -> Value | None:
    """A value on one side of a boundary; the cut point itself where it lies on that side."""
    if boundary.side == "missing":
        return None
    if boundary.run is not None:
        return _in_run(boundary.run)
    axis = column.axis
    if not isinstance(axis, WordAxis):
        return Decimal(1)
    if axis.type.name == "boolean":
        return boundary.side == "true" or (boundary.side != "false" and True not in axis.words)
    if boundary.side == "something else" and axis.type.values:
        return next((v for v in axis.type.values if boundary.name in column.met(v)), None)
    return _word(boundary.side)


def _word(side: str) -> str:
    """A word of which a side is said; `has` and `matches` are not guessed."""
    if side.startswith("one of "):
        return side.partition(" such as ")[2]
    for start, end in (("under ", ""), ("starts with ", "other")):
        if side.startswith(start):
            return f"{side.removeprefix(start)}{end}"
    return "other" if side in ("something else", "present") else side


def _in_run(run: Run) -> Number:
    (low, low_in), (high, high_in) = run.low, run.high
    unit = _UNITS.get(run.axis.type.name, Decimal(1))
    if low is not None and low_in:
        return low
    if high is not None and high_in:
        return high
    if low is None:
        return Decimal(0) if high is None else Decimal(high) - unit
    if high is None or Decimal(low) + unit < Decimal(high):
        return Decimal(low) + unit
    return (Decimal(low) + Decimal(high)) / 2
