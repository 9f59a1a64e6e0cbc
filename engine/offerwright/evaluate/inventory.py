"""
The pool of every SKU, and what each account publishes of it.

Whole numbers throughout. Under `partition` the published quantities never sum to more than the
pool; the oversell bound is what they sum to above it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from offerwright.errors import Span
from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Array, Decimals
from offerwright.evaluate.match import Walks, match, reasons, result
from offerwright.evaluate.operations import Rows
from offerwright.frames import map_column
from offerwright.money import scaled
from offerwright.rules.plan import InventoryPlan, TablePlan
from offerwright.source.suggest import suggest

Truth = NDArray[np.bool_]


@dataclass(frozen=True)
class Allocation:
    """
    One inventory plan, evaluated.

    `published` by account: int64 units. `unknown` is where the pool is not known, by the code of
    the reason and the part that gives it. `oversell` is max(0, Σ published − pool).
    """

    plan: InventoryPlan
    pool: Array
    published: dict[str, Array]
    unknown: Mapping[tuple[str, str], Truth]
    oversell: Array


def allocate(plan: InventoryPlan, rows: Rows, as_of: int, walks: Walks) -> Allocation:
    """The pool and the published quantities of every SKU."""
    pool, unknown = _pool(plan, rows, as_of, walks)
    units = _entries(plan, pool)
    published = {
        account: quantity
        for account, quantity in zip(plan.accounts, units, strict=True)
        if account is not None
    }
    total = np.sum(list(published.values()), axis=0) if published else np.zeros_like(pool)
    return Allocation(plan, pool, published, unknown, np.maximum(0, total - pool).astype(np.int64))


def _pool(
    plan: InventoryPlan, rows: Rows, as_of: int, walks: Walks
) -> tuple[Array, dict[tuple[str, str], Truth]]:
    safety, unknown = _safety(plan.safety, rows, as_of, walks)
    total = np.zeros(rows.size, dtype=np.int64)
    seen = np.zeros(rows.size, dtype=bool)
    for node in plan.nodes if plan.nodes is not None else _nodes(plan, rows):
        on_hand = rows.get(map_column(plan.on_hand, node))
        free = _units(on_hand) - _taken(plan.allocated, node, rows)
        free = free - _taken(plan.reserved, node, rows)
        if plan.safety_per_node:
            free = np.maximum(0, free) - safety
        total = total + np.where(c.known(on_hand), np.maximum(0, free), 0)
        seen |= c.known(on_hand)
    if plan.reservations is not None:
        total = total - _units(rows.get(plan.reservations))
    if not plan.safety_per_node:
        total = total - safety
    return np.maximum(0, total), {("NO_STOCK", "pool"): ~seen, **unknown}


def _nodes(plan: InventoryPlan, rows: Rows) -> list[str]:
    prefix = map_column(plan.on_hand, "")
    return sorted(name.removeprefix(prefix) for name in rows.facts if name.startswith(prefix))


def _units(column: object) -> Array:
    """Whole units; a missing count is none recorded."""
    if not isinstance(column, Decimals):
        raise TypeError("a count stands here")
    return np.where(c.known(column), c.floor(column).values, 0).astype(np.int64)


def unknown_nodes(
    plans: Iterable[InventoryPlan], names: Sequence[str]
) -> list[tuple[Span, str, str]]:
    """
    Nodes that documents name and no column of the snapshot is for: mostly misspelt.

    Each with the place of its document and a hint that names the nodes there are.
    """
    found = set()
    for plan in plans:
        prefix = map_column(plan.on_hand, "")
        known = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
        found |= {
            (plan.span, node, suggest(node, known))
            for node in plan.nodes or ()
            if node not in known
        }
    return sorted(found)


def _taken(fact: str | None, node: str, rows: Rows) -> Array:
    return np.int64(0) if fact is None else _units(rows.get(map_column(fact, node)))  # type: ignore[return-value]


def _safety(
    safety: int | TablePlan, rows: Rows, as_of: int, walks: Walks
) -> tuple[Array, dict[tuple[str, str], Truth]]:
    if isinstance(safety, int):
        return np.full(rows.size, safety, dtype=np.int64), {}
    found = match(safety, rows, as_of, walks)
    wrong = reasons(found, rows)
    plan = safety.result("units")
    column = c.constant(0, rows.size) if plan is None else result(found, plan, rows)
    if not isinstance(column, Decimals):
        raise TypeError("safety stock is a number")
    for state, code in ((c.MISSING, "MISSING_VALUE"), *c.FAULTS.items()):
        if column.state is not None:
            wrong[code] = found.found & ~wrong["TABLE_CONFLICT"] & (column.state == state)
    return _units(c.ceiling(column)), {(code, "safety_stock"): m for code, m in wrong.items()}


def _entries(plan: InventoryPlan, pool: Array) -> list[Array]:
    shares = [entry.share for entry in plan.entries]
    if plan.method == "partition":
        return _limited(plan, partition(pool, [s or Decimal(0) for s in shares]))
    shown = [s if s is not None else Decimal(1) for s in shares]
    open_ = [_shared(pool, share) for share in shown]
    units = [
        np.minimum(_cap(entry.cap), np.maximum(0, quantity - entry.buffer))
        for entry, quantity in zip(plan.entries, open_, strict=True)
    ]
    units = [_listed(u, e.min_list) for u, e in zip(units, plan.entries, strict=True)]
    if plan.last_units is None:
        return units
    total = sum(shown, Decimal(0))
    last = _limited(plan, partition(pool, shown, of=total))
    few = pool <= plan.last_units
    return [np.where(few, part, own) for part, own in zip(last, units, strict=True)]


def _shared(pool: Array, share: Decimal) -> Array:
    number, scale = scaled(share)
    return np.asarray(_roomy(pool, number) * number // 10**scale).astype(np.int64)


def _roomy(pool: Array, factor: int) -> Array:
    """The pool as integers that may be multiplied by a factor."""
    largest = int(pool.max(initial=0))
    return pool.astype(object) if largest * factor >= 2**62 else pool


def partition(pool: Array, shares: Sequence[Decimal], of: Decimal = Decimal(1)) -> list[Array]:
    """
    The pool split by largest remainder; ties by written order.

    The rest that the shares leave of `of` is one more, last entry, so that the parts sum to the
    pool; it is not returned.
    """
    scale = max(scaled(s)[1] for s in (*shares, of))
    weights = [int(s.scaleb(scale)) for s in shares]
    whole = int(of.scaleb(scale))
    if whole == 0:
        return [np.zeros_like(pool) for _ in shares]
    weights.append(whole - sum(weights))
    roomy = _roomy(pool, whole)
    products = np.array([roomy * w for w in weights])
    floors, remainders = products // whole, products % whole
    left = pool - floors.sum(axis=0)
    # A stable sort of the negated remainders: the largest first, ties in written order.
    order = np.argsort(-remainders.astype(np.int64), axis=0, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(len(weights))[:, None], axis=0)
    parts = floors + (rank < left)
    return list(parts[:-1].astype(np.int64))


def _limited(plan: InventoryPlan, parts: Sequence[Array]) -> list[Array]:
    """Cap, give away what caps cut off, take the buffer off, drop what is too little to list."""
    caps = [_cap(entry.cap) for entry in plan.entries]
    capped = [np.minimum(part, cap) for part, cap in zip(parts, caps, strict=True)]
    if plan.redistribute:
        spare = sum(parts) - sum(capped)
        for number, cap in enumerate(caps):
            more = np.minimum(spare, cap - capped[number])
            capped[number] = capped[number] + more
            spare = spare - more
    buffered = [
        np.maximum(0, part - entry.buffer) for part, entry in zip(capped, plan.entries, strict=True)
    ]
    return [_listed(u, e.min_list) for u, e in zip(buffered, plan.entries, strict=True)]


def _cap(cap: int | None) -> int:
    return cap if cap is not None else 2**62


def _listed(units: Array, least: int) -> Array:
    return np.where(units < least, 0, units)
