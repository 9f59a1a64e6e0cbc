"""Orders sorted into lots, one per routing plan, with all that is computed before the first of
them is routed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from offerwright.expressions.parse import microseconds
from offerwright.expressions.types import Type
from offerwright.facts.table import ID
from offerwright.money import SCALE, scaled
from offerwright.orders.candidates import Candidates, Lot, candidates
from offerwright.orders.inputs import Nodes, units_of
from offerwright.orders.order import Order
from offerwright.orders.question import Filter, Scalar, filters_of, scalars, tested_facts
from offerwright.orders.validate import OrderBook
from offerwright.rules.plan import Account
from offerwright.rules.routing_plan import LOAD, PARCELS, RoutingPlan, RoutingSet


@dataclass(frozen=True)
class World:
    """What orders are routed over. `skus` is `frames.SNAPSHOT`."""

    routing: RoutingSet
    accounts: Sequence[Account]
    nodes: Nodes
    skus: pl.DataFrame
    as_of: datetime
    zone: ZoneInfo

    def plan(self, account: str) -> RoutingPlan | None:
        """The routing of an account at this moment."""
        return self.routing.plan_at(account, microseconds(self.as_of))


@dataclass(frozen=True)
class Prepared:
    """One lot, ready: its candidates, what filters and rankings read, and its stock."""

    lot: Lot
    candidates: Candidates
    filters: tuple[Filter, ...]
    types: Mapping[str, Type]
    values: Mapping[str, Sequence[Scalar | None]]
    """By name, for every candidate; what changes while orders are routed is not here."""
    capacity: Sequence[Scalar | None] | None
    """By candidate; None = the document sets no capacity."""
    stock: Mapping[str, Mapping[int, int]]
    """Units by SKU and node before anything is routed."""
    groups: Mapping[str, Sequence[Scalar | None]]
    """What lines share, by fact and by row of the line."""

    def rows_of(self, number: int) -> range:
        """The candidates of one order of the lot."""
        return range(self.candidates.start[number], self.candidates.start[number + 1])

    def node_of(self, row: int) -> int:
        return int(self.candidates.node_at[row])


def prepare(book: OrderBook, world: World) -> tuple[Prepared, ...]:
    """The lots of all orders that may be routed, by account in the shop's order."""
    found = []
    by_account: dict[str, list[Order]] = {}
    for order in book.orders:
        if isinstance(order, Order):
            by_account.setdefault(order.account, []).append(order)
    for account in world.accounts:
        plan, orders = world.plan(account.name), by_account.get(account.name, [])
        if plan is not None and orders:
            found.append(_prepared(plan, account, orders, book, world))
    return tuple(found)


def _prepared(
    plan: RoutingPlan, account: Account, orders: Sequence[Order], book: OrderBook, world: World
) -> Prepared:
    stock = units_of(plan.stock, world.nodes, world.skus)
    lot = Lot(
        plan, account, tuple(orders), world.nodes, book.cells, world.as_of, world.zone,
        _weights(world.skus), _line_weights(book),
    )  # fmt: skip
    held = candidates(lot, stock)
    filters = filters_of(plan)
    types = {**tested_facts(filters), **{key.by: key.type for a in plan.attempts for key in a.rank}}
    static = {name: type_ for name, type_ in types.items() if name not in (LOAD, PARCELS)}
    words = {fact for a in plan.attempts if a.split for fact in a.split.keep_together}
    return Prepared(
        lot=lot,
        candidates=held,
        filters=filters,
        types=types,
        values={name: scalars(held.rows.get(name), type_) for name, type_ in static.items()},
        capacity=_capacity(plan, held),
        stock=stock,
        groups={fact: _groups(fact, orders, book, world.skus) for fact in sorted(words)},
    )


def _capacity(plan: RoutingPlan, held: Candidates) -> list[Scalar | None] | None:
    if plan.capacity is None:
        return None
    return scalars(held.rows.get(plan.capacity), Type("integer"))


def _weights(skus: pl.DataFrame) -> dict[str, int | None]:
    if "weight" not in skus.columns or not isinstance(skus.schema["weight"], pl.Decimal):
        return {}
    return {sku: _weight(weight) for sku, weight in skus.select(ID, "weight").iter_rows()}


def _weight(weight: Any) -> int | None:
    if weight is None:
        return None
    number, scale = scaled(weight)
    return int(number * 10 ** (SCALE - scale))


def _line_weights(book: OrderBook) -> tuple[int | None, ...]:
    frame = book.line_cells.frame
    if "weight" not in frame.columns:
        return ()
    return tuple(_weight(weight) for weight in frame["weight"].to_list())


def _groups(
    fact: str, orders: Sequence[Order], book: OrderBook, skus: pl.DataFrame
) -> list[Scalar | None]:
    """The value of a fact for every line of the file: its own, else that of its SKU."""
    own = book.line_cells.frame
    if fact in own.columns:
        return list(own[fact].to_list())
    values = dict(skus.select(ID, fact).iter_rows()) if fact in skus.columns else {}
    return [values.get(sku) for sku in own["sku"].to_list()]


def needs_of(order: Order) -> dict[str, int]:
    """Units by SKU, in the order of the lines."""
    found: dict[str, int] = {}
    for line in order.lines:
        found[line.sku] = found.get(line.sku, 0) + line.units
    return found
