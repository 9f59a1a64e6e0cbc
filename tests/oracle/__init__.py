"""
The reference evaluator: docs/language.md read literally, row by row, in exact decimals.

It judges the columnar engine and shares no code with it. Documents are plain data as a YAML reader
gives them: numbers as Decimal, true and false as bool, everything else text, lists and dicts; a
`file:` table is already expanded to `rules` (`tables.rules_of_csv` does it for CSV text).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from oracle.expressions import evaluate
from oracle.inventory import Worlds, stock_of_account
from oracle.mapping import content_of_offer
from oracle.pricing import price_offer
from oracle.values import Fault, moment
from oracle.world import Document, World

__all__ = ["allocate", "evaluate_offer", "world_of_offer"]


def evaluate_offer(
    documents: Iterable[Document],
    lists: Mapping[str, Document],
    facts: Mapping[str, Any],
    account: Mapping[str, str],
    fact_types: Mapping[str, Any],
    as_of: datetime,
    time_zone: str,
    live: Mapping[str, Any] | None = None,
    worlds: Worlds | None = None,
) -> dict[str, Any]:
    """
    What one account is told about one SKU.

    Args:
        documents: all documents of the shop, of any kind, in any order.
        lists: further `kind: lists` documents by name.
        facts: this offer's values by fact name, None or absent for missing; `sku` among them. A
            map fact is a dict by key; weights are kg, lengths cm, a percent 12 % is 0.12.
        account: `name`, `marketplace`, `currency`, `trade_policy` where it has one.
        fact_types: by fact name the type words, or a dict with `type`. They add to the types in
            `kind: facts` documents.
        as_of: the clock, with an offset.
        time_zone: the repository's zone.
        live: `price` and `quantity` as last confirmed.
        worlds: the whole shop by account and SKU, where kits or the sales of others count.

    Returns:
        `price`, `sale_price` (Decimal in currency units), `sale_from`, `sale_before` (moments, with
        an offset), `tiers` (what one costs, by quantity), `names` (what steps set), `quantity`,
        `category`, `title`, `description`, `attributes`, `images`; a blocked aspect is None or
        empty. `blocks`: set of (aspect, code). `notes`: set of codes. `fired`: row id, list of row
        ids, "otherwise", or None for a step without a table, by "document/step"; the tables of
        stock and category are "document/safety_stock" and "document/category".
    """
    documents = list(documents)
    world = world_of_offer(documents, lists, facts, account, fact_types, as_of, time_zone, live)
    pricing = price_offer(documents, world)
    stock = stock_of_account(documents, world, worlds)
    content = content_of_offer(documents, world)
    by_aspect = {"price": pricing.blocks, "stock": stock.blocks, "content": content.blocks}
    return {
        "price": pricing.price,
        "sale_price": pricing.sale_price,
        "sale_from": pricing.sale_days[0],
        "sale_before": pricing.sale_days[1],
        "tiers": {} if pricing.blocks else dict(pricing.tiers),
        "names": dict(pricing.names),
        "quantity": stock.quantity,
        "category": content.category,
        "title": content.title,
        "description": content.description,
        "attributes": dict(content.attributes),
        "images": list(content.images),
        "blocks": {(aspect, code) for aspect, codes in by_aspect.items() for code in codes},
        "notes": set(pricing.notes),
        "fired": {**pricing.fired, **(stock.fired or {}), **content.fired},
    }


def allocate(
    documents: Iterable[Document],
    lists: Mapping[str, Document],
    facts: Mapping[str, Mapping[str, Any]],
    accounts: Iterable[Mapping[str, str]],
    fact_types: Mapping[str, Any],
    as_of: datetime,
    time_zone: str,
    live: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """
    What all accounts are told about the stock of one SKU.

    Args:
        facts, live: as for `evaluate_offer`, by account name.

    Returns:
        `quantities` and `blocks` (sets of codes) by account name; `pools` and `oversell` (how far
        the published quantities exceed the pool) by inventory document.
    """
    documents = list(documents)
    worlds = {
        account["name"]: world_of_offer(
            documents, lists, facts[account["name"]], account, fact_types, as_of, time_zone,
            (live or {}).get(account["name"]),
        )
        for account in accounts
    }  # fmt: skip
    shop = {name: {str(world.value("sku")): world} for name, world in worlds.items()}
    stocks = {name: stock_of_account(documents, world, shop) for name, world in worlds.items()}
    pools: dict[str, int] = {}
    sums: dict[str, int] = {}
    for stock in stocks.values():
        if stock.document is not None and stock.pool is not None:
            pools[stock.document] = stock.pool
            sums[stock.document] = sums.get(stock.document, 0) + (stock.quantity or 0)
    return {
        "quantities": {name: stock.quantity for name, stock in stocks.items()},
        "blocks": {name: set(stock.blocks) for name, stock in stocks.items()},
        "pools": pools,
        "oversell": {name: max(0, sums[name] - pools[name]) for name in pools},
    }


def world_of_offer(
    documents: Iterable[Document],
    lists: Mapping[str, Document],
    facts: Mapping[str, Any],
    account: Mapping[str, str],
    fact_types: Mapping[str, Any],
    as_of: datetime,
    time_zone: str,
    live: Mapping[str, Any] | None,
) -> World:
    """What the rules of one offer can see, with the derived facts of all `kind: facts` documents."""
    documents = list(documents)
    fact_documents = [d for d in documents if d["kind"] == "facts"]
    zone, live = ZoneInfo(time_zone), live or {}
    now = moment(as_of, zone)
    own = {
        "account": account["name"],
        "marketplace": account["marketplace"],
        "currency": account["currency"],
        "trade_policy": account.get("trade_policy"),
        "as_of": now,
        "today": as_of.astimezone(zone).date(),
        "live_price": live.get("price"),
        "live_quantity": live.get("quantity"),
    }
    declared = {name: fact for d in fact_documents for name, fact in d["facts"].items()}
    types = {
        name: fact if isinstance(fact, str) else fact["type"]
        for name, fact in {**declared, **fact_types}.items()
    }
    known = {**{d["name"]: d for d in documents if d["kind"] == "lists"}, **lists}
    currencies = {n: f["currency"] for n, f in declared.items() if "currency" in f}
    world = World(now, zone, {**facts, **own}, types, known, currencies)
    for document in fact_documents:
        for name, expression in (document.get("derive") or {}).items():
            world = world.extended({name: _derived(expression, world)})
    return world


def _derived(expression: Any, world: World) -> Any:
    """A derived fact's value; an error in it is kept and raised where a rule reads it."""
    try:
        return evaluate(expression, world)
    except Fault as fault:
        return fault
