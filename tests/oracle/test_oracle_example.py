"""The oracle on the example documents of docs/language.md, worked out by hand step by step."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal as D
from typing import Any

from oracle.small_shop import fees, offer, pricing
from oracle.tables import rules_of_csv

MARKUPS = """id,when.category,when.cost,when.tier,then.markup,then.plus
small,under phones,0..500,,18%,4.00
gold,under phones,>= 500,gold,11%,0
rest,under phones,>= 500,not gold,13%,0
"""
CAMPAIGNS = """id,when.brand,then.off,valid.from,valid.before
autumn,Acme | Apex,10%,2026-11-01,2026-12-01
always,Acme,5%,,
"""
SHOP = {
    "kind": "facts",
    "name": "shop",
    "facts": {"category": {"type": "path"}, "brand": {"type": "text"}, "tier": {"type": "enum"}},
    "derive": {"competitor_age": "as_of - competitor_seen_at"},
}
PRICES = pricing(
    {
        "id": "markups", "phase": "base", "hit": "unique", "rules": rules_of_csv(MARKUPS),
        "otherwise": {"markup": "22%", "plus": D("2.00")},
        "set": {"price": "cost * (1 + markup) + plus", "floor": "cost * 1.05"},
    },
    {"id": "fixed", "phase": "base", "when": {"fixed_price": "present"}, "set": {"price": "fixed_price"}},
    {
        "id": "campaigns", "phase": "adjust", "hit": "collect", "take": "max",
        "rules": rules_of_csv(CAMPAIGNS), "set": {"sale_price": "price * (1 - off)"},
    },
    {"id": "fees", "phase": "fees", "margin": "15%"},
    {
        "id": "follow", "phase": "competitor",
        "when": {"competitor_price": "present", "competitor_age": "< 6 hours"},
        "set": {"price": "competitor_price - 0.10"},
        "change_at_most": {"down": "8%", "up": "5%", "from": "live"},
    },
    {"id": "limits", "phase": "bounds", "at_least": ["floor", "map_price"], "at_most": ["list_price"]},
    {"id": "endings", "phase": "round", "ending": D("0.99"), "mode": "up"},
    name="mercadolibre-br",
    **{"for": {"marketplace": "mercadolibre"}},
)  # fmt: skip
SCHEDULE = fees(
    {
        "hit": "first",
        "rules": [{"id": "phones", "when": {"category": {"under": "phones"}}, "then": {"rate": "11%"}}],
        "otherwise": {"rate": "12%"},
    },
    {
        "rules": [
            {"id": "low", "when": {"price": "0..79"}, "then": {"fee": D("6.25")}},
            {"id": "high", "when": {"price": ">= 79"}, "then": {"fee": D(0)}},
        ]
    },
)  # fmt: skip
PHONE: dict[str, Any] = {
    "brand": "Acme",
    "category": "phones/android",
    "cost": D("100.00"),
    "tier": None,
    "map_price": D("125.00"),
    "list_price": D("150.00"),
}


def test_a_margin_and_a_running_sale_without_a_competitor() -> None:
    found = offer([SHOP, PRICES, SCHEDULE], PHONE)

    # Base 122.00, sale 10 % off: 109.80. 100 / (1 − 0.11 − 0.15) = 135.14; the sale keeps its
    # ratio: 109.80 × 135.14 / 122 = 121.626, below the map price 125.00. Up to 0.99 endings.
    assert (found["price"], found["sale_price"]) == (D("135.99"), D("125.99"))
    assert (found["names"], found["blocks"], found["notes"]) == (
        {"floor": D("105.00")},
        set(),
        set(),
    )
    assert found["fired"]["mercadolibre-br/markups"] == "small"
    assert found["fired"]["mercadolibre-br/campaigns"] == ["autumn", "always"]


def test_a_fresh_competitor_price_is_followed_as_far_as_the_live_price_allows() -> None:
    seen = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
    facts = {**PHONE, "competitor_price": D("130.00"), "competitor_seen_at": seen}
    documents = [SHOP, PRICES, SCHEDULE]

    # 129.90 lies between 128 × 0.92 = 117.76 and 134.40; of 145 at most 8 % down is 133.40.
    assert offer(documents, facts, live={"price": D("128.00")})["price"] == D("129.99")
    assert offer(documents, facts, live={"price": D("145.00")})["price"] == D("133.99")


def test_an_unknown_tier_matches_neither_the_gold_row_nor_the_row_for_the_rest() -> None:
    found = offer(
        [SHOP, PRICES, SCHEDULE],
        {**PHONE, "cost": D("500.00"), "brand": "Other", "list_price": None},
    )

    # 500 / 0.74 = 675.68; no campaign.
    assert found["fired"]["mercadolibre-br/markups"] == "otherwise"
    assert (found["price"], found["sale_price"]) == (D("675.99"), None)


def test_a_phone_without_a_cost_is_blocked_for_the_first_reason_only() -> None:
    found = offer([SHOP, PRICES, SCHEDULE], {**PHONE, "cost": None})

    # The cost is unknown, so no row matched and `otherwise` gave a missing price.
    assert (found["price"], found["blocks"]) == (None, {("price", "NO_RULE_MATCHES")})
