"""Plan, apply, sync over real HTTP: what is sent, what is not sent again, what is withheld."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.market import EXAMPLE, Market
from cli.shop import AS_OF, PRICES, UNITS, Done, Shop, patient_shop


def cents(price: str) -> int:
    return int(price.replace(".", ""))


LIVE = {sku: (cents(price), UNITS[sku]) for sku, price in PRICES.items()}
EVERYTHING = [("create_offer", sku) for sku in PRICES]


def sync(shop: Shop, market: Market, *more: str) -> Done:
    return shop("sync", "--sandbox", market.url, "--as-of", AS_OF, *more)


@pytest.fixture
def synced(shop: Shop, market: Market) -> Shop:
    """A shop whose offers are live."""
    done = sync(shop, market)
    assert (done.code, market.live()) == (0, LIVE), done
    return shop


def new_writes(market: Market, before: int) -> list[tuple[str, str]]:
    return sorted(market.writes()[before:])


def test_a_plan_is_sent_as_it_was_made(shop: Shop, market: Market) -> None:
    planned = shop("plan", "--sandbox", market.url, "--as-of", AS_OF, "--out", "p.jsonl")
    assert (planned.code, market.calls()) == (0, [])
    applied = shop("apply", "p.jsonl", "--sandbox", market.url)

    assert applied.code == 0, applied
    assert sorted(market.writes()) == EVERYTHING
    assert market.live() == LIVE


def test_a_plan_that_was_applied_says_so_and_sends_nothing(shop: Shop, market: Market) -> None:
    shop("plan", "--sandbox", market.url, "--as-of", AS_OF, "--out", "p.jsonl")
    shop("apply", "p.jsonl", "--sandbox", market.url)
    calls = len(market.writes())
    again = shop("apply", "p.jsonl", "--sandbox", market.url)
    told = shop("apply", "p.jsonl", "--sandbox", market.url, "-o", "json").json

    assert (again.code, len(market.writes())) == (0, calls)
    assert "applied before" in again.out
    assert (told["already_applied"], told["moved"]) == (True, 0)


def test_a_second_sync_sends_no_write(synced: Shop, market: Market) -> None:
    before = len(market.writes())
    again = sync(synced, market)
    third = sync(synced, market)

    assert (again.code, third.code, new_writes(market, before)) == (0, 0, [])
    assert "applied before" not in third.out


def test_one_markup_from_18_to_19_percent_sends_the_prices_it_changes(
    synced: Shop, market: Market
) -> None:
    before = len(market.writes())
    old = prices(synced)
    synced.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    new = prices(synced)
    changed = sorted(sku for sku in new if new[sku] != old[sku])
    assert sync(synced, market).code == 0

    assert changed == ["AU-1", "AU-2", "AU-3"]
    assert new_writes(market, before) == [("set_price", sku) for sku in changed]
    assert {sku: market.live()[sku][0] for sku in changed} == {
        "AU-1": 11900, "AU-2": 23800, "AU-3": 5950,
    }  # fmt: skip


def prices(shop: Shop) -> dict[str, str | None]:
    done = shop("offers", "-o", "jsonl", "--as-of", AS_OF)
    return {r["sku"]: r["price"] for r in done.records()}


def test_a_price_changed_by_hand_on_the_marketplace_is_left_alone(
    synced: Shop, market: Market
) -> None:
    """Only what differs from the ledger is told; drift is a matter of its own."""
    listings = market.running.sandbox.marketplaces["quick-market"].state.listings
    listing = next(x for x in listings.values() if x.sku == "CA-1")
    listing.document["price_cents"] = 999
    before = len(market.writes())

    assert sync(synced, market).code == 0
    assert (new_writes(market, before), market.live()["CA-1"][0]) == ([], 999)


def test_a_product_that_leaves_the_catalogue_is_ended(synced: Shop, market: Market) -> None:
    before = len(market.writes())
    row = "CA-2,Cabo longo,cables,20.00,21.00,https://images.example/5.jpg\n"
    synced.new_data("data/catalogue.csv", row, "")
    done = sync(synced, market)
    again = sync(synced, market)

    assert (done.code, again.code) == (0, 0)
    assert new_writes(market, before) == [("set_state", "CA-2")]
    assert "CA-2" not in market.live()


def test_stock_that_nobody_knows_goes_to_zero(synced: Shop, market: Market) -> None:
    before = len(market.writes())
    synced.new_data("data/stock.csv", "CA-1,sp,40\n", "")
    done = sync(synced, market)

    assert done.code == 0
    assert new_writes(market, before) == [("set_stock", "CA-1")]
    assert market.live()["CA-1"] == (1400, 0)


def test_without_a_price_nothing_is_listed_until_there_is_one(synced: Shop, market: Market) -> None:
    assert "NP-1" not in market.live()
    synced.new_data("data/catalogue.csv", "cables,,1.00", "cables,30.00,31.00")

    assert sync(synced, market).code == 0
    assert market.live()["NP-1"] == (4200, 1)


def test_a_late_refusal_is_told_and_not_sent_again_until_the_price_changes(
    tmp_path: Path, market: Market
) -> None:
    shop = patient_shop(tmp_path)
    assert sync(shop, market).code == 0
    market.fault(marketplace=EXAMPLE, route="set_price", sku="AU-1", do="late_reject",
                 code="PRICE_TOO_ODD", message="we do not like it")  # fmt: skip
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    before = len(market.writes(EXAMPLE))
    refused = sync(shop, market)
    market.works_again()
    sent = sorted(market.writes(EXAMPLE)[before:])
    again = sync(shop, market)
    silent = sorted(market.writes(EXAMPLE)[before:])
    plan = shop("plan", "--sandbox", market.url, "--as-of", AS_OF, "-o", "json").json
    shop.change("rules/pricing.yaml", "markup: 19%", "markup: 20%")
    healed = sync(shop, market)

    assert (refused.code, again.code, healed.code) == (4, 0, 0)
    assert "AU-1 price: rejected: PRICE_TOO_ODD we do not like it" in refused.out
    assert silent == sent == [("set_price", s) for s in ("AU-1", "AU-2", "AU-3")]
    assert ("AU-1", "REJECTED") in [(w["sku"], w["code"]) for w in plan["withheld"]]
    assert market.live(EXAMPLE)["AU-1"][0] == 12000


def test_a_blocked_price_leaves_the_live_one_and_stock_still_moves(
    synced: Shop, market: Market
) -> None:
    before = len(market.writes())
    synced.change("data/catalogue.csv", "audio/fones,100.00,105.00", "audio/fones,100.00,")
    synced.new_data("data/stock.csv", "AU-1,sp,5", "AU-1,sp,4")
    synced.change("rules/pricing.yaml", "markup: 18%", "markup: 17%")
    done = sync(synced, market)

    assert done.code == 0
    assert "GUARD_INPUT_MISSING" in done.out
    assert new_writes(market, before) == [
        ("set_price", "AU-2"), ("set_price", "AU-3"), ("set_stock", "AU-1"),
    ]  # fmt: skip
    assert market.live()["AU-1"] == (11800, 4)


def test_exit_code_3_tells_changes_apart_from_none(shop: Shop, market: Market) -> None:
    arguments = ("plan", "--sandbox", market.url, "--as-of", AS_OF, "--detailed-exitcode")
    before = shop(*arguments)
    sync(shop, market)
    after = shop(*arguments)

    assert (before.code, after.code) == (3, 0)


def test_blocked_offers_alone_are_no_failure_unless_asked_for(shop: Shop) -> None:
    for command in (("offers", "-o", "jsonl"), ("plan",)):
        plain = shop(*command, "--as-of", AS_OF)
        strict = shop(*command, "--as-of", AS_OF, "--fail-on", "blocked")

        assert (plain.code, strict.code) == (0, 1), command
        assert plain.out == strict.out


def test_a_plan_of_other_rules_is_stale(shop: Shop, market: Market) -> None:
    shop("plan", "--sandbox", market.url, "--as-of", AS_OF, "--out", "p.jsonl")
    shop.change("rules/guards.yaml", "bound: lowest", "bound: lowest * 1.2")
    done = shop("apply", "p.jsonl", "--sandbox", market.url)

    assert (done.code, done.out, market.calls()) == (5, "", [])
    assert "plan again" in done.err


def test_a_plan_of_another_ledger_is_stale(shop: Shop, market: Market) -> None:
    shop("plan", "--sandbox", market.url, "--as-of", AS_OF, "--out", "old.jsonl")
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    sync(shop, market)
    shop.change("rules/pricing.yaml", "markup: 19%", "markup: 18%")
    before = len(market.writes())
    codes = [shop("apply", "old.jsonl", "--sandbox", market.url).code for _ in range(2)]

    assert (codes, new_writes(market, before)) == ([5, 5], [])


def test_the_report_as_json_says_what_happened(shop: Shop, market: Market) -> None:
    done = sync(shop, market, "-o", "json")
    (account,) = done.json["accounts"]

    assert (done.json["exit_code"], account["account"], account["confirmed"]) == (0, "market", 5)
    assert (account["refused"], account["left"], account["ended"]) == ([], {}, "done")
    assert json.loads(done.out.splitlines()[-1]) == done.json
