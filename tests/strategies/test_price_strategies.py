"""Every price of `examples/strategies`, against amounts worked out by hand."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from offerwright.evaluate.run import Executor, Offers
from offerwright.evaluate.trace import trace
from offerwright.expressions.parse import microseconds
from offerwright.facts.snapshot import build_snapshot
from offerwright.pipeline import Loadout, load, next_changes

ROOT = Path(__file__).resolve().parents[2] / "examples" / "strategies"
SKUS = ("MUG", "PAN", "PHONE", "CASE", "LAMP", "PHONE-SET")
TUESDAY = "2026-11-24T12:00:00-03:00"
FRIDAY = "2026-11-27T00:00:00-03:00"

# By account, the price of every SKU in the order of SKUS; None is a blocked one.
# Costs: 10, 60, 800, 8, 40, 816.
PRICES: dict[str, list[str | None]] = {
    # cost + 15
    "fixed-markup": ["25.00", "75.00", "815.00", "23.00", "55.00", "831.00"],
    # below 50: + 80 %; below 500: + 50 %; else + 20 %
    "percentage-markup": ["18.00", "90.00", "960.00", "14.40", "72.00", "979.20"],
    # cost × 1.5, and on Mercado Libre × 1.1 of that
    "marketplace-price-own": ["15.00", "90.00", "1200.00", "12.00", "60.00", "1224.00"],
    "marketplace-price-meli": ["16.50", "99.00", "1320.00", "13.20", "66.00", "1346.40"],
    # 15.75 -> 14.40; 85.50 -> 84.90; 1200 -> 1099.90; 12 × 0.95; 60 -> 74.90, held at 63; no data
    "dynamic-price": ["14.40", "84.90", "1099.90", "11.40", "63.00", "1224.00"],
    # (cost + 3) / 0.67 below 50, else cost / 0.67, to the next centavo
    "target-margin": ["19.41", "89.56", "1194.03", "16.42", "59.71", "1217.92"],
    "scheduled-sale": ["29.90", "129.90", "1299.00", "39.90", "99.90", "1349.00"],
    # 20, 75, 15, 55 × 1.18; 900, 915 × 1.12
    "tax-included": ["23.60", "88.50", "1008.00", "17.70", "64.90", "1024.80"],
    # 29.90, 129.90, 39.90, 99.90 / 1.18; 1299, 1349 / 1.12
    "tax-excluded": ["25.34", "110.08", "1159.82", "33.81", "84.66", "1204.46"],
    # dollars × 5.61 × 1.6; the lamp was bought for 40 reais
    "currency": ["17.95", "103.22", "1346.40", "10.77", "64.00", "1367.94"],
    "quantity-tiers": ["15.00", "90.00", "1200.00", "12.00", "60.00", "1224.00"],
    "price-list-retail": ["27.90", "119.90", "1199.00", "34.90", "89.90", "1259.00"],
    "price-list-wholesale": ["19.90", "89.90", "1049.00", "24.90", "65.00", None],
    # 30 -> list; 180 -> list; 1040 -> MAP; 8 × 1.3; 52 -> MAP; 816 × 1.3
    "floor-and-ceiling": ["29.90", "129.90", "1049.00", "10.40", "79.90", "1060.80"],
    # 15, 90, 12, 60 to the nearest .90; 1200 and 1224 to the nearest 9.90
    "charm-endings": ["14.90", "89.90", "1199.90", "11.90", "59.90", "1219.90"],
    # 17; 92; (1120 + 2) × 1.02 = 1144.44; 19.90; 62; (1142.40 + 2) × 1.02 = 1167.288
    "cascade": ["16.90", "91.90", "1144.90", "19.90", "61.90", "1166.90"],
}


@cache
def loadout() -> Loadout:
    return load(ROOT)


@cache
def offers(account: str, moment: str) -> Offers:
    snapshot = build_snapshot(loadout().schema, loadout().shop.document, ROOT)
    found = Executor(loadout().rules).run(
        snapshot.frame, datetime.fromisoformat(moment), accounts=[account]
    )
    return found[0]


def column(account: str, name: str, moment: str = TUESDAY) -> dict[str, object]:
    frame = offers(account, moment).frame
    return dict(zip(frame["sku"].to_list(), frame[name].to_list(), strict=True))


def amounts(*texts: str | None) -> dict[str, Decimal | None]:
    exact = [None if text is None else Decimal(text) for text in texts]
    return dict(zip(SKUS, exact, strict=True))


@pytest.mark.parametrize("account", sorted(PRICES))
def test_every_price_is_that_of_its_strategy(account: str) -> None:
    assert column(account, "price") == amounts(*PRICES[account])


def test_every_account_without_stock_is_a_price_strategy() -> None:
    priced = {p.account.name for p in loadout().rules.plans if p.steps}

    assert priced == set(PRICES)


@pytest.mark.parametrize(
    ("moment", "sales"),
    [
        ("2026-11-26T23:59:59.999999-03:00", (None, None, None, None)),
        (FRIDAY, ("23.92", "103.92", "1169.10", "35.91")),
        ("2026-11-29T23:59:59.999999-03:00", ("23.92", "103.92", "1169.10", "35.91")),
        ("2026-11-30T00:00:00-03:00", (None, None, "1169.10", "35.91")),
        ("2026-11-30T11:59:59-03:00", (None, None, "1169.10", "35.91")),
        ("2026-11-30T12:00:00-03:00", (None, None, None, None)),
    ],
)
def test_a_sale_runs_from_its_first_moment_until_before_its_last(
    moment: str, sales: tuple[str | None, ...]
) -> None:
    # 20 % off 29.90 and 129.90; 10 % off 1299 and 39.90
    wanted = dict(zip(SKUS, [None if s is None else Decimal(s) for s in sales], strict=False))

    found = column("scheduled-sale", "sale_price", moment)

    assert {sku: found[sku] for sku in wanted} == wanted


def test_a_sale_crosses_out_the_list_price_and_says_its_window() -> None:
    frame = offers("scheduled-sale", FRIDAY).frame.filter(sku="PAN")

    assert frame["list_price"].item() == Decimal("129.90")
    assert frame["sale_from"].item() == datetime.fromisoformat("2026-11-27T00:00:00-03:00")
    assert frame["sale_before"].item() == datetime.fromisoformat("2026-11-30T00:00:00-03:00")


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (TUESDAY, ("2026-11-27T00:00:00-03:00", {"black-friday-kitchen", "black-friday-phones"})),
        (FRIDAY, ("2026-11-30T00:00:00-03:00", {"black-friday-kitchen"})),
        ("2026-11-30T00:00:00-03:00", ("2026-11-30T12:00:00-03:00", {"black-friday-phones"})),
    ],
)
def test_the_next_change_by_itself_is_named(after: str, expected: tuple[str, set[str]]) -> None:
    found = next_changes(loadout(), datetime.fromisoformat(after))

    assert {c.at for c in found} == {microseconds(datetime.fromisoformat(expected[0]))}
    assert {c.what.rpartition("/")[2] for c in found} == expected[1]
    assert {c.span.file for c in found} == {"rules/pricing/scheduled-sales.csv"}


@pytest.mark.parametrize(
    ("moment", "mug"),
    [
        ("2026-11-30T23:59:59-03:00", "17.95"),  # 2.00 × 5.61 × 1.6 = 17.952
        ("2026-12-01T00:00:00-03:00", "18.24"),  # 2.00 × 5.70 × 1.6
        ("2026-12-08T00:00:00-03:00", None),
    ],
)
def test_a_price_in_dollars_follows_the_rate_of_the_day(moment: str, mug: str | None) -> None:
    assert column("currency", "price", moment)["MUG"] == (None if mug is None else Decimal(mug))
    assert column("currency", "price", moment)["LAMP"] == Decimal("64.00")


def test_a_rate_that_has_ended_blocks() -> None:
    found = offers("currency", "2026-12-08T00:00:00-03:00")

    assert {b.code for b in found.blocks if b.mask[0]} == {"NO_RATE"}


def test_tiers_fall_from_quantity_to_quantity_as_far_as_the_floor_lets_them() -> None:
    # 3 % and 6 % off 15, 90, 1200; 94 % of the price is below cost × 1.42, which is the floor.
    found = column("quantity-tiers", "tiers")

    assert _tiers(found["MUG"]) == {5: "14.55", 10: "14.20"}
    assert _tiers(found["PAN"]) == {5: "87.30", 10: "85.20"}
    assert _tiers(found["PHONE"]) == {5: "1164.00", 10: "1136.00"}
    assert _tiers(found["CASE"]) == {5: "11.64", 10: "11.36"}
    assert _tiers(found["LAMP"]) == {5: "58.20", 10: "56.80"}
    assert _tiers(found["PHONE-SET"]) == {5: "1187.28", 10: "1158.72"}


def test_only_the_wholesale_policy_has_a_price_by_the_dozen() -> None:
    # 19.90 × 0.95 = 18.905
    assert _tiers(column("price-list-wholesale", "tiers")["MUG"]) == {12: "18.91"}
    assert "tiers" not in offers("price-list-retail", TUESDAY).frame.columns


def _tiers(found: object) -> dict[int, str]:
    return {tier["quantity"]: str(tier["price"]) for tier in found or ()}  # type: ignore[attr-defined]


def test_a_trace_says_which_document_removed_which_step() -> None:
    row = list(SKUS).index("CASE")
    found = trace(offers("cascade", TUESDAY), row)

    assert [step.step for step in found.steps] == [
        "cascade-lumo/bonus", "cascade-case/by-hand", "cascade/ending",
    ]  # fmt: skip
    assert [(n.step, n.because) for n in found.not_used] == [
        ("cascade/markup", ("removed by override of `cascade-lumo`",)),
        ("cascade/packing", ("removed by override of `cascade-case`",)),
        ("cascade-phones/insurance", ("removed by override of `cascade-case`",)),
    ]


def test_a_trace_says_for_whom_a_document_is() -> None:
    found = trace(offers("cascade", TUESDAY), list(SKUS).index("MUG"))

    assert [(n.rule, n.because) for n in found.not_used] == [
        ("cascade-case", ("sku is MUG, not CASE",)),
        ("cascade-lumo", ("brand is Aurora, not Lumo",)),
        ("cascade-phones",
         ("category is home/kitchen/mugs, not under electronics/phones",)),
    ]  # fmt: skip
