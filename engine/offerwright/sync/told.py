"""What one account is to be told: offers → payload bodies, hashes, and what the ledger knows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from offerwright.evaluate.run import Offers
from offerwright.frames import ASPECTS, Aspect
from offerwright.marketplaces.marketplace import Marketplace, missing_settings
from offerwright.marketplaces.payload import CompiledPayload
from offerwright.marketplaces.render import ROW, render
from offerwright.store.protocol import LEDGER_COLUMNS, Store

Parts = tuple[tuple[str, bytes], ...]
LIVE_SCHEMA: dict[str, Any] = {
    "sku": pl.String,
    "live_price": pl.Decimal(38, 8),
    "live_paid": pl.Decimal(38, 8),
    "live_quantity": pl.Int64,
    "was_sent": pl.Boolean,
}


@dataclass(frozen=True)
class Known:
    """
    What the ledger knows of one account: rows by (SKU, aspect), and which SKUs are live.

    Live is what was listed or confirmed and not ended since: a listing that existed before us is
    known by its first confirmed price or stock.
    """

    rows: Mapping[tuple[str, str], Mapping[str, Any]]
    listed: frozenset[str]

    def row(self, sku: str, aspect: Aspect) -> Mapping[str, Any]:
        return self.rows.get((sku, aspect), {})


def read_known(store: Store, account: str) -> Known:
    """The ledger and the live listings of an account."""
    rows = {
        (str(row[0]), str(row[1])): dict(zip(LEDGER_COLUMNS, row, strict=True))
        for row in store.ledger(account)
    }
    states = {sku: state for sku, _, state in store.listings(account)}
    told = {sku for (sku, _), row in rows.items() if row["confirmed_generation"]}
    listed = frozenset(sku for sku in states.keys() | told if states.get(sku, "live") == "live")
    return Known(rows, listed)


def live_paid(row: Mapping[str, Any], is_listed: bool) -> tuple[Decimal | None, bool]:
    """
    What the buyer pays now by a ledger row of the price, and whether any price of ours may be live.

    A price may be live when it was confirmed, or sent and not provably refused: an older send that
    is settled has confirmed a value, left a listing, or done nothing. What is paid is the confirmed
    price or, where none was ever confirmed, the one last seen there; None: nobody knows.
    """
    confirmed = row.get("confirmed_generation")
    paid = row.get("sale_price") or row.get("price")
    if not confirmed:
        paid = paid or row.get("observed_sale_price") or row.get("observed_price")
    under_way = is_listed or row.get("state") in ("sending", "submitted", "in_doubt")
    return _amount(paid), bool(confirmed or (row.get("sent_generation") and under_way))


def live_frame(known: Known) -> pl.DataFrame:
    """
    The confirmed values for rules and guards: one row per SKU with a ledger row.

    `was_sent`: something may be live, so that an unknown live price is a danger.
    """
    found: dict[str, dict[str, Any]] = {}
    for (sku, aspect), row in known.rows.items():
        held = found.setdefault(sku, {"sku": sku, "was_sent": False})
        if aspect == "price":
            paid, was_sent = live_paid(row, sku in known.listed)
            held |= {"live_price": _amount(row["price"]), "live_paid": paid, "was_sent": was_sent}
        elif aspect == "stock":
            held["live_quantity"] = row["quantity"]
    records = [{name: r.get(name) for name in LIVE_SCHEMA} for r in found.values()]
    return pl.DataFrame(records, schema=LIVE_SCHEMA)


def _amount(text: object) -> Decimal | None:
    return None if text is None else Decimal(str(text))


@dataclass(frozen=True)
class Bodies:
    """The bodies of one payload by SKU, and their hashes."""

    payload: CompiledPayload
    parts: Mapping[str, Parts]
    hashes: Mapping[str, str]


@dataclass(frozen=True)
class Told:
    """All bodies of one account by what they do; `create` and `end` may be absent."""

    offers: Offers
    frame: pl.DataFrame
    """The offers as they are told: blocked stock of live listings is zero where that is written."""
    marketplace: Marketplace
    settings: Mapping[str, str]
    updates: Mapping[Aspect, Bodies]
    create: Bodies | None
    end: CompiledPayload | None


def told(offers: Offers, marketplace: Marketplace, known: Known) -> Told:
    """
    Render every payload of an account.

    A live listing whose stock is blocked is told zero where the inventory document says so.
    """
    account = offers.account
    settings = marketplace.account_settings(
        account.site or None, account.currency, account.settings, account.trade_policy or None
    )
    frame = _zeroed(offers, known)
    updates: dict[Aspect, Bodies] = {}
    for aspect in ASPECTS:
        payload = marketplace.payload_for(aspect, "update", settings)
        if payload is not None and aspect in marketplace.document.aspects and _says(offers, aspect):
            updates[aspect] = bodies(payload, frame, settings)
    create = None
    if marketplace.document.create and offers.plan.mapping is not None:
        payload = marketplace.payload_for("content", "create", settings)
        if payload is not None:
            create = bodies(payload, _creatable(frame, marketplace), settings)
    end = marketplace.payload_for("content", "end", settings)
    return Told(offers, frame, marketplace, settings, updates, create, end)


def _says(offers: Offers, aspect: Aspect) -> bool:
    plan = offers.plan
    return bool({"price": plan.steps, "stock": plan.inventory, "content": plan.mapping}[aspect])


def _zeroed(offers: Offers, known: Known) -> pl.DataFrame:
    inventory = offers.plan.inventory
    if inventory is None or inventory.on_block != "zero":
        return offers.frame
    live = pl.col("sku").is_in(sorted(known.listed))
    blocked = pl.lit(pl.Series(offers.withheld("stock")))
    zero = pl.when(live & blocked).then(0).otherwise(pl.col("quantity"))
    return offers.frame.with_columns(zero.alias("quantity"))


def _creatable(frame: pl.DataFrame, marketplace: Marketplace) -> pl.DataFrame:
    """Offers whose every aspect is there; nothing is listed with less stock than may be."""
    limits = marketplace.limits
    at_create = limits.quantity_at_create or limits.quantity
    least = at_create.min if at_create is not None and at_create.min is not None else 0
    whole = pl.col("price").is_not_null() & pl.col("title").is_not_null()
    kept = whole & (pl.col("quantity") >= least)
    return frame.filter(kept.fill_null(False))


def bodies(payload: CompiledPayload, frame: pl.DataFrame, settings: Mapping[str, str]) -> Bodies:
    """The bodies of a payload. Raises `KeyError` when the account lacks a setting."""
    lacking = missing_settings(payload, settings)
    if lacking:
        raise KeyError(f"payload {payload.name} needs the setting {lacking[0]}")
    rendered = render(payload, frame, settings)
    skus = frame["sku"].gather(rendered[ROW]).to_list()
    names = [part.name for part in payload.parts]
    columns: Sequence[list[str | None]] = [rendered[name].to_list() for name in names]
    parts: dict[str, Parts] = {}
    hashes: dict[str, str] = {}
    for sku, texts in zip(skus, zip(*columns, strict=True), strict=True):
        body = tuple((n, t.encode()) for n, t in zip(names, texts, strict=True) if t is not None)
        parts[sku] = body
        hashes[sku] = parts_hash(body)
    return Bodies(payload, parts, hashes)


def parts_hash(parts: Parts) -> str:
    """A stable hash of what is said: 128 bits, in hex."""
    digest = hashlib.blake2b(digest_size=16)
    for name, body in parts:
        digest.update(f"{name}:{len(body)}:".encode())
        digest.update(body)
    return digest.hexdigest()
