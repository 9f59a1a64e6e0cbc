"""One offer in one shop: what its guards say at plan, and of other bytes at send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from typed_rows import frame_from_rows

from offerwright.errors import Diagnostic, has_errors
from offerwright.evaluate.match import holds
from offerwright.evaluate.run import Executor, Offers
from offerwright.expressions.parse import microseconds
from offerwright.guards.judge import Verdict, judge
from offerwright.guards.plan import GuardPlan
from offerwright.guards.send import Sending, approvals_by_row, encode, refusals
from offerwright.guards.windows import HISTORY, Day
from offerwright.marketplaces.operation import Values
from offerwright.pipeline import Loadout, compile_repository
from offerwright.source.repository import Repository
from offerwright.sync.known import LIVE_SCHEMA

AS_OF = "2026-11-27T09:00:00-03:00"

SHOP = """\
kind: shop
name: guarded
time_zone: America/Sao_Paulo
currency: BRL
accounts:
  market: {marketplace: market}
sources:
  all: {file: all.csv}
  stock: {file: stock.csv}
"""
MARKETPLACE = """\
kind: marketplace
name: market
title: Market
currencies: [BRL, USD]
aspects: [price, stock, content]
create: true
"""
FACTS = """\
kind: facts
name: facts
facts:
  brand: {type: text, from: all.brand}
  asked: {type: money, from: all.asked}
  asked_sale: {type: money, from: all.asked_sale}
  cost: {type: money, from: all.cost}
  list_price: {type: money, from: all.list_price}
  map_price: {type: money, from: all.map_price}
  lowest: {type: money, from: all.lowest}
  highest: {type: money, from: all.highest}
  freight: {type: money, from: all.freight, missing: 0}
  for_five: {type: money, from: all.for_five}
  for_ten: {type: money, from: all.for_ten}
  units: {type: map of integer, from: stock.units, key: node}
"""
PRICING = """\
kind: pricing
name: prices
steps:
  - {id: asked, phase: base, set: {price: asked}}
  - {id: sale, phase: adjust, when: {asked_sale: present}, set: {sale_price: asked_sale}}
  - {id: tiers, phase: tiers, tiers: [{from: 5, price: for_five}, {from: 10, price: for_ten}]}
"""
INVENTORY = """\
kind: inventory
name: stock
pool: {on_hand: units, safety_stock: 0}
allocate: {method: shared, marketplaces: [{marketplace: market}]}
"""
FEES = """\
kind: fees
name: commission
fees:
  - {id: commission, otherwise: {rate: 10%, fee: 1.00}}
