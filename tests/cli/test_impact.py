"""`offerwright impact`: what a rule wins, for people and for programs."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from cli.shop import AS_OF, Done, Shop, small_shop
from cli.test_output_schemas import faults


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A small shop that tests only read."""
    return small_shop(tmp_path_factory.mktemp("kept"))


def impact(shop: Shop, rule: str, *arguments: str) -> Done:
    return shop("impact", rule, "--as-of", AS_OF, *arguments)


def test_a_row_is_told_with_what_the_offers_would_be(kept: Shop) -> None:
    """18 % on 100, 200 and 50 of cost; without the row it is 90 %: 72 / 118 = 61.0 % more."""
    done = impact(kept, "shop/audio", "-o", "json")
    found = done.json
    (account,) = found["accounts"]

    assert (done.code, faults("impact", found)) == (0, [])
    assert (account["fires"], account["changed"], account["price"], account["up"]) == (3, 3, 3, 3)
    assert account["first"] == ["AU-1", "AU-2", "AU-3"]
    assert found["totals"]["mean_share"] == "0.610169"
    assert {o["sku"]: o["values"]["price"] for o in found["offers"]} == {
        "AU-1": {"before": "118.00", "after": "190.00"},
        "AU-2": {"before": "236.00", "after": "380.00"},
        "AU-3": {"before": "59.00", "after": "95.00"},
    }


def test_people_read_a_headline_and_a_line_an_account(kept: Shop) -> None:
    out = impact(kept, "shop/audio", "--offers", "1").out

    assert "pricing shop/markups/audio  rules/pricing.yaml:7" in out
    assert "it counts for 3 of 6 offers; without it 3 would be others" in out
    assert "prices by +61.0 % on average" in out
    assert "(the first 1 of 3)" in out


def test_without_its_only_step_an_offer_has_no_price(kept: Shop) -> None:
    """Five of six: NP-1 has no cost, and no price as it is."""
    found = impact(kept, "shop/markups", "-o", "json").json

    assert (found["totals"]["fires"], found["totals"]["price"]) == (6, 5)


def test_what_is_not_recorded_is_not_made_up(kept: Shop) -> None:
    done = impact(kept, "stock", "-o", "json")

    assert done.json["totals"]["fires"] is None
    assert done.json["totals"]["stock"] == 6
    assert "where it counts is not recorded" in impact(kept, "stock").out


def test_a_rule_that_wins_nothing_says_so(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    row = "      - {id: books, when: {category: books}, then: {markup: 5%}}\n"
    shop.change("rules/pricing.yaml", "    otherwise:", f"{row}    otherwise:")

    assert "counts for 0 of 6 offers; without it no offer would be another" in impact(
        shop, "shop/books"
    ).out  # fmt: skip


def test_a_spreadsheet_has_every_offer(kept: Shop) -> None:
    done = impact(kept, "shop/audio", "-o", "csv", "--offers", "0")
    rows = list(csv.DictReader(io.StringIO(done.out)))

    assert {r["sku"]: (r["price_before"], r["price_after"]) for r in rows} == {
        "AU-1": ("118.00", "190.00"), "AU-2": ("236.00", "380.00"), "AU-3": ("59.00", "95.00"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("shop/audoi", "did you mean 'audio'"),
        ("money/floor", "makes no offer: it judges them"),
        ("routing:orders", "they are about orders"),
        ("nothing", "no document is called 'nothing'"),
    ],
)
def test_what_wins_no_offer_is_refused(kept: Shop, rule: str, said: str) -> None:
    done = impact(kept, rule)

    assert (done.code, done.out) == (2, "")
    assert said in done.err
