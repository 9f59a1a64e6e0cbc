"""Conditions on `today` as what they are: conditions on `as_of`, a day being a stretch of time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from offerwright.expressions.conditions import AllOf, Atom, Condition, Equal, Number, Test, Within
from offerwright.expressions.parse import EPOCH, microseconds
from offerwright.expressions.types import DATETIME
from offerwright.rules.plan import TablePlan

_DAY = 86_400_000_000


def table_of_moments(table: TablePlan, zone: ZoneInfo) -> TablePlan:
    """The table with every test of `today` as one of `as_of`; its axes are left as they were."""
    if not any(axis.fact == "today" for axis in table.axes):
        return table
    rows = (replace(row, condition=of_moments(row.condition, zone)) for row in table.rows)
    return replace(table, rows=tuple(rows))


def of_moments(condition: Condition, zone: ZoneInfo) -> Condition:
    """The condition with every test of `today` as one of `as_of`."""
    if not isinstance(condition, Test):
        parts = tuple(of_moments(part, zone) for part in condition.parts)
        return replace(condition, parts=parts) if parts else AllOf(())
    if condition.fact != "today":
        return condition
    atoms = tuple(_of_moments(atom, zone) for atom in condition.atoms)
    return Test("as_of", DATETIME, atoms, condition.negated)


def _of_moments(atom: Atom, zone: ZoneInfo) -> Atom:
    if isinstance(atom, Equal) and not isinstance(atom.value, str):
        return Within(_midnight(atom.value, zone), _midnight(atom.value + 1, zone))
    if not isinstance(atom, Within):
        return atom
    low = None if atom.low is None else atom.low + (not atom.low_included)
    high = None if atom.high is None else atom.high + atom.high_included
    return Within(
        None if low is None else _midnight(low, zone),
        None if high is None else _midnight(high, zone),
    )


def _midnight(day: Number, zone: ZoneInfo) -> int:
    """The first moment of a day, in microseconds."""
    try:
        date = EPOCH.date() + timedelta(days=int(day))
    except OverflowError:  # the day after the last one of the calendar
        return int(day) * _DAY
    return microseconds(datetime.combine(date, time.min, zone))
