"""The pool of every SKU: what is on hand at the nodes, less what is promised and held back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from offerwright.errors import Span
from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Array, Column, Decimals
from offerwright.evaluate.fill import Truth
from offerwright.evaluate.kits import MOST_COUNTED, Parts, kit_pools, parts_of
from offerwright.evaluate.match import Match, Walks, match, reasons, result
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.uniform import repeated
from offerwright.frames import map_column
from offerwright.rules.plan import InventoryPlan, TablePlan
from offerwright.source.suggest import suggest

Reasons = dict[tuple[str, str], Truth]


@dataclass(frozen=True)
class PoolOf:
    """
    The units that may be sold of every SKU.

    `unknown` is where they are not known, by the code of the reason and the part of the document
    that gives it; `safety` is the table of the safety stock as it matched. `parts` are the kits
    that can be made of components whose pools are known.
    """

    units: Array
    unknown: Mapping[tuple[str, str], Truth]
    parts: Parts | None
    safety: Match | None = None


def pool_of(plan: InventoryPlan, rows: Rows, as_of: int, walks: Walks) -> PoolOf:
    """The pool of every SKU; that of a kit is what its components suffice for."""
    parts = None if plan.kits is None else parts_of(plan.kits, rows)
    table = None if isinstance(plan.safety, int) else match(plan.safety, rows, as_of, walks)
    safety, wrong = _safety(plan.safety, table, rows)
    units, seen = _at_nodes(plan, rows, parts, safety)
    unread: Reasons = {}
    if plan.reservations is not None:
        column = rows.get(plan.reservations)
        unread = faults(column, "reservations")
        units = units - _claimed(column, parts)
    if not plan.safety_per_node:
        units = units - safety
    units = np.maximum(0, units)
    unknown = {("NO_STOCK", "pool"): ~seen, **wrong}
    if parts is None:
        return PoolOf(units, {**unknown, **unread}, None, table)
    return replace(_with_kits(units, unknown, unread, parts), safety=table)


def _with_kits(units: Array, unknown: Reasons, unread: Reasons, parts: Parts) -> PoolOf:
    """Of a kit only its components count: neither stock nor safety stock of its own.

    What is claimed of a kit and could not be read leaves its components unknown too.
    """
    unknown = {reason: mask & ~parts.is_kit for reason, mask in unknown.items()}
    unknown |= {reason: mask | (parts.claimed(mask) > 0) for reason, mask in unread.items()}
    blocked = any_of(unknown.values(), len(units))
    of_blocked = np.zeros_like(blocked)
    of_blocked[parts.kit[blocked[parts.component]]] = True
    wrong = {**parts.wrong, "KIT_COMPONENT_BLOCKED": of_blocked}
    unknown |= {(code, "kits"): mask for code, mask in wrong.items()}
    sound = parts.sound(blocked)
    return PoolOf(kit_pools(sound, units), unknown, sound)


def any_of(masks: Iterable[Truth], size: int) -> Truth:
    found = np.zeros(size, dtype=bool)
    for mask in masks:
        found |= mask
    return found


def _at_nodes(
    plan: InventoryPlan, rows: Rows, parts: Parts | None, safety: Array
) -> tuple[Array, Truth]:
    """Units at the nodes that count, and where any of them is known."""
    total = np.zeros(rows.size, dtype=np.int64)
    seen = np.zeros(rows.size, dtype=bool)
    for node in plan.nodes if plan.nodes is not None else nodes_of(plan.on_hand, rows.facts):
        on_hand = rows.get(map_column(plan.on_hand, node))
        free = whole_units(on_hand)
        for fact in (plan.allocated, plan.reserved):
            if fact is not None:
                free = free - _claimed(rows.get(map_column(fact, node)), parts)
        if plan.safety_per_node:
            free = np.maximum(0, free) - safety
        free = np.maximum(0, free)
        total += free if on_hand.state is None else free * c.known(on_hand)
        seen |= c.known(on_hand)
    return total, seen


def nodes_of(on_hand: str, names: Iterable[str]) -> list[str]:
    """The nodes that there are columns for, sorted."""
    prefix = map_column(on_hand, "")
    return sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))


def whole_units(column: Column) -> Array:
    """Whole units, at most `MOST_COUNTED` either way; a missing count is none recorded."""
    if not isinstance(column, Decimals):
        raise TypeError("a count stands here")
    whole = c.floor(column)
    units = whole.values if column.state is None else whole.values * c.known(column)
    if whole.bound > MOST_COUNTED:
        units = np.clip(units, -MOST_COUNTED, MOST_COUNTED)
    return units.astype(np.int64, copy=False)


def _claimed(column: Column, parts: Parts | None) -> Array:
    """Units that are promised; of a kit, they are promised of its components."""
    units = whole_units(column)
    return units if parts is None else units + parts.claimed(units)


def faults(column: Column, step: str) -> Reasons:
    """Where a derived count could not be computed, by the code of its fault."""
    if column.state is None:
        return {}
    found = {(code, step): np.asarray(column.state == n) for n, code in c.FAULTS.items()}
    return {reason: mask for reason, mask in found.items() if mask.any()}


def _safety(safety: int | TablePlan, found: Match | None, rows: Rows) -> tuple[Array, Reasons]:
    if found is None or isinstance(safety, int):
        return repeated(safety, rows.size, np.int64), {}
    wrong = reasons(found, rows)
    plan = safety.result("units")
    column = c.constant(0, rows.size) if plan is None else result(found, plan, rows)
    if not isinstance(column, Decimals):
        raise TypeError("safety stock is a number")
    conflict = wrong["TABLE_CONFLICT"]
    for state, code in ((c.MISSING, "MISSING_VALUE"), *c.FAULTS.items()):
        if column.state is not None:
            at = found.found & ~conflict & (column.state == state)
            wrong[code] = wrong.get(code, at) | at
    return whole_units(c.ceiling(column)), {(code, "safety_stock"): m for code, m in wrong.items()}


def unknown_nodes(
    plans: Iterable[InventoryPlan], names: Sequence[str]
) -> list[tuple[Span, str, str]]:
    """
    Nodes that documents name and no column of the snapshot is for: mostly misspelt.

    Each with the place of its document and a hint that names the nodes there are.
    """
    found = set()
    for plan in plans:
        known = nodes_of(plan.on_hand, names)
        found |= {
            (plan.span, node, suggest(node, known))
            for node in plan.nodes or ()
            if node not in known
        }
    return sorted(found)
