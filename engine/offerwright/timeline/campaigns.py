"""
Campaigns of one account → where two of them count for the same offers, and short breaks.

A campaign is a pricing document with a window, or a row with a window in a table of one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from offerwright.errors import Span
from offerwright.expressions.conditions import AllOf, AnyOf, Condition, Test, alternatives
from offerwright.rules.analysis.grid import grid_of
from offerwright.rules.analysis.overlap import meetings
from offerwright.rules.axes import holds
from offerwright.rules.plan import (
    Account,
    AccountPlan,
    DocumentInfo,
    RowPlan,
    SetStep,
    Step,
    TablePlan,
)
from offerwright.rules.row_masks import table_of_rows
from offerwright.rules.window import ALWAYS_VALID, Window, is_never
from offerwright.timeline.stretch import FOREVER, Stretch

_SHORT = 3 * 24 * 3600 * 1_000_000
"""Microseconds: so long a break between two campaigns is rather forgotten than meant."""
_MOST = 2_000
"""So many pairs are looked at of what one name is set by."""


@dataclass(frozen=True, slots=True)
class _Campaign:
    """`number` is that of its document, `step` the step that it is a row of."""

    name: str
    window: Window
    condition: Condition
    place: Span
    info: DocumentInfo
    number: int
    step: str = ""

    @property
    def start(self) -> int:
        return -FOREVER if self.window[0] is None else self.window[0]

    @property
    def end(self) -> int:
        return FOREVER if self.window[1] is None else self.window[1]


_Pair = tuple[_Campaign, _Campaign]


def campaign_stretches(plan: AccountPlan) -> Iterator[Stretch]:
    """
    Overlaps of campaigns that set the same thing, and breaks of up to three days between two.

    Only of campaigns whose conditions one offer can meet. Steps of one document are written
    together and are not held against each other, and what overrides takes the place of the rest.
    """
    for name, campaigns in _by_name(plan).items():
        pairs = list(_meeting(campaigns))
        beside: dict[int, set[int]] = defaultdict(set)
        for one, other in pairs:
            beside[id(one)].add(id(other))
            beside[id(other)].add(id(one))
        between = {id(one): one for one in campaigns}
        for one, other in pairs:
            both = [between[n] for n in beside[id(one)] & beside[id(other)]]
            yield from _stretch(name, (one, other), both)


def _stretch(name: str, pair: _Pair, both: Sequence[_Campaign]) -> Iterator[Stretch]:
    """The overlap of two, or the break between them that no third campaign ends or bridges."""
    one, other = sorted(pair, key=lambda c: (c.start, c.end, c.name))
    start, end = max(one.start, other.start), min(one.end, other.end)
    places = one.place, other.place
    if start < end:
        yield Stretch(
            start, end, "overlap", f"{name}: {one.name} and {other.name} both count", places
        )
    elif end < start and not any(c.start < start and end < c.end for c in both):
        yield Stretch(
            end, start, "gap", f"{name}: nothing between {one.name} and {other.name}", places
        )


def _by_name(plan: AccountPlan) -> Mapping[str, list[_Campaign]]:
    """The campaigns by what they set: a name of the language, in its phase."""
    found: dict[str, list[_Campaign]] = defaultdict(list)
    for step in plan.steps:
        for one in _of_step(step, plan.documents[step.document], plan.account):
            for name in _sets(step):
                found[name].append(one)
    return dict(sorted(found.items()))


def _is_for(condition: Condition, account: Account) -> bool:
    """Whether it can hold for an offer of the account, whose name and marketplace are known."""
    known = {"account": account.name, "marketplace": account.marketplace}
    return any(
        all(test.fact not in known or _holds(test, known[test.fact]) for test in part)
        for part in alternatives(condition)
    )


def _holds(test: Test, value: str) -> bool:
    return any(holds(atom, value) for atom in test.atoms) is not test.negated


def _sets(step: Step) -> list[str]:
    names = [name for name, _ in step.sets] if isinstance(step, SetStep) else ["price"]
    return [f"{name} in `{step.phase}`" for name in names]


def _of_step(step: Step, info: DocumentInfo, account: Account) -> Iterator[_Campaign]:
    """The rows of a step that have a window; where none has, the step in that of its document."""
    reach = AllOf(tuple(_any(one) for one in (info.only, step.when) if one is not None))
    table = step.table if isinstance(step, SetStep) else None
    rows = [row for row in (table.rows if table else ()) if row.window != ALWAYS_VALID]
    for row in rows:
        window = _within(info.window, row.window)
        if not is_never(window) and _is_for(row.condition, account):
            condition = AllOf((reach, row.condition))
            name = f"{info.name}/{row.id}"
            yield _Campaign(name, window, condition, row.span, info, step.document, step.id)
    if not rows and info.window != ALWAYS_VALID and not is_never(info.window):
        place = info.ends[0] if info.ends else Span(info.file, 1, 1, 1, 1)
        yield _Campaign(info.name, info.window, reach, place, info, step.document)


def _any(table: TablePlan) -> Condition:
    return AnyOf(tuple(row.condition for row in table.rows))


def _within(one: Window, other: Window) -> Window:
    starts = [start for start in (one[0], other[0]) if start is not None]
    ends = [end for end in (one[1], other[1]) if end is not None]
    return max(starts, default=None), min(ends, default=None)


def _meeting(campaigns: Sequence[_Campaign]) -> Iterator[_Pair]:
    """The pairs that one offer can meet, at once or one shortly after the other."""
    rows = [
        RowPlan(one.name, one.place, one.condition, (one.window[0], _later(one.window[1])))
        for one in campaigns
    ]
    if len(rows) < 2:
        return
    table = table_of_rows("campaigns", rows[0].span, "collect", None, rows, (), False)
    grid = grid_of(table, {})
    for met in islice(meetings(grid), _MOST):
        one, other = (campaigns[grid.row_of[part]] for part in (met.part, met.other))
        if not _written_together(one, other) and not _replaces(one.info, other.info):
            yield one, other


def _later(end: int | None) -> int | None:
    return None if end is None else end + _SHORT + 1


def _written_together(one: _Campaign, other: _Campaign) -> bool:
    return one.number == other.number and (not one.step or one.step != other.step)


def _replaces(one: DocumentInfo, other: DocumentInfo) -> bool:
    """Whether the narrower of two documents takes the place of the wider one."""
    narrow, wide = sorted((one, other), key=lambda info: info.width, reverse=True)
    return narrow.width > wide.width and narrow.override
