"""Cells of `when`, drawn as YAML data or as CSV text."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from evaluate.generated_shop import ACCOUNTS, BRANDS, CATEGORIES, TAGS, TIERS, Pick

# Facts that a `when` may test, by type; engine words among them.
TESTED: dict[str, str] = {
    "brand": "text", "category": "path", "tier": "enum", "rank": "enum", "fragile": "boolean",
    "is_dear": "boolean", "sold": "integer", "age": "integer", "score": "number",
    "discount": "percent", "cost": "money", "list_price": "money", "profit": "money",
    "mass": "number", "listed_on": "date", "today": "date", "seen_at": "datetime",
    "seen_age": "duration", "lead": "duration", "tags": "list", "specs.Cor": "text",
    "stock.sp-1": "integer", "stock": "map",
}  # fmt: skip
OF_THE_ACCOUNT: dict[str, str] = {
    "competitor_price": "money", "marketplace": "marketplace", "account": "account",
    "policy_price": "money", "trade_policy": "policy",
    "live_price": "money", "live_quantity": "integer",
}  # fmt: skip
NUMBERS: dict[str, list[str]] = {
    "money": ["0", "10", "49.995", "79", "100", "500"],
    "number": ["-1", "0", "0.5", "2", "20"],
    "integer": ["0", "1", "5", "20"],
    "percent": ["0%", "5%", "12.5%", "30%"],
    "date": ["2026-11-01", "2026-11-20", "2026-11-30", "2026-12-01"],
    "datetime": ["2026-11-30", "2026-11-30T18:00:00-03:00", "2026-11-30T20:00:00", "2026-12-01"],
    "duration": ["0 minutes", "90 minutes", "6 hours", "1 day"],
}
WORDS: dict[str, list[str]] = {
    "text": [*BRANDS, "alpha", "a1", "Azul"],
    "path": [*CATEGORIES],
    "enum": [*TIERS],
    # Others do not load.
    "account": [*ACCOUNTS],
    "policy": ["1", "2"],
    "marketplace": sorted({*ACCOUNTS.values()}),
}


def when(pick: Pick, tested: Mapping[str, str], most: int = 3, nest: bool = True) -> dict[str, Any]:
    """Conditions by fact; some nest."""
    found = {n: cell(pick, tested[n]) for n in pick.some(tested, 0, most)}
    if nest and pick.chance(20):
        found[pick.one("any", "all")] = [
            when(pick, tested, 2, False) or {"cost": "present"} for _ in range(pick.number(1, 3))
        ]
    if nest and pick.chance(15):
        found["not"] = when(pick, tested, 2, False) or {"cost": "missing"}
    return found


def cell(pick: Pick, type_: str, depth: int = 2) -> Any:
    """A cell for a fact of that type."""
    kind = pick.number(0, 11)
    if kind == 0 or type_ == "map":
        return pick.one("missing", "present")
    if kind == 1 and depth > 0 and type_ != "map":
        return {"not": cell(pick, type_, depth - 1)}
    if kind <= 3 and depth > 0:
        return [cell(pick, type_, 0) for _ in range(pick.number(1, 3))]
    if type_ == "list":
        return {"has": _word_cell(pick, "text", depth, TAGS)}
    if type_ == "boolean":
        return pick.one(True, False, "true")
    if type_ in WORDS:
        return _word_cell(pick, type_, depth, WORDS[type_])
    return ordered_cell(pick, type_)


def _word_cell(pick: Pick, type_: str, depth: int, words: list[str]) -> Any:
    kind, word = pick.number(0, 9), pick.one(*words)
    if kind <= 3 or type_ == "enum":
        return {"is": word} if word == "missing" else word
    if kind == 4:
        return {"in": "grades"}
    if kind == 5:
        return {"is": word}
    if type_ == "path" and kind <= 8:
        return {"under": pick.one("phones", "phones/android", "audio")}
    if kind == 6:
        return {"starts_with": pick.one("A", "ac", "phones", "s")}
    if kind == 7:
        return {"matches": pick.one("A.*", "[a-z]+", ".*e", "Ac|Acme", "s.le")}
    if kind == 8 and depth > 0:
        return {"not": {"is": word}}
    return {"is": word} if word == "missing" else word


def ordered_cell(pick: Pick, type_: str) -> Any:
    """A literal, a comparison or a range of numbers or times."""
    numbers = NUMBERS[type_]
    kind = pick.number(0, 4)
    if kind == 0:
        literal = pick.one(*numbers)
        return Decimal(literal) if type_ in ("money", "number", "integer") else literal
    if kind <= 2:
        return f"{pick.one('<', '<=', '>', '>=')} {pick.one(*numbers)}"
    low, high = pick.some(numbers, 2, 2)
    return str(pick.one(f"{low}..{high}", f"[{low}..{high}]", f"({low}..{high}]",
                        f"[{low}..{high})"))  # fmt: skip


# --- CSV --------------------------------------------------------------------------------------


def csv_cell(pick: Pick, type_: str) -> str:
    """A CSV cell; an empty one tests nothing."""
    kind = pick.number(0, 7)
    if kind <= 1 or type_ == "map":
        return ""
    if kind == 2:
        return str(pick.one("missing", "present"))
    if kind == 3:
        return f"not {_csv_simple(pick, type_)}"
    if kind == 4:
        return f"{_csv_simple(pick, type_)} | {_csv_simple(pick, type_)}"
    if kind == 5 and type_ == "text":
        return str(pick.one("matches A.*|B", "not matches .*e", "not Acme | Apex"))
    return _csv_simple(pick, type_)


def _csv_simple(pick: Pick, type_: str) -> str:
    if type_ == "list":
        return f"has {pick.one(*TAGS)}"
    if type_ == "boolean":
        return str(pick.one("true", "false"))
    if type_ == "path":
        return str(pick.one("under phones", "under phones/android", *CATEGORIES))
    if type_ == "text":
        return str(pick.one("starts with A", "in grades", "is missing", *BRANDS[:-1]))
    if type_ in WORDS:
        return str(pick.one(*WORDS[type_]))
    found = ordered_cell(pick, type_)
    return f"{found:f}" if isinstance(found, Decimal) else str(found)
