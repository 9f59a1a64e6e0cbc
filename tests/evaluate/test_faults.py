"""`faults.yaml`: what cannot be computed is an error of that offer, with rule, row, cell, reason."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from engine_under_test import offers_of, shop_files, sound

from offerwright.evaluate.trace import trace
from offerwright.source.yaml import read_yaml

AS_OF = datetime.fromisoformat("2026-11-30T12:00:00-03:00")
ACCOUNT = {"a": "alpha"}
SHOP = shop_files("catalogue", accounts=ACCOUNT)
FACTS = """\
kind: facts
name: facts
facts:
  cost: {type: money, from: catalogue.cost}
  tier: {type: enum, of: [gold, silver], from: catalogue.tier}
  big: {type: number, from: catalogue.big}
  tiny: {type: number, from: catalogue.tiny, minimum: 0.00001}
  gone: {type: number, from: catalogue.gone}
"""
COMMON = {"cost": Decimal(1), "big": Decimal(10) ** 13, "tiny": Decimal("0.00001"), "gone": None}
ROWS = [{"sku": "A", "tier": "silver", **COMMON}, {"sku": "B", "tier": "gold", **COMMON}]


def cases() -> list[Any]:
    path = Path(__file__).parent / "faults.yaml"
    located, wrong = read_yaml(path.read_bytes(), path.name)
    assert located is not None, wrong
    return [pytest.param(case, id=case["name"]) for case in located.data["cases"]]


def document(case: dict[str, Any]) -> str:
    hit = str(case["hit"]).replace(", ", "\n    ")
    rows = "".join(f"      - {row}\n" for row in case["rows"])
    first = "  - {id: before, phase: base, set: {price: 9}}\n" if "phase" in case else ""
    otherwise = f"    otherwise: {{amount: {case['otherwise']}}}\n" if "otherwise" in case else ""
    text = (
        f"kind: pricing\nname: p\nsteps:\n{first}  - id: t\n    phase: {case.get('phase', 'base')}\n"
        f"    hit: {hit}\n    rules:\n{rows}{otherwise}"
    )
    return f"{text}    set:\n      price: {case.get('set', 'cost * amount')}\n"


@pytest.mark.parametrize("case", cases())
def test_an_error_is_that_of_its_offer(case: dict[str, Any]) -> None:
    text = document(case)
    files = {**SHOP, "rules/facts.yaml": FACTS, "rules/p.yaml": text}
    offers = offers_of(sound(files), ROWS, AS_OF)["a"]
    prices = dict(zip(offers.frame["sku"], offers.frame["price"], strict=True))
    blocked = [
        [b.code, ", ".join(b.rows), b.cell or None]
        for b in trace(offers, 1).blocked
        if b.aspect == "price"
    ]

    assert {sku: price for sku, price in prices.items() if price is not None} == case["price"]
    assert blocked == ([case["blocked"]] if "blocked" in case else [])
    assert trace(offers, 0).blocked == ()


@pytest.mark.parametrize("case", [c for c in cases() if "blocked" in c.values[0]])
def test_the_place_is_that_of_the_last_row(case: dict[str, Any]) -> None:
    text = document(case)
    files = {**SHOP, "rules/facts.yaml": FACTS, "rules/p.yaml": text}
    offers = offers_of(sound(files), ROWS, AS_OF)["a"]
    (found,) = trace(offers, 1).blocked
    row = found.rows[-1] if found.rows else ""
    wanted = f"- {{id: {row}," if row not in ("", "otherwise") else "- id: t"
    line = next(n for n, one in enumerate(text.splitlines(), 1) if wanted in one)

    assert (found.rule, found.span.file if found.span else None) == ("p/t", "rules/p.yaml")
    assert found.span is not None and found.span.line == line


STOCK = """\
kind: inventory
name: stock
pool:
  on_hand: stock
  safety_stock:
    hit: %s
    rules:
      - {id: gold, when: {tier: gold}, then: {units: %s}}
      - {id: all, when: {cost: present}, then: {units: 1}}
%sallocate: {method: shared, marketplaces: [{account: a}]}
"""
STOCK_FACTS = FACTS + "  stock: {type: map of integer, from: stock.on_hand, key: node}\n"


@pytest.mark.parametrize(
    ("hit", "units", "expected"),
    [
        ("first", "big * big * big", ("OVERFLOW", ("gold",), "units", 8)),
        ("first", "gone", ("MISSING_VALUE", ("gold",), "units", 8)),
        ("unique", "1", ("TABLE_OVERLAP", ("gold", "all"), "", 9)),
        ("any", "2", ("TABLE_CONFLICT", ("gold", "all"), "", 9)),
    ],
)
def test_a_safety_stock_that_fails_names_its_row(
    hit: str, units: str, expected: tuple[Any, ...]
) -> None:
    otherwise = "    otherwise: {units: 1}\n" if hit == "first" else ""
    files = {**shop_files("catalogue", "stock", accounts=ACCOUNT), "rules/facts.yaml": STOCK_FACTS,
             "rules/i.yaml": STOCK % (hit, units, otherwise)}  # fmt: skip
    rows = [{**row, "stock": {"sp": 5}} for row in ROWS]
    offers = offers_of(sound(files), rows, AS_OF)["a"]
    blocked = [b for b in trace(offers, 1).blocked if b.aspect == "stock"]

    assert offers.frame["quantity"].to_list() == [4, None]
    assert [(b.code, b.rows, b.cell, b.span and b.span.line) for b in blocked] == [expected]
