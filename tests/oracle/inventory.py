"""Stock of one SKU (section 6): the pool, and what each account is told of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from oracle.documents import inventory_document
from oracle.set_steps import share
from oracle.tables import decide
from oracle.values import Fault, ceiling_of, floor_of
from oracle.world import Document, World


@dataclass(frozen=True)
class Stock:
    """What one account publishes; None when blocked or when no document speaks of stock."""

    quantity: int | None = None
    pool: int | None = None
    document: str | None = None
    blocks: frozenset[str] = frozenset()
    fired: Mapping[str, str | list[str]] | None = None


def stock_of_account(documents: Iterable[Document], world: World) -> Stock:
    """The quantity of the account whose world this is."""
    document = inventory_document(documents, world)
    if document is None:
        return Stock()
    stock = Stock(document=document["name"])
    codes: set[str] = set()
    entries = document["allocate"]["marketplaces"]
    own = _entry_of(entries, world)
    if own is None:
        codes.add("NO_ALLOCATION")
    held_back = 0
    try:
        held_back, fired = safety_stock(document["pool"], world)
        key = f"{document['name']}/safety_stock"
        stock = replace(stock, fired={key: fired} if fired else {})
    except Fault as fault:
        codes |= fault.codes
    try:
        stock = replace(stock, pool=pool_size(document["pool"], held_back, world))
    except Fault as fault:
        codes |= fault.codes
    if codes or own is None or stock.pool is None:
        return replace(stock, blocks=frozenset(codes))
    return replace(stock, quantity=published(document["allocate"], stock.pool)[own])


def _entry_of(entries: list[Mapping[str, Any]], world: World) -> int | None:
    """The place of the account's entry: its own, else that of its marketplace."""
    for key in ("account", "marketplace"):
        for place, entry in enumerate(entries):
            if entry.get(key) is not None and entry[key] == world.value(key):
                return place
    return None


# --- the pool ---------------------------------------------------------------------------------


def safety_stock(pool: Mapping[str, Any], world: World) -> tuple[int, str | list[str] | None]:
    """Units held back and the row that says so. Raises Fault NO_RULE_MATCHES, MISSING_VALUE."""
    written = pool.get("safety_stock") or 0
    if not isinstance(written, Mapping):
        return int(written), None
    decision = decide(written, world)
    if decision.values is None:
        raise Fault("NO_RULE_MATCHES")
    units = decision.values["units"]
    if units is None:
        raise Fault("MISSING_VALUE")
    return ceiling_of(Fraction(units)), decision.fired


def pool_size(pool: Mapping[str, Any], held_back: int, world: World) -> int:
    """The pool in units, never below zero. Raises Fault NO_STOCK."""
    on_hand = world.value(pool.get("on_hand") or "stock") or {}
    nodes = pool.get("nodes") or sorted(on_hand)
    counted = [node for node in nodes if on_hand.get(node) is not None]
    if not counted:
        raise Fault("NO_STOCK")
    safety = pool.get("safety_stock")
    per_node = isinstance(safety, Mapping) and safety.get("per") == "node"
    at_node = held_back if per_node else 0
    free = sum(max(0, _free_at(pool, node, on_hand, world) - at_node) for node in counted)
    reservations = world.value(pool["reservations"]) if pool.get("reservations") else None
    return max(0, free - int(reservations or 0) - (0 if per_node else held_back))


def _free_at(pool: Mapping[str, Any], node: str, on_hand: Mapping[str, Any], world: World) -> int:
    """On hand − allocated − reserved at one node; what is not recorded is zero."""
    taken = 0
    for key in ("allocated", "reserved"):
        if pool.get(key):
            taken += int((world.value(pool[key]) or {}).get(node) or 0)
    return int(on_hand[node]) - taken


# --- sharing it out ---------------------------------------------------------------------------


def published(allocate: Mapping[str, Any], pool: int) -> list[int]:
    """The units of every entry, in written order."""
    entries = allocate["marketplaces"]
    if allocate["method"] == "partition":
        shares = [Fraction(share(entry["share"])) for entry in entries]
        return _partitioned(allocate, pool, shares)
    shares = [Fraction(share(entry.get("share") or Decimal(1))) for entry in entries]
    last_units = allocate.get("last_units")
    if last_units is not None and pool <= last_units:
        total = sum(shares)
        scaled = [part / total if total else Fraction(0) for part in shares]
        return _partitioned(allocate, pool, scaled)
    units = []
    for entry, part in zip(entries, shares, strict=True):
        buffered = max(0, floor_of(part * pool) - int(entry.get("buffer") or 0))
        units.append(_listed(entry, min(buffered, _cap(entry, buffered))))
    return units


def _partitioned(allocate: Mapping[str, Any], pool: int, shares: list[Fraction]) -> list[int]:
    """Largest remainder, cap, redistribute, buffer, min_list."""
    entries = allocate["marketplaces"]
    # The unshared rest is one more entry, the last; its units stay unallocated.
    allotted = largest_remainder(pool, [*shares, Fraction(1 - sum(shares))])[:-1]
    units = [min(n, _cap(entry, n)) for entry, n in zip(entries, allotted, strict=True)]
    if allocate.get("redistribute"):
        units = _redistributed(entries, units, sum(allotted) - sum(units))
    return [
        _listed(entry, max(0, n - int(entry.get("buffer") or 0)))
        for entry, n in zip(entries, units, strict=True)
    ]


def largest_remainder(pool: int, shares: list[Fraction]) -> list[int]:
    """Whole units that sum to the pool, for shares that sum to 1; ties by written order."""
    exact = [share * pool for share in shares]
    units = [floor_of(quota) for quota in exact]
    by_remainder = sorted(range(len(shares)), key=lambda i: (units[i] - exact[i], i))
    for place in by_remainder[: pool - sum(units)]:
        units[place] += 1
    return units


def _redistributed(entries: list[Mapping[str, Any]], units: list[int], left: int) -> list[int]:
    """The units that caps cut off go to the other entries in written order, up to their caps."""
    result = []
    for entry, held in zip(entries, units, strict=True):
        taken = min(left, _cap(entry, held + left) - held)
        result.append(held + taken)
        left -= taken
    return result


def _cap(entry: Mapping[str, Any], otherwise: int) -> int:
    return otherwise if entry.get("cap") is None else int(entry["cap"])


def _listed(entry: Mapping[str, Any], units: int) -> int:
    return units if units >= int(entry.get("min_list") or 0) else 0
