"""
The best way to carry an order in several parcels, by trying everything: docs/language.md read
literally, with no pruning and no early end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations, product

Line = Mapping[str, object]
"""`id`, `sku`, `units`, `price`; `kit` or None."""
Stock = Mapping[str, Mapping[str, int]]
"""By node, then by SKU."""
Parts = dict[tuple[str, str], int]
"""Units by (line id, node)."""


def best(
    lines: Sequence[Line],
    ranked: Sequence[str],
    stock: Stock,
    *,
    most: int,
    among: int,
    least_value: Decimal | None,
    distance: Mapping[str, int | None],
) -> Parts | None:
    """
    The parts of the best set; None where none can carry the order.

    Ranked by the number of parcels, the worst distance (unknown last), then the ids.

    Args:
        ranked: all nodes that pass, best first.
    """
    found: list[tuple[object, Parts]] = []
    for size in range(1, most + 1):
        for nodes in combinations(ranked if size == 1 else ranked[:among], size):
            parts = first_filling(lines, nodes, stock, least_value)
            if parts is not None:
                far = max((1, 0) if distance[n] is None else (0, distance[n]) for n in nodes)
                found.append(((size, far, sorted(nodes)), parts))
    return min(found, key=lambda one: one[0])[1] if found else None  # type: ignore[arg-type,return-value]


def first_filling(
    lines: Sequence[Line], nodes: Sequence[str], stock: Stock, least_value: Decimal | None
) -> Parts | None:
    """The first way, node by node in the order of the ranking, that keeps to everything."""
    items = list(items_of(lines))
    for ways in product(range(len(nodes) + 1), repeat=len(items)):
        parts = _filled(items, nodes, stock, ways)
        if parts is not None and _is_allowed(parts, lines, nodes, least_value):
            return parts
    return None


def items_of(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Lines by SKU, units, id; those of one kit at the place of the first of them."""
    seen: set[object] = set()
    ordered = sorted(lines, key=lambda one: (one["sku"], one["units"], one["id"]))  # type: ignore[arg-type,return-value]
    for line in ordered:
        kit = line.get("kit")
        if kit is None:
            yield [line]
        elif kit not in seen:
            seen.add(kit)
            yield [one for one in ordered if one.get("kit") == kit]


def _filled(
    items: Sequence[list[Line]], nodes: Sequence[str], stock: Stock, ways: Sequence[int]
) -> Parts | None:
    left = {node: dict(stock[node]) for node in nodes}
    parts: Parts = {}
    for item, way in zip(items, ways, strict=True):
        if way < len(nodes):
            if not _has(item, left[nodes[way]]):
                return None
            _take(item, nodes[way], left, parts)
            continue
        if item[0].get("kit") is not None or any(_has(item, left[node]) for node in nodes):
            return None
        (line,) = item
        needed = int(line["units"])  # type: ignore[call-overload]
        for node in nodes:
            given = min(needed, left[node].get(str(line["sku"]), 0))
            if given:
                parts[str(line["id"]), node] = given
                left[node][str(line["sku"])] -= given
                needed -= given
        if needed:
            return None
    return parts


def _has(item: Sequence[Line], held: Mapping[str, int]) -> bool:
    needs: dict[str, int] = {}
    for line in item:
        needs[str(line["sku"])] = needs.get(str(line["sku"]), 0) + int(line["units"])  # type: ignore[call-overload]
    return all(held.get(sku, 0) >= units for sku, units in needs.items())


def _take(item: Sequence[Line], node: str, left: dict[str, dict[str, int]], parts: Parts) -> None:
    for line in item:
        units = int(line["units"])  # type: ignore[call-overload]
        parts[str(line["id"]), node] = units
        left[node][str(line["sku"])] -= units


def _is_allowed(
    parts: Parts, lines: Sequence[Line], nodes: Sequence[str], least_value: Decimal | None
) -> bool:
    if {node for _, node in parts} != set(nodes):
        return False
    if least_value is None or len(nodes) == 1:
        return True
    price = {str(line["id"]): Decimal(str(line["price"])) for line in lines}
    return all(
        sum((price[line] * units for (line, at), units in parts.items() if at == node), Decimal(0))
        >= least_value
        for node in nodes
    )
