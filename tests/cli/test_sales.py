"""A sale that a rule sets and takes back, as a marketplace hears of it."""

from __future__ import annotations

from typing import Any

from cli.market import QUICK, Market
from cli.shop import AS_OF, FILES, Shop

SALE = """\
  - id: campaign
    phase: adjust
    when: {sku: AU-1}
    rules: [{id: week-47, when: {}, then: {off: 10%}, valid: {from: 2026-11-23, before: 2026-11-30}}]
    set: {sale_price: price * (1 - off)}
"""


def document(market: Market) -> dict[str, Any]:
    (found,) = [x["document"] for x in market.running.sandbox.listings(QUICK) if x["sku"] == "AU-1"]
    return dict(found)


def test_a_sale_is_told_with_its_days_and_ends_when_the_rule_goes(
    shop: Shop, market: Market
) -> None:
    shop.change("rules/guards.yaml", "bound: lowest", "bound: 1.00")
    shop.write("rules/pricing.yaml", FILES["rules/pricing.yaml"] + SALE)
    assert shop("sync", "--sandbox", market.url, "--as-of", AS_OF).code == 0
    running = document(market)
    # 118.00 x 0.9, from Monday until the Monday after
    assert (running["price_cents"], running["sale_cents"]) == (11800, 10620)
    assert running["sale_days"] == {"from": "2026-11-23", "before": "2026-11-30"}

    shop.write("rules/pricing.yaml", FILES["rules/pricing.yaml"])
    assert shop("sync", "--sandbox", market.url, "--as-of", AS_OF).code == 0
    over = document(market)
    assert (over["price_cents"], over.get("sale_cents"), over.get("sale_days")) == (
        11800, None, None,
    )  # fmt: skip
