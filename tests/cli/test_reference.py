"""The reference repository over real HTTP: plan, apply, again, and one markup more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cli.market import Market
from cli.shop import AS_OF, Done, Shop, reference_shop

ACCOUNTS = ("meli", "vtex")
MARKETS = {"meli": "mercadolibre", "vtex": "vtex"}
MARKUPS = "rules/pricing/markups.csv"
ROW = "informatica-notebooks-top,"


def run(shop: Shop, market: Market, *arguments: str) -> Done:
    chosen = [word for name in ACCOUNTS for word in ("--account", name)]
    return shop(*arguments, "--sandbox", market.url, "--as-of", AS_OF, *chosen)


def prices(shop: Shop) -> dict[tuple[str, str], tuple[Any, Any]]:
    chosen = [word for name in ACCOUNTS for word in ("--account", name)]
    done = shop("offers", "-o", "jsonl", "--as-of", AS_OF, *chosen)
    return {(r["account"], r["sku"]): (r["price"], r["sale_price"]) for r in done.records()}


def writes(market: Market) -> dict[str, list[tuple[str, str]]]:
    return {name: market.writes(MARKETS[name]) for name in ACCOUNTS}


def raise_markup(shop: Shop) -> None:
    text = (shop.root / MARKUPS).read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith(ROW))
    assert "18%" in row
    shop.change(MARKUPS, row, row.replace("18%", "19%"))


def test_the_reference_shop_from_first_plan_to_one_markup_more(
    tmp_path: Path, market: Market
) -> None:
    shop = reference_shop(tmp_path)
    withheld = run(shop, market, "plan", "-o", "json").json
    assert [c for c in withheld["changes"] if c["price"][1] is not None] == []
    assert run(shop, market, "plan", "--first-publication", "--out", "p.jsonl").code == 0
    assert market.calls("mercadolibre") == []
    assert shop("apply", "p.jsonl", "--sandbox", market.url).code == 0
    before, old = writes(market), prices(shop)
    assert len(before["meli"]) >= 440
    assert len(before["vtex"]) >= 480

    again = run(shop, market, "sync")
    assert (again.code, writes(market)) == (0, before)

    raise_markup(shop)
    new = prices(shop)
    changed = sorted(
        key for key in new if new[key] != old[key] and key[1] in listed(market, key[0])
    )
    plan = run(shop, market, "plan", "-o", "json").json
    assert sorted((c["account"], c["sku"]) for c in plan["changes"]) == changed
    assert {c["aspect"] for c in plan["changes"]} == {"price"}
    assert run(shop, market, "sync").code == 0
    more = sorted(
        {(name, sku) for name in ACCOUNTS for _, sku in writes(market)[name][len(before[name]) :]}
    )

    assert more == changed != []
    final = writes(market)
    assert run(shop, market, "sync").code == 0
    assert writes(market) == final


def listed(market: Market, account: str) -> set[str]:
    return set(market.live(MARKETS[account]))
