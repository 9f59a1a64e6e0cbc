"""A DMN model as it is written: decisions, inputs, knowledge, types; nothing is understood yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from offerwright.interchange.dmn.xml import Element

HitPolicy = Literal[
    "unique", "any", "first", "priority", "rule order", "output order", "collect",
]  # fmt: skip
Aggregation = Literal["sum", "min", "max", "count"]


@dataclass(frozen=True, slots=True)
class Text:
    """A FEEL text and the element that holds it."""

    text: str
    element: Element


@dataclass(frozen=True, slots=True)
class InputClause:
    """A column of conditions. `expression` None: the tool left it empty."""

    expression: Text | None
    label: str
    type_ref: str | None
    values: Text | None
    element: Element


@dataclass(frozen=True, slots=True)
class OutputClause:
    """A column of results; without a name where it is the only one."""

    name: str
    label: str
    type_ref: str | None
    values: Text | None
    default: Text | None
    element: Element


@dataclass(frozen=True, slots=True)
class Rule:
    inputs: tuple[Text, ...]
    outputs: tuple[Text, ...]
    note: str
    element: Element


@dataclass(frozen=True, slots=True)
class DecisionTable:
    hit: HitPolicy
    aggregation: Aggregation | None
    inputs: tuple[InputClause, ...]
    outputs: tuple[OutputClause, ...]
    rules: tuple[Rule, ...]
    type_ref: str | None
    element: Element


@dataclass(frozen=True, slots=True)
class Invocation:
    """Knowledge called with a value for each of its parameters."""

    function: Text
    bindings: tuple[tuple[str, Logic], ...]
    element: Element


@dataclass(frozen=True, slots=True)
class Context:
    """Names computed one after the other, then the result."""

    entries: tuple[tuple[str, Logic], ...]
    result: Logic | None
    element: Element


@dataclass(frozen=True, slots=True)
class Conditional:
    condition: Logic
    yes: Logic
    no: Logic
    element: Element


@dataclass(frozen=True, slots=True)
class Unread:
    """Logic of a form that has no counterpart."""

    element: Element


Logic: TypeAlias = Text | DecisionTable | Invocation | Context | Conditional | Unread


@dataclass(frozen=True, slots=True)
class InputData:
    id: str
    name: str
    type_ref: str | None
    element: Element


@dataclass(frozen=True, slots=True)
class Decision:
    """`requires` are the ids of inputs, decisions and knowledge."""

    id: str
    name: str
    type_ref: str | None
    logic: Logic | None
    requires: tuple[str, ...]
    element: Element


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A business knowledge model: logic with parameters."""

    id: str
    name: str
    parameters: tuple[str, ...]
    logic: Logic | None
    requires: tuple[str, ...]
    element: Element


@dataclass(frozen=True, slots=True)
class ItemDefinition:
    """A type: of another type, or of components; `allowed` are its unary tests."""

    name: str
    type_ref: str | None
    components: tuple[ItemDefinition, ...]
    is_list: bool
    allowed: Text | None
    element: Element


@dataclass(frozen=True, slots=True)
class Model:
    """One DMN file."""

    name: str
    inputs: tuple[InputData, ...]
    decisions: tuple[Decision, ...]
    knowledge: tuple[Knowledge, ...]
    items: tuple[ItemDefinition, ...]
    element: Element

    def decision(self, name: str) -> Decision | None:
        return next((d for d in self.decisions if d.name == name), None)
