"""What the small shop of plans says: each of its files in a few ways, and its rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from evaluate.generated_shop import Pick
from guards.catalogue import market_files

from offerwright.errors import has_errors
from offerwright.loadout import Loadout
from offerwright.pipeline import compile_repository
from offerwright.source.repository import Repository

ACCOUNTS = ("a", "b", "c")
SHOP = """\
kind: shop
name: shop
time_zone: America/Sao_Paulo
currency: BRL
accounts:
  a: {marketplace: example-market, settings: {shop_id: casa}}
  b: {marketplace: example-market, settings: {shop_id: loja}}
  c: {marketplace: second, settings: {shop_id: casa}}
sources:
  all: {file: all.csv}
  stock: {file: stock.csv}
  kits: {file: kits.csv}
  rivals: {file: rivals.csv}
"""
FACTS = """\
kind: facts
name: facts
facts:
  brand: {type: text, from: all.brand}
  grade: {type: text, from: all.grade}
  asked: {type: money, from: all.asked}
  cost: {type: money, from: all.cost}
  list_price: {type: money, from: all.list_price}
  listed_on: {type: date, from: all.listed_on}
  seen: {type: money, from: rivals.price, per: marketplace}
  images: {type: list of text, from: all.images}
  units: {type: map of integer, from: stock.units, key: node}
  parts: {type: map of integer, from: kits.units, key: component}
derive:
  age: days(as_of - listed_on)
"""
PRICES = """\
kind: pricing
name: prices
steps:
  - {id: base, phase: base, set: {price: asked}}
"""
OLD = '  - {id: old, phase: adjust, when: {age: ">= 30"}, set: {price: price * 0.9}}\n'
HELD = '  - {id: held, phase: adjust, when: {live_price: "> 25"}, set: {price: price + 1}}\n'
OF_B = """\
kind: pricing
name: of-b
for: {account: b}
steps:
  - {id: rival, phase: competitor, when: {seen: present}, set: {price: "min(price, seen)"}}
"""
CAMPAIGN = """\
kind: pricing
name: campaign
valid: {from: 2026-11-28, before: 2026-11-30}
steps:
  - {id: off, phase: adjust, set: {price: price * 0.8}}
"""
STOCK = """\
kind: inventory
name: stock
pool: {on_hand: units, safety_stock: 0}
kits: {components: parts}
allocate:
  method: partition
  marketplaces:
    - {account: a, share: 50%, hysteresis: {zero_below: 2, back_at: 4}}
    - {account: b, share: 30%}
    - {account: c, share: 20%}
"""
SHARED = """\
kind: inventory
name: stock
pool: {on_hand: units, safety_stock: 0}
allocate:
  method: shared
  marketplaces: [{account: a}, {account: b}, {account: c, hysteresis: {zero_below: 2, back_at: 4}}]
on_block: hold
"""
GUARDS = """\
kind: guards
name: guards
guards:
  - {id: floor, check: price_at_least, bound: cost * 1.05, else: block}
"""
CEILING = "  - {id: ceiling, check: price_at_most, bound: list_price, else: warn}\n"
STEP = "  - {id: step, check: step_from_live, down: 20%, up: 30%, else: needs_approval}\n"
GRADED = (
    "  - {id: graded, check: price_at_least, bound: cost * 2, else: block, when: {grade: [good]}}\n"
)
AGED = '  - {id: aged, check: price_at_most, bound: cost * 3, else: warn, when: {age: "> 40"}}\n'
LIVELY = (
    "  - {id: lively, check: price_at_least, bound: cost * 1.5, else: block,"
    ' when: {live_quantity: "> 3"}}\n'
)
SIZE = "  - {id: size, check: magnitude, times: 3, else: block}\n"
WEEK = "  - {id: week, check: move_over_window, days: 2, down: 30%, up: 40%, else: block}\n"
DEPTH = "  - {id: depth, check: discount_at_most, at_most: 30%, else: needs_approval}\n"
STAKES = """\
  - {id: stake, check: exposure, at_most: 60.00, else: block}
  - {id: one, check: identical_price, at_least: 2, spread: 1.1, else: block}
  - {id: ends, check: share_delisted, at_most: 20%, else: block}
"""
ON_THE_RUN = """\
  - {id: moves, check: share_moved, at_most: 40%, else: block}
  - {id: zeros, check: share_zeroed, at_most: 30%, else: needs_approval}
"""
DATED = """\
kind: guards
name: dated
valid: {from: 2026-11-28, before: 2026-12-05}
guards:
  - {id: weekend, check: price_at_least, bound: cost * 1.8, else: block}
"""
APPROVALS = """\
kind: approvals
name: agreed
approves:
  - {guard: step, select: {brand: Acme}, down: 60%, up: 90%, reason: agreed, approver: maria,
     expires: 2026-11-28}
