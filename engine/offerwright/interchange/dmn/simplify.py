"""
FEEL trees → smaller trees that mean the same: null carried through, powers written out.

The language has no word for null: what is always null must end as one `Null`, which a result that
is left out stands for. Powers are computed where both numbers are written, and are products where
the exponent is a small whole number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation, Overflow

from offerwright.interchange.dmn.feel import (
    Among,
    At,
    Binary,
    Call,
    Constant,
    Feel,
    If,
    Negative,
    Null,
    Ref,
)
from offerwright.interchange.dmn.feel_text import FeelRefused
from offerwright.interchange.dmn.tree import bounded, with_parts

MAX_PRODUCTS = 12
_ARITHMETIC = ("+", "-", "*", "/", "**")
# FEEL computes with 34 digits.
_FEEL = Context(prec=34, rounding=ROUND_HALF_EVEN)


def substituted(node: Feel, values: Mapping[str, Feel], at: At | None = None) -> Feel:
    """The tree with names replaced; with `at`, all of it stands in that place."""
    if isinstance(node, Ref):
        return _component(node, values, at or node.at)
    return with_parts(node, lambda part: substituted(part, values, at), at)


def _component(node: Ref, values: Mapping[str, Feel], here: At) -> Feel:
    found = values.get(node.names[0])
    below = node.names[1:]
    if found is None:
        return replace(node, at=here)
    if not below:
        return replace(found, at=here)
    if not isinstance(found, Ref):
        raise FeelRefused(here, f"`{node.names[0]}` has no component `{below[0]}`")
    return Ref((*found.names, *below), here)


def simplified(node: Feel) -> Feel:
    """The tree without nulls inside, as far as they decide something. Raises `FeelRefused`."""
    if isinstance(node, Negative):
        return _negative(simplified(node.operand), node.at)
    if isinstance(node, Binary):
        return _binary(replace(node, left=simplified(node.left), right=simplified(node.right)))
    if isinstance(node, If):
        condition = simplified(node.condition)
        if isinstance(condition, Null) or _is(condition, False):
            return simplified(node.no)
        if _is(condition, True):
            return simplified(node.yes)
        return If(condition, simplified(node.yes), simplified(node.no), node.at)
    if isinstance(node, Call):
        arguments = tuple(map(simplified, node.arguments))
        if any(isinstance(a, Null) for a in arguments):
            return Null(node.at)
        return replace(node, arguments=arguments)
    if isinstance(node, Among):
        return replace(node, value=simplified(node.value))
    return node


def _is(node: Feel, value: bool) -> bool:
    return isinstance(node, Constant) and node.kind == "boolean" and node.value is value


def _negative(operand: Feel, at: At) -> Feel:
    if isinstance(operand, Null):
        return Null(at)
    if isinstance(operand, Constant) and isinstance(operand.value, Decimal):
        return Constant("number", -operand.value, at)
    return Negative(operand, at)


def _binary(node: Binary) -> Feel:
    left, right, operator = node.left, node.right, node.operator
    nulls = isinstance(left, Null), isinstance(right, Null)
    if operator in _ARITHMETIC:
        if any(nulls):
            return Null(node.at)
        if operator == "/":
            return _divided(node)
        return _power(node) if operator == "**" else node
    if operator in ("=", "!=") and any(nulls):
        if all(nulls):
            return Constant("boolean", operator == "=", node.at)
        other = right if nulls[0] else left
        if isinstance(other, Constant):
            return Constant("boolean", operator == "!=", node.at)
        return Call("is missing" if operator == "=" else "is present", (other,), (), node.at)
    if operator in ("and", "or"):
        return _connected(node)
    return Null(node.at) if any(nulls) else node


def _divided(node: Binary) -> Feel:
    """A divisor of written numbers is computed, so that it is seen not to be zero."""
    divisor = constant(node.right)
    if divisor == 0:
        return Null(node.at)
    if divisor is None or isinstance(node.right, Constant):
        return node
    return replace(node, right=Constant("number", divisor.normalize(), node.right.at))


def _connected(node: Binary) -> Feel:
    decides = node.operator == "or"
    sides = node.left, node.right
    if any(_is(side, decides) for side in sides):
        return Constant("boolean", decides, node.at)
    for one, other in (sides, sides[::-1]):
        if _is(one, not decides):
            return other
    return Null(node.at) if all(isinstance(side, Null) for side in sides) else node


def constant(node: Feel) -> Decimal | None:
    """The number that an expression without names always gives."""
    if isinstance(node, Constant):
        return node.value if isinstance(node.value, Decimal) else None
    if isinstance(node, Negative):
        inner = constant(node.operand)
        return None if inner is None else -inner
    if not isinstance(node, Binary) or node.operator not in _ARITHMETIC:
        return None
    left, right = constant(node.left), constant(node.right)
    if left is None or right is None:
        return None
    try:
        return _computed(node.operator, left, right)
    except (InvalidOperation, Overflow, ZeroDivisionError):
        return None


def _computed(operator: str, left: Decimal, right: Decimal) -> Decimal | None:
    if operator == "**":
        if right != right.to_integral_value() or abs(right) > 1000:
            return None
        return _FEEL.power(left, right)
    if operator == "/":
        return None if right == 0 else _FEEL.divide(left, right)
    return {"+": _FEEL.add, "-": _FEEL.subtract, "*": _FEEL.multiply}[operator](left, right)


def _power(node: Binary) -> Feel:
    exponent = constant(node.right)
    if exponent is not None and exponent < 0 and constant(node.left) == 0:
        return Null(node.at)
    whole = constant(node)
    if whole is not None:
        return Constant("number", whole.normalize(), node.at)
    if exponent is None or exponent != exponent.to_integral_value() or not (
        1 <= exponent <= MAX_PRODUCTS
    ):  # fmt: skip
        raise FeelRefused(
            node.at, "a power is kept only with a written exponent from 1 to "
            f"{MAX_PRODUCTS}, or of two written numbers",
            "the language multiplies; give the result as an input where it needs more",
            "FEEL_UNSUPPORTED",
        )  # fmt: skip
    found = node.left
    for _ in range(int(exponent) - 1):
        found = Binary("*", found, node.left, node.at)
    return bounded(found)
