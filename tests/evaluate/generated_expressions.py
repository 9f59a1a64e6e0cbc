"""Typed expressions of the rule language, drawn as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evaluate.generated_shop import BRANDS, CATEGORIES, NODES, TIERS, Pick

# Names that an expression may use, by what they are.
FACT_NAMES: dict[str, list[str]] = {
    "money": ["cost", "list_price", "map_price", "competitor_price", "policy_price", "profit"],
    "number": ["score"],
    "integer": ["sold", "pack", "age", *(f"stock.{n}" for n in NODES)],
    "percent": ["discount"],
    "boolean": ["fragile", "is_dear"],
    "text": ["brand", "name", "category", "specs.Cor"],
    "enum": ["tier", "rank"],
    "date": ["listed_on", "today"],
    "datetime": ["seen_at", "as_of"],
    "duration": ["seen_age", "lead"],
    "weight": ["mass"],
    "bare": [],
}
WORDS = ("brand", "category", "name")


@dataclass(frozen=True)
class Names:
    """The names at hand, by type."""

    by_type: Mapping[str, list[str]] = field(default_factory=lambda: FACT_NAMES)

    def of(self, *types: str) -> list[str]:
        return [name for t in types for name in self.by_type.get(t, [])]

    def having(self, more: Mapping[str, str]) -> Names:
        """With more names: name → type."""
        merged = {t: list(found) for t, found in self.by_type.items()}
        for name, type_ in more.items():
            merged.setdefault(type_, []).append(name)
        return Names(merged)


def number_literal(pick: Pick) -> str:
    return str(pick.one("0", "1", "2", "0.10", "3.75", "10", "99.99", "0.333", "1.15"))


def percent_literal(pick: Pick) -> str:
    return str(pick.one("0%", "5%", "12%", "7.5%", "33.333%", "100%"))


def money(pick: Pick, names: Names, depth: int) -> str:
    """An expression that is money, not a bare number."""
    name = str(pick.one(*names.of("money")))
    if depth <= 0:
        return name
    kind = pick.number(0, 19)
    a = money(pick, names, depth - 1)
    if kind <= 1:
        return name
    if kind <= 4:
        return f"{a} {pick.one('+', '-')} {_money_or_bare(pick, names, depth - 1)}"
    if kind <= 7:
        return f"({a}) * {factor(pick, names, depth - 1)}"
    if kind == 8:
        return f"({a}) / {pick.one('pack', '3', '0.7', '(1 + 12%)')}"
    if kind == 9:
        return f"{pick.one('min', 'max')}({a}, {_money_or_bare(pick, names, depth - 1)})"
    if kind == 10:
        return str(pick.one(f"abs({a})", f"floor({a})", f"ceiling({a})", f"-({a})", f"({a})"))
    if kind == 11:
        return f"round({a}, {pick.number(0, 8)})"
    if kind == 12:
        return f"coalesce({a}, {_money_or_bare(pick, names, depth - 1)})"
    if kind == 13:
        other = _money_or_bare(pick, names, depth - 1)
        return f"(if {truth(pick, names, depth - 1)} then {a} else {other})"
    if kind == 14:
        return f"divide({a}, {number(pick, names, depth - 1)}, {_money_or_bare(pick, names, 0)})"
    if kind == 15:
        return f'({a} + lookup("surcharge", {pick.one("tier", "rank", "brand")}))'
    return _exchanged_or_taxed(pick, names, a, depth)


def _exchanged_or_taxed(pick: Pick, names: Names, a: str, depth: int) -> str:
    kind = pick.number(0, 4)
    if kind <= 1:
        return f"convert({pick.one('cost_usd', 'cost_usd * 2')}, currency)"
    if kind == 2:
        return f'({a}) * rate("USD", currency)'
    if kind == 3:
        return f"with_tax({a}, {percent(pick, names, depth - 1)})"
    return f"without_tax({a}, {pick.one('18%', '33.333%', '0%')})"


def _money_or_bare(pick: Pick, names: Names, depth: int) -> str:
    kind = pick.number(0, 5)
    if kind == 0:
        return number_literal(pick)
    if kind == 1 and names.of("bare"):
        return str(pick.one(*names.of("bare")))
    if kind == 2 and "freight" in names.of("freight"):
        return "freight"
    return f"({money(pick, names, depth)})" if depth > 0 else money(pick, names, 0)


def factor(pick: Pick, names: Names, depth: int) -> str:
    """What money may be multiplied by."""
    kind = pick.number(0, 5)
    if kind <= 1:
        return f"(1 {pick.one('+', '-')} {percent(pick, names, depth)})"
    if kind == 2:
        return number_literal(pick)
    if kind == 3:
        return f"({percent(pick, names, depth)})"
    return f"({number(pick, names, depth)})"


def percent(pick: Pick, names: Names, depth: int) -> str:
    if depth <= 0 or pick.chance(50):
        return str(pick.one(percent_literal(pick), *names.of("percent")))
    a, b = (percent(pick, names, depth - 1) for _ in range(2))
    return str(
        pick.one(
            f"{a} + {b}", f"{a} - ({b})", f"min({a}, {b})", f"max({a}, {b})", f"round({a}, 2)",
            f"coalesce({a}, {b})", f'coalesce(lookup("rates", tier), {a})', f"abs({a})",
            f"(if {truth(pick, names, depth - 1)} then {a} else {b})",
        )
    )  # fmt: skip


def number(pick: Pick, names: Names, depth: int) -> str:
    """A number or a whole number, never a bare one."""
    name = str(pick.one(*names.of("number", "integer")))
    if depth <= 0 or pick.chance(30):
        return name
    a = number(pick, names, depth - 1)
    b = pick.one(number_literal(pick), number(pick, names, depth - 1))
    return str(
        pick.one(
            f"({a}) + {b}", f"({a}) - ({b})", f"({a}) * ({b})", f"({a}) / pack", f"-({a})",
            f"min({a}, {b})", f"max({a}, {b})", f"round({a}, {pick.number(0, 3)})", f"floor({a})",
            f"ceiling(({a}) / 3)", f"divide({a}, {name}, 1)", f"days({duration(pick, names)})",
            f"hours({duration(pick, names)})", f"weekday({day(pick, names)})",
            f"month({day(pick, names)})", f"day({pick.one('seen_at', 'as_of', 'listed_on')})",
            f"length({pick.one(*WORDS)})", f"({a}) * (1 + {percent(pick, names, 0)})",
            f"divide({money(pick, names, 1)}, {money(pick, names, 0)}, 2)",
            f"(if {truth(pick, names, depth - 1)} then {a} else {b})",
        )
    )  # fmt: skip


def duration(pick: Pick, names: Names) -> str:
    return str(
        pick.one(
            "lead", "seen_age", "as_of - seen_at", "today - listed_on", "lead + 3 days",
            "as_of - listed_on", "seen_at - today", "90 minutes", "-(lead)", "max(lead, 6 hours)",
        )
    )  # fmt: skip


def day(pick: Pick, names: Names) -> str:
    return str(
        pick.one(
            "listed_on", "today", "listed_on + 30 days", "listed_on - lead", "date(seen_at)",
            'date("2026-11-29")', "max(listed_on, today)",
        )
    )  # fmt: skip


def truth(pick: Pick, names: Names, depth: int) -> str:
    kind = pick.number(0, 15)
    if depth > 0 and kind >= 11:
        a, b = truth(pick, names, depth - 1), truth(pick, names, depth - 1)
        return str(pick.one(f"({a} and {b})", f"({a} or {b})", f"not ({a})"))
    compare = pick.one("=", "!=", "<", "<=", ">", ">=")
    equal = pick.one("=", "!=")
    a = money(pick, names, 0)
    return str(
        pick.one(
            f"{a} {compare} {_money_or_bare(pick, names, 0)}",
            f"{number(pick, names, 0)} {compare} {number_literal(pick)}",
            f"discount {compare} {percent_literal(pick)}",
            f"discount {compare} score",
            f'{pick.one(*WORDS)} {equal} "{pick.one(*BRANDS, *CATEGORIES)}"',
            f'rank {equal} "{pick.one(*TIERS)}"',
            f"brand {equal} category",
            f'brand in ["Acme", upper("apex"), "{pick.one(*BRANDS)}"]',
            f"{a} between 10 and {money(pick, names, 0)}",
            f"sold in [1, 2, {pick.number(0, 9)}, score]",
            f"{pick.one(a, 'brand', 'rank', 'listed_on', 'stock.sp-1')} is "
            f"{pick.one('present', 'missing')}",
            f"{day(pick, names)} {compare} {day(pick, names)}",
            f"{pick.one('seen_at', 'as_of')} {compare} {day(pick, names)}",
            f"({duration(pick, names)}) {compare} 6 hours",
            f"mass {compare} 1.5",
            str(pick.one(*names.of("boolean"))),
        )
    )


DRAWN: dict[str, Any] = {"money": money, "percent": percent, "number": number, "boolean": truth}
