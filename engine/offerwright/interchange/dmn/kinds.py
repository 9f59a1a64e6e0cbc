"""What kind of value an expression gives, as far as it can be seen without its types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from offerwright.interchange.dmn.feel import (
    Among,
    Binary,
    Call,
    Constant,
    Feel,
    If,
    Kind,
    Negative,
    Ref,
)
from offerwright.interchange.dmn.types import DmnType

_NUMBERS = frozenset(
    {"abs", "floor", "ceiling", "string length", "round half up", "day", "month", "weekday"}
)
_TEXTS = frozenset({"upper case", "lower case", "string", "concat"})
_CONDITIONS = frozenset({"not", "is missing", "is present", "starts with", "ends with", "contains",
                         "matches", "list contains"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """What a name of the model is called in the language, and its type."""

    name: str
    type: DmnType


@dataclass(frozen=True, slots=True)
class Scope:
    """The names of the model: inputs, results of decisions, the value under test."""

    facts: Mapping[tuple[str, ...], Fact]
    zone: ZoneInfo
    calls: Mapping[str, object] = field(default_factory=dict)


def kind_of(node: Feel, scope: Scope) -> Kind:
    """The kind of an expression's values; `any` where it cannot be seen."""
    if isinstance(node, Constant):
        return node.kind
    if isinstance(node, Ref):
        fact = scope.facts.get(node.names)
        return "any" if fact is None or fact.type.is_list else fact.type.kind
    if isinstance(node, Negative):
        return kind_of(node.operand, scope)
    if isinstance(node, If):
        return _first(kind_of(node.yes, scope), kind_of(node.no, scope))
    if isinstance(node, Among):
        return "boolean"
    if isinstance(node, Call):
        return _call(node, scope)
    return _binary(node, scope) if isinstance(node, Binary) else "any"


def _first(one: Kind, other: Kind) -> Kind:
    return other if one == "any" else one


def _call(node: Call, scope: Scope) -> Kind:
    if node.name in _NUMBERS:
        return "number"
    if node.name in _TEXTS:
        return "text"
    if node.name in _CONDITIONS:
        return "boolean"
    if node.name in ("date", "today"):
        return "date"
    if node.name in ("now", "date and time"):
        return "datetime"
    return kind_of(node.arguments[0], scope) if node.name in ("min", "max") else "any"


def _binary(node: Binary, scope: Scope) -> Kind:
    if node.operator not in ("+", "-", "*", "/", "**"):
        return "boolean"
    kinds = kind_of(node.left, scope), kind_of(node.right, scope)
    if node.operator == "+" and "text" in kinds:
        return "text"
    moments = [k for k in kinds if k in ("date", "datetime")]
    if moments:
        return "duration" if len(moments) == 2 else moments[0]
    if "duration" in kinds:
        return "number" if node.operator == "/" and kinds[0] == kinds[1] else "duration"
    return "number"
