"""Kits, taken apart and filled one unit at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from oracle.values import Fault
from oracle.world import World

DEEPEST = 8
Parts = Mapping[str, int]
Listing = tuple[int, str]
"""The place of an entry, and a SKU."""


@dataclass(frozen=True)
class Kit:
    """What one piece of a kit takes, and why it cannot be made."""

    parts: Parts
    codes: frozenset[str] = frozenset()


def kits_of(components: str, worlds: Mapping[str, World]) -> dict[str, Kit]:
    """Every SKU that is a kit."""
    written: dict[str, dict[str, int]] = {}
    for sku, world in worlds.items():
        units = {part: int(n) for part, n in (world.value(components) or {}).items() if n}
        if units:
            written[sku] = units
    broken = {sku for sku, units in written.items() if min(units.values()) < 0}
    return {sku: _kit(sku, written, broken, set(worlds)) for sku in written}


def _kit(sku: str, written: Mapping[str, Parts], broken: set[str], known: set[str]) -> Kit:
    if sku in broken:
        return Kit({}, frozenset({"KIT_QUANTITY"}))
    sound = {kit: parts for kit, parts in written.items() if kit not in broken}
    try:
        if _levels(sku, sound, ()) > DEEPEST:
            raise Fault("KIT_CYCLE")
    except Fault as fault:
        return Kit({}, fault.codes)
    parts = _opened(sku, sound)
    codes = {"KIT_COMPONENT_MISSING"} if set(parts) - known else set()
    codes |= {"KIT_QUANTITY"} if set(parts) & broken else set()
    return Kit({part: n for part, n in parts.items() if part in known}, frozenset(codes))


def _levels(sku: str, written: Mapping[str, Parts], outer: tuple[str, ...]) -> int:
    if sku in outer:
        raise Fault("KIT_CYCLE")
    inner = [part for part in written[sku] if part in written]
    return 1 + max((_levels(part, written, (*outer, sku)) for part in inner), default=0)


def _opened(sku: str, written: Mapping[str, Parts]) -> Counter[str]:
    found: Counter[str] = Counter()
    for part, units in written[sku].items():
        for _ in range(units):
            found.update(_opened(part, written) if part in written else {part: 1})
    return found


def filled(
    wishes: Mapping[Listing, int],
    kits: Mapping[str, Parts],
    left: dict[str, int],
    first: str | None,
) -> dict[Listing, int]:
    """Round after round, each listing in its turn takes one unit while it can."""
    got = dict.fromkeys(wishes, 0)
    turns = sorted(wishes, key=lambda listing: (listing[0], listing[1] not in kits, listing[1]))
    of_kits = [listing for listing in turns if listing[1] in kits]
    of_components = [listing for listing in turns if listing[1] not in kits]
    orders = {"kits": [of_kits, of_components], "components": [of_components, of_kits]}
    for taking in orders.get(first or "", [turns]):
        while any([_takes(listing, wishes, kits, left, got) for listing in taking]):
            pass
    return got


def _takes(
    listing: Listing,
    wishes: Mapping[Listing, int],
    kits: Mapping[str, Parts],
    left: dict[str, int],
    got: dict[Listing, int],
) -> bool:
    needed = kits.get(listing[1], {listing[1]: 1})
    if got[listing] >= wishes[listing] or any(left[part] < n for part, n in needed.items()):
        return False
    got[listing] += 1
    for part, units in needed.items():
        left[part] -= units
    return True
