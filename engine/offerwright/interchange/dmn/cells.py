"""Unary tests → cells of `when`, where a cell can say them; None where a condition must."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from offerwright.interchange.dmn.express import duration, kept, moment
from offerwright.interchange.dmn.feel import (
    Among,
    Binary,
    Call,
    Compared,
    Constant,
    Feel,
    Holds,
    Interval,
    Null,
    Ref,
    Tests,
    UnaryTest,
)
from offerwright.interchange.dmn.feel_text import FeelRefused
from offerwright.interchange.dmn.kinds import Scope
from offerwright.interchange.dmn.simplify import simplified
from offerwright.interchange.dmn.tree import test_parts
from offerwright.interchange.dmn.types import DmnType

_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_SPECIAL_RE2 = re.compile(r"([\\.+*?()|\[\]{}^$])")


def cell_of(tests: Tests, type_: DmnType, scope: Scope) -> Any:
    """The cell that is true where the tests are; None: no cell says it."""
    cells: list[Any] = []
    for test in tests.tests:
        found = _list_cell(test) if type_.is_list else _cell(test, type_, scope)
        if found is None:
            return None
        cells += found if isinstance(found, list) else [found]
    cell = cells[0] if len(cells) == 1 else cells
    if not tests.is_negated:
        return cell
    return "present" if cell == "missing" else {"not": cell}


def _list_cell(test: UnaryTest) -> Any:
    """`list contains(?, "x")` of a fact that is a list."""
    if isinstance(test, Compared) and isinstance(test.value, Null) and test.operator == "=":
        return "missing"
    call = test.condition if isinstance(test, Holds) else None
    if isinstance(call, Call) and call.name == "list contains" and len(call.arguments) == 2:
        holder, element = call.arguments
        if isinstance(holder, Ref) and holder.names == ("?",) and isinstance(element, Constant):
            value = element.value
            return {"has": _word(value) if isinstance(value, str) else value}
    return None


def _cell(test: UnaryTest, type_: DmnType, scope: Scope) -> Any:
    if type_.kind == "text":
        # As a cell of a text, `> 3` would be these three signs.
        for part in map(simplified, test_parts(test)):
            if isinstance(part, Constant) and part.kind not in ("text", "boolean"):
                raise FeelRefused(test.at, f"a text is compared with a {part.kind}",
                                  "give the input the type of its tests", "WRONG_TYPE")  # fmt: skip
    if isinstance(test, Compared):
        return _compared(test.operator, simplified(test.value), type_, scope)
    if isinstance(test, Interval):
        ends = [_end(e, scope) for e in (simplified(test.low), simplified(test.high))]
        if None in ends:
            return None
        opening, closing = "[" if test.low_included else "(", "]" if test.high_included else ")"
        return f"{opening}{ends[0]}..{ends[1]}{closing}"
    return _condition(test.condition, type_, scope)


def _compared(operator: str, value: Feel, type_: DmnType, scope: Scope) -> Any:
    if isinstance(value, Null):
        return {"=": "missing", "!=": "present"}.get(operator)
    if not isinstance(value, Constant):
        return None
    if operator in ("=", "!="):
        cell = _equal(value, scope)
        return {"not": cell} if operator == "!=" else cell
    end = _end(value, scope)
    return None if end is None else f"{operator} {end}"


def _equal(value: Constant, scope: Scope) -> Any:
    if isinstance(value.value, bool):
        return value.value
    if isinstance(value.value, Decimal):
        return kept(value.value)
    return _word(str(value.value)) if value.kind == "text" else _end(value, scope)


def _word(word: str) -> Any:
    """A text as a cell; the two words that a cell means something else by are marked."""
    return {"is": word} if word in ("missing", "present") else word


def _end(value: Feel, scope: Scope) -> str | None:
    """A written value of an ordered type, as ranges name it."""
    if not isinstance(value, Constant):
        return None
    if isinstance(value.value, Decimal):
        return f"{kept(value.value):f}"
    if value.kind == "date":
        return str(value.value)
    if value.kind == "datetime":
        return moment(value, scope)
    return duration(value) if value.kind == "duration" else None


def _condition(node: Feel, type_: DmnType, scope: Scope) -> Any:
    """A condition over `?` that is one plain test of it."""
    if isinstance(node, Among) and _is_input(node.value):
        return cell_of(Tests(node.tests), type_, scope)
    bound = _bound(node)
    if bound is not None:
        return _compared(*bound, type_, scope)
    if isinstance(node, Binary) and node.operator == "and":
        return _between(_bound(node.left), _bound(node.right), scope)
    if isinstance(node, Call) and len(node.arguments) == 2 and _is_input(node.arguments[0]):
        return _pattern(node.name, node.arguments[1])
    return None


def _bound(node: Feel) -> tuple[str, Feel] | None:
    """`? < 5` or `5 > ?` as the sign and the value."""
    if not isinstance(node, Binary) or node.operator not in _FLIPPED:
        return None
    if _is_input(node.left):
        return node.operator, simplified(node.right)
    if _is_input(node.right):
        return _FLIPPED[node.operator], simplified(node.left)
    return None


def _between(
    one: tuple[str, Feel] | None, other: tuple[str, Feel] | None, scope: Scope
) -> str | None:
    """A lower and an upper bound as one range."""
    if one is None or other is None:
        return None
    low, high = (one, other) if one[0] in (">", ">=") else (other, one)
    ends = _end(low[1], scope), _end(high[1], scope)
    if low[0] not in (">", ">=") or high[0] not in ("<", "<=") or None in ends:
        return None
    opening, closing = "[" if low[0] == ">=" else "(", "]" if high[0] == "<=" else ")"
    return f"{opening}{ends[0]}..{ends[1]}{closing}"


def _is_input(node: Feel) -> bool:
    return isinstance(node, Ref) and node.names == ("?",)


def _pattern(function: str, operand: Feel) -> Any:
    if not isinstance(operand, Constant) or operand.kind != "text" or not operand.value:
        return None
    text = str(operand.value)
    escaped = _SPECIAL_RE2.sub(r"\\\1", text)
    return {
        "starts with": {"starts_with": text},
        "ends with": {"matches": f"(?s).*{escaped}"},
        "contains": {"matches": f"(?s).*{escaped}.*"},
    }.get(function)
