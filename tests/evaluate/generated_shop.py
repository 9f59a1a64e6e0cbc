"""The shop of the generated tests: its accounts, lists and facts, and products drawn for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

# 22:30 on Monday, 30 November 2026, in São Paulo.
AS_OF = datetime(2026, 12, 1, 1, 30, tzinfo=UTC)
ZONE = "America/Sao_Paulo"
ACCOUNTS = {"a1": "alpha", "a2": "alpha", "b1": "beta"}
POLICIES = {"a1": "1", "a2": "2"}

CATEGORIES = ["phones", "phones/android", "phones/android/x", "audio/head", "phonesx"]
BRANDS = ["Acme", "Apex", "acme", "Ção", "missing"]
TIERS = ["gold", "silver", "none"]
TAGS = ["sale", "new", "old"]
NODES = ["sp-1", "rj-1"]
URLS = [
    "https://img.example.com/a.jpg", "https://cdn.example.com/b.jpg", "http://img.example.com/c.jpg",
    "https://10.0.0.1/d.jpg", "https://user:word@img.example.com/e.jpg", "img.example.com/f.jpg",
    "https://localhost/g.jpg",
]  # fmt: skip

LISTS: list[dict[str, Any]] = [
    {"kind": "lists", "name": "grades", "values": ["gold", "Acme", "phones"]},
    {"kind": "lists", "name": "surcharge", "type": "money",
     "map": {"gold": Decimal("1.25"), "silver": Decimal(0)}},
    {"kind": "lists", "name": "rates", "type": "percent", "map": {"gold": "3%", "none": "12.5%"}},
    {"kind": "lists", "name": "exchange", "rates": [
        {"from": "USD", "to": "BRL", "rate": Decimal("5.1"),
         "valid": {"from": "2026-11-01", "before": "2026-11-30T22:30:00-03:00"}},
        {"from": "USD", "to": "BRL", "rate": Decimal("5.4321"),
         "valid": {"from": "2026-11-30T22:30:00-03:00", "before": "2026-12-01"}},
        {"from": "USD", "to": "CLP", "rate": Decimal("950.75"), "valid": {"before": "2027-01-01"}},
    ]},
    {"kind": "lists", "name": "colours", "map": {"Azul": "blue", "Preto": "black"}},
]  # fmt: skip

# Name → (type words, more keys of the fact).
FACTS: dict[str, tuple[str, dict[str, Any]]] = {
    "brand": ("text", {}),
    "name": ("text", {}),
    "category": ("path", {}),
    "tier": ("enum", {"of": TIERS, "missing": "none"}),
    "rank": ("enum", {"of": TIERS}),
    "fragile": ("boolean", {}),
    "pack": ("integer", {"minimum": Decimal(1), "missing": Decimal(1)}),
    "sold": ("integer", {}),
    "score": ("number", {}),
    "discount": ("percent", {}),
    "cost": ("money", {}),
    "cost_usd": ("money", {"currency": "USD"}),
    "list_price": ("money", {}),
    "map_price": ("money", {}),
    "competitor_price": ("money", {"per": "marketplace"}),
    "policy_price": ("money", {"per": "trade_policy"}),
    "mass": ("weight", {}),
    "size": ("length", {}),
    "listed_on": ("date", {}),
    "seen_at": ("datetime", {}),
    "lead": ("duration", {}),
    "tags": ("list of text", {}),
    "image_urls": ("list of text", {}),
    "stock": ("map of integer", {"key": "node"}),
    "promised": ("map of integer", {"key": "node"}),
    "open_orders": ("integer", {}),
    "specs": ("map of text", {"key": "name"}),
}
DERIVED = {
    "age": "days(as_of - listed_on)",
    "seen_age": "as_of - seen_at",
    "profit": "list_price - cost",
    "is_dear": "cost > 100",
}


@dataclass(frozen=True)
class Pick:
    """Draws in few words."""

    draw: Any

    def one(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def number(self, low: int, high: int) -> int:
        return int(self.draw(st.integers(low, high)))

    def chance(self, percent: int) -> bool:
        """True that often; false is the simpler case."""
        return self.number(1, 100) > 100 - percent

    def some(self, options: Any, least: int, most: int) -> list[Any]:
        """Distinct options, in their order."""
        options = list(options)
        places = self.draw(
            st.lists(st.integers(0, len(options) - 1), min_size=least,
                     max_size=min(most, len(options)), unique=True)
        )  # fmt: skip
        return [options[place] for place in sorted(places)]

    def maybe(self, percent: int, value: Any) -> Any:
        """The value, computed by a function, that often; else None."""
        return value() if self.chance(percent) else None


def shop_file(currency: str) -> str:
    accounts = "\n".join(f"  {name}: {_account(name)}" for name in ACCOUNTS)
    sources = "\n".join(f"  {name}: {{file: data/{name}.csv}}" for name in _sources())
    return (
        f"kind: shop\nname: shop\ntime_zone: {ZONE}\ncurrency: {currency}\n"
        f"accounts:\n{accounts}\nsources:\n{sources}\n"
    )


def _account(name: str) -> str:
    policy = f', trade_policy: "{POLICIES[name]}"' if name in POLICIES else ""
    return f"{{marketplace: {ACCOUNTS[name]}{policy}}}"


def _sources() -> list[str]:
    return ["catalogue", *(f"{name}s" for name, (_, more) in FACTS.items() if needs_own(more))]


def needs_own(more: dict[str, Any]) -> bool:
    """Maps and facts per marketplace come from a source of their own."""
    return "key" in more or "per" in more


def facts_document(has_freight: bool) -> dict[str, Any]:
    known = {**FACTS, **({"freight": ("money", {})} if has_freight else {})}
    facts = {
        name: {"type": words, "from": f"{name}s.x" if needs_own(more) else f"catalogue.{name}",
               **more}
        for name, (words, more) in known.items()
    }  # fmt: skip
    return {"kind": "facts", "name": "shop", "facts": facts, "derive": DERIVED}


# --- products ---------------------------------------------------------------------------------


def rows(pick: Pick, most: int, has_freight: bool) -> list[dict[str, Any]]:
    """Products of the shop; every fact may be missing."""
    count = pick.number(1, most)
    return [_row(pick, f"S{number}", has_freight) for number in range(count)]


def _row(pick: Pick, sku: str, has_freight: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"sku": sku}
    for name, (words, _) in FACTS.items():
        missing = 4 if name == "cost" else 15
        row[name] = None if pick.chance(missing) else _value(pick, name, words)
    if has_freight:
        row["freight"] = None if pick.chance(5) else _amount(pick)
    return {name: value for name, value in row.items() if value is not None}


def _amount(pick: Pick) -> Decimal:
    kind = pick.number(0, 9)
    if kind == 0:
        return Decimal(pick.number(0, 10**7)) / 10**4
    if kind == 1:
        return Decimal(pick.one("0", "78.99", "79", "79.01", "52", "100", "500", "99999999.99"))
    return Decimal(pick.number(1, 20_000)) / 100


def _value(pick: Pick, name: str, words: str) -> Any:
    if name == "competitor_price":
        return {m: _amount(pick) for m in pick.some(["alpha", "beta"], 1, 2)}
    if name == "policy_price":
        return {p: _amount(pick) for p in pick.some(["1", "2"], 1, 2)}
    if words == "money":
        return _amount(pick)
    if name in _VALUES:
        return _VALUES[name](pick)
    raise KeyError(name)


_VALUES: dict[str, Any] = {
    "brand": lambda p: p.one(*BRANDS),
    "name": lambda p: p.one("Phone X", "phone  grátis", "Fone de ouvido promo", "A" * 30, "é🇧🇷ß"),
    "category": lambda p: p.one(*CATEGORIES),
    "tier": lambda p: p.one(*TIERS),
    "rank": lambda p: p.one(*TIERS),
    "fragile": lambda p: p.one(False, True),
    "pack": lambda p: p.number(1, 6),
    "sold": lambda p: p.number(-3, 40),
    "score": lambda p: Decimal(p.number(-500, 500)) / p.one(1, 10, 1000),
    "discount": lambda p: Decimal(p.number(0, 400)) / 1000,
    "mass": lambda p: Decimal(p.number(0, 5000)) / 1000,
    "size": lambda p: Decimal(p.number(0, 900)) / 10,
    "listed_on": lambda p: date(2026, 10, 25) + timedelta(days=p.number(0, 45)),
    "seen_at": lambda p: AS_OF - timedelta(minutes=15 * p.number(-4, 100)),
    "lead": lambda p: timedelta(hours=p.number(0, 80)),
    "tags": lambda p: p.some(TAGS, 0, 3),
    "image_urls": lambda p: p.some(URLS, 0, 5),
    "stock": lambda p: {n: p.number(-2, 30) for n in p.some(NODES, 1, 2)},
    "promised": lambda p: {n: p.number(0, 9) for n in p.some(NODES, 1, 2)},
    "open_orders": lambda p: p.number(0, 5),
    "specs": lambda p: {"Cor": p.one("Azul", "Preto", "Rosa")},
}


def seen_by(row: dict[str, Any], account: str) -> dict[str, Any]:
    """The row as an offer of an account sees it: facts per marketplace or trade policy as plain
    values, with `missing:` filled in."""
    defaults = {"tier": "none", "pack": Decimal(1)}
    own = {**defaults, **row}
    if "competitor_price" in own:
        own["competitor_price"] = own["competitor_price"].get(ACCOUNTS[account])
    if "policy_price" in own:
        own["policy_price"] = own["policy_price"].get(POLICIES.get(account))
    return own