"""
MAPPING = """\
kind: mapping
name: content
category: {otherwise: {category: shelf}}
title: {max: 80, try: ["{{ brand }} {{ sku }}"]}
images: {from: images, min: 1, max: 6}
"""


def without(text: str, words: str) -> str:
    """A text without the lines that have these words."""
    return "".join(line for line in text.splitlines(keepends=True) if words not in line)


# What each file may say; the first is how every shop begins.
FILES: Mapping[str, tuple[str | None, ...]] = {
    "offerwright.yaml": (SHOP, SHOP.replace("loja", "outra"), without(SHOP, "c: {")),
    "rules/facts.yaml": (FACTS,),
    "rules/prices.yaml": (
        PRICES, PRICES + OLD, PRICES + HELD, PRICES.replace("asked}", "asked * 1.2}") + OLD + HELD,
        f"# a line\n{PRICES}",
    ),
    "rules/of-b.yaml": (None, OF_B, OF_B.replace("seen)", "seen + 1)")),
    "rules/campaign.yaml": (None, CAMPAIGN),
    "rules/stock.yaml": (
        STOCK, SHARED, STOCK.replace("50%", "40%"), f"# a line\n{STOCK}", without(STOCK, "account: c"),
    ),
    "rules/guards.yaml": (
        GUARDS + STEP + ON_THE_RUN, GUARDS, f"# a line\n{GUARDS}{STEP}{ON_THE_RUN}",
        GUARDS + CEILING + STEP + GRADED, GUARDS.replace("1.05", "1.3") + LIVELY + STEP,
        GUARDS + SIZE + AGED + STEP, GUARDS + GRADED + AGED + CEILING,
        GUARDS.replace("1.05", "1.3") + STEP + ON_THE_RUN,
        GUARDS + WEEK + DEPTH, GUARDS + STEP + WEEK + STAKES,
    ),
    "rules/dated.yaml": (None, DATED),
    "rules/approvals.yaml": (None, APPROVALS, APPROVALS.replace("60%", "25%")),
    "rules/texts.yaml": (MAPPING, None, MAPPING.replace("{{ brand }} ", "")),
    "marketplaces/second/marketplace.yaml": ("", "quantity: {min: 0, max: 4}"),
    "marketplaces/example-market/payloads/price.yaml": ("", "list_price, $as: cents, $optional"),
}  # fmt: skip
SKUS = [f"S{n}" for n in range(7)]


def base_files() -> dict[str, bytes]:
    """Two marketplaces, one the copy of the other."""
    one = market_files()
    other = {
        name.replace("/example-market/", "/second/"): body.replace(
            b"name: example-market", b"name: second"
        )
        for name, body in one.items()
    }
    return {**one, **other}


@cache
def loadout_of(chosen: tuple[int, ...]) -> Loadout | None:
    """The shop that says this of each file; None where it has errors."""
    files = base_files()
    for (name, options), number in zip(FILES.items(), chosen, strict=True):
        text = options[number]
        if name.startswith("marketplaces/"):
            files[name] = _changed(name, files[name], text or "")
        elif text is not None:
            files[name] = text.encode()
    if chosen[list(FILES).index("rules/approvals.yaml")] and b"id: step" not in files.get(
        "rules/guards.yaml", b""
    ):
        del files["rules/approvals.yaml"]
    loadout, found = compile_repository(Repository(Path("/shop"), files))
    return None if loadout is None or has_errors(found) else loadout


def _changed(name: str, body: bytes, what: str) -> bytes:
    if what.startswith("quantity"):
        return body.replace(b"quantity: {min: 0, max: 9999}", what.encode())
    if what:
        lines = body.splitlines(keepends=True)
        return b"".join(one for one in lines if what.encode() not in one)
    return body


def row_of(pick: Pick, sku: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "sku": sku,
        "brand": pick.one("Acme", "Apex"),
        "grade": pick.one("good", "bad", None),
        "asked": pick.one(Decimal(20), Decimal(30), Decimal("17.50"), None),
        "cost": pick.one(Decimal(10), Decimal(12), Decimal(19), None),
        "list_price": pick.one(Decimal(25), Decimal(90)),
        "listed_on": pick.one(date(2026, 10, 29), date(2026, 10, 18), date(2026, 11, 20)),
        "seen": {"example-market": pick.one(Decimal(18), Decimal(28))} if pick.chance(50) else {},
        "images": ["https://images.example/1.jpg"] if pick.chance(90) else [],
        "units": {"sp": pick.number(0, 12)} if pick.chance(90) else {},
    }
    if pick.chance(25):
        row["parts"] = {pick.one(*[s for s in SKUS if s != sku]): pick.number(1, 2)}
    return row
