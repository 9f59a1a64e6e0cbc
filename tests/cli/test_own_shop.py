"""docs/own-shop.md holds a whole shop: its files are written out and used as the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli.market import Market
from cli.shop import Shop

PAGE = Path(__file__).parents[2] / "docs" / "own-shop.md"
FILE = re.compile(r"^```(?:yaml|csv|text)\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
AS_OF = "2026-11-20"


@pytest.fixture
def own(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path)
    for file, text in FILE.findall(PAGE.read_text(encoding="utf-8")):
        shop.write(file, text)
    return shop


def test_the_files_are_in_order(own: Shop) -> None:
    done = own("check")

    assert (done.code, "everything is in order" in done.err) == (0, True), done


def test_the_offers_are_whole_and_a_stopped_product_has_no_stock(own: Shop) -> None:
    offers = {o["sku"]: o for o in own("offers", "--as-of", AS_OF, "-o", "jsonl").records()}

    assert {sku: o["status"] for sku, o in offers.items()} == dict.fromkeys(offers, "offer")
    assert {sku: o["quantity"] for sku, o in offers.items()} == {
        "CUP-1": 29,
        "CUP-2": 0,
        "PAN-1": 3,
    }


def test_the_tests_of_the_page_pass_and_reach_every_row_of_its_prices(own: Shop) -> None:
    found = own("test", "-o", "json", "--coverage").json
    prices = [t for t in found["coverage"]["tables"] if t["step"] == "markups"]

    assert found["summary"] == {"cases": 3, "passed": 3, "failed": 0, "skipped": 0}
    assert [t["rows"]["percent"] for t in prices] == [100]


def test_it_goes_live_on_the_sandbox_and_stays_in_step(own: Shop, market: Market) -> None:
    address = ("--sandbox", market.url, "--as-of", AS_OF)
    first = own("sync", *address, "--first-publication")
    second = own("sync", *address)

    assert (first.code, second.code) == (0, 0), (first, second)
    assert "0 operations to send" in second.out


def test_without_a_mapping_the_plan_says_that_nothing_is_listed(own: Shop) -> None:
    (own.root / "rules/content.yaml").unlink()
    done = own("plan", "--as-of", AS_OF)

    assert "note: example has no mapping, so nothing is listed there" in done.err
