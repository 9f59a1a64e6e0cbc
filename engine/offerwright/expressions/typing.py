"""
`Node` → `Typed`: names resolved, types checked, divisors proved, literals scaled.

Nothing is guessed: a name that no scope holds, text next to a number, money of two currencies, or
a divisor that may be zero is a `Refusal` with its place in the text.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from offerwright.expressions.functions import COMPARISONS, FUNCTIONS, operator, unify
from offerwright.expressions.intervals import assume, interval
from offerwright.expressions.parse import Refusal
from offerwright.expressions.scope import Bounds as Bounds
from offerwright.expressions.scope import DatedRate as DatedRate
from offerwright.expressions.scope import Scope as Scope
from offerwright.expressions.syntax import Apply, Col, Const, Literal, Name, Node, Op, Typed
from offerwright.expressions.types import DATETIME, NUMBER, TEXT, Type, money
from offerwright.source.suggest import did_you_mean, suggest


class _Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


def check(node: Node, scope: Scope, place: Type | None = None) -> Typed | Refusal:
    """The typed expression, fitting `place` if one is given, or why not."""
    try:
        typed = _typed(node, scope)
        return typed if place is None else _fit(typed, place, node, scope)
    except _Refused as refused:
        return refused.refusal


def _refuse(node: Node, message: str, hint: str = "", code: str = "") -> _Refused:
    return _Refused(Refusal(node.start, node.end, message, hint, code))


def _typed(node: Node, scope: Scope) -> Typed:
    if isinstance(node, Literal):
        return Const(node.value, node.type)
    if isinstance(node, Name):
        return _name(node, scope)
    if node.operation in _MOMENTS and isinstance(node.arguments[0], Literal):
        _refuse_moment(node, node.arguments[0])
    if node.operation in FUNCTIONS:
        return _function(node, scope)
    return _operator(node, scope)


_MOMENTS = {"date": "2026-12-01", "datetime": "2026-12-01T10:00:00-03:00"}


def _refuse_moment(node: Apply, written: Literal) -> None:
    """A literal that the parser could not read as a day or a moment."""
    if isinstance(written.value, str):
        raise _refuse(
            written, f"{written.value!r} is no {'day' if node.operation == 'date' else 'moment'}",
            f'write {node.operation}("{_MOMENTS[node.operation]}")'
            + (", with the offset from UTC" if node.operation == "datetime" else ""),
        )  # fmt: skip


def _name(node: Name, scope: Scope) -> Typed:
    found = scope.types.get(node.name)
    if found is not None:
        if found.name == "map":
            raise _refuse(node, f"`{node.name}` is a map", f"name a key: `{node.name}.…`")
        return Col(scope.aliases.get(node.name, node.name), found)
    hint = did_you_mean(node.name, scope.types)
    raise _refuse(node, f"nothing is called `{node.name}` here", hint, "UNKNOWN_NAME")


def _function(node: Apply, scope: Scope) -> Typed:
    function = FUNCTIONS[node.operation]
    if not function.least <= len(node.arguments) <= function.most:
        raise _refuse(
            node,
            f"`{node.operation}` takes {function.least} to {function.most} values, "
            f"not {len(node.arguments)}",
            f"for example `{function.example}`",
        )
    if node.operation in _OWN_WAY:
        return _OWN_WAY[node.operation](node, scope)
    arguments = [_typed(a, scope) for a in node.arguments]
    if node.operation == "round":
        _check_digits(node)
    result = function.result([a.type for a in arguments])
    if isinstance(result, str):
        joint = "" if result.startswith("takes") else ": "
        raise _refuse(node, f"`{node.operation}`{joint or ' '}{result}")
    if node.operation in ("with_tax", "without_tax"):
        return _taxed(node, arguments, result, scope)
    return Op(node.operation, tuple(arguments), result)


def _check_digits(node: Apply) -> None:
    digits = node.arguments[1]
    if not (isinstance(digits, Literal) and digits.value in [Decimal(n) for n in range(9)]):
        raise _refuse(digits, "`round` takes the number of decimals, 0 to 8, written out")


def _lookup(node: Apply, scope: Scope) -> Typed:
    name, key = node.arguments
    if not (isinstance(name, Literal) and isinstance(name.value, str)):
        raise _refuse(name, 'the list stands in double quotes: `lookup("rates", tier)`')
    found = scope.maps.get(name.value)
    if found is None:
        known = ", ".join(sorted(scope.maps)) or "none"
        raise _refuse(name, f"no map is called `{name.value}`", f"the maps are: {known}",
                      "UNKNOWN_NAME")  # fmt: skip
    typed = _typed(key, scope)
    if not typed.type.is_text:
        raise _refuse(key, f"the key of a map is text, not {typed.type}")
    return Op("lookup", (Const(name.value, TEXT), typed), found[0])


def _taxed(node: Apply, arguments: list[Typed], result: Type, scope: Scope) -> Typed:
    """`amount * (1 + rate)`, and the way back; the divisor is proved like any other."""
    amount, rate = arguments
    whole = Op("add", (Const(Decimal(1), NUMBER), rate), NUMBER)
    if node.operation == "with_tax":
        return Op("mul", (amount, whole), result)
    _prove_divisor(node, whole, scope)
    return Op("div", (amount, whole), result)


def _convert(node: Apply, scope: Scope) -> Typed:
    """Money of one currency as money of another, at the rate of the moment."""
    amount = _typed(node.arguments[0], scope)
    source = amount.type.currency if amount.type.name == "money" else ""
    if not source:
        raise _refuse(node.arguments[0], f"`convert` takes money of a currency, not {amount.type}",
                      "give the fact its `currency`: {type: money, currency: USD, …}")  # fmt: skip
    target = _currency(node.arguments[1], scope)
    if source == target:
        return amount
    return Op("convert", (amount, *_rate_of(node, source, target, scope)), money(target))


def _rate(node: Apply, scope: Scope) -> Typed:
    source, target = (_currency(argument, scope) for argument in node.arguments)
    return Op("rate", _rate_of(node, source, target, scope), NUMBER)


def _currency(node: Node, scope: Scope) -> str:
    """A currency as text, or the word `currency`: that of the account."""
    if isinstance(node, Literal) and isinstance(node.value, str):
        return node.value
    own = scope.types.get("live_price")
    if isinstance(node, Name) and node.name == "currency" and own is not None:
        return own.currency
    raise _refuse(node, "a currency stands here", 'write it in double quotes: "BRL"')


def _rate_of(node: Apply, source: str, target: str, scope: Scope) -> tuple[Const, Const, Col]:
    if (source, target) not in scope.rates:
        known = ", ".join(f"{a} to {b}" for a, b in sorted(scope.rates)) or "none"
        raise _refuse(node, f"there is no rate from {source} to {target}",
                      f"write it into a `kind: lists` document with `rates`; there are: {known}",
                      "UNKNOWN_RATE")  # fmt: skip
    return Const(source, TEXT), Const(target, TEXT), Col("as_of", DATETIME)


_OWN_WAY = {"lookup": _lookup, "convert": _convert, "rate": _rate}


def _operator(node: Apply, scope: Scope) -> Typed:
    if node.operation not in ("and", "or", "not", "if", "neg", "present", "missing", "add", "sub",
                              "mul", "div", *COMPARISONS):  # fmt: skip
        hint = suggest(node.operation, FUNCTIONS)
        raise _refuse(node, f"there is no function `{node.operation}`", hint, "UNKNOWN_NAME")
    arguments = _arguments(node, scope)
    if node.operation in ("eq", "ne"):
        _check_words(node, arguments)
        _check_names(node, arguments, scope)
    types = [a.type for a in arguments]
    result = operator(node.operation, types)
    if isinstance(result, str):
        raise _refuse(node, result, _unit_hint(node, types))
    if node.operation == "div":
        _prove_divisor(node, arguments[1], scope)
    aligned = _aligned(node.operation, arguments)
    return Op(_timed(node.operation, aligned), aligned, result)


def _timed(operation: str, arguments: tuple[Typed, ...]) -> str:
    """The operation's name where dates and moments are counted in units of their own."""
    if operation not in ("add", "sub"):
        return operation
    left, right = (a.type.name for a in arguments)
    if left not in ("date", "datetime"):
        return operation
    if right == "duration":
        return f"{'date' if left == 'date' else 'moment'}_{operation}"
    return "days_between" if left == "date" else "moments_between"


