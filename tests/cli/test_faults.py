"""Marketplaces that misbehave under a whole `sync`: storms, tokens, one account away."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from cli.market import QUICK, Market
from cli.shop import AS_OF, FILES, Shop, small_shop

MELI = "mercadolibre"
TWO_ACCOUNTS = """\
accounts:
  market: {marketplace: quick-market, settings: {shop_id: casa}, credentials: market}
  meli: {marketplace: mercadolibre, site: MLB, credentials: meli, settings: {seller_id: "1", listing_type_id: gold_special}}
"""
MAPPING = """\
kind: mapping
name: meli
for: {marketplace: mercadolibre}
category: {otherwise: {category: MLB1055}}
attributes:
  BRAND: {value: Acme}
title: {max: 60, try: ["{{ name }}"]}
images: {from: images, min: 1, max: 6}
"""
CREATED = ["AU-1", "AU-2", "AU-3", "CA-1", "CA-2"]


@pytest.fixture
def both(tmp_path: Path) -> Shop:
    """A shop with an account that shows a key and one that renews its token."""
    shop = small_shop(tmp_path)
    head, _, tail = FILES["offerwright.yaml"].partition("accounts:\n")
    shop.write("offerwright.yaml", head + TWO_ACCOUNTS + tail.partition("\n")[2])
    shop.change(
        "rules/inventory.yaml",
        "[{marketplace: quick-market}]",
        "[{marketplace: quick-market}, {marketplace: mercadolibre}]",
    )
    shop.write("rules/mapping-meli.yaml", MAPPING)
    return shop


def sync(shop: Shop, market: Market, *more: str) -> tuple[int, dict[str, dict[str, object]]]:
    done = shop("sync", "--sandbox", market.url, "--as-of", AS_OF, "-o", "json", *more)
    assert "Traceback" not in done.err
    return done.code, {a["account"]: a for a in done.json["accounts"]}


def created(market: Market, marketplace: str) -> list[str]:
    return sorted(market.live(marketplace))


def test_two_accounts_get_their_offers(both: Shop, market: Market) -> None:
    code, _ = sync(both, market)

    assert code == 0
    assert (created(market, QUICK), created(market, MELI)) == (CREATED, CREATED)
    again = {name: len(market.writes(name)) for name in (QUICK, MELI)}
    assert sync(both, market)[0] == 0
    assert {name: len(market.writes(name)) for name in (QUICK, MELI)} == again


def test_a_storm_of_429_is_sat_out_and_nothing_is_sent_twice(both: Shop, market: Market) -> None:
    for marketplace in (QUICK, MELI):
        market.fault(
            marketplace=marketplace, calls=[1, 2, 4], do="status", status=429,
            headers={"Retry-After": "1"},
        )  # fmt: skip
    code, accounts = sync(both, market)

    assert code == 0
    assert [a["refused"] for a in accounts.values()] == [[], []]
    assert (created(market, QUICK), created(market, MELI)) == (CREATED, CREATED)
    assert set(market.versions(QUICK).values()) == {1}


def test_a_storm_without_a_word_how_long_is_sat_out_too(shop: Shop, market: Market) -> None:
    market.fault(marketplace=QUICK, calls=[1, 3], do="status", status=429)
    code, _ = sync(shop, market)

    assert (code, created(market, QUICK)) == (0, CREATED)


def test_a_token_that_ends_in_the_middle_is_renewed_once(both: Shop, market: Market) -> None:
    assert sync(both, market)[0] == 0
    market.expire_tokens()
    both.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    tokens = sum(c["route"] == "token" for c in market.calls(MELI))
    code, _ = sync(both, market)

    assert code == 0
    assert sum(c["route"] == "token" for c in market.calls(MELI)) == tokens + 1
    assert market.live(MELI)["AU-1"][0] == 119


def test_while_one_account_is_away_the_others_go_on(both: Shop, market: Market) -> None:
    market.fault(marketplace=MELI, do="reset")
    code, accounts = sync(both, market)
    market.works_again()

    assert code == 7
    assert "no answer" in str(accounts["meli"]["error"])
    assert (accounts["market"]["error"], created(market, QUICK)) == (None, CREATED)
    assert sync(both, market)[0] == 0
    assert created(market, MELI) == CREATED


def test_refused_credentials_of_one_account_do_not_stop_the_others(
    both: Shop, market: Market
) -> None:
    market.fault(marketplace=MELI, route="token", do="status", status=400,
                 body='{"error": "invalid_grant"}')  # fmt: skip
    code, accounts = sync(both, market)

    assert code == 8
    assert accounts["meli"]["error"] is not None
    assert created(market, QUICK) == CREATED


def test_a_missing_secret_of_one_account_does_not_stop_the_others(
    both: Shop,
) -> None:
    """Away from the sandbox: nobody listens on the other account's host, but it is tried."""
    file = "marketplaces/quick-market/connector.yaml"
    both.change(file, "https://api.quick-market.example", "https://127.0.0.1")
    env = {"OFFERWRIGHT_MARKET_API_KEY": "k"}
    done = both("sync", "--as-of", AS_OF, "-o", "json", env=env)
    accounts = {a["account"]: a for a in done.json["accounts"]}

    assert done.code == 8
    assert "OFFERWRIGHT_MELI_CLIENT_ID" in str(accounts["meli"]["error"])
    assert "no answer" in str(accounts["market"]["error"])
    assert {name: a["left"] for name, a in accounts.items()} == {
        "market": {"queued": 5},
        "meli": {},
    }


