"""
What one account must be told, offer by offer, with dicts: slow, plain, and independent of the
columns that `offerwright.sync` works with. Payload bodies and verdicts are given to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

ASPECTS = ("price", "stock", "content")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What one guard says of one offer."""

    guard: str
    place: str
    else_: str
    fails: bool
    missing: bool

    @property
    def withholds(self) -> bool:
        return self.missing or (self.fails and self.else_ != "warn")


@dataclass(frozen=True)
class Offer:
    """One offer of the catalogue. `bodies`: by aspect (or `create`) the hash of what is said."""

    sku: str
    paid: Decimal | None
    quantity: int | None
    told_quantity: int | None
    bodies: Mapping[str, str]
    blocks: Sequence[tuple[str, str, str]]
    """Aspect, code and place of everything that the rules withhold."""
    verdicts: Sequence[Verdict]


@dataclass(frozen=True)
class Account:
    """What the account is like: whether it lists, which aspects an operation settles."""

    creates: bool
    create_covers: Sequence[str]
    ends: bool
    end_covers: Sequence[str]
    zeroes: bool
    aspects: Sequence[str]
    hash_apart: Callable[[str, str], str]
    """The hash of an end of a SKU, or of a stock of nought."""


@dataclass(frozen=True)
class Ledger:
    """Rows by (SKU, aspect), what is live, and which SKUs may be missing by mistake."""

    rows: Mapping[tuple[str, str], Row]
    listed: frozenset[str]
    doubtful: frozenset[str] = frozenset()
    nameless: bool = False

    def row(self, sku: str, aspect: str) -> Row:
        return self.rows.get((sku, aspect), {})


@dataclass(frozen=True)
class Operation:
    sku: str
    aspect: str
    action: str
    covers: Mapping[str, str]
    base: Mapping[str, int]
    why: str
    price: tuple[Any, Any] = (None, None)
    quantity: tuple[Any, Any] = (None, None)

    @property
    def says_price(self) -> bool:
        return "price" in self.covers and self.action != "end"


@dataclass
class Plan:
    """All that is said of one account; `moves` as confirmed, moved, stocked, zeroed."""

    operations: list[Operation] = field(default_factory=list)
    withheld: list[tuple[str, str, str, str]] = field(default_factory=list)
    warnings: list[tuple[str, str, str, str]] = field(default_factory=list)
    unchanged: int = 0
    waiting: int = 0
    moves: tuple[int, int, int, int] = (0, 0, 0, 0)


def plan_of(offers: Sequence[Offer], account: Account, ledger: Ledger) -> Plan:
    """The plan, offer by offer; then what has no offer. Guards on the run are not judged."""
    plan = Plan()
    for offer in offers:
        _plan_offer(offer, account, ledger, plan)
    _plan_gone({offer.sku for offer in offers}, account, ledger, plan)
    plan.moves = _moves(plan.operations, {offer.sku: offer for offer in offers}, ledger)
    return plan


def _plan_offer(offer: Offer, account: Account, ledger: Ledger, plan: Plan) -> None:
    sku = offer.sku
    found: list[Operation] = []
    refused: list[str] = []
    if account.creates and sku not in ledger.listed:
        if "create" not in offer.bodies:
            plan.waiting += 1
        else:
            covers = {a: offer.bodies.get(a, offer.bodies["create"]) for a in account.create_covers}
            if not all(settled(ledger.row(sku, a), hash_) for a, hash_ in covers.items()):
                found.append(_operation(offer, "content", "create", covers, ledger))
            elif _is_refused(ledger.row(sku, "content")):
                refused.append("content")
            else:
                plan.unchanged += 1
    else:
        for aspect in (a for a in account.aspects if a in offer.bodies):
            row, hash_ = ledger.row(sku, aspect), offer.bodies[aspect]
            if not settled(row, hash_):
                found.append(_operation(offer, aspect, "update", {aspect: hash_}, ledger))
            elif _is_refused(row):
                refused.append(aspect)
            else:
                plan.unchanged += 1
    plan.withheld += [(sku, *block) for block in offer.blocks]
    _judge(offer, found, ledger, plan)
    plan.withheld += [
        (sku, a, ledger.row(sku, a)["state"].upper(), _before(ledger.row(sku, a))) for a in refused
    ]


def _judge(offer: Offer, found: Sequence[Operation], ledger: Ledger, plan: Plan) -> None:
    stopped = any(verdict.withholds for verdict in offer.verdicts)
    told = [o for o in found if o.says_price]
    plan.operations += [o for o in found if not (o.says_price and stopped)]
    for _ in told:
        for verdict in offer.verdicts:
            code = "GUARD_INPUT_MISSING" if verdict.missing else verdict.else_.upper()
            words = (offer.sku, "price", code, f"guard {verdict.guard}")
            if verdict.withholds:
                plan.withheld.append(words)
        for verdict in offer.verdicts:
            if verdict.else_ == "warn" and verdict.fails:
                plan.warnings.append((offer.sku, "price", "WARN", f"guard {verdict.guard}"))
    if not told and offer.sku in ledger.listed:
        plan.warnings += [
            (offer.sku, "price", "LIVE_BREAKS_GUARD", f"guard {verdict.guard}")
            for verdict in offer.verdicts
            if verdict.withholds
        ]


