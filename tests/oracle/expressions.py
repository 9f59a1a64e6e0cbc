"""The value of an expression (section 4), computed from its tree, one offer at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from oracle.syntax import Tree, parse
from oracle.values import (
    DECIMALS,
    Fault,
    SpecError,
    Truth,
    add,
    all_of,
    any_of,
    ceiling_of,
    date_or_datetime,
    decimal_of,
    divide,
    floor_of,
    in_window,
    moment,
    multiply,
    negate,
    negated,
    percent,
    plain,
    rounded,
    scale_of,
)
from oracle.world import World


def evaluate(expression: str | Decimal | int | bool | None, world: World) -> Any:
    """The value of an expression as YAML gives it; None if missing. Raises Fault, SpecError."""
    if isinstance(expression, bool) or expression is None:
        return expression
    if isinstance(expression, (Decimal, int)):
        return Decimal(expression)
    return value_of(parse(expression), world)


def value_of(tree: Tree, world: World) -> Any:
    """The value of a tree; None if missing. A branch that is not taken is not computed."""
    match tree:
        case ("number" | "text" | "boolean" | "duration", value):
            return value
        case ("name", name):
            return world.value(name)
        case ("call", function, arguments):
            return _call(function, arguments, world)
        case ("negate", operand):
            value = value_of(operand, world)
            return None if value is None else _negate(value)
        case ("arithmetic", operator, left, right):
            return _present(lambda a, b: _arithmetic(operator, a, b, world), world, left, right)
        case ("if", condition, chosen, other):
            truth = value_of(condition, world)
            return None if truth is None else value_of(chosen if truth else other, world)
        case _:
            return _truth(tree, world)


def _truth(tree: Tree, world: World) -> Truth:
    match tree:
        case ("compare", operator, left, right):
            values = value_of(left, world), value_of(right, world)
            return None if None in values else compared(operator, *values, world)
        case ("between", operand, low, high):
            tests = (("compare", ">=", operand, low), ("compare", "<=", operand, high))
            return all_of(_truths(tests, world))
        case ("in", operand, items):
            return any_of(_truths((("compare", "=", operand, i) for i in items), world))
        case ("is", operand, word):
            return bool(word == "missing") == (value_of(operand, world) is None)
        case ("not", operand):
            return negated(value_of(operand, world))
        case ("and", left, right):
            return all_of(_truths((left, right), world))
        case ("or", left, right):
            return any_of(_truths((left, right), world))
    raise SpecError(f"no such tree: {tree!r}")


def _truths(trees: Any, world: World) -> Iterator[Truth]:
    return (value_of(tree, world) for tree in trees)


def _present(operation: Callable[..., Any], world: World, *operands: Tree) -> Any:
    """The operation over the operands' values; missing if any is missing."""
    values = [value_of(operand, world) for operand in operands]
    return None if any(value is None for value in values) else operation(*values)


def compared(operator: str, a: Any, b: Any, world: World) -> bool:
    """A comparison of two present values. A date next to a datetime is its midnight."""
    a, b = _same_clock(a, b, world)
    if operator in ("=", "!="):
        return bool(a == b) == (operator == "=")
    if operator in ("<", "<="):
        return bool(a < b or (operator == "<=" and a == b))
    return bool(a > b or (operator == ">=" and a == b))


def _same_clock(a: Any, b: Any, world: World) -> tuple[Any, Any]:
    both = isinstance(a, date) and isinstance(b, date)
    if both and (isinstance(a, datetime) or isinstance(b, datetime)):
        return moment(a, world.zone), moment(b, world.zone)
    return a, b


# --- arithmetic -------------------------------------------------------------------------------


def _arithmetic(operator: str, a: Any, b: Any, world: World) -> Any:
    try:
        return _ARITHMETIC[operator](*_same_clock(a, b, world))
    except OverflowError:
        raise Fault("OVERFLOW") from None  # a day outside the years 1 to 9999


def _negate(value: Any) -> Any:
    return -value if isinstance(value, timedelta) else negate(value)


