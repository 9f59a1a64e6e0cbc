"""
Orders → decisions, one after the other, so that no unit is promised twice.

Orders are routed by the moment they were placed, then by id; what one takes, the next does not
find. The same orders in another order of the file give the same decisions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from offerwright.orders.choose import Asked, Chosen, choose
from offerwright.orders.decision import AttemptSaid, Decision, Part
from offerwright.orders.lots import Prepared, World, needs_of, prepare
from offerwright.orders.order import Order, RefusedOrder
from offerwright.orders.question import Filter, Matcher, Question
from offerwright.orders.split import Carried
from offerwright.orders.validate import OrderBook
from offerwright.orders.why import attempt_said
from offerwright.rules.routing_plan import LOAD, AttemptPlan, RoutingPlan

_SECOND = 1_000_000


@dataclass(frozen=True)
class Settings:
    """How orders are routed: by which engine, and whether one order takes from the next."""

    matcher: Callable[[Sequence[Filter]], Matcher]
    consume: bool = True
    trace: bool = False


@dataclass
class _Ledger:
    """What the orders so far have taken: units by node and SKU, parcels by node."""

    taken: Counter[tuple[int, str]] = field(default_factory=Counter)
    load: Counter[int] = field(default_factory=Counter)


def route(book: OrderBook, world: World, settings: Settings) -> tuple[Decision, ...]:
    """The decision of every order, in the order of the file. None is lost."""
    lots = prepare(book, world)
    waiting = sorted(
        ((order.placed_at, order.id, order.account, lot, number) for lot in lots
         for number, order in enumerate(lot.lot.orders)),
        key=lambda one: one[:3],
    )  # fmt: skip
    matchers = {id(lot): settings.matcher(lot.filters) for lot in lots}
    ledger = _Ledger()
    found: dict[int, Decision] = {}
    for *_, lot, number in waiting:
        asked = _asked(lot, number, ledger)
        decision, carried = _decided(lot, asked, matchers[id(lot)], settings.trace)
        found[asked.order.row] = decision
        if carried is not None and settings.consume:
            _take(ledger, carried, asked.order)
    return tuple(
        _refusal(one) if isinstance(one, RefusedOrder) else found[one.row] for one in book.orders
    )


def _asked(lot: Prepared, number: int, ledger: _Ledger) -> Asked:
    """One order before the nodes as the orders so far have left them."""
    order = lot.lot.orders[number]
    row_of = {lot.node_of(row): row for row in lot.rows_of(number)}
    free = {
        node: {
            sku: max(0, units.get(node, 0) - ledger.taken[node, sku])
            for sku, units in ((sku, lot.stock.get(sku, {})) for sku in needs_of(order))
        }
        for node in row_of
    }
    return Asked(lot, order, row_of, free, {node: ledger.load[node] for node in row_of})


def question_of(asked: Asked) -> Question:
    """What the engine is asked about an order."""
    needs = needs_of(asked.order)
    names = [name for name in asked.prepared.types if name in asked.prepared.values or name == LOAD]
    return Question(
        needs=tuple(needs.values()),
        offers=tuple(
            (node, number, asked.free[node][sku])
            for node in sorted(asked.row_of)
            for number, sku in enumerate(needs)
            if asked.free[node][sku] > 0
        ),
        facts={node: {name: asked.value(name, node) for name in names} for node in asked.row_of},
    )


def _decided(
    lot: Prepared, asked: Asked, matcher: Matcher, trace: bool
) -> tuple[Decision, Carried | None]:
    plan = lot.lot.plan
    answer = matcher(question_of(asked))
    full = _full(asked)
    said: list[AttemptSaid] = []
    for attempt, filter_, passing in zip(plan.attempts, lot.filters, answer, strict=True):
        chosen = choose(attempt, asked, sorted(passing - set(full)))
        if trace:
            said.append(attempt_said(attempt, filter_, asked, chosen, full))
        if chosen.carried is not None:
            return _routed(attempt, chosen, asked, tuple(said)), chosen.carried
    return _queued(plan, asked, tuple(said)), None


def _full(asked: Asked) -> list[int]:
    """Nodes that have taken as many parcels as they may; a missing capacity is no limit."""
    capacity = asked.prepared.capacity
    if capacity is None:
        return []
    return [
        node
        for node, row in asked.row_of.items()
        if isinstance(most := capacity[row], Decimal) and asked.load[node] >= most
    ]


def _routed(
    attempt: AttemptPlan, chosen: Chosen, asked: Asked, said: tuple[AttemptSaid, ...]
) -> Decision:
    carried, order = chosen.carried, asked.order
    assert carried is not None, order.id
    ids = asked.prepared.lot.nodes.ids
    parcel = {node: number for number, node in enumerate(carried.nodes, start=1)}
    taken = sorted(carried.taken, key=lambda one: (one.line, parcel[one.node]))
    parts = tuple(
        Part(order.lines[one.line].id, ids[one.node], parcel[one.node], one.units) for one in taken
    )
    notes = _notes(asked, carried.nodes)
    return Decision(
        order.id, order.account, "ROUTED", "", attempt.id, parts, (), "", None, notes, said
    )


def _queued(plan: RoutingPlan, asked: Asked, said: tuple[AttemptSaid, ...]) -> Decision:
    order, after = asked.order, plan.cancel_after_s
    return Decision(
        order=order.id,
        account=order.account,
        code="NO_NODE",
        detail=_lacking(asked),
        attempt="",
        parts=(),
        lines=tuple((line.id, line.units) for line in order.lines),
        queue=plan.queue,
        cancel_at=None if after is None else order.placed_at + after * _SECOND,
        notes=_notes(asked, asked.row_of),
        attempts=said,
    )


def _lacking(asked: Asked) -> str:
    """The first line of which all nodes together have too little, else that no attempt fits."""
    needs = needs_of(asked.order)
    for line in asked.order.lines:
        there = sum(held.get(line.sku, 0) for held in asked.free.values())
        if there < needs[line.sku]:
            return f"line {line.id}: all nodes together have {there} of {needs[line.sku]} units"
    return "there is stock, but no attempt can carry all lines"


def _notes(asked: Asked, nodes: Iterable[int]) -> tuple[str, ...]:
    rows = {asked.row_of[node] for node in nodes}
    assumed = bool(rows & asked.prepared.candidates.assumed)
    return (*asked.order.notes, *(["DISTANCE_ASSUMED"] if assumed else []))


def _take(ledger: _Ledger, carried: Carried, order: Order) -> None:
    for one in carried.taken:
        ledger.taken[one.node, order.lines[one.line].sku] += one.units
    for node in carried.nodes:
        ledger.load[node] += 1


def _refusal(one: RefusedOrder) -> Decision:
    return Decision(one.id, one.account, one.code, one.detail, "", (), one.lines, "", None, (), ())


def is_refused(decision: Decision) -> bool:
    """Whether an order was not even tried: it was cancelled, or something is wrong with it."""
    return decision.code not in ("ROUTED", "NO_NODE")


def rows_of(decisions: Sequence[Decision]) -> Iterator[dict[str, object]]:
    """One row per line, or per part of a divided one; one without a line for an order without."""
    for one in decisions:
        head = {"order": one.order, "account": one.account or None}
        tail = {
            "attempt": one.attempt or None,
            "reason": one.code,
            "detail": one.detail or None,
            "queue": one.queue or None,
            "cancel_at": one.cancel_at,
            "notes": list(one.notes),
        }
        for part in one.parts:
            yield {**head, "line": part.line, "node": part.node, "parcel": part.parcel,
                   "quantity": part.units, **tail}  # fmt: skip
        for line, units in one.lines or ([] if one.parts else [(None, None)]):
            yield {**head, "line": line, "node": None, "parcel": None, "quantity": units, **tail}
