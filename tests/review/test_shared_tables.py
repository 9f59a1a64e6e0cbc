"""A table that several documents read: each of them moves the offers of its own accounts alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from review.shop_review import Shops, causes_of, shops

from offerwright.review.words import changed_file

ACCOUNT = "  market: {marketplace: quick-market, settings: {shop_id: casa}, credentials: market}\n"
SECOND = ACCOUNT.replace("market:", "second:", 1).replace("casa", "dois")
SHARED = "method: shared, marketplaces: [{marketplace: quick-market}]"
TABLE = "id,when.category,then.off\nhouse,under audio,10%\nolder,under audio,3%\n"
FILE = "rules/campaigns.csv"


def campaigns(name: str, account: str) -> str:
    return f"""\
kind: pricing
name: {name}
for: {{account: {account}}}
steps:
  - id: campaigns
    phase: adjust
    hit: collect
    take: max
    file: campaigns.csv
    otherwise: {{off: 0%}}
    set: {{sale_price: price * (1 - off)}}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shops:
    return shops(tmp_path).edited({
        "offerwright.yaml": (ACCOUNT, ACCOUNT + SECOND),
        "rules/inventory.yaml": (SHARED, SHARED.replace("[{marketplace: quick-market}]",
                                                        "[{account: market}, {account: second}]")),
        "rules/first.yaml": campaigns("first", "market"),
        "rules/second.yaml": campaigns("second", "second"),
        FILE: TABLE,
    })  # fmt: skip


def by_document(shop: Shops, text: str) -> set[tuple[str, str, str, str]]:
    causes = shop.review({FILE: text}).causes.iter_rows(named=True)
    return {(c["account"], c["document"], c["rule"], f"{c['file']}:{c['line']}") for c in causes}


def test_each_account_has_the_document_that_is_for_it(shop: Shops) -> None:
    found = by_document(shop, TABLE.replace("10%", "20%"))

    assert found == {
        ("market", "first", "campaigns/house", f"{FILE}:2"),
        ("second", "second", "campaigns/house", f"{FILE}:2"),
    }


def test_of_collected_rows_the_new_one_is_named(shop: Shops) -> None:
    found = by_document(shop, TABLE.replace("older", "week,under audio,40%\nolder"))

    assert {(rule, place) for _, _, rule, place in found} == {("campaigns/week", f"{FILE}:3")}


def test_of_collected_rows_the_one_that_is_gone_is_named_where_it_was(shop: Shops) -> None:
    found = by_document(shop, TABLE.replace("house,under audio,10%\n", ""))

    assert {(rule, place) for _, _, rule, place in found} == {("campaigns/house", f"{FILE}:2")}


def test_one_document_says_the_row_too(shop: Shops) -> None:
    alone = shop.edited({"rules/second.yaml": None})

    assert causes_of(alone.review({FILE: TABLE.replace("3%", "30%")})) == {
        ("price", "pricing", "campaigns/older", f"{FILE}:3")
    }


def test_a_document_is_shown_with_the_file_of_it_that_changed() -> None:
    files = {"after": ["rules/first.yaml", FILE], "before": ["rules/first.yaml", FILE]}

    assert changed_file(files, {"files": [{"file": FILE}]}) == FILE
    assert changed_file(files, {"files": []}) == "rules/first.yaml"
