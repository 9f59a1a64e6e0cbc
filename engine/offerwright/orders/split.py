"""
The best set of nodes that carries an order in one to three parcels, by exact search.

Sets are taken from the best ranked nodes. Within a set every line goes whole to the first node, in
the order of the ranking, from which the rest can still be carried; a line that no node of the set
has whole is divided, each node giving what it has left. What travels together is never divided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations

# Steps within one set, and within one search; orders that need more are far outside of what is
# sold. Items are placed by recursion, so there is a limit to them too.
MOST_STEPS = 20_000
MOST_STEPS_OF_SEARCH = 100_000
MOST_ITEMS = 200


@dataclass(frozen=True, slots=True)
class Item:
    """What is placed at once: a line, or the lines that travel together.

    `lines` are (line number, SKU, units, value of one unit).
    """

    lines: tuple[tuple[int, str, int, Decimal], ...]
    is_whole: bool
    """True: it is never divided."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Units of a line from a node of the set."""

    line: int
    node: int
    units: int


@dataclass(frozen=True, slots=True)
class Carried:
    """A set of nodes that can carry the order, best ranked first, and how."""

    nodes: tuple[int, ...]
    taken: tuple[Taken, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """All sets of some size that carry an order; `is_cut` where a set was given up.

    `short` of those looked at have too few units; the others that are not found cannot keep to
    what limits the split. `is_unsearched`: there was too much to place, and no set was looked at.
    """

    found: tuple[Carried, ...]
    looked_at: int
    short: int
    is_cut: bool
    is_unsearched: bool = False


def carriers(
    items: Sequence[Item],
    ranked: Sequence[int],
    stock: Mapping[int, Mapping[str, int]],
    min_value: Decimal | None,
    size: int,
) -> Search:
    """
    Every set of this many nodes that can carry all items, each filled in its one way.

    Args:
        ranked: the nodes to choose from, best first.
        stock: what each may give, by SKU.
        min_value: every parcel is worth at least this much.
        size: the number of parcels; every node of a set ships something.
    """
    if len(items) > MOST_ITEMS:
        return Search((), 0, 0, True, True)
    found: list[Carried] = []
    is_cut, short, left = False, 0, MOST_STEPS_OF_SEARCH
    sets = list(combinations(ranked, size))
    for nodes in sets:
        if not _has_enough(items, nodes, stock):
            short += 1
            continue
        filling = _Filling.of(items, nodes, stock, min_value, min(MOST_STEPS, left))
        is_filled = _place(filling, 0)
        left -= filling.steps
        is_cut |= filling.steps >= filling.most
        if is_filled:
            found.append(Carried(nodes, tuple(filling.taken)))
    return Search(tuple(found), len(sets), short, is_cut)


def _has_enough(
    items: Sequence[Item], nodes: Sequence[int], stock: Mapping[int, Mapping[str, int]]
) -> bool:
    needs = _units(items)
    return all(
        sum(stock[node].get(sku, 0) for node in nodes) >= units for sku, units in needs.items()
    )


def _units(items: Sequence[Item]) -> dict[str, int]:
    """How many units of each SKU there are to place."""
    needs: dict[str, int] = {}
    for item in items:
        for _, sku, units, _ in item.lines:
            needs[sku] = needs.get(sku, 0) + units
    return needs


@dataclass
class _Filling:
    """The search within one set: what is left at each node, and what was taken."""

    items: Sequence[Item]
    nodes: Sequence[int]
    min_value: Decimal | None
    most: int
    """Steps after which the set is given up."""
    left: dict[int, dict[str, int]]
    values: dict[int, Decimal]
    ahead: tuple[Decimal, ...]
    """The value of the items from each one on."""
    taken: list[Taken] = field(default_factory=list)
    steps: int = 0

    @staticmethod
    def of(
        items: Sequence[Item],
        nodes: Sequence[int],
        stock: Mapping[int, Mapping[str, int]],
        min_value: Decimal | None,
        most: int,
    ) -> _Filling:
        left = {node: dict(stock[node]) for node in nodes}
        values = dict.fromkeys(nodes, Decimal(0))
        return _Filling(items, nodes, min_value, most, left, values, _values_ahead(items))


def _values_ahead(items: Sequence[Item]) -> tuple[Decimal, ...]:
    values = [
        sum((units * price for _, _, units, price in item.lines), Decimal(0)) for item in items
    ]
    return tuple(sum(values[start:], Decimal(0)) for start in range(len(values) + 1))


def _place(state: _Filling, number: int) -> bool:
    """Place the items from this one on; what was taken stays in `state` where it succeeds."""
    if number == len(state.items):
        return _is_allowed(state)
    state.steps += 1
    if _lacking(state) > state.ahead[number]:
        return False
    for taken in _ways(state, state.items[number]):
        _apply(state, number, taken, 1)
        if state.steps < state.most and _place(state, number + 1):
            return True
        _apply(state, number, taken, -1)
    return False


def _lacking(state: _Filling) -> Decimal:
    """How much value the parcels lack until each is worth what it must be."""
    least = state.min_value
    if least is None:
        return Decimal(0)
    return sum((max(least - state.values[node], Decimal(0)) for node in state.nodes), Decimal(0))


def _is_allowed(state: _Filling) -> bool:
    shipping = {one.node for one in state.taken}
    if len(shipping) < len(state.nodes):
        return False
    return _lacking(state) == 0


def _ways(state: _Filling, item: Item) -> Iterator[tuple[Taken, ...]]:
    """The ways to place one item, best first."""
    needs = _units([item])
    whole = [
        node
        for node in state.nodes
        if all(state.left[node].get(sku, 0) >= units for sku, units in needs.items())
    ]
    for node in whole:
        yield tuple(Taken(line, node, units) for line, _, units, _ in item.lines)
    if not whole and not item.is_whole:
        divided = _divided(state, item)
        if divided:
            yield divided


def _divided(state: _Filling, item: Item) -> tuple[Taken, ...]:
    ((line, sku, units, _),) = item.lines
    taken = []
    for node in state.nodes:
        given = min(units, state.left[node].get(sku, 0))
        if given:
            taken.append(Taken(line, node, given))
            units -= given
    return () if units else tuple(taken)


def _apply(state: _Filling, number: int, taken: Sequence[Taken], sign: int) -> None:
    of = {line: (sku, price) for line, sku, _, price in state.items[number].lines}
    for one in taken:
        sku, price = of[one.line]
        state.left[one.node][sku] -= sign * one.units
        state.values[one.node] += sign * one.units * price
    if sign > 0:
        state.taken.extend(taken)
    else:
        del state.taken[-len(taken) :]
