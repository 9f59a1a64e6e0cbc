"""What the offers of an account stand on beside the rows of the snapshot: rules, places, time."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from offerwright.codec import Shapes
from offerwright.codec.write import written
from offerwright.expressions.parse import EPOCH, microseconds
from offerwright.incremental.needs import Needs, needs
from offerwright.incremental.reads import CLOCK, Reads
from offerwright.rules.axes import OrderedAxis
from offerwright.rules.packed import RULE_CLASSES
from offerwright.rules.plan import AccountPlan, DocumentInfo, RuleSet

Side = Literal["told", "stock"]
SIDES: tuple[Side, ...] = ("told", "stock")
"""Prices with content, and quantities: two halves of an offer that are computed apart."""
OFFER_NAMES = ("price", "sale_price", "list_price")
"""Columns of an offer that may be facts of the snapshot, which no rule has to name."""
_PLACES = frozenset({"Span"})


@dataclass(frozen=True)
class Footing:
    """
    One side of one account.

    `meaning` is a hash of what its rules mean, `places` of where they are written (files and lines,
    which blocked offers name), `clock` of what the moment decides. `needs` are what is read of
    the rows, by account: the stock of one depends on what others see of the same SKU.
    """

    meaning: str
    places: str
    clock: str
    needs: tuple[Needs, ...]


def footings(rules: RuleSet, account: str, as_of: datetime) -> dict[Side, Footing]:
    """Both sides of an account at a moment."""
    plan = rules.plan(account)
    return {"told": _told(rules, plan, as_of), "stock": _stock(rules, plan, as_of)}


def _told(rules: RuleSet, plan: AccountPlan, as_of: datetime) -> Footing:
    items = (*plan.steps, *plan.fees, *plan.mappings)
    infos = _infos(plan, sorted({item.document for item in items}))
    part = (plan.steps, plan.fees, plan.mappings, plan.scopes, infos)
    return _footing(rules, part, (needs(plan, (OFFER_NAMES, part)),), as_of)


def _stock(rules: RuleSet, plan: AccountPlan, as_of: datetime) -> Footing:
    # Numbers of documents move when rules about prices come and go.
    inventories = tuple(replace(one, document=n) for n, one in enumerate(plan.inventories))
    infos = _infos(plan, [one.document for one in plan.inventories])
    part = (inventories, infos)
    others = {entry.account for one in inventories for entry in one.entries}
    seen_by = [plan.account.name, *sorted(a for a in others - {plan.account.name} if a)]
    found = tuple(needs(rules.plan(account), part) for account in seen_by)
    return _footing(rules, part, found, as_of)


def _infos(plan: AccountPlan, numbers: Sequence[int]) -> tuple[DocumentInfo, ...]:
    """The documents, without what no offer shows."""
    return tuple(replace(plan.documents[n], revision="", ends=None) for n in numbers)


def _footing(rules: RuleSet, part: Any, found: tuple[Needs, ...], as_of: datetime) -> Footing:
    behind = tuple(_behind(rules, one) for one in found)
    anywhere = tuple(replace(info, file="") for info in part[-1])
    return Footing(
        meaning=_digest((part[:-1], anywhere, behind), without=_PLACES),
        places=_digest((part, behind)),
        clock=_clock(rules, found, as_of),
        needs=found,
    )


def _behind(rules: RuleSet, one: Needs) -> tuple[Any, ...]:
    """What else decides what the facts of an account are, and how they are written."""
    plan = rules.plan(one.account)
    scope, facts = plan.scope, sorted(one.reads.facts)
    types = {name: found for name in facts if (found := scope.types.get(name)) is not None}
    maps = {name: scope.maps[name] for name in facts if name in scope.maps}
    return plan.account, one.derived, one.decisions, types, maps, rules.time_zone


def _digest(value: Any, without: frozenset[str] = frozenset()) -> str:
    done = written(value, Shapes(RULE_CLASSES, without=without))
    found = hashlib.sha256(json.dumps(done.texts).encode())
    for chunk in done.chunks:
        found.update(hashlib.sha256(chunk).digest())
    return found.hexdigest()


def _clock(rules: RuleSet, found: Sequence[Needs], as_of: datetime) -> str:
    """What the moment says to all that reads it; equal at two moments, nothing has changed."""
    zone = ZoneInfo(rules.time_zone)
    said = [
        (one.account, *_said(one.reads, rules.plan(one.account).scope.rates, as_of, zone))
        for one in found
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _said(
    own: Reads, rates: Mapping[tuple[str, str], Any], as_of: datetime, zone: ZoneInfo
) -> Iterator[Any]:
    moment = microseconds(as_of)
    today = (as_of.astimezone(zone).date() - EPOCH.date()).days
    clock = {"today": today, "as_of": moment}
    yield "".join("01"[_is_open(window, moment)] for window in own.windows)
    for name in sorted(CLOCK):
        yield clock[name] if name in own.names else None
        yield [_segment(axis, clock[name]) for axis in own.axes.get(name, ())]
    for pair in sorted(own.rates):
        in_force = [str(rate) for window, rate in rates.get(pair, ()) if _is_open(window, moment)]
        yield [*pair, *in_force]


def _is_open(window: tuple[int | None, int | None], moment: int) -> bool:
    start, end = window
    return (start is None or start <= moment) and (end is None or moment < end)


def _segment(axis: OrderedAxis, value: int) -> int:
    at = bisect_left(axis.cuts, value)
    return 2 * at + (at < len(axis.cuts) and axis.cuts[at] == value)
