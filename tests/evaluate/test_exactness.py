"""Money is exact: markups at the cent, margins at every edge, over real prices where they are."""

from __future__ import annotations

import csv
import gzip
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from engine_under_test import offers_of, shop_files, sound, told
from evaluate.generated_shop import AS_OF

OLIST = Path(__file__).resolve().parents[3] / "shared" / "data" / "olist"
ITEMS = sorted(OLIST.glob("*olist_order_items_dataset.csv.gz"))
FACTS = "kind: facts\nname: facts\nfacts: {cost: {type: money, from: catalogue.cost}}\n"
FEES = """\
kind: fees
name: fees
fees:
  - {id: commission, otherwise: {rate: 15%}}
  - id: fixed
    rules:
      - {id: low, when: {price: 0..79}, then: {fee: 6.25}}
      - {id: high, when: {price: ">= 79"}, then: {fee: 0}}
"""
CENT = Decimal("0.01")


def prices(steps: str, costs: list[Decimal]) -> list[Decimal]:
    """The price of a product of each cost."""
    files = {
        **shop_files("catalogue", accounts={"a": "alpha"}),
        "rules/facts.yaml": FACTS,
        "rules/fees.yaml": FEES,
        "rules/prices.yaml": f"kind: pricing\nname: prices\nsteps:\n{steps}",
    }
    rows = [{"sku": f"S{n}", "cost": cost} for n, cost in enumerate(costs)]
    return [offer["price"] for offer in told(offers_of(sound(files), rows, AS_OF)["a"])]


def left_after_fees(price: Decimal) -> Decimal:
    return price - price * Decimal("0.15") - (Decimal("6.25") if price < 79 else 0)


@pytest.mark.parametrize("factor", ["1.15", "1.125", "1.075"])
def test_markups_are_half_up_at_the_cent(factor: str) -> None:
    costs = [Decimal(cents) / 100 for cents in range(1, 20_001)]
    found = prices(f"  - {{id: b, phase: base, set: {{price: cost * {factor}}}}}\n", costs)

    assert found == [(c * Decimal(factor)).quantize(CENT, ROUND_HALF_UP) for c in costs]
    assert found[5149] == {"1.15": Decimal("59.23"), "1.125": Decimal("57.94"),
                           "1.075": Decimal("55.36")}[factor]  # fmt: skip


@pytest.mark.skipif(not ITEMS, reason="the Olist data set is not at ../shared/data/olist")
@pytest.mark.parametrize("factor", ["1.15", "1.125", "1.075"])
def test_markups_of_all_real_prices_are_half_up_at_the_cent(factor: str) -> None:
    with gzip.open(ITEMS[-1], "rt", encoding="utf-8", newline="") as text:
        costs = sorted({Decimal(row["price"]) for row in csv.DictReader(text)})
    found = prices(f"  - {{id: b, phase: base, set: {{price: cost * {factor}}}}}\n", costs)

    assert len(costs) > 1_000
    assert found == [(c * Decimal(factor)).quantize(CENT, ROUND_HALF_UP) for c in costs]


def test_the_margin_is_kept_and_one_cent_less_would_not_keep_it() -> None:
    costs = [Decimal(cents) / 100 for cents in range(100, 9_001)]
    found = prices("  - {id: f, phase: fees, margin: 15%}\n", costs)

    kept = [
        left_after_fees(p) >= c + p * Decimal("0.15") for p, c in zip(found, costs, strict=True)
    ]
    less = [
        left_after_fees(p - CENT) >= c + (p - CENT) * Decimal("0.15")
        for p, c in zip(found, costs, strict=True)
    ]
    assert (set(kept), set(less)) == ({True}, {False})


def test_the_hole_below_the_edge_is_solved_at_the_edge() -> None:
    costs = [Decimal(cents) / 100 for cents in range(5_200, 5_501)]
    found = prices("  - {id: f, phase: fees, margin: 15%}\n", costs)

    # (52 + 6.25) / 0.70 = 83.21 is not below 79; 79 × 0.70 = 55.30 covers all of them.
    assert set(found) == {Decimal("79.00")}


@pytest.mark.parametrize(
    "ending", ["ending: 0.99", "ending: 0.90, mode: down", "to: 0.05", "to: 1"]
)
def test_the_margin_is_kept_after_rounding(ending: str) -> None:
    costs = [Decimal(cents) / 100 for cents in range(100, 9_001, 3)]
    steps = f"  - {{id: f, phase: fees, margin: 15%}}\n  - {{id: r, phase: round, {ending}}}\n"
    found = prices(steps, costs)

    kept = [
        left_after_fees(p) >= c + p * Decimal("0.15") for p, c in zip(found, costs, strict=True)
    ]
    assert set(kept) == {True}
