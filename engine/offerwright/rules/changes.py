"""
What changes by itself: every moment at which a rule begins or ends to count, and nobody does
anything.

Windows of documents, of rows and of rates, and conditions on `today` and `as_of`. What is computed
from the clock in another way (`days(as_of - listed_on)`) changes with it and is not listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Literal
from zoneinfo import ZoneInfo

from offerwright.errors import Span
from offerwright.expressions.parse import EPOCH, microseconds
from offerwright.rules.axes import OrderedAxis
from offerwright.rules.plan import AccountPlan, DocumentInfo, RuleSet, SetStep, TablePlan
from offerwright.rules.rows import Window

_CLOCK = ("today", "as_of")


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """One rule that begins or ends to count at a moment (microseconds), and for which accounts."""

    at: int
    what: str
    happens: Literal["begins", "ends"]
    span: Span
    accounts: tuple[str, ...] = ()


def changes(rules: RuleSet, start: int, end: int | None = None) -> tuple[Change, ...]:
    """
    Every change in [start, end), in order of time; to the end of time if `end` is None.

    A row of a document that is not in force changes nothing. Rates belong to no account.
    """
    zone = ZoneInfo(rules.time_zone)
    found = [
        replace(change, accounts=(plan.account.name,))
        for plan in rules.plans
        for change in _of_plan(plan, zone)
    ]
    for rate in rules.rates:
        what = f"{rate.document}: the rate from {rate.source} to {rate.target}"
        found += ends_of(what, rate.window, (rate.span, rate.span))
    return merged(c for c in found if start <= c.at and (end is None or c.at < end))


def merged(found: Iterable[Change]) -> tuple[Change, ...]:
    """The changes in order; the same one of several accounts as one."""

    def alike(change: Change) -> Change:
        return replace(change, accounts=())

    return tuple(
        replace(one, accounts=tuple(sorted({a for c in group for a in c.accounts})))
        for one, group in groupby(sorted(found), key=alike)
    )


def ends_of(what: str, window: Window, places: tuple[Span, Span]) -> Iterator[Change]:
    """The written ends of a window as changes."""
    if window[0] is not None:
        yield Change(window[0], what, "begins", places[0])
    if window[1] is not None:
        yield Change(window[1], what, "ends", places[1])


def _of_plan(plan: AccountPlan, zone: ZoneInfo) -> Iterator[Change]:
    for info in plan.documents:
        nowhere = Span(info.file, 1, 1, 1, 1)
        yield from ends_of(f"{info.kind} {info.name}", info.window, info.ends or (nowhere, nowhere))
    for held, table in _tables(plan):
        for change in of_table(table, zone):
            if held is None or held.is_in_force(change.at) or held.is_in_force(change.at - 1):
                yield change


def _tables(plan: AccountPlan) -> Iterator[tuple[DocumentInfo | None, TablePlan]]:
    for step in plan.steps:
        info = plan.documents[step.document]
        if step.when is not None:
            yield info, step.when
        if isinstance(step, SetStep) and step.table is not None:
            yield info, step.table
    for fee in plan.fees:
        yield plan.documents[fee.document], fee.table
    for inventory in plan.inventories:
        if isinstance(inventory.safety, TablePlan):
            yield plan.documents[inventory.document], inventory.safety
    for mapping in plan.mappings:
        if mapping.category is not None:
            yield plan.documents[mapping.document], mapping.category
    for decision in plan.decisions:
        yield None, decision.table


def of_table(table: TablePlan, zone: ZoneInfo) -> Iterator[Change]:
    """The windows of a table's rows, and the turns of its conditions on `today` and `as_of`."""
    for row in table.rows:
        what = row.id if row.id == table.label else f"{table.label}/{row.id}"
        yield from ends_of(what, row.window, (row.span, row.span))
    for axis in table.axes:
        if axis.fact in _CLOCK and isinstance(axis, OrderedAxis):
            yield from _of_axis(table, axis, zone)


def _of_axis(table: TablePlan, axis: OrderedAxis, zone: ZoneInfo) -> Iterator[Change]:
    """The rows that a condition on the clock switches on or off at each of its cuts."""
    for number, cut in enumerate(axis.cuts):
        below, at, above = axis.masks[2 * number : 2 * number + 3]
        day = axis.fact == "today"
        first = _midnight(int(cut), zone) if day else int(cut)
        then = _midnight(int(cut) + 1, zone) if day else int(cut) + 1
        for moment, before, after in ((first, below, at), (then, at, above)):
            for part, row_number in enumerate(table.row_of):
                was, is_ = before >> part & 1, after >> part & 1
                if was != is_:
                    row = table.rows[row_number]
                    what = row.id if row.id == table.label else f"{table.label}/{row.id}"
                    yield Change(moment, what, "begins" if is_ else "ends", row.span)


def _midnight(day: int, zone: ZoneInfo) -> int:
    return microseconds(
        datetime.combine(EPOCH.date() + timedelta(days=day), datetime.min.time(), zone)
    )
