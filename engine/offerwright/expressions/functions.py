"""
The functions of the rule language: one row each, with arity, result type and an example.

A row's `result` gets the argument types and answers the result type, or a sentence that says what
is wrong. What a function does to columns stands in `evaluate/operations.py` under the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from offerwright.expressions.types import (
    BARE,
    BOOLEAN,
    DATE,
    INTEGER,
    NUMBER,
    TEXT,
    Type,
)

Result = Type | str


@dataclass(frozen=True, slots=True)
class Function:
    """One function: how many arguments, what comes out, how it reads."""

    least: int
    most: int
    result: Callable[[Sequence[Type]], Result]
    meaning: str
    example: str


def unify(types: Sequence[Type]) -> Result:
    """The one type that all of these have; a bare number takes the type of the others."""
    settled = [t for t in types if not t.bare]
    if not settled:
        return BARE
    first = settled[0]
    for other in settled[1:]:
        first_or_refusal = _join(first, other)
        if isinstance(first_or_refusal, str):
            return first_or_refusal
        first = first_or_refusal
    if len(settled) < len(types) and not first.is_decimal:
        return f"{first} and a number do not go together"
    if len(settled) < len(types) and first.name == "percent":
        return "a percent and a bare number do not go together; write the number as 12%"
    if len(settled) < len(types) and first.name == "integer":
        return NUMBER
    return first


def _join(left: Type, right: Type) -> Result:
    if left == right:
        return left
    names = {left.name, right.name}
    if names <= {"text", "enum", "path"}:
        return TEXT
    if names == {"integer", "number"}:
        return NUMBER
    if names == {"money"}:
        if not left.currency or not right.currency:
            return replace(left, currency=left.currency or right.currency)
        return f"money in {left.currency} and money in {right.currency} do not go together"
    return f"{left} and {right} do not go together"


def _numeric(keep: Callable[[Type], Type]) -> Callable[[Sequence[Type]], Result]:
    def result(types: Sequence[Type]) -> Result:
        if not types[0].is_decimal:
            return f"takes a number, not {types[0]}"
        return keep(types[0])

    return result


def _ordered(types: Sequence[Type]) -> Result:
    found = unify(types)
    if isinstance(found, Type) and not found.is_ordered:
        return f"takes numbers, dates or durations, not {found}"
    return found


def _takes(names: Sequence[str], out: Type) -> Callable[[Sequence[Type]], Result]:
    def result(types: Sequence[Type]) -> Result:
        if types[0].name not in names:
            return f"takes {' or '.join(names)}, not {types[0]}"
        return out

    return result


def _texts(types: Sequence[Type]) -> Result:
    wrong = next((t for t in types if not t.is_text), None)
    return TEXT if wrong is None else f"takes texts, not {wrong}"


def _divide(types: Sequence[Type]) -> Result:
    found = division(types[0], types[1])
    return found if isinstance(found, str) else unify([found, types[2]])


def division(left: Type, right: Type) -> Result:
    """The type of left / right."""
    if not (left.is_decimal or left.name == "duration"):
        return f"{left} cannot be divided"
    if right.name in ("number", "percent", "integer"):
        if left.name in ("integer", "percent"):
            return NUMBER
        return NUMBER if left.bare and not right.bare else left
    if left.name == right.name or left.bare:
        joined = unify([left, right])
        return joined if isinstance(joined, str) else NUMBER
    return f"{left} cannot be divided by {right}"


def _tax(types: Sequence[Type]) -> Result:
    amount, rate = types
    if not amount.is_decimal or amount.name == "percent":
        return f"takes an amount, not {amount}"
    if rate.name != "percent":
        return f"takes the tax as a percent, not {rate}; write 18%"
    return NUMBER if amount.name == "integer" else amount


_TIME = ("date", "datetime")
_WORDS = ("text", "enum", "path")

FUNCTIONS: dict[str, Function] = {
    "min": Function(2, 9, _ordered, "the least; missing if one is missing", "min(cost, 10)"),
    "max": Function(2, 9, _ordered, "the greatest; missing if one is missing", "max(cost, 10)"),
    "abs": Function(1, 1, _numeric(lambda t: t), "without its sign", "abs(score)"),
    "floor": Function(1, 1, _numeric(lambda t: t), "the whole number below", "floor(cost)"),
    "ceiling": Function(1, 1, _numeric(lambda t: t), "the whole number above", "ceiling(cost)"),
    "round": Function(2, 2, _numeric(lambda t: t), "half away from zero", "round(cost, 2)"),
    "coalesce": Function(2, 9, unify, "the first that is present", "coalesce(map_price, cost)"),
    "divide": Function(
        3, 3, _divide, "a / b, or the third where b is zero", "divide(cost, pack, 0)"
    ),
    "days": Function(1, 1, _takes(("duration",), INTEGER), "whole days", "days(as_of - since)"),
    "hours": Function(1, 1, _takes(("duration",), INTEGER), "whole hours", "hours(as_of - since)"),
    "date": Function(1, 1, _takes(_TIME, DATE), "the day, in the shop's zone", "date(as_of)"),
    "weekday": Function(1, 1, _takes(_TIME, INTEGER), "1 is Monday", "weekday(today)"),
    "month": Function(1, 1, _takes(_TIME, INTEGER), "1 to 12", "month(today)"),
    "day": Function(1, 1, _takes(_TIME, INTEGER), "1 to 31", "day(today)"),
    "upper": Function(1, 1, _takes(_WORDS, TEXT), "in capitals", "upper(brand)"),
    "lower": Function(1, 1, _takes(_WORDS, TEXT), "in small letters", "lower(brand)"),
    "concat": Function(
        2,
        9,
        _texts,
        "one text after the other; missing if one is missing",
        'concat(brand, " ", name)',
    ),
    "length": Function(1, 1, _takes(_WORDS, INTEGER), "characters", "length(name)"),
    "with_tax": Function(2, 2, _tax, "a * (1 + tax)", "with_tax(cost, 18%)"),
    "without_tax": Function(2, 2, _tax, "a / (1 + tax)", "without_tax(list_price, 18%)"),
    "convert": Function(
        2, 2, lambda t: NUMBER, "money at the rate of the moment", 'convert(cost_usd, "BRL")'
    ),
    "rate": Function(2, 2, lambda t: NUMBER, "a rate of exchange", 'rate("USD", "BRL")'),
    "lookup": Function(2, 2, lambda t: TEXT, "the value of a list's map", 'lookup("rates", tier)'),
}

COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")


def operator(name: str, types: Sequence[Type]) -> Result:
    """The type of an operator applied to these types, or a sentence that says what is wrong."""
    if name in ("and", "or", "not"):
        wrong = next((t for t in types if t.name != "boolean"), None)
        return BOOLEAN if wrong is None else f"`{name}` takes conditions, not {wrong}"
    if name in ("present", "missing"):
        return BOOLEAN
    if name in COMPARISONS:
        return _comparison(name, types)
    if name == "if":
        if types[0].name != "boolean":
            return f"`if` takes a condition, not {types[0]}"
        return unify(types[1:])
    if name == "neg":
        return types[0] if _is_quantity(types[0]) else f"`-` takes a number, not {types[0]}"
    return _ARITHMETIC[name](types[0], types[1])


def _is_quantity(t: Type) -> bool:
    return t.is_decimal or t.name == "duration"


def _comparison(name: str, types: Sequence[Type]) -> Result:
    left, right = types
    if {left.name, right.name} == {"date", "datetime"}:
        return BOOLEAN
    if {left.name, right.name} == {"percent", "number"} and not (left.bare or right.bare):
        return BOOLEAN
    found = unify(types)
    if isinstance(found, str):
        return found
    if found.name in ("list", "map"):
        return f"{found} cannot be compared"
    if name in ("eq", "ne") or found.is_ordered:
        return BOOLEAN
    return f"{found} has no order; only `=` and `!=` work"


def _plus(left: Type, right: Type) -> Result:
    if {left.name, right.name} == {"percent", "number"}:
        return NUMBER
    if left.name in ("date", "datetime") and right.name == "duration":
        return left
    found = unify([left, right])
    if isinstance(found, Type) and not _is_quantity(found):
        return f"{found} cannot be added"
    return found


def _minus(left: Type, right: Type) -> Result:
    if left.name in ("date", "datetime") and right.name in ("date", "datetime"):
        return Type("duration")
    if {left.name, right.name} == {"percent", "number"}:
        return NUMBER
    if left.name in ("date", "datetime") and right.name == "duration":
        return left
    found = unify([left, right])
    if isinstance(found, Type) and not _is_quantity(found):
        return f"{found} cannot be subtracted"
    return found


def _times(left: Type, right: Type) -> Result:
    factors = ("number", "percent", "integer")
    if left.name in factors and right.name in factors:
        if left.bare and right.bare:
            return BARE
        both = {left.name, right.name}
        return INTEGER if both == {"integer"} else NUMBER
    if left.name in factors and _is_quantity(right):
        return right
    if right.name in factors and _is_quantity(left):
        return left
    return f"{left} cannot be multiplied by {right}"


_ARITHMETIC: dict[str, Callable[[Type, Type], Result]] = {
    "add": _plus,
    "sub": _minus,
    "mul": _times,
    "div": division,
}
