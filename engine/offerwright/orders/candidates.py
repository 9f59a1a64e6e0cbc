"""
Every node that could carry something of an order, with all that rules may ask of it.

One row per order and node that has at least one unit of one of its SKUs, by order, then by node.
What rules compute (derived names, the cost of shipping) is computed for all rows at once by the
executor of pricing; nothing here depends on what other orders have taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Array, Column, Decimals, Words
from offerwright.evaluate.facts import column_of
from offerwright.evaluate.match import Match, Walks, match, reasons, result
from offerwright.evaluate.operations import Rows, evaluate
from offerwright.expressions.parse import EPOCH, microseconds
from offerwright.money import SCALE, scaled
from offerwright.orders.distance import Point, tenths_of_km
from offerwright.orders.inputs import Nodes
from offerwright.orders.order import Order
from offerwright.orders.typed_cells import TypedCells
from offerwright.orders.zip_code import place_of
from offerwright.rules.plan import Account, ResultPlan, TablePlan
from offerwright.rules.routing_plan import COST_RESULTS, NODE_ID, RoutingPlan

WEIGHT_SCALE = SCALE


@dataclass(frozen=True)
class Lot:
    """Orders of one account that one plan routes, and what their rows are made of."""

    plan: RoutingPlan
    account: Account
    orders: tuple[Order, ...]
    nodes: Nodes
    cells: TypedCells
    as_of: datetime
    zone: ZoneInfo
    weights: Mapping[str, int | None]
    """Kilograms of one unit by SKU, at `WEIGHT_SCALE` decimals; None = not known."""
    line_weights: Sequence[int | None] = ()
    """The same by line of the file, where lines say their weight themselves."""

    def weight_of(self, units: Iterable[tuple[int, str, int]]) -> int | None:
        """The weight of a parcel of (line row, SKU, units); None where one is not known."""
        total = 0
        for row, sku, count in units:
            own = self.line_weights[row] if self.line_weights else None
            weight = self.weights.get(sku) if own is None else own
            if weight is None:
                return None
            total += weight * count
        return total


@dataclass(frozen=True)
class Candidates:
    """The rows of a lot. `start[i]` to `start[i + 1]` are those of its order i."""

    lot: Lot
    order_at: Array
    node_at: Array
    start: tuple[int, ...]
    rows: Rows
    assumed: frozenset[int]
    """Rows whose distance is the one that the document assumes."""
    walks: Walks = field(default_factory=Walks)

    def costs(self, at: Sequence[int], weights: Sequence[int | None]) -> list[int | None]:
        """What it costs to ship parcels of these weights from these rows, at 8 decimals."""
        part = self.rows.part(np.array(at, dtype=np.int64), self.rows.facts)
        part = part.having({"weight_kg": _optional(weights, WEIGHT_SCALE)})
        column = _computed(self.lot, part, self.walks).get("ship_cost")
        if not isinstance(column, Decimals):
            return [None] * len(at)
        known = c.known(column).tolist()
        values = c.at_scale(column, SCALE).values.tolist()
        return [value if there else None for value, there in zip(values, known, strict=True)]


def candidates(lot: Lot, stock: Mapping[str, Mapping[int, int]]) -> Candidates:
    """All rows of a lot. `stock` is what nodes have before anything is routed."""
    order_at: list[int] = []
    node_at: list[int] = []
    start = [0]
    for number, order in enumerate(lot.orders):
        nodes = sorted({node for line in order.lines for node in stock.get(line.sku, ())})
        order_at += [number] * len(nodes)
        node_at += nodes
        start.append(len(node_at))
    orders, nodes_ = np.array(order_at, dtype=np.int64), np.array(node_at, dtype=np.int64)
    facts, assumed = _facts(lot, orders, nodes_)
    rows = Rows(facts, len(orders), lot.zone, lot.plan.maps)
    return Candidates(
        lot, orders, nodes_, tuple(start), _computed(lot, rows, Walks()), frozenset(assumed)
    )


def _facts(lot: Lot, orders: Array, nodes: Array) -> tuple[dict[str, Column], list[int]]:
    size = len(orders)
    zone = lot.as_of.astimezone(lot.zone)
    distances, assumed = _distances(lot, orders, nodes)
    found: dict[str, Column] = {
        "account": _word(lot.account.name, size),
        "marketplace": _word(lot.account.marketplace, size),
        "currency": _word(lot.account.currency, size),
        "as_of": c.constant(microseconds(lot.as_of), size),
        "today": c.constant((zone.date() - EPOCH.date()).days, size),
        NODE_ID: Words(nodes.astype(np.int32), lot.nodes.ids),
        "distance_km": distances,
    }
    for name in lot.nodes.frame.columns[1:]:
        column = lot.nodes.column(name)
        if column is not None:
            found[f"node.{name}"] = c.take(column, nodes)
    for name, column in _of_orders(lot).items():
        found[name] = c.take(column, orders)
    return found, assumed


def _of_orders(lot: Lot) -> dict[str, Column]:
    """One row per order of the lot."""
    at = np.array([order.row for order in lot.orders], dtype=np.int64)
    frame = lot.cells.frame
    held = {f"order.{n}": c.take(column_of(frame[n]), at) for n in frame.columns}
    values = [scaled(order.value) for order in lot.orders]
    scale = max((s for _, s in values), default=0)
    local = [_local_seconds(order.placed_at, lot.zone) for order in lot.orders]
    weights = [
        lot.weight_of((line.row, line.sku, line.units) for line in order.lines)
        for order in lot.orders
    ]
    return held | {
        "order.id": _words([order.id for order in lot.orders]),
        "order.zip": _words([order.zip for order in lot.orders]),
        "order.placed_at": _numbers([order.placed_at for order in lot.orders]),
        "order.time": _numbers(local),
        "order.value": _numbers([n * 10 ** (scale - s) for n, s in values], scale),
        "order.units": _numbers([sum(x.units for x in order.lines) for order in lot.orders]),
        "order.lines": _numbers([len(order.lines) for order in lot.orders]),
        "weight_kg": _optional(weights, WEIGHT_SCALE),
    }


def _local_seconds(moment: int, zone: ZoneInfo) -> int:
    """The time of day on the shop's clock, in seconds since midnight."""
    local = datetime.fromtimestamp(moment // 1_000_000, zone)
    return local.hour * 3_600 + local.minute * 60 + local.second


def _distances(lot: Lot, orders: Array, nodes: Array) -> tuple[Decimals, list[int]]:
    """Tenths of a kilometre; where a place is unknown the document's assumption, else missing."""
    points = lot.nodes.located(lot.plan.zip_digits).points
    ends = [_destination(order, lot) for order in lot.orders]
    pair = lru_cache(maxsize=None)(tenths_of_km)
    unknown = None if lot.plan.unknown_km is None else int(lot.plan.unknown_km * 10)
    values: list[int | None] = []
    assumed: list[int] = []
    for row, (order, node) in enumerate(zip(orders.tolist(), nodes.tolist(), strict=True)):
        one, other = ends[order], points[node]
        if one is not None and other is not None:
            values.append(pair(one, other))
            continue
        values.append(unknown)
        if unknown is not None:
            assumed.append(row)
    return _optional(values, 1), assumed


def _destination(order: Order, lot: Lot) -> Point | None:
    if order.place is not None or order.zip is None:
        return order.place
    return place_of(order.zip, lot.nodes.places)


def _computed(lot: Lot, rows: Rows, walks: Walks) -> Rows:
    """The rows with the derived names and the cost of shipping."""
    as_of = microseconds(lot.as_of)
    for name, typed in lot.plan.derived:
        rows = rows.having({name: evaluate(typed, rows)})
    table = lot.plan.ship_cost
    if table is None:
        return rows
    found = match(table, rows, as_of, walks)
    none = np.zeros(rows.size, dtype=bool)
    for mask in reasons(found, rows).values():
        none |= mask
    state = np.where(none, c.MISSING, 0).astype(np.uint8)
    cost = _cost(found, table, rows)
    return rows.having({"ship_cost": c.with_state(cost, c.joined_state(cost.state, state))})


def _cost(found: Match, table: TablePlan, rows: Rows) -> Decimals:
    """The sum of the results; those per kilogram and per kilometre are multiplied first."""
    total: Decimals | None = None
    for name, measure in zip(COST_RESULTS, (None, "weight_kg", "distance_km"), strict=True):
        plan = table.result(name)
        if plan is None:
            continue
        part = result(found, plan, rows)
        assert isinstance(part, Decimals), name
        if measure is not None:
            by = rows.get(measure)
            assert isinstance(by, Decimals), measure
            part = c.multiply(part, by)
        # A row that does not have this result adds nothing, whatever its measure.
        part = c.where(_is_written(found, plan), part, c.constant(0, rows.size))
        total = part if total is None else c.add(total, part)
    return c.all_missing(rows.size) if total is None else total


def _is_written(found: Match, plan: ResultPlan) -> NDArray[np.bool_]:
    """Where the row that counts has a cell for a result."""
    row = np.where(found.picked < 0, len(plan.choice_of), found.picked)
    return np.asarray(found.walk.choices_of(plan).of_row[row] >= 0)


def _word(word: str, size: int) -> Words:
    return Words(np.zeros(size, dtype=np.int32), (word,))


def _words(values: Sequence[str | None]) -> Words:
    vocabulary = tuple(dict.fromkeys(value for value in values if value is not None))
    code = {word: number for number, word in enumerate(vocabulary)}
    codes = np.array([-1 if v is None else code[v] for v in values], dtype=np.int32)
    return Words(codes, vocabulary, (codes < 0).astype(np.uint8))


def _numbers(values: Sequence[int], scale: int = 0) -> Decimals:
    return c.measured(Decimals(c.integers(values), scale))


def _optional(values: Sequence[int | None], scale: int) -> Decimals:
    state = np.array([value is None for value in values], dtype=np.uint8)
    return c.measured(Decimals(c.integers([v or 0 for v in values]), scale, state))