def _arguments(node: Apply, scope: Scope) -> list[Typed]:
    if node.operation != "if":
        return [_typed(a, scope) for a in node.arguments]
    condition = _typed(node.arguments[0], scope)
    yes = _typed(node.arguments[1], assume(condition, scope, True))
    return [condition, yes, _typed(node.arguments[2], assume(condition, scope, False))]


def _unit_hint(node: Apply, types: list[Type]) -> str:
    names = {t.name for t in types}
    if names == {"percent", "number"}:
        return "write the number as a percent: 12%"
    if node.operation in ("add", "sub") and types[1].name == "percent" and types[0].is_decimal:
        amount, share = node.arguments
        of = amount.name if isinstance(amount, Name) else "price"
        return f"write {of} * (1 {'+' if node.operation == 'add' else '-'} {_percent(share)})"
    if node.operation == "add" and all(t.is_text for t in types):
        return "write `concat(a, b)`"
    if "list" in names:
        return "a list is tested in `when`: `tags: {has: new}`"
    return ""


def _percent(node: Node) -> str:
    if isinstance(node, Literal) and isinstance(node.value, Decimal):
        return f"{(node.value * 100).normalize():f}%"
    return node.name if isinstance(node, Name) else "12%"


def _check_words(node: Apply, arguments: list[Typed]) -> None:
    """An enum compared with a word it cannot have is a slip of the pen."""
    for one, other in (arguments, arguments[::-1]):
        if (
            isinstance(one, Col)
            and one.type.name == "enum"
            and isinstance(other, Const)
            and other.value not in one.type.values
        ):
            words = ", ".join(one.type.values)
            raise _refuse(node, f"`{one.name}` is never {other.value!r}", f"it is one of: {words}")


