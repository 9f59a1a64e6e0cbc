"""
Where windows leave a gap, and where two of them overlap.

What an account needs all the time – its fees, its stock, its mapping, rates of exchange – has a
gap wherever nothing counts. Campaigns come and go: two that set the same thing at once overlap,
and a few days between two of them are a gap too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations, groupby, pairwise
from typing import Literal

from offerwright.errors import Span
from offerwright.loadout import Loadout
from offerwright.rules.plan import AccountPlan, DocumentInfo, SetStep, Step
from offerwright.rules.window import Window, is_never

FOREVER = 2**63 - 1
_SHORT = 3 * 24 * 3600 * 1_000_000
"""Microseconds: so long a break between two campaigns is rather forgotten than meant."""


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """
    A period in which nothing counts, or two things do; microseconds, the end not included.

    `end` is `FOREVER` where nothing that is written ends it.
    """

    start: int
    end: int
    kind: Literal["gap", "overlap"]
    what: str
    places: tuple[Span, ...]
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """A window and where it is written."""

    window: Window
    name: str
    place: Span

    @property
    def start(self) -> int:
        return -FOREVER if self.window[0] is None else self.window[0]

    @property
    def end(self) -> int:
        return FOREVER if self.window[1] is None else self.window[1]


def stretches(
    loadout: Loadout, start: int, end: int, accounts: Collection[str] | None = None
) -> tuple[Stretch, ...]:
    """Every gap and overlap that reaches into [start, end), microseconds, in order of time."""
    found = [
        replace(one, accounts=(plan.account.name,))
        for plan in loadout.rules.plans
        if accounts is None or plan.account.name in accounts
        for one in _of_account(plan, loadout)
    ]
    found += [one for parts in _rates(loadout).values() for one in _gaps(*parts, "nothing counts")]
    inside = sorted(one for one in found if one.start < end and start < one.end)
    return tuple(_together(inside))


def _together(found: Iterable[Stretch]) -> Iterator[Stretch]:
    """The same stretch of several accounts as one."""
    for one, group in groupby(found, key=lambda s: replace(s, accounts=())):
        yield replace(one, accounts=tuple(sorted({a for s in group for a in s.accounts})))


def _of_account(plan: AccountPlan, loadout: Loadout) -> Iterator[Stretch]:
    for name, parts in _needed(plan).items():
        yield from _gaps(name, parts, "nothing counts")
    for name, parts in _campaigns(plan).items():
        yield from _overlaps(name, parts)
        yield from _breaks(name, parts)


def _needed(plan: AccountPlan) -> Mapping[str, list[_Part]]:
    """By what an account needs all the time, the windows of the documents that have it."""
    found: dict[str, list[_Part]] = {}
    for fee in plan.fees:
        found.setdefault(f"the fee {fee.id}", []).append(_part(plan.documents[fee.document]))
    for name, items in (("stock", plan.inventories), ("the mapping", plan.mappings)):
        for item in items:
            found.setdefault(name, []).append(_part(plan.documents[item.document]))
    return found


def _campaigns(plan: AccountPlan) -> Mapping[str, list[_Part]]:
    """By what they set, the pricing documents that have a window; of each the first step counts."""
    found: dict[str, dict[str, _Part]] = {}
    for step in plan.steps:
        info = plan.documents[step.document]
        if info.window != (None, None):
            for name in _sets(step):
                found.setdefault(name, {}).setdefault(info.name, _part(info))
    return {name: list(parts.values()) for name, parts in sorted(found.items())}


def _sets(step: Step) -> Iterator[str]:
    """What a step sets: names of the language, in its phase."""
    names = [name for name, _ in step.sets] if isinstance(step, SetStep) else ["price"]
    yield from (f"{name} in `{step.phase}`" for name in names)


def _rates(loadout: Loadout) -> Mapping[tuple[str, str], tuple[str, list[_Part]]]:
    found: dict[tuple[str, str], tuple[str, list[_Part]]] = {}
    for rate in loadout.rules.rates:
        name = f"the rate from {rate.source} to {rate.target}"
        parts = found.setdefault(rate.pair, (name, []))[1]
        parts.append(_Part(rate.window, rate.document, rate.span))
    return found


def _part(info: DocumentInfo) -> _Part:
    place = info.ends[0] if info.ends else Span(info.file, 1, 1, 1, 1)
    return _Part(info.window, info.name, place)


def _gaps(name: str, parts: list[_Part], why: str) -> Iterator[Stretch]:
    """Where none of them counts, from the first that does on."""
    ordered = sorted((p for p in parts if not is_never(p.window)), key=lambda p: (p.start, p.end))
    if not ordered:
        return
    last = ordered[0]
    for part in ordered[1:]:
        if part.start > last.end:
            yield Stretch(last.end, part.start, "gap", f"{name}: {why}", (last.place, part.place))
        last = max(last, part, key=lambda p: p.end)
    if last.end != FOREVER:
        yield Stretch(last.end, FOREVER, "gap", f"{name}: {why}", (last.place,))


def _overlaps(name: str, parts: list[_Part]) -> Iterator[Stretch]:
    for one, other in combinations(sorted(parts, key=lambda p: (p.start, p.end, p.name)), 2):
        start, end = max(one.start, other.start), min(one.end, other.end)
        if start < end:
            what = f"{name}: {one.name} and {other.name} both set it"
            yield Stretch(start, end, "overlap", what, (one.place, other.place))


def _breaks(name: str, parts: list[_Part]) -> Iterator[Stretch]:
    """Short gaps between one campaign and the next."""
    ordered = sorted(parts, key=lambda p: (p.start, p.end, p.name))
    for one, other in pairwise(ordered):
        if one.end < other.start <= one.end + _SHORT:
            what = f"{name}: nothing between {one.name} and {other.name}"
            yield Stretch(one.end, other.start, "gap", what, (one.place, other.place))
