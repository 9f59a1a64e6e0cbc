"""
The types of the rule language, as values.

A type is frozen data: its name, what it holds (`of`), its currency or its allowed words. `bare`
marks a number that was written as a bare literal and so takes the type its place needs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

TypeName = Literal[
    "text", "enum", "boolean", "integer", "number", "percent", "money", "weight", "length",
    "date", "datetime", "duration", "path", "list", "map",
]  # fmt: skip

# Held as decimals (an integer at a scale): they add, multiply and are cut into ranges.
DECIMAL_NAMES = frozenset({"integer", "number", "percent", "money", "weight", "length"})
# Held as dictionary codes: they are compared whole, never ordered.
TEXT_NAMES = frozenset({"text", "enum", "path"})
# Held as plain integers: days, microseconds, seconds.
TIME_NAMES = frozenset({"date", "datetime", "duration"})


@dataclass(frozen=True, slots=True)
class Type:
    """One type. `currency` for money ("" = that of the place), `values` for enum, `of` for list
    and map."""

    name: TypeName
    of: Type | None = None
    currency: str = ""
    values: tuple[str, ...] = ()
    bare: bool = False

    def __str__(self) -> str:
        if self.name in ("list", "map"):
            return f"{self.name} of {self.of}"
        if self.name == "money" and self.currency:
            return f"money in {self.currency}"
        return self.name

    @property
    def is_decimal(self) -> bool:
        return self.name in DECIMAL_NAMES

    @property
    def is_text(self) -> bool:
        return self.name in TEXT_NAMES

    @property
    def is_ordered(self) -> bool:
        return self.name in DECIMAL_NAMES or self.name in TIME_NAMES


TEXT = Type("text")
PATH = Type("path")
BOOLEAN = Type("boolean")
INTEGER = Type("integer")
NUMBER = Type("number")
BARE = Type("number", bare=True)
PERCENT = Type("percent")
DATE = Type("date")
DATETIME = Type("datetime")
DURATION = Type("duration")


def money(currency: str) -> Type:
    return Type("money", currency=currency)


_SIMPLE: dict[str, Type] = {
    name: Type(name)
    for name in (
        "text", "enum", "boolean", "integer", "number", "percent", "money", "weight", "length",
        "date", "datetime", "duration", "path",
    )
}  # fmt: skip
TYPE_WORDS = (*_SIMPLE, "list of …", "map of …")


def parse_type(text: str, currency: str = "", values: tuple[str, ...] = ()) -> Type | None:
    """The type written as `money` or `map of integer`; None when the words name no type."""
    nested = re.fullmatch(r"(list|map) of (.+)", text.strip())
    if nested:
        inner = parse_type(nested[2], currency, values)
        if inner is None or inner.of is not None:
            return None
        return Type("list" if nested[1] == "list" else "map", of=inner)
    found = _SIMPLE.get(text.strip())
    if found is None:
        return None
    return replace(
        found,
        currency=currency if found.name == "money" else "",
        values=values if found.name == "enum" else (),
    )
