"""What the offers of an account stand on beside the rows of the snapshot: rules, places, time."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from offerwright.rules.plan import AccountPlan, DocumentInfo, RuleSet, TablePlan

Side = Literal["told", "stock", "guards"]
SIDES: tuple[Side, ...] = ("told", "stock")
"""Prices with content, and quantities: two halves of an offer that are computed apart. A plan has
`guards` besides: what they look at."""
OFFER_NAMES = ("price", "sale_price", "list_price")
"""Columns of an offer that may be facts of the snapshot, which no rule has to name."""
_PLACES = frozenset({"Span"})
_CLASSES = RULE_CLASSES | dict.fromkeys(("ApprovalPlan", "GuardPlan"), "offerwright.guards.plan")


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


@dataclass(frozen=True)
class Tables:
    """Hashes of tables by what they mean; accounts that share a table share its hash."""

    held: dict[int, tuple[TablePlan, str]] = field(default_factory=dict)

    def digest(self, table: TablePlan) -> str:
        found = self.held.get(id(table))
        if found is None:
            # The table is held so that its identity cannot be taken over.
            found = self.held[id(table)] = table, _digest(table)
        return found[1]


def footings(
    rules: RuleSet, account: str, as_of: datetime, tables: Tables, same: bool = False
) -> dict[Side, Footing]:
    """
    Both sides of an account at a moment.

    With `same` the rules are known to be those of a run before, byte for byte: `meaning` and
    `places`, which take the longest, are left empty.
    """
    plan = rules.plan(account)
    parts: dict[Side, Part] = {"told": _told(rules, plan), "stock": _stock(rules, plan)}
    return {side: footing(rules, part, as_of, tables, same) for side, part in parts.items()}


def footing(
    rules: RuleSet, part: Part, as_of: datetime, tables: Tables, same: bool = False
) -> Footing:
    """One side, as `footings` takes the rest."""
    return Footing(
        "" if same else _meaning(rules, part, tables),
        "" if same else _hash([one.reads.places for one in part.needs]),
        _clock(rules, part.needs, as_of),
        part.needs,
    )


@dataclass(frozen=True)
class Part:
    """What one side of an account is made of, and what it reads."""

    items: tuple[Any, ...]
    needs: tuple[Needs, ...]


def _told(rules: RuleSet, plan: AccountPlan) -> Part:
    items = (*plan.steps, *plan.fees, *plan.mappings)
    infos = _infos(plan, sorted({item.document for item in items}))
    whole = (*items, plan.scopes, *infos)
    return Part(whole, (needs(plan, (OFFER_NAMES, whole)),))


def _stock(rules: RuleSet, plan: AccountPlan) -> Part:
    # Numbers of documents move when rules about prices come and go.
    inventories = tuple(replace(one, document=n) for n, one in enumerate(plan.inventories))
    whole = (*inventories, *_infos(plan, [one.document for one in plan.inventories]))
    others = {entry.account for one in inventories for entry in one.entries}
    seen_by = [plan.account.name, *sorted(a for a in others - {plan.account.name} if a)]
    return Part(whole, tuple(needs(rules.plan(account), whole) for account in seen_by))


def _infos(plan: AccountPlan, numbers: Sequence[int]) -> tuple[DocumentInfo, ...]:
    """The documents, without what no offer shows."""
    return tuple(replace(plan.documents[n], revision="", ends=None) for n in numbers)


def _meaning(rules: RuleSet, part: Part, tables: Tables) -> str:
    behind = [_behind(rules, one, tables) for one in part.needs]
    return _digest((_bare(part.items, tables), tuple(behind)))


def _bare(items: Iterable[Any], tables: Tables) -> tuple[Any, ...]:
    """These parts of a plan with hashes in the place of their tables, and without files."""
    found: list[Any] = []
    for item in items:
        if isinstance(item, TablePlan):
            found.append(tables.digest(item))
        elif dataclasses.is_dataclass(item) and not isinstance(item, type):
            own = {f.name: getattr(item, f.name) for f in dataclasses.fields(item)}
            held = {name: t for name, t in own.items() if isinstance(t, TablePlan)}
            more: dict[str, Any] = dict.fromkeys(held)
            more |= {"file": ""} if isinstance(item, DocumentInfo) else {}
            found.append((replace(item, **more), {n: tables.digest(t) for n, t in held.items()}))
        else:
            found.append(item)
    return tuple(found)


def _behind(rules: RuleSet, one: Needs, tables: Tables) -> tuple[Any, ...]:
    """What else decides what the facts of an account are, and how they are written."""
    plan = rules.plan(one.account)
    scope, facts = plan.scope, sorted(one.reads.facts)
    types = {name: found for name in facts if (found := scope.types.get(name)) is not None}
    maps = {name: scope.maps[name] for name in facts if name in scope.maps}
    decisions = _bare(one.decisions, tables)
    return plan.account, one.derived, decisions, types, maps, rules.time_zone


def _digest(value: Any) -> str:
    """A hash of what a part of a plan means, wherever it is written."""
    done = written(value, Shapes(_CLASSES, without=_PLACES))
    found = hashlib.sha256(json.dumps(done.texts).encode())
    for chunk in done.chunks:
        found.update(hashlib.sha256(chunk).digest())
    return found.hexdigest()


def _hash(said: Any) -> str:
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _clock(rules: RuleSet, found: Sequence[Needs], as_of: datetime) -> str:
    """What the moment says to all that reads it; equal at two moments, nothing has changed."""
    zone = ZoneInfo(rules.time_zone)
    return _hash(
        [
            (one.account, *_said(one.reads, rules.plan(one.account).scope.rates, as_of, zone))
            for one in found
        ]
    )


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