def _plus(a: Any, b: Any) -> Any:
    if isinstance(a, timedelta) and isinstance(b, date):
        a, b = b, a
    if isinstance(a, datetime) and isinstance(b, timedelta):
        return a + b
    if isinstance(a, date) and isinstance(b, timedelta):
        return a + timedelta(days=b // timedelta(days=1))
    return a + b if isinstance(a, timedelta) else add(a, b)


def _minus(a: Any, b: Any) -> Any:
    if isinstance(a, datetime) and isinstance(b, timedelta):
        return a - b
    if isinstance(a, date) and isinstance(b, timedelta):
        return a - timedelta(days=b // timedelta(days=1))
    if isinstance(a, (date, timedelta)):
        return a - b
    return add(a, negate(b))


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": _plus,
    "-": _minus,
    "*": multiply,
    "/": divide,
}


# --- functions --------------------------------------------------------------------------------


def _call(function: str, arguments: list[Tree], world: World) -> Any:
    if function == "coalesce":
        values = (value_of(argument, world) for argument in arguments)
        return next((value for value in values if value is not None), None)
    if function == "divide":
        return _divide_or(arguments, world)
    if function in ("convert", "rate"):
        return _exchange(function, arguments, world)
    if function in ("date", "datetime", "weekday", "month", "day", "lookup"):
        return _present(lambda *values: _IN_WORLD[function](world, *values), world, *arguments)
    if function not in _FUNCTIONS:
        raise SpecError(f"no function {function!r}")
    return _present(_FUNCTIONS[function], world, *arguments)


def _divide_or(arguments: list[Tree], world: World) -> Any:
    a, b, otherwise = arguments
    dividend, divisor = value_of(a, world), value_of(b, world)
    if dividend is None or divisor is None:
        return None
    return value_of(otherwise, world) if divisor == 0 else divide(dividend, divisor)


def _exchange(function: str, arguments: list[Tree], world: World) -> Any:
    """`convert(amount, to)` from the amount's currency, `rate(from, to)`; no rate is a fault."""
    *first, last = arguments
    target = value_of(last, world)
    if function == "rate":
        return rate_in_force(world, value_of(first[0], world), target)
    source = currency_of(first[0], world)
    amount = value_of(first[0], world)
    if amount is None or source == target:
        return amount
    return multiply(amount, rate_in_force(world, source, target))


def currency_of(tree: Tree, world: World) -> str:
    """The currency of an amount: that of the first money fact in it, else the account's own."""
    if isinstance(tree, tuple) and tree[0] == "name":
        return world.currencies.get(tree[1], "")
    parts = tree[1:] if isinstance(tree, tuple) else tree if isinstance(tree, list) else ()
    return next((c for part in parts if (c := currency_of(part, world))), "")


def rate_in_force(world: World, source: str, target: str) -> Decimal:
    for document in world.lists.values():
        for rate in document.get("rates") or ():
            same = (rate["from"], rate["to"]) == (source, target)
            if same and in_window(rate["valid"], world.as_of, world.zone):
                return Decimal(rate["rate"])
    raise Fault("NO_RATE")


def _round(value: Decimal, digits: Decimal) -> Decimal:
    if not 0 <= digits <= DECIMALS:
        raise SpecError("`digits` is a literal from 0 to 8")
    return rounded(Fraction(value), min(int(digits), scale_of(value)))


def _date(world: World, value: Any) -> date:
    found = date_or_datetime(value) if isinstance(value, str) else value
    return _local_day(world, found)


def _datetime(world: World, value: str) -> datetime:
    return moment(date_or_datetime(value), world.zone)


def _local_day(world: World, value: date) -> date:
    if isinstance(value, datetime):
        return moment(value, world.zone).astimezone(world.zone).date()
    return value


def _lookup(world: World, name: str, key: Any) -> Any:
    document = world.lists[name]
    found = document["map"].get(plain(key))
    if found is None:
        return None
    if document.get("type", "text") == "text":
        return plain(found)
    return found if isinstance(found, Decimal) else _written_number(found)


def _written_number(text: str) -> Decimal:
    return percent(text) if text.strip().endswith("%") else Decimal(text)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": lambda *values: min(values),
    "max": lambda *values: max(values),
    "abs": lambda a: negate(a) if a < 0 else a,
    "floor": lambda a: decimal_of(floor_of(Fraction(a)), 0),
    "ceiling": lambda a: decimal_of(ceiling_of(Fraction(a)), 0),
    "round": _round,
    "days": lambda d: Decimal(d // timedelta(days=1)),
    "hours": lambda d: Decimal(d // timedelta(hours=1)),
    "with_tax": lambda a, tax: multiply(a, add(Decimal(1), tax)),
    "without_tax": lambda a, tax: divide(a, add(Decimal(1), tax)),
    "upper": str.upper,
    "concat": lambda *texts: "".join(texts),
    "lower": str.lower,
    "length": lambda t: Decimal(len(t)),
}
_IN_WORLD: dict[str, Callable[..., Any]] = {
    "date": _date,
    "datetime": _datetime,
    "weekday": lambda world, d: Decimal(_local_day(world, d).isoweekday()),
    "month": lambda world, d: Decimal(_local_day(world, d).month),
    "day": lambda world, d: Decimal(_local_day(world, d).day),
    "lookup": _lookup,
}
