"""Between which numbers an expression lies, and what the branch of an `if` may rely on."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from offerwright.expressions.syntax import Col, Const, Op, Typed

if TYPE_CHECKING:
    from offerwright.expressions.typing import Bounds, Scope


def interval(typed: Typed, scope: Scope) -> Bounds:
    """Between which numbers an expression lies, as far as that is known."""
    if isinstance(typed, Const):
        return (typed.value, typed.value) if isinstance(typed.value, Decimal) else (None, None)
    if isinstance(typed, Col):
        return scope.bounds.get(typed.name, (None, None))
    parts = [interval(a, scope) for a in typed.arguments]
    if typed.operation == "add":
        return _both(parts[0][0], parts[1][0]), _both(parts[0][1], parts[1][1])
    if typed.operation == "neg":
        return _minus(parts[0][1]), _minus(parts[0][0])
    if typed.operation == "sub":
        return _both(parts[0][0], _minus(parts[1][1])), _both(parts[0][1], _minus(parts[1][0]))
    if typed.operation == "max":
        lows = [p[0] for p in parts if p[0] is not None]
        return (max(lows) if lows else None), None
    if typed.operation in ("rate", "convert"):
        return _converted(typed, scope, parts)
    if typed.operation == "lookup":
        return _of_map(typed, scope)
    if typed.operation == "mul" and all(p[0] is not None and p[0] > 0 for p in parts):
        # Both factors are positive, but a product rounded to 8 decimals may still be zero.
        product = (parts[0][0] or 0) * (parts[1][0] or 0)
        return (Decimal(product) if product >= Decimal("0.00000001") else None), None
    return None, None


def _converted(typed: Op, scope: Scope, parts: list[Bounds]) -> Bounds:
    """A rate lies between the least and the greatest that are known; all are above zero."""
    source, target = (str(a.value) for a in typed.arguments[-3:-1] if isinstance(a, Const))
    rates = [rate for _, rate in scope.rates[source, target]]
    least = min(rates)
    if typed.operation == "rate":
        return least, max(rates)
    low = parts[0][0]
    if low is None or low <= 0:
        return None, None
    product = (low * least).quantize(_TINY, ROUND_DOWN)
    return (product if product else None), None


def _of_map(typed: Op, scope: Scope) -> Bounds:
    """Between the least and the greatest value of the list, where all of them are numbers."""
    name = typed.arguments[0]
    values = scope.maps[str(name.value)][1].values() if isinstance(name, Const) else ()
    numbers = [value for value in values if isinstance(value, Decimal)]
    if not numbers or len(numbers) < len(list(values)):
        return None, None
    return min(numbers), max(numbers)


def _both(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    return None if left is None or right is None else left + right


def _minus(value: Decimal | None) -> Decimal | None:
    return None if value is None else -value


_TINY = Decimal("0.00000001")
_MIRROR = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
_OPPOSITE = {"lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "eq": "ne", "ne": "eq"}


def assume(condition: Typed, scope: Scope, holds: bool) -> Scope:
    """What a branch of an `if` may rely on: comparisons of a column with a number."""
    if not isinstance(condition, Op):
        return scope
    if condition.operation == ("and" if holds else "or"):
        for part in condition.arguments:
            scope = assume(part, scope, holds)
        return scope
    if condition.operation == "not":
        return assume(condition.arguments[0], scope, not holds)
    if condition.operation not in _MIRROR:
        return scope
    left, right = condition.arguments
    name = condition.operation if holds else _OPPOSITE[condition.operation]
    if isinstance(left, Const):
        left, right, name = right, left, _MIRROR[name]
    if not (isinstance(left, Col) and isinstance(right, Const)):
        return scope
    return _compared(scope, left.name, name, right.value)


def _compared(scope: Scope, column: str, comparison: str, value: object) -> Scope:
    if not isinstance(value, Decimal):
        return scope
    if comparison == "ne":
        return scope.narrowed(f"{column}≠0", (None, None)) if value == 0 else scope
    bounds: dict[str, Bounds] = {
        "eq": (value, value),
        "ge": (value, None),
        "gt": (value + _TINY, None),
        "le": (None, value),
        "lt": (None, value - _TINY),
    }
    return scope.narrowed(column, bounds[comparison])
