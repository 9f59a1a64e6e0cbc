"""Stock (section 6): the pools of a shop, kits, and what each account is told of each SKU."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from oracle.documents import inventory_document
from oracle.kits import Kit, filled, kits_of
from oracle.set_steps import share
from oracle.tables import decide
from oracle.values import Fault, ceiling_of, floor_of
from oracle.world import Document, World

Worlds = Mapping[str, Mapping[str, World]]
"""By account and SKU: the whole shop, as each account sees it."""


@dataclass(frozen=True)
class Stock:
    """What one account publishes; None when blocked or when no document speaks of stock."""

    quantity: int | None = None
    pool: int | None = None
    document: str | None = None
    blocks: frozenset[str] = frozenset()
    fired: Mapping[str, str | list[str]] | None = None


def stock_of_account(
    documents: Iterable[Document], world: World, worlds: Worlds | None = None
) -> Stock:
    """
    The quantity of the account whose world this is.

    Kits and the sales of other accounts need the rest of the shop; without `worlds` this offer is
    all there is.
    """
    documents = list(documents)
    document = inventory_document(documents, world)
    if document is None:
        return Stock()
    account, sku = str(world.value("account")), str(world.value("sku"))
    shop = _Shop(document, documents, worlds or {account: {sku: world}}, account)
    stock = Stock(document=document["name"])
    codes = set(shop.blocks(sku))
    entries = document["allocate"]["marketplaces"]
    own = _entry_of(entries, world)
    if own is None:
        codes.add("NO_ALLOCATION")
    elif not codes:
        codes |= shop.refusals(own, sku, world)
    if sku not in shop.kits:
        stock = replace(stock, fired=_fired(document, world))
    if not shop.blocks(sku):
        stock = replace(stock, pool=shop.pool(sku))
    if codes or own is None:
        return replace(stock, blocks=frozenset(codes))
    return replace(stock, quantity=shop.told(own, sku, world))


def _fired(document: Document, world: World) -> dict[str, str | list[str]]:
    try:
        _, fired = safety_stock(document["pool"], world)
    except Fault:
        return {}
    return {f"{document['name']}/safety_stock": fired} if fired else {}


def _entry_of(entries: list[Mapping[str, Any]], world: World) -> int | None:
    """The place of the account's entry: its own, else that of its marketplace."""
    for key in ("account", "marketplace"):
        for place, entry in enumerate(entries):
            if entry.get(key) is not None and entry[key] == world.value(key):
                return place
    return None


# --- a whole shop -----------------------------------------------------------------------------


