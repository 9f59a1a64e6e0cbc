"""Both repositories become offers, and what is blocked is what their READMEs say."""

from __future__ import annotations

import gzip
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from repositories.documents import OLIST, ROOT, rows_of
from repositories.evaluation import Evaluated, evaluated

DATA = ROOT / "data"
ACCOUNTS = ("meli", "amazon", "vtex", "example")
MARKUPS = "rules/pricing/markups.csv"


@pytest.fixture(scope="module")
def shop() -> Evaluated:
    return evaluated(ROOT)


@pytest.fixture(scope="module")
def olist(olist_sources: Path) -> Evaluated:
    return evaluated(OLIST, olist_sources)


def test_the_shop_has_no_finding(shop: Evaluated) -> None:
    assert shop.found == []


@pytest.mark.parametrize("account", ACCOUNTS)
def test_eight_unknown_costs_block_eight_prices_and_five_uncounted_skus_their_stock(
    shop: Evaluated, account: str
) -> None:
    blocked = shop.blocked(account)

    assert blocked[("price", "NO_RULE_MATCHES")] == 8
    assert blocked[("stock", "NO_STOCK")] == 5
    assert shop.offers[account].frame["price"].count() == 490
    assert shop.offers[account].frame["quantity"].count() == 493


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        # 2 without category and 2 x 6 paper notebooks; one bookcase with a name of 90 characters.
        ("meli", {"NO_CATEGORY": 14, "NO_TITLE": 1, "NO_IMAGE": 4}),
        # The same and 3 x 2 board games; two products without GTIN.
        ("amazon", {"NO_CATEGORY": 20, "MISSING_ATTRIBUTE": 2, "NO_IMAGE": 4}),
        ("vtex", {}),
        # Natural 3, Transparente 4, Âmbar 4, Cobre 4, Carvalho 4, Nogueira 4, Cromado 3.
        ("example", {"NO_CATEGORY": 2, "UNMAPPED_COLOR": 26, "NO_IMAGE": 4}),
    ],
)
def test_content_waits_for_the_work_that_is_left(
    shop: Evaluated, account: str, expected: dict[str, int]
) -> None:
    content = {
        code: n for (aspect, code), n in shop.blocked(account).items() if aspect == "content"
    }

    assert content == expected


@pytest.mark.parametrize("account", ACCOUNTS)
def test_prices_lie_between_cost_plus_8_percent_and_list_price(
    shop: Evaluated, account: str
) -> None:
    costs = {row["sku"]: row["cost"] for row in rows_of(DATA / "costs.csv")}
    listed = {row["sku"]: row["list_price"] for row in rows_of(DATA / "list_prices.csv")}
    prices = shop.column(account, "price")
    outside = [
        sku
        for sku, price in prices.items()
        if price is not None
        and (
            price < Decimal(costs[sku]) * Decimal("1.08")
            or (listed[sku] and price > Decimal(listed[sku]))
        )
    ]

    assert outside == []


@pytest.mark.parametrize("account", ACCOUNTS)
def test_no_guard_blocks_a_price_and_a_thin_margin_only_warns(
    shop: Evaluated, account: str
) -> None:
    assert set(shop.objections(account)) <= {"thin-margin"}


def test_the_price_guards_bite_when_a_markup_is_written_ten_times_too_small(
    shop: Evaluated,
) -> None:
    edits = {MARKUPS: (b"0..60,85%,7.00", b"0..60,8.5%,0.70")}
    wrong = evaluated(ROOT, edits=edits)

    assert wrong.objections("meli")["margin"] > 0


def test_what_all_channels_show_is_never_more_than_the_stock(shop: Evaluated) -> None:
    on_hand: dict[str, int] = {}
    for row in rows_of(DATA / "stock.csv"):
        on_hand[row["sku"]] = on_hand.get(row["sku"], 0) + int(row["on_hand"])
    shown = {
        sku: sum(shop.column(account, "quantity")[sku] or 0 for account in ACCOUNTS)
        for sku in shop.column("meli", "quantity")
    }

    assert [sku for sku, units in shown.items() if units > on_hand.get(sku, 0)] == []
    assert sum(shown.values()) > 10_000


def test_black_friday_is_over_in_december(shop: Evaluated) -> None:
    december = evaluated(ROOT, as_of=datetime.fromisoformat("2026-12-02T09:30:00-03:00"))

    assert shop.offers["meli"].frame["sale_price"].count() > 200
    assert december.offers["meli"].frame["sale_price"].count() == 0


def test_raising_the_markup_of_notebooks_changes_the_prices_of_notebooks_alone(
    shop: Evaluated,
) -> None:
    raised = evaluated(ROOT, edits={MARKUPS: (b">= 1000,18%", b">= 1000,19%")})
    changed = {
        (account, sku)
        for account in ACCOUNTS
        for sku, price in raised.column(account, "price").items()
        if price != shop.column(account, "price")[sku]
    }

    assert {sku[:3] for _, sku in changed} == {"NOT"}
    # Amazon is priced by margin, so a markup moves nothing there.
    assert {account for account, _ in changed} == {"meli", "vtex", "example"}


def test_olist_has_no_finding(olist: Evaluated) -> None:
    assert olist.found == []


@pytest.mark.parametrize("account", ["meli", "amazon", "example"])
def test_no_guard_objects_to_an_olist_price(olist: Evaluated, account: str) -> None:
    assert olist.objections(account) == {}


@pytest.mark.parametrize("account", ["meli", "amazon", "example"])
def test_olist_products_nobody_bought_are_blocked_with_no_price(
    olist: Evaluated, account: str
) -> None:
    assert olist.blocked(account)[("price", "NO_PRICE")] == 27_329
    assert olist.offers[account].frame["price"].count() == 5_622


def test_olist_products_without_a_mapped_category_wait(olist: Evaluated) -> None:
    assert olist.blocked("example")[("content", "NO_CATEGORY")] == 610 + 5_298


def test_the_uplift_of_15_percent_is_exact_for_every_olist_price(
    olist: Evaluated, olist_sources: Path
) -> None:
    with gzip.open(olist_sources / "prices.csv.gz", "rt", encoding="utf-8") as text:
        seen = dict(line.split(",")[:2] for line in text.readlines()[1:])
    prices = olist.column("amazon", "price")
    # Half a centavo goes away from zero, computed here in whole hundred-thousandths.
    expected = {
        sku: Decimal((int(Decimal(price) * 100) * 115 + 50) // 100) / 100
        for sku, price in seen.items()
    }

    assert {sku: prices[sku] for sku in expected} == expected