def _check_names(node: Apply, arguments: list[Typed], scope: Scope) -> None:
    """No marketplace and no account is asked for that does not exist."""
    for one, other, written in zip(arguments, arguments[::-1], node.arguments[::-1], strict=True):
        if not (isinstance(one, Col) and isinstance(other, Const) and one.name in scope.names):
            continue
        known, wrong = scope.names[one.name], str(other.value)
        if wrong not in known:
            raise _refuse(written, f"no {one.name} is called `{wrong}`", suggest(wrong, known),
                          f"UNKNOWN_{one.name.upper()}")  # fmt: skip


def _aligned(operation: str, arguments: list[Typed]) -> tuple[Typed, ...]:
    """Dates next to datetimes become their midnight; everything else stays as it is."""
    names = {a.type.name for a in arguments}
    if operation in (*COMPARISONS, "sub") and names == {"date", "datetime"}:
        return tuple(
            Op("midnight", (a,), DATETIME) if a.type.name == "date" else a for a in arguments
        )
    return tuple(arguments)


def _fit(typed: Typed, place: Type, node: Node, scope: Scope) -> Typed:
    """`typed` as a value for `place`: bare numbers take its type, others must have it."""
    if typed.type.bare and place.is_decimal:
        if place.name == "percent":
            written = f"{typed.value:f}%" if isinstance(typed, Const) else "12%"
            raise _refuse(node, "a percent stands here", f"write {written}")
        return replace(typed, type=place)
    joined = unify([typed.type, place])
    if isinstance(joined, str) or (joined != place and not (place.is_text and joined.is_text)):
        if place == NUMBER and typed.type.name in ("integer", "percent", "number"):
            return typed
        raise _refuse(node, f"{place} stands here, not {typed.type}", _amount_hint(typed, place))
    return typed


def _amount_hint(typed: Typed, place: Type) -> str:
    if place.name == "money" and typed.type.name == "percent":
        share = typed.value if isinstance(typed, Const) else Decimal("1.05")
        return f"write a share of an amount: cost * {share:f}"
    return ""


def _prove_divisor(node: Apply, divisor: Typed, scope: Scope) -> None:
    low, high = interval(divisor, scope)
    if (low is not None and low > 0) or (high is not None and high < 0):
        return
    if isinstance(divisor, Col) and f"{divisor.name}≠0" in scope.bounds:
        return
    raise _refuse(
        node.arguments[1],
        "this divisor may be zero",
        "write `divide(a, b, otherwise)`, test it in an `if`, or give the fact a `minimum` above 0",
    )