"""
FILES = {
    "offerwright.yaml": SHOP,
    "marketplaces/market/marketplace.yaml": MARKETPLACE,
    "rules/facts.yaml": FACTS,
    "rules/prices.yaml": PRICING,
    "rules/stock.yaml": INVENTORY,
    "rules/fees.yaml": FEES,
}


@dataclass(frozen=True)
class Judged:
    """One offer with its verdicts, and what travels to send."""

    offers: Offers
    verdicts: tuple[Verdict, ...]
    guard_inputs: str

    def words(self) -> dict[str, str]:
        """By guard: its verdict, and its notes after it."""
        return {v.guard.id: _word(v) for v in self.verdicts}

    def refused(self, said: Values, live: Mapping[str, Any], at: str) -> list[str]:
        """The ids of the guards that refuse these values."""
        paid = live.get("sale_price", live.get("price"))
        amount = None if paid is None else Decimal(str(paid))
        sending = Sending(self.guard_inputs, said, amount, bool(live), days_of(live))
        (reason,) = refusals([sending], moment(at))
        return [] if reason is None else [_id(r) for r in reason.split("; ")]


def days_of(live: Mapping[str, Any] | None) -> tuple[Day, ...]:
    """What was paid day by day: `days` maps dates to the lowest and the highest price."""
    return tuple(
        ((day - date(1970, 1, 1)).days, *(Decimal(text) for text in both))
        for day, both in (live or {}).get("days", {}).items()
    )


def moment(text: str) -> int:
    return microseconds(datetime.fromisoformat(text))


def linked(
    guards: Sequence[Mapping[str, Any]],
    approves: Sequence[Mapping[str, Any]] = (),
    head: Mapping[str, Any] | None = None,
) -> tuple[Loadout | None, list[Diagnostic]]:
    """The shop with these guards and approvals, and all that is wrong with it."""
    document = {"kind": "guards", "name": "guards", **(head or {}), "guards": list(guards)}
    files = {**FILES, "rules/guards.yaml": yaml.safe_dump(document, sort_keys=False)}
    if approves:
        agreed = {"kind": "approvals", "name": "agreed", "approves": list(approves)}
        files["rules/approvals.yaml"] = yaml.safe_dump(agreed, sort_keys=False)
    contents = {name: text.encode() for name, text in files.items()}
    return compile_repository(Repository(Path("/shop"), contents))


def judged(
    guards: Sequence[Mapping[str, Any]],
    facts: Mapping[str, Any],
    *,
    live: Mapping[str, Any] | None = None,
    approves: Sequence[Mapping[str, Any]] = (),
    at: str = AS_OF,
    head: Mapping[str, Any] | None = None,
) -> Judged:
    """
    The verdicts on the offer of one SKU with these facts.

    `live` holds the confirmed `price` and `sale_price`, and `days` (see `days_of`); `{}` stands for an offer that was sent and
    whose price is unknown, None for one that was never sent.
    """
    loadout, found = linked(guards, approves, head)
    assert loadout is not None and not has_errors(found), found
    frame = frame_from_rows(loadout.schema, [{"sku": "A", **facts}])
    executor = Executor(loadout.rules)
    (offers,) = executor.run(frame, datetime.fromisoformat(at))
    plans: tuple[GuardPlan, ...] = loadout.guards.by_account["market"]
    past = pl.DataFrame([("A", *day) for day in days_of(live)], schema=HISTORY, orient="row")
    verdicts = judge(offers, plans, _confirmed(live), moment(at), executor.walks, past)

    def selected(approval: Any) -> Any:
        return holds(approval.select, offers.rows, moment(at), executor.walks)

    inputs = encode(verdicts, "BRL", approvals_by_row(verdicts, selected), pl.Series([""]))
    return Judged(offers, verdicts, inputs[0])


def _confirmed(live: Mapping[str, Any] | None) -> pl.DataFrame:
    rows = []
    if live is not None:
        price, paid = live.get("price"), live.get("sale_price", live.get("price"))
        amounts = [None if x is None else Decimal(str(x)) for x in (price, paid)]
        rows = [dict(zip(LIVE_SCHEMA, ("A", *amounts, None, True), strict=True))]
    return pl.DataFrame(rows, schema=LIVE_SCHEMA)


def _word(verdict: Verdict) -> str:
    notes = [code for code, mask in sorted(verdict.notes.items()) if mask[0]]
    if not verdict.applies[0]:
        return "not asked"
    if verdict.missing[0]:
        return " ".join(["block", "GUARD_INPUT_MISSING", *notes])
    if verdict.fails[0]:
        return " ".join([verdict.guard.else_, *notes])
    return " ".join(["approved" if verdict.approved[0] else "pass", *notes])


def _id(reason: str) -> str:
    words = reason.split()
    return words[1].rstrip(":") if words[0] == "guard" else reason


def values(said: Mapping[str, Any]) -> Values:
    """Values as a case writes them."""
    amounts = {k: Decimal(str(said[k])) for k in ("price", "sale_price") if said.get(k) is not None}
    tiers = tuple((int(n), Decimal(str(price))) for n, price in said.get("tiers", ()))
    return Values(
        sku="A", quantity=said.get("quantity"), currency=said.get("currency", "BRL"),
        tiers=tiers, **amounts,
    )  # fmt: skip


def cases(folder: Path, pattern: str) -> Iterable[Any]:
    """The cases of all files that fit."""
    for file in sorted(folder.glob(pattern)):
        yield from yaml.safe_load(file.read_text(encoding="utf-8"))
