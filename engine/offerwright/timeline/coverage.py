"""
Where windows leave a gap, and where two of them overlap.

What an account needs all the time – its fees, its stock, its mapping, rates of exchange – has a
gap wherever nothing counts. Campaigns come and go: two that set the same thing at once overlap,
and a few days between two of them are a gap too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from offerwright.errors import Span
from offerwright.loadout import Loadout
from offerwright.rules.plan import AccountPlan, DocumentInfo
from offerwright.rules.window import Window, is_never
from offerwright.timeline.campaigns import campaign_stretches
from offerwright.timeline.stretch import FOREVER, Stretch


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
    yield from campaign_stretches(plan)


def _needed(plan: AccountPlan) -> Mapping[str, list[_Part]]:
    """
    By what an account needs all the time, the windows of the documents that have it.

    A document for some offers leaves all others to nobody.
    """
    found: dict[str, list[DocumentInfo]] = {}
    for fee in plan.fees:
        found.setdefault(f"the fee {fee.id}", []).append(plan.documents[fee.document])
    for name, items in (("stock", plan.inventories), ("the mapping", plan.mappings)):
        for item in items:
            found.setdefault(name, []).append(plan.documents[item.document])
    for number in sorted({step.document for step in plan.steps if step.phase == "base"}):
        found.setdefault("the base price", []).append(plan.documents[number])
    return {
        name: [_part(info) for info in [i for i in infos if i.only is None] or infos]
        for name, infos in found.items()
    }


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
