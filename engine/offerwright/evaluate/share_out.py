"""The pool → the units of every entry: partition or shared, cap, buffer."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import reduce

import numpy as np

from offerwright.evaluate.columns import Array
from offerwright.money import scaled
from offerwright.rules.plan import EntryPlan, InventoryPlan

Buffers = Sequence[Array | int]


def share_out(
    plan: InventoryPlan, pool: Array, buffers: Buffers
) -> tuple[list[Array], list[Array]]:
    """The share of every entry in written order, and what cap and buffer leave of it.

    What is too little to list still stands in it.
    """
    shares = [entry.share for entry in plan.entries]
    if plan.method == "partition":
        parts = partition(pool, [s or Decimal(0) for s in shares])
        return parts, _limited(plan, parts, buffers)
    shown = [s if s is not None else Decimal(1) for s in shares]
    seen = [_shared(pool, share) for share in shown]
    units = [
        np.minimum(_cap(entry), np.maximum(0, own - buffer))
        for entry, own, buffer in zip(plan.entries, seen, buffers, strict=True)
    ]
    apart = _apart(plan, pool, units)
    if not apart.any():
        return seen, units
    parts = partition(pool, shown, of=sum(shown, Decimal(0)))
    return _where(apart, parts, seen), _where(apart, _limited(plan, parts, buffers), units)


def _where(mask: Array, yes: Sequence[Array], no: Sequence[Array]) -> list[Array]:
    return [np.where(mask, a, b) for a, b in zip(yes, no, strict=True)]


def _apart(plan: InventoryPlan, pool: Array, units: Sequence[Array]) -> Array:
    """Where a shared pool is partitioned instead: few units, or too many of them sold twice."""
    apart = np.zeros(len(pool), dtype=bool)
    if plan.last_units is not None:
        apart |= pool <= plan.last_units
    if plan.oversell_at_most is not None:
        told = [listed(entry, u) for entry, u in zip(plan.entries, units, strict=True)
                if entry.account is not None]  # fmt: skip
        apart |= oversell(told, pool) > plan.oversell_at_most
    return apart


def oversell(published: Sequence[Array], pool: Array) -> Array:
    """How many units more than there are could be sold."""
    above: Array = np.maximum(0, reduce(np.add, published, np.zeros_like(pool)) - pool)
    return above.astype(np.int64, copy=False)


def listed(entry: EntryPlan, units: Array) -> Array:
    """The units, or zero where they are too few to list."""
    return units if entry.min_list <= 1 else units * (units >= entry.min_list)


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
    floors, remainders = [], []
    for weight in weights:
        product = roomy * weight
        floors.append(product // whole)
        remainders.append(product - floors[-1] * whole)
    left = pool - sum(floors)
    ranks = _ranks(remainders)
    return [
        (floor + (rank < left)).astype(np.int64, copy=False)
        for floor, rank in zip(floors[:-1], ranks[:-1], strict=True)
    ]


def _ranks(remainders: Sequence[Array]) -> list[Array]:
    """The place of every remainder: the largest first, ties in written order.

    Every pair is compared: for the few parts of a pool that is less work than sorting each row.
    """
    ranks = [np.zeros(len(r), dtype=np.int16) for r in remainders]
    for later in range(len(remainders)):
        for earlier in range(later):
            beats = remainders[later] > remainders[earlier]
            ranks[earlier] += beats
            ranks[later] += ~beats
    return ranks


def _limited(plan: InventoryPlan, parts: Sequence[Array], buffers: Buffers) -> list[Array]:
    """Cap, give away what caps cut off, take the buffer off."""
    caps = [_cap(entry) for entry in plan.entries]
    capped = [np.minimum(part, cap) for part, cap in zip(parts, caps, strict=True)]
    if plan.redistribute:
        spare = sum(parts) - sum(capped)
        for number, cap in enumerate(caps):
            more = np.minimum(spare, cap - capped[number])
            capped[number] = capped[number] + more
            spare = spare - more
    return [np.maximum(0, part - buffer) for part, buffer in zip(capped, buffers, strict=True)]


def _cap(entry: EntryPlan) -> int:
    return entry.cap if entry.cap is not None else 2**62