class _Shop:
    """One inventory document over all SKUs of a shop, as `account` sees them where it is one's own."""

    def __init__(
        self, document: Document, documents: list[Document], worlds: Worlds, account: str
    ) -> None:
        self.document, self.worlds, self.own = document, worlds, worlds[account]
        self.facts = {
            n: f for d in documents if d["kind"] == "facts" for n, f in d["facts"].items()
        }
        components = (document.get("kits") or {}).get("components")
        self.kits: dict[str, Kit] = kits_of(components, self.own) if components else {}

    # the pool

    def blocks(self, sku: str) -> set[str]:
        """Why the pool of a SKU is not known."""
        kit = self.kits.get(sku)
        claims = self._unread_claims(sku)
        if kit is None:
            return claims | self._plain_blocks(sku)
        blocked = any(
            self._unread_claims(part) | (set() if part in self.kits else self._plain_blocks(part))
            for part in kit.parts
        )
        return claims | kit.codes | ({"KIT_COMPONENT_BLOCKED"} if blocked else set())

    def _plain_blocks(self, sku: str) -> set[str]:
        world = self.own[sku]
        return _codes(lambda: safety_stock(self.document["pool"], world), lambda: self._seen(sku))

    def _unread_claims(self, sku: str) -> set[str]:
        """What is claimed of a SKU, or of a kit with it, and cannot be computed."""
        codes: set[str] = set()
        for other in self.own:
            kit = self.kits.get(other)
            if other == sku or (kit is not None and sku in kit.parts):
                try:
                    self._reservations(other)
                except Fault as fault:
                    codes |= fault.codes
        return codes

    def _reservations(self, sku: str) -> int:
        name = self.document["pool"].get("reservations")
        return int(self.own[sku].value(name) or 0) if name else 0

    def _seen(self, sku: str) -> list[str]:
        pool = self.document["pool"]
        on_hand = self.own[sku].value(pool.get("on_hand") or "stock") or {}
        nodes = pool.get("nodes") or sorted(on_hand)
        counted = [node for node in nodes if on_hand.get(node) is not None]
        if not counted:
            raise Fault("NO_STOCK")
        return counted

    def pool(self, sku: str) -> int:
        """Units, never below zero, of a SKU whose pool is known."""
        kit = self.kits.get(sku)
        if kit is not None:
            return min(self.pool(part) // units for part, units in kit.parts.items())
        pool = self.document["pool"]
        held_back, _ = safety_stock(pool, self.own[sku])
        safety = pool.get("safety_stock")
        per_node = isinstance(safety, Mapping) and safety.get("per") == "node"
        free = 0
        for node in self._seen(sku):
            at_node = self._free_at(node, sku) - (held_back if per_node else 0)
            free += max(0, at_node)
        claimed = sum(n * self._reservations(k) for k, n in self._claiming(sku))
        return max(0, free - claimed - (0 if per_node else held_back))

    def _claiming(self, sku: str) -> list[tuple[str, int]]:
        """The SKU itself and the kits that it is in, with how much of it one piece takes."""
        kits = [(name, kit.parts[sku]) for name, kit in self.kits.items() if sku in kit.parts]
        return [(sku, 1), *kits]

    def _free_at(self, node: str, sku: str) -> int:
        """On hand − allocated − reserved at one node; what is not recorded is zero."""
        pool, taken = self.document["pool"], 0
        for key in ("allocated", "reserved"):
            for claiming, units in self._claiming(sku) if pool.get(key) else []:
                at = self.own[claiming].value(pool[key]) or {}
                taken += units * int(at.get(node) or 0)
        on_hand = self.own[sku].value(pool.get("on_hand") or "stock")
        return int(on_hand[node]) - taken

    # sharing it out

    def told(self, own: int, sku: str, world: World) -> int:
        """What the account of an entry is told of a SKU that nothing blocks."""
        entry = self.document["allocate"]["marketplaces"][own]
        units = self._filled().get((own, sku))
        if units is None:
            units = self._wishes(sku)[own]
        return steady(entry, _listed(entry, units), world)

    def _wishes(self, sku: str) -> list[int]:
        allocate = self.document["allocate"]
        buffers = [self.buffer(n, sku) for n in range(len(allocate["marketplaces"]))]
        return limited(allocate, self.pool(sku), buffers, self._accounts())

    def _filled(self) -> dict[tuple[int, str], int]:
        """Units by entry and SKU of everything that has to do with kits."""
        sound = {k: kit for k, kit in self.kits.items() if not self.blocks(k)}
        used = {part for kit in sound.values() for part in kit.parts}
        accounts = self._accounts()
        wishes = {
            (number, sku): self._wishes(sku)[number]
            for sku in {*sound, *used}
            for number in range(len(accounts))
            if accounts[number] is not None
        }
        left = {part: self.pool(part) for part in used}
        parts = {k: kit.parts for k, kit in sound.items()}
        return filled(wishes, parts, left, (self.document.get("kits") or {}).get("first"))

    def _accounts(self) -> list[str | None]:
        """The account of every entry, None where the shop has none."""
        entries = self.document["allocate"]["marketplaces"]
        found: list[str | None] = []
        for place in range(len(entries)):
            worlds = [next(iter(skus.values())) for skus in self.worlds.values() if skus]
            own = [str(w.value("account")) for w in worlds if _entry_of(entries, w) == place]
            found.append(own[0] if own else None)
        return found

    # what others sell

    def buffer(self, number: int, sku: str) -> int:
        """Units held back from an entry. Raises Fault."""
        allocate = self.document["allocate"]
        written = allocate["marketplaces"][number].get("buffer") or 0
        account = self._accounts()[number]
        if not isinstance(written, Mapping):
            return int(written)
        if account is None:
            return int(written.get("units") or 0)
        rate = sum(self._elsewhere(allocate["sold_per_hour"], account, sku), Fraction(0))
        hours = Fraction(seconds_of(written["sold_elsewhere_in"]), 3600)
        return int(written.get("units") or 0) + ceiling_of(rate * hours)

    def _elsewhere(self, name: str, account: str, sku: str) -> list[Fraction]:
        rates = {
            other: _rate(self.worlds[other][sku], name)
            for other in self._accounts()
            if other is not None
        }
        per = self.facts[name].get("per")
        if per is None:
            return [rates[account]]
        others = {other: rate for other, rate in rates.items() if other != account}
        if per == "account":
            return list(others.values())
        by_marketplace = {
            str(self.worlds[other][sku].value("marketplace")): rate
            for other, rate in others.items()
        }
        return list(by_marketplace.values())

    def refusals(self, number: int, sku: str, world: World) -> set[str]:
        """What an account's own rules of stock cannot compute."""
        entry = self.document["allocate"]["marketplaces"][number]
        return _codes(lambda: self.buffer(number, sku), lambda: steady(entry, 0, world))


def _codes(*counts: Callable[[], object]) -> set[str]:
    """What keeps these from being computed."""
    codes: set[str] = set()
    for count in counts:
        try:
            count()
        except Fault as fault:
            codes |= fault.codes
    return codes


def _rate(world: World, name: str) -> Fraction:
    """Units per hour: none recorded and less than none are zero."""
    return max(Fraction(0), Fraction(world.value(name) or 0))


def seconds_of(text: str) -> int:
    number, unit = text.split()
    return int(number) * {"minute": 60, "hour": 3600, "day": 86400}[unit.rstrip("s")]


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


# --- sharing one pool out ---------------------------------------------------------------------


def published(allocate: Mapping[str, Any], pool: int) -> list[int]:
    """The units of every entry, in written order, where every entry has an account."""
    entries = allocate["marketplaces"]
    return [_listed(e, n) for e, n in zip(entries, limited(allocate, pool), strict=True)]


def limited(
    allocate: Mapping[str, Any],
    pool: int,
    buffers: list[int] | None = None,
    accounts: list[str | None] | None = None,
) -> list[int]:
    """The units of every entry, in written order, before `min_list`."""
    entries = allocate["marketplaces"]
    buffers = buffers if buffers is not None else [_fixed(entry) for entry in entries]
    if allocate["method"] == "partition":
        shares = [Fraction(share(entry["share"])) for entry in entries]
        return _partitioned(allocate, pool, shares, buffers)
    shares = [Fraction(share(entry.get("share") or Decimal(1))) for entry in entries]
    units = []
    for entry, part, buffer in zip(entries, shares, buffers, strict=True):
        buffered = max(0, floor_of(part * pool) - buffer)
        units.append(min(buffered, _cap(entry, buffered)))
    if not _is_apart(allocate, pool, units, accounts):
        return units
    total = sum(shares)
    scaled = [part / total if total else Fraction(0) for part in shares]
    return _partitioned(allocate, pool, scaled, buffers)


def _fixed(entry: Mapping[str, Any]) -> int:
    return int(entry.get("buffer") or 0)


def _is_apart(
    allocate: Mapping[str, Any], pool: int, units: list[int], accounts: list[str | None] | None
) -> bool:
    """Whether a shared pool is partitioned instead."""
    last, most = allocate.get("last_units"), allocate.get("oversell_at_most")
    entries = allocate["marketplaces"]
    sold = sum(
        _listed(entry, n)
        for place, (entry, n) in enumerate(zip(entries, units, strict=True))
        if accounts is None or accounts[place] is not None
    )
    return (last is not None and pool <= last) or (most is not None and sold - pool > most)


def _partitioned(
    allocate: Mapping[str, Any], pool: int, shares: list[Fraction], buffers: list[int]
) -> list[int]:
    """Largest remainder, cap, redistribute, buffer."""
    entries = allocate["marketplaces"]
    # The unshared rest is one more entry, the last; its units stay unallocated.
    allotted = largest_remainder(pool, [*shares, Fraction(1 - sum(shares))])[:-1]
    units = [min(n, _cap(entry, n)) for entry, n in zip(entries, allotted, strict=True)]
    if allocate.get("redistribute"):
        units = _redistributed(entries, units, sum(allotted) - sum(units))
    return [max(0, n - buffer) for n, buffer in zip(units, buffers, strict=True)]


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


# --- what was told last -----------------------------------------------------------------------


def steady(entry: Mapping[str, Any], units: int, world: World) -> int:
    """No raise while orders may be unseen, then no flicker around zero. Raises Fault."""
    live = world.value("live_quantity")
    needs = entry.get("raise_needs")
    if needs:
        read = world.value(needs["orders_read"])
        seconds = None if read is None else (world.as_of - read).total_seconds()
        if live is not None and (seconds is None or seconds > seconds_of(needs["within"])):
            units = min(units, max(0, int(live)))
    band = entry.get("hysteresis")
    if band:
        least = band["back_at"] if live is not None and live <= 0 else band["zero_below"]
        units = units if units >= int(least) else 0
    return units
