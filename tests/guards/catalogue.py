"""A catalogue on the example market: plans against a ledger written by hand, and bytes to send."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from guards.one_offer import AS_OF, FACTS, INVENTORY, PRICING
from typed_rows import frame_from_rows

from offerwright.errors import has_errors
from offerwright.pipeline import Loadout, compile_repository, plan_sync
from offerwright.source.repository import Repository
from offerwright.store.columns import LEDGER
from offerwright.sync.known import Known
from offerwright.sync.plan import AccountPart, Basis, SyncPlan

ROOT = Path(__file__).parents[2]
MARKET = ROOT / "marketplaces" / "example-market"
SHOP = """\
kind: shop
name: guarded
time_zone: America/Sao_Paulo
currency: BRL
accounts:
  market: {marketplace: example-market, settings: {shop_id: casa}}
sources:
  all: {file: all.csv}
  stock: {file: stock.csv}
"""
MAPPING = """\
kind: mapping
name: content
category: {otherwise: {category: shelf}}
title: {max: 80, try: ["{{ sku }}"]}
images: {from: images, min: 1, max: 6}
"""
IMAGES = "  images: {type: list of text, from: all.images}\n"


@dataclass(frozen=True)
class Label:
    """What of a manifest counts: which SKUs have refused rows only, how many rows have no SKU."""

    doubtful: tuple[str, ...] = ()
    nameless: int = 0


@dataclass(frozen=True)
class Inputs:
    """What `plan_sync` looks at in a snapshot."""

    frame: pl.DataFrame
    manifest: Label = Label()


def market_files() -> dict[str, bytes]:
    """The example market as it ships."""
    files = [p for p in sorted(MARKET.rglob("*")) if p.is_file() and "cases" not in p.parts]
    return {f"marketplaces/example-market/{p.relative_to(MARKET)}": p.read_bytes() for p in files}


def shop(
    guards: Sequence[Mapping[str, Any]],
    approves: Sequence[Mapping[str, Any]] = (),
    *,
    content: bool = False,
    inventory: str = INVENTORY.replace("marketplace: market", "marketplace: example-market"),
    pricing: str = PRICING,
) -> Loadout:
    """The linked shop; with `content` it creates listings."""
    texts = {
        "offerwright.yaml": SHOP,
        "rules/facts.yaml": FACTS + IMAGES,
        "rules/prices.yaml": pricing,
        "rules/stock.yaml": inventory,
    }
    if guards:
        texts["rules/guards.yaml"] = yaml.safe_dump(
            {"kind": "guards", "name": "guards", "guards": list(guards)}, sort_keys=False
        )
    if approves:
        texts["rules/approvals.yaml"] = yaml.safe_dump(
            {"kind": "approvals", "name": "agreed", "approves": list(approves)}, sort_keys=False
        )
    if content:
        texts["rules/mapping.yaml"] = MAPPING
    files = {name: text.encode() for name, text in texts.items()} | market_files()
    loadout, found = compile_repository(Repository(Path("/shop"), files))
    assert loadout is not None and not has_errors(found), found
    return loadout


def planned(
    loadout: Loadout,
    rows: Sequence[Mapping[str, Any]],
    known: Known,
    *,
    first_publication: bool = False,
    at: str = AS_OF,
) -> SyncPlan:
    """The plan of these products against this ledger."""
    inputs = Inputs(frame_from_rows(loadout.schema, rows))
    basis = Basis("", loadout.digest, "hand", at, "0", "sandbox", first_publication)
    return plan_sync(
        loadout, inputs, {"market": known}, as_of=datetime.fromisoformat(at), basis=basis
    )


def part_of(plan: SyncPlan) -> AccountPart:
    (part,) = plan.parts
    return part


def ledger(live: Mapping[str, Mapping[str, Any]], currency: str | None = None) -> Known:
    """
    A ledger in which these offers are confirmed.

    By SKU: `price`, `sale_price`, `quantity`; `ended: true` is a listing that was ended since.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for sku, said in live.items():
        if "price" in said:
            rows[sku, "price"] = _confirmed(price=said["price"], sale=said.get("sale_price"))
        if "quantity" in said:
            rows[sku, "stock"] = _confirmed(quantity=said["quantity"])
    for row in rows.values():
        row["currency"] = currency
    ended = {sku for sku, said in live.items() if said.get("ended")}
    return known_from_rows(rows, live.keys() - ended)


def known_from_rows(
    rows: Mapping[tuple[str, str], Mapping[str, Any]], listed: Collection[str]
) -> Known:
    """A ledger of rows by SKU and aspect."""
    records = [{"sku": sku, "aspect": aspect, **row} for (sku, aspect), row in rows.items()]
    frame = pl.DataFrame(
        [{name: record.get(name) for name in LEDGER} for record in records], schema=LEDGER
    )
    return Known(frame, pl.Series(sorted(listed), dtype=pl.String))


def _confirmed(
    price: str | None = None, sale: str | None = None, quantity: int | None = None
) -> dict[str, Any]:
    return {
        "state": "confirmed",
        "desired_hash": "before",
        "desired_generation": 1,
        "sent_generation": 1,
        "confirmed_generation": 1,
        "confirmed_hash": "before",
        "rejected_hash": None,
        "price": price,
        "sale_price": sale,
        "quantity": quantity,
    }