def _operation(
    offer: Offer, aspect: str, action: str, covers: Mapping[str, str], ledger: Ledger
) -> Operation:
    confirmed = ledger.row(offer.sku, aspect).get("confirmed_hash")
    why = "changed" if confirmed and action == "update" else "new"
    price: tuple[Any, Any] = (None, None)
    quantity: tuple[Any, Any] = (None, None)
    if "price" in covers:
        price = (_live(ledger, offer.sku), offer.paid)
    if "stock" in covers:
        quantity = (ledger.row(offer.sku, "stock").get("quantity"), offer.told_quantity)
    base = {a: _generation(ledger.row(offer.sku, a)) for a in covers}
    return Operation(offer.sku, aspect, action, covers, base, why, price, quantity)


def _plan_gone(skus: set[str], account: Account, ledger: Ledger, plan: Plan) -> None:
    if not account.ends:
        return
    ended: list[str] = []
    for sku in sorted(ledger.listed - skus):
        covers = dict.fromkeys(account.end_covers, account.hash_apart("end", sku))
        if not all(settled(ledger.row(sku, a), hash_) for a, hash_ in covers.items()):
            ended.append(sku)
    held = [sku for sku in ended if ledger.nameless or sku in ledger.doubtful]
    for sku in ended:
        if sku not in held:
            plan.operations.append(_apart(sku, "end", account.end_covers, account, ledger))
    for sku in held:
        plan.warnings.append((sku, "content", "ROW_REFUSED", "not ended: its row was refused"))
    for sku in (s for s in held if s in ledger.doubtful and account.zeroes):
        hash_ = account.hash_apart("zero", sku)
        if not settled(ledger.row(sku, "stock"), hash_):
            plan.operations.append(_apart(sku, "zero", ("stock",), account, ledger))


def _apart(
    sku: str, what: str, aspects: Sequence[str], account: Account, ledger: Ledger
) -> Operation:
    covers = dict.fromkeys(aspects, account.hash_apart(what, sku))
    base = {a: _generation(ledger.row(sku, a)) for a in aspects}
    quantity: tuple[Any, Any] = (None, None)
    if "stock" in aspects:
        after = None if what == "end" else 0
        quantity = (ledger.row(sku, "stock").get("quantity"), after)
    if what == "end":
        return Operation(sku, "content", "end", covers, base, "gone", quantity=quantity)
    why = "changed" if ledger.row(sku, "stock").get("confirmed_hash") else "new"
    return Operation(sku, "stock", "update", covers, base, why, quantity=quantity)


def settled(row: Row, hash_: str) -> bool:
    """Whether the ledger has this value, is on its way to it, or knows it to be refused."""
    at_rest = row.get("sent_generation") == row.get("confirmed_generation")
    if row.get("confirmed_hash") == hash_ and row.get("state") in ("none", "queued") and at_rest:
        return True
    if row.get("rejected_hash") == hash_ and _is_refused(row):
        return all(code != "GUARD_REFUSED" for code, _ in _problems(row))
    on_its_way = row.get("state") in ("sending", "submitted", "in_doubt", "confirmed")
    return on_its_way and row.get("desired_hash") == hash_


def _is_refused(row: Row) -> bool:
    return row.get("state") in ("rejected", "quarantined")


def _problems(row: Row) -> Iterator[tuple[str, str]]:
    for problem in json.loads(row.get("problems") or "[]"):
        yield problem["code"], problem["message"]


def _before(row: Row) -> str:
    words = [f"{code} {message}".strip() for code, message in _problems(row)]
    return f"refused before: {'; '.join(words[:2])}" if words else "refused before"


def _generation(row: Row) -> int:
    return int(row.get("desired_generation") or 0)


def _live(ledger: Ledger, sku: str) -> Decimal | None:
    row = ledger.row(sku, "price")
    text = row.get("sale_price") or row.get("price")
    return None if text is None else Decimal(text)


def _moves(
    operations: Sequence[Operation], offers: Mapping[str, Offer], ledger: Ledger
) -> tuple[int, int, int, int]:
    live = [(a, sku, row) for (sku, a), row in ledger.rows.items() if sku in ledger.listed]
    confirmed = sum(a == "price" and row["price"] is not None for a, _, row in live)
    stocked = {sku for a, sku, row in live if a == "stock" and row["quantity"]}
    stocked |= {o.sku for o in operations if o.action == "end"}
    moved = zeroed = 0
    for one in operations:
        before = _live(ledger, one.sku) if one.sku in ledger.listed else None
        if one.says_price and before is not None and offers[one.sku].paid != before:
            moved += 1
        if one.sku in stocked and "stock" in one.covers:
            zeroed += one.sku not in offers or not offers[one.sku].quantity
    return confirmed, moved, len(stocked), zeroed
