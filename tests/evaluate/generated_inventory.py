"""Shops that only count stock: kits, pools and entries drawn so that everything runs short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from engine_under_test import document_files, marketplace_files
from evaluate.generated_shop import AS_OF, ZONE, Pick
from hypothesis import strategies as st
from oracle import world_of_offer
from oracle.inventory import Stock, stock_of_account

ACCOUNTS = {"a1": "alpha", "a2": "alpha", "b1": "beta", "c1": "gamma"}
NODES = ["sp", "rj"]
SKUS = ["K1", "K2", "K3", "M1", "M2", "M3", "M4"]

SHOP = (
    f"kind: shop\nname: shop\ntime_zone: {ZONE}\ncurrency: BRL\naccounts:\n"
    + "".join(f"  {name}: {{marketplace: {m}}}\n" for name, m in ACCOUNTS.items())
    + "sources:\n"
    + "".join(
        f"  {name}: {{file: data/{name}.csv}}\n"
        for name in ("catalogue", "stock", "promised", "kits", "rates", "sales", "reads")
    )
)
FACTS: dict[str, Any] = {
    "kind": "facts",
    "name": "stock",
    "facts": {
        "fragile": {"type": "boolean", "from": "catalogue.fragile"},
        "open_orders": {"type": "integer", "from": "catalogue.open_orders"},
        "bulk": {"type": "integer", "from": "catalogue.bulk"},
        "rate": {"type": "number", "from": "catalogue.rate"},
        "stock": {"type": "map of integer", "from": "stock.on_hand", "key": "node"},
        "promised": {"type": "map of integer", "from": "promised.units", "key": "node"},
        "parts": {"type": "map of integer", "from": "kits.units", "key": "component"},
        "rate_here": {"type": "number", "from": "rates.rate", "per": "marketplace"},
        "sales": {"type": "integer", "from": "sales.units", "per": "account"},
        "read_at": {"type": "datetime", "from": "reads.at", "per": "account"},
    },
    # Where `bulk` is large the product has too many digits: a count that cannot be computed.
    "derive": {"claimed": "open_orders * bulk * bulk * bulk"},
}
PER = {
    "rate_here": ACCOUNTS,
    "sales": {a: a for a in ACCOUNTS},
    "read_at": {a: a for a in ACCOUNTS},
}


@dataclass(frozen=True)
class Generated:
    """One inventory document, its products and what the accounts were told last."""

    document: Mapping[str, Any]
    rows: list[dict[str, Any]]
    live: dict[str, dict[str, dict[str, Any]]]

    @property
    def files(self) -> dict[str, str]:
        documents = [FACTS, self.document]
        marketplaces = marketplace_files("alpha", "beta", "gamma")
        return {"offerwright.yaml": SHOP, **marketplaces, **document_files(documents)}

    def expected(self) -> dict[str, dict[str, Stock]]:
        """What the oracle says, by account and SKU."""
        documents = [FACTS, dict(self.document)]
        worlds = {
            account: {
                row["sku"]: world_of_offer(
                    documents, {}, seen_by(row, account),
                    {"name": account, "marketplace": marketplace, "currency": "BRL"}, {}, AS_OF,
                    ZONE, self.live.get(account, {}).get(row["sku"]),
                )
                for row in self.rows
            }
            for account, marketplace in ACCOUNTS.items()
        }  # fmt: skip
        return {
            account: {sku: stock_of_account(documents, w, worlds) for sku, w in skus.items()}
            for account, skus in worlds.items()
        }


def seen_by(row: Mapping[str, Any], account: str) -> dict[str, Any]:
    own = dict(row)
    for name, scopes in PER.items():
        if name in own:
            own[name] = own[name].get(scopes[account])
    return own


@st.composite
def shops(draw: Any) -> Generated:
    pick = Pick(draw)
    rows = [_row(pick, sku) for sku in pick.some(SKUS, 3, 7)]
    live = {
        account: {
            row["sku"]: {"quantity": pick.maybe(85, lambda: pick.number(0, 6))}
            for row in rows
            if pick.chance(70)
        }
        for account in pick.some(ACCOUNTS, 0, 4)
    }
    return Generated(_document(pick), rows, live)


def _row(pick: Pick, sku: str) -> dict[str, Any]:
    row: dict[str, Any] = {"sku": sku, "bulk": 10**13 if pick.chance(4) else 1}
    drawn = {
        "fragile": lambda: pick.chance(50),
        "open_orders": lambda: pick.number(0, 3),
        "rate": lambda: Decimal(pick.number(-5, 90)) / 10,
        "stock": lambda: {n: pick.number(2, 14) for n in pick.some(NODES, 1, 2)},
        "promised": lambda: {n: pick.number(0, 3) for n in pick.some(NODES, 1, 2)},
        "rate_here": lambda: {m: Decimal(pick.number(-5, 90)) / 10
                              for m in pick.some(["alpha", "beta", "gamma"], 1, 3)},
        "sales": lambda: {a: pick.number(0, 9) for a in pick.some(ACCOUNTS, 1, 4)},
        "read_at": lambda: {a: AS_OF - timedelta(minutes=10 * pick.number(-1, 6))
                            for a in pick.some(ACCOUNTS, 1, 4)},
    }  # fmt: skip
    row |= {n: value() for n, value in drawn.items() if pick.chance(96 if n == "stock" else 80)}
    if sku.startswith("K") or pick.chance(5):
        # Mostly plain components; sometimes a kit inside a kit, and rarely one that is not there.
        others = [*SKUS, "GONE"] if pick.chance(20) else SKUS[3:]
        row["parts"] = {part: _units(pick) for part in pick.some(others, 1, 3)}
    return row


def _units(pick: Pick) -> int:
    return pick.one(0, -1) if pick.chance(4) else pick.number(1, 3)


def _document(pick: Pick) -> dict[str, Any]:
    document = {"kind": "inventory", "name": "stock", "pool": _pool(pick)}
    if pick.chance(75):
        document["kits"] = {"components": "parts"}
        first = pick.one(None, "kits", "components")
        document["kits"] |= {} if first is None else {"first": first}
    return {**document, "allocate": _allocate(pick)}


def _pool(pick: Pick) -> dict[str, Any]:
    pool: dict[str, Any] = {"on_hand": "stock"}
    if pick.chance(20):
        pool["nodes"] = pick.some(NODES, 1, 2)
    for key, name in (("allocated", "promised"), ("reserved", "promised")):
        if pick.chance(30):
            pool[key] = name
    if pick.chance(50):
        pool["reservations"] = pick.one("open_orders", "claimed")
    if pick.chance(40):
        fragile = {"id": "f", "when": {"fragile": True}, "then": {"units": pick.number(0, 3)}}
        pool["safety_stock"] = {"hit": "first", "rules": [fragile], "otherwise": {"units": 1}}
        pool["safety_stock"] |= {"per": "node"} if pick.chance(30) else {}
    return pool


def _allocate(pick: Pick) -> dict[str, Any]:
    method, left = pick.one("partition", "shared"), 100
    rate = pick.one(None, "rate", "rate_here", "sales")
    entries = []
    named = [{"account": "a1"}, {"account": "a2"}, {"marketplace": "beta"}, {"account": "c1"}]
    for who in pick.some(named, 2, 4):
        entry: dict[str, Any] = dict(who)
        if method == "partition" or pick.chance(50):
            share = pick.number(0, left if method == "partition" else 100)
            left -= share if method == "partition" else 0
            entry["share"] = f"{share}%"
        entries.append({**entry, **_limits(pick, rate)})
    allocate: dict[str, Any] = {"method": method, "marketplaces": entries}
    if rate is not None:
        allocate["sold_per_hour"] = rate
    if pick.chance(30):
        allocate["redistribute"] = True
    for key in ("last_units", "oversell_at_most"):
        if pick.chance(30):
            allocate[key] = pick.number(0, 12)
    return allocate


def _limits(pick: Pick, rate: str | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if pick.chance(25):
        found["cap"] = pick.number(0, 8)
    if rate is not None and pick.chance(50):
        found["buffer"] = {"sold_elsewhere_in": pick.one("10 minutes", "1 hour", "45 minutes")}
        found["buffer"] |= {"units": pick.number(0, 2)} if pick.chance(50) else {}
    elif pick.chance(25):
        found["buffer"] = pick.number(0, 2)
    if pick.chance(35):
        low = pick.number(1, 4)
        found["hysteresis"] = {"zero_below": low, "back_at": low + pick.number(1, 4)}
    elif pick.chance(25):
        found["min_list"] = pick.number(0, 3)
    if pick.chance(35):
        found["raise_needs"] = {"orders_read": "read_at", "within": "20 minutes"}
    return found