def test_an_update_whose_answer_gets_lost_says_the_same_again_at_most(
    shop: Shop, market: Market
) -> None:
    assert sync(shop, market)[0] == 0
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    market.fault(marketplace=QUICK, route="set_price", calls=[1, 3], do="lost_answer")
    code, _ = sync(shop, market)

    assert code == 0
    assert {sku: price for sku, (price, _) in market.live().items() if sku < "B"} == {
        "AU-1": 11900, "AU-2": 23800, "AU-3": 5950,
    }  # fmt: skip
    assert max(market.versions().values()) <= 3


def test_a_creation_whose_answer_gets_lost_is_looked_up_and_not_repeated(
    both: Shop, market: Market
) -> None:
    """Mercado Libre would make a second listing of a second creation."""
    market.fault(marketplace=MELI, route="create_item", calls=[1, 3], do="lost_answer")
    code, _ = sync(both, market)

    assert (code, created(market, MELI)) == (0, CREATED)
    assert sorted(market.versions(MELI)) == CREATED
    assert sum(route == "create_item" for route, _ in market.writes(MELI)) == len(CREATED)


def test_one_bad_item_does_not_hold_the_others(shop: Shop, market: Market) -> None:
    market.fault(marketplace=QUICK, route="create_offer", sku="AU-2", do="reject", code="BAD_TITLE")
    code, accounts = sync(shop, market)
    again, _ = sync(shop, market)

    assert (code, again) == (4, 0)
    assert [r["sku"] for r in accounts["market"]["refused"]] == ["AU-2"]  # type: ignore[attr-defined]
    assert created(market, QUICK) == [s for s in CREATED if s != "AU-2"]
    assert [s for _, s in market.writes(QUICK)].count("AU-2") == 1


def test_after_so_many_failures_an_account_stops(shop: Shop, market: Market) -> None:
    market.fault(marketplace=QUICK, route="create_offer", do="reject")
    code, accounts = sync(shop, market, "--max-failures", "2")

    assert (code, accounts["market"]["ended"]) == (4, "max_failures")
    assert len(market.writes(QUICK)) == 2


def test_a_listing_that_a_refused_create_left_behind_is_priced_stocked_and_ended(
    both: Shop, market: Market
) -> None:
    both.change("rules/mapping-meli.yaml", "title:", 'description: {text: "{{ name }}"}\ntitle:')
    step = "  - {id: step, check: step_from_live, down: 30%, up: 50%, else: block}\n"
    both.write("rules/guards.yaml", FILES["rules/guards.yaml"] + step)
    market.fault(marketplace=MELI, route="create_description", sku="AU-1", do="reject", code="html")
    code, accounts = sync(both, market, "--account", "meli")
    assert (code, [r["sku"] for r in accounts["meli"]["refused"]]) == (4, ["AU-1"])
    assert market.live(MELI)["AU-1"][1] == 5

    market.works_again()
    both.new_data("data/stock.csv", "AU-1,sp,5", "AU-1,sp,")
    both.new_data("data/catalogue.csv", "audio/fones,100.00", "audio/fones,110.00")
    sync(both, market, "--account", "meli")
    # 110 x 1.18; nobody knows the stock, so nothing is for sale
    assert market.live(MELI)["AU-1"] == (Decimal("129.80"), 0)

    row = "AU-1,Fone,audio/fones,110.00,105.00,https://images.example/1.jpg\n"
    both.new_data("data/catalogue.csv", row, "")
    sync(both, market, "--account", "meli")
    assert "AU-1" not in market.live(MELI)
