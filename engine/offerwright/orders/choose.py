"""One attempt at one order: the nodes that pass, ranked, and the parcels that carry everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias, TypeGuard

from offerwright.money import SCALE, scaled
from offerwright.orders.lots import Prepared, needs_of
from offerwright.orders.order import Line, Order
from offerwright.orders.question import Scalar
from offerwright.orders.rank import (
    MISSING_PLACE,
    Place,
    Ranking,
    banded,
    ranking,
)
from offerwright.orders.split import Carried, Item, Search, Taken, carriers
from offerwright.rules.routing_plan import (
    LOAD,
    NODE_ID,
    PARCELS,
    AttemptPlan,
    RankPlan,
    SplitPlan,
)

COST = "ship_cost"
_SetKey: TypeAlias = tuple[tuple[Place, ...], ...]


@dataclass(frozen=True)
class Asked:
    """One order as an attempt sees it. `free` and `load` are what the orders before have left."""

    prepared: Prepared
    order: Order
    row_of: Mapping[int, int]
    """The candidate row of each node."""
    free: Mapping[int, Mapping[str, int]]
    load: Mapping[int, int]

    def value(self, name: str, node: int) -> Scalar | None:
        """What a filter or a ranking reads of a node."""
        if name == LOAD:
            return self.load[node]
        return self.prepared.values[name][self.row_of[node]]


@dataclass(frozen=True)
class Chosen:
    """What an attempt chose; `carried` is None where nothing can carry the order."""

    ranked: tuple[int, ...]
    ranking: Ranking
    carried: Carried | None
    searches: tuple[Search, ...]


def choose(attempt: AttemptPlan, asked: Asked, passing: Sequence[int]) -> Chosen:
    """The best way to carry the order with the nodes that pass the filters of an attempt."""
    values = {
        key.by: {node: asked.value(key.by, node) for node in passing}
        for key in attempt.rank
        if key.by != PARCELS
    }
    placed = ranking(attempt.rank, values)
    ranked = tuple(sorted(passing, key=placed.sort_key))
    if attempt.split is None:
        best = _alone(asked.order, ranked[0]) if ranked else None
        return Chosen(ranked, placed, best, ())
    return _split(attempt, attempt.split, asked, ranked, placed)


def _alone(order: Order, node: int) -> Carried:
    return Carried((node,), tuple(Taken(n, node, x.units) for n, x in enumerate(order.lines)))


def _split(
    attempt: AttemptPlan, split: SplitPlan, asked: Asked, ranked: tuple[int, ...], placed: Ranking
) -> Chosen:
    """All sets of one to three nodes, the best by the ranking; `parcels` first unless written."""
    keys = attempt.rank
    if not any(key.by == PARCELS for key in keys):
        keys = (RankPlan(PARCELS, keys[-1].type, None, False), *keys)
    needs = needs_of(asked.order)
    singles = tuple(
        _alone(asked.order, node)
        for node in ranked
        if all(asked.free[node].get(sku, 0) >= units for sku, units in needs.items())
    )
    found: list[Carried] = list(singles)
    searches: list[Search] = []
    fewest_first = keys[0].by == PARCELS and not keys[0].descending
    items = items_of(asked.order, split, asked.prepared)
    for size in range(2, split.max_parcels + 1):
        if found and fewest_first:
            break
        search = carriers(items, ranked[: split.among], asked.free, split.min_value, size)
        searches.append(search)
        found += search.found
    if not found:
        return Chosen(ranked, placed, None, tuple(searches))
    costs = _costs(found, asked) if any(key.by == COST for key in keys) else {}
    best = min(found, key=lambda one: _set_key(one, keys, placed, costs.get(one.nodes)))
    return Chosen(ranked, placed, best, tuple(searches))


def items_of(order: Order, split: SplitPlan, prepared: Prepared) -> tuple[Item, ...]:
    """The lines of an order, those that travel together as one item.

    By SKU, units and id, so that the order of the lines in the file changes nothing.
    """
    numbered = sorted(enumerate(order.lines), key=lambda one: (one[1].sku, one[1].units, one[1].id))
    group = _groups(order, split.keep_together, prepared)
    members: dict[int, list[int]] = {}
    for number, _ in numbered:
        members.setdefault(group[number], []).append(number)
    return tuple(
        Item(
            tuple(_piece(number, order.lines[number]) for number in numbers),
            len(numbers) > 1 or _is_whole(order.lines[numbers[0]], split, prepared),
        )
        for numbers in members.values()
    )


def _groups(order: Order, facts: Sequence[str], prepared: Prepared) -> list[int]:
    """For every line the first line that it travels with, itself if none."""
    group = list(range(len(order.lines)))
    for fact in facts:
        first: dict[Scalar, int] = {}
        for number, line in enumerate(order.lines):
            value = prepared.groups[fact][line.row]
            if not ties(value):
                continue
            old, new = group[number], group[first.setdefault(value, number)]
            if old != new:
                group = [min(old, new) if one in (old, new) else one for one in group]
    return group


def _piece(number: int, line: Line) -> tuple[int, str, int, Decimal]:
    return number, line.sku, line.units, line.price


def _is_whole(line: Line, split: SplitPlan, prepared: Prepared) -> bool:
    """A line with one of the words is not divided, even if no other line shares it."""
    values = (prepared.groups[fact][line.row] for fact in split.keep_together)
    return any(ties(value) for value in values)


def ties(value: Scalar | None) -> TypeGuard[Scalar]:
    """Whether a word of a line keeps it together with those that share it."""
    return value is not None and value is not False


def _costs(found: Sequence[Carried], asked: Asked) -> dict[tuple[int, ...], int | None]:
    """What every set costs to ship, at 8 decimals; None where one of its parcels is not known."""
    rows: list[int] = []
    weights: list[int | None] = []
    for one in found:
        if len(one.nodes) > 1:
            for node in one.nodes:
                rows.append(asked.row_of[node])
                weights.append(_weight(one, node, asked))
    computed = iter(asked.prepared.candidates.costs(rows, weights) if rows else ())
    costs: dict[tuple[int, ...], int | None] = {}
    for one in found:
        if len(one.nodes) == 1:
            costs[one.nodes] = _whole_cost(asked.value(COST, one.nodes[0]))
            continue
        parts = [next(computed) for _ in one.nodes]
        known = [part for part in parts if part is not None]
        costs[one.nodes] = sum(known) if len(known) == len(parts) else None
    return costs


def _whole_cost(value: Scalar | None) -> int | None:
    """The cost of the whole order in one parcel, which the candidates know already."""
    if not isinstance(value, Decimal):
        return None
    number, scale = scaled(value)
    return int(number * 10 ** (SCALE - scale))


def _weight(one: Carried, node: int, asked: Asked) -> int | None:
    lines = asked.order.lines
    return asked.prepared.lot.weight_of(
        (lines[t.line].row, lines[t.line].sku, t.units) for t in one.taken if t.node == node
    )


def _set_key(one: Carried, keys: Sequence[RankPlan], placed: Ranking, cost: int | None) -> _SetKey:
    """What a set is sorted by: of most keys the place of its worst node."""
    found: list[tuple[Place, ...]] = []
    for key in keys:
        sign = -1 if key.descending else 1
        if key.by == PARCELS:
            found.append(((0, sign * len(one.nodes)),))
        elif key.by == COST:
            found.append((MISSING_PLACE if cost is None else (0, sign * _banded(cost, key)),))
        elif key.by == NODE_ID:
            found.append(tuple(sorted(placed.places[NODE_ID][node] for node in one.nodes)))
        else:
            found.append((max(placed.places[key.by][node] for node in one.nodes),))
    return tuple(found)


def _banded(cost: int, key: RankPlan) -> int:
    if key.band is None:
        return cost
    number, scale = scaled(key.band)
    return banded(cost, number * 10 ** (SCALE - scale))
