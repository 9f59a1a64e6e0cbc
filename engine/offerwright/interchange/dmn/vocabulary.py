"""What the names of a model become: facts for inputs, results of decisions, knowledge to inline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from offerwright.errors import Diagnostic
from offerwright.interchange.dmn.feel import At, Constant, Kind
from offerwright.interchange.dmn.feel_parse import parse_tests
from offerwright.interchange.dmn.feel_text import FeelRefused, Names
from offerwright.interchange.dmn.kinds import Fact, Scope
from offerwright.interchange.dmn.model import (
    Decision,
    DecisionTable,
    InputClause,
    InputData,
    Knowledge,
    Logic,
    Model,
    Text,
)
from offerwright.interchange.dmn.names import Namer
from offerwright.interchange.dmn.simplify import simplified
from offerwright.interchange.dmn.tree import test_parts
from offerwright.interchange.dmn.types import NOTHING, DmnType, leaves, narrowed, resolved
from offerwright.interchange.dmn.xml import Element

_START = At(0, 1)
_SIMPLE_NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Result:
    """One result of a decision: the component of the model (none: the whole), the fact."""

    component: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class Given:
    """What the importing repository brings: its zone, its facts by name, a source for new ones."""

    zone: ZoneInfo
    facts: frozenset[str] = frozenset()
    source: str = "inputs"
    """The source that new facts are said to come from."""
    is_new: bool = True
    """Whether the documents are the first ones of a repository."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All names of a model, given once."""

    model: Model
    inputs: tuple[tuple[InputData, tuple[tuple[tuple[str, ...], Fact], ...]], ...]
    results: Mapping[str, tuple[Result, ...]]
    """By the name of the decision."""
    knowledge: Mapping[str, Knowledge]
    documents: Mapping[str, str]
    """The name of the document of every decision."""
    namer: Namer
    given: Given
    found: tuple[Diagnostic, ...] = ()
    refused: frozenset[str] = frozenset()
    """The inputs whose type cannot be kept."""

    def scope(self, without: str = "") -> Scope:
        """What an expression of a decision may name; not its own results."""
        facts: dict[tuple[str, ...], Fact] = {}
        for _, parts in self.inputs:
            facts |= dict(parts)
        for name, results in self.results.items():
            if name == without:
                continue
            for result in results:
                facts[(name, result.component) if result.component else (name,)] = result.fact
        return Scope(facts, self.given.zone)

    def knowing(self, types: Mapping[str, DmnType]) -> Vocabulary:
        """The same names, with the types that results turned out to have, by fact."""
        results = {
            name: tuple(
                replace(r, fact=replace(r.fact, type=types.get(r.fact.name, r.fact.type)))
                for r in several
            )
            for name, several in self.results.items()
        }
        return replace(self, results=results)

    def names(self, *more: str) -> Names:
        """The names that FEEL texts may hold, components and parameters among them."""
        facts = self.scope().facts
        words = {part for names in facts for part in names} | set(self.knowledge) | set(more)
        return Names.of(words)


def vocabulary(model: Model, given: Given) -> Vocabulary:
    """The names of a model. An input whose type cannot be kept is a finding, and any."""
    namer = Namer(set())
    found: list[Diagnostic] = []
    inputs = []
    refused = []
    for data in (*model.inputs, *_implied(model)):
        parts = []
        known = len(found)
        type_ = _input_type(data, model, found)
        refused += [data.name] if len(found) > known else []
        for path, leaf in leaves(data.name, type_):
            name = namer.name(*path)
            parts.append((path, Fact(name, leaf)))
        inputs.append((data, tuple(parts)))
    # An input may be a fact that exists; a result must not be one.
    namer = Namer(namer.taken | given.facts)
    results = {d.name: tuple(_results(d, model, namer, found)) for d in model.decisions}
    documents = Namer()
    return Vocabulary(
        model=model,
        inputs=tuple(inputs),
        results=results,
        knowledge={k.name: k for k in model.knowledge},
        documents={d.name: documents.document(d.name) for d in model.decisions},
        namer=namer,
        given=given,
        found=tuple(found),
        refused=frozenset(refused),
    )


def refusal(refused: FeelRefused, element: Element) -> Diagnostic:
    """The finding that a refusal is, in the text of an element."""
    span = element.place(refused.at.start, refused.at.end)
    return Diagnostic(refused.code, refused.message, span, refused.hint)


def _input_type(data: InputData, model: Model, found: list[Diagnostic]) -> DmnType:
    try:
        type_ = resolved(data.type_ref, model)
        if type_.is_list and type_.components:
            message, hint = f"`{data.name}` is a list of structures", "give its parts as inputs"
            raise FeelRefused(_START, message, hint, "DMN_UNSUPPORTED")
    except FeelRefused as refused:
        found.append(refusal(refused, data.element))
        return DmnType()
    return type_ if type_.components else _used_as(data.name, type_, model)


def _used_as(name: str, type_: DmnType, model: Model) -> DmnType:
    """The type, completed by the columns that test the input: their type, their allowed words."""
    for clause in _clauses(model):
        if clause.expression is None or clause.expression.text.strip() != name:
            continue
        if type_.kind == "any":
            try:
                type_ = resolved(clause.type_ref, model)
            except FeelRefused:
                continue
        if type_.kind == "text" and not type_.words:
            type_ = narrowed(type_, clause.values)
    return replace(type_, kind=_tested_kind(name, model)) if type_.kind == "any" else type_


def _tested_kind(name: str, model: Model) -> Kind:
    """What the columns of an input without a type compare it with; `any` where they differ."""
    kinds: set[Kind] = set()
    for table in _tables(model):
        for number, clause in enumerate(table.inputs):
            if clause.expression is None or clause.expression.text.strip() != name:
                continue
            texts = [rule.inputs[number] for rule in table.rules if number < len(rule.inputs)]
            kinds |= {kind for text in texts for kind in _constant_kinds(text)}
    return kinds.pop() if len(kinds) == 1 else "any"


def _constant_kinds(text: Text) -> Iterator[Kind]:
    try:
        tests = parse_tests(text.text, NOTHING).tests
    except FeelRefused:
        return
    for part in (simplified(part) for test in tests for part in test_parts(test)):
        if isinstance(part, Constant):
            yield part.kind


def _clauses(model: Model) -> Iterator[InputClause]:
    for table in _tables(model):
        yield from table.inputs


def _tables(model: Model) -> Iterator[DecisionTable]:
    logics: list[Logic | None] = [d.logic for d in model.decisions]
    logics += [k.logic for k in model.knowledge]
    for logic in logics:
        if isinstance(logic, DecisionTable):
            yield logic


def _implied(model: Model) -> Iterator[InputData]:
    """Plain names that columns test and no element declares, as some tools leave them."""
    known = {i.name for i in model.inputs} | {d.name for d in model.decisions}
    known |= {k.name for k in model.knowledge} | {p for k in model.knowledge for p in k.parameters}
    for decision in model.decisions:
        table = decision.logic
        for clause in table.inputs if isinstance(table, DecisionTable) else ():
            text = clause.expression.text.strip() if clause.expression else ""
            if _SIMPLE_NAME.fullmatch(text) and text not in known:
                known.add(text)
                yield InputData(text, text, clause.type_ref, clause.element)


def _results(
    decision: Decision, model: Model, namer: Namer, found: list[Diagnostic]
) -> Iterator[Result]:
    whole = _decision_type(decision, model, found)
    table = _table_of(decision, model)
    if table is None or len(table.outputs) < 2:
        parts = whole.components if whole.components and table is None else ()
        if not parts:
            leaf = whole
            if table is not None and table.outputs:
                leaf = _output_type(table, 0, whole, model, found)
            yield Result("", Fact(namer.name(decision.name), leaf))
        for component, leaf in parts:
            yield Result(component, Fact(namer.name(decision.name, component), leaf))
        return
    for number, output in enumerate(table.outputs):
        leaf = _output_type(table, number, whole, model, found)
        name = output.name or output.label or f"output {number + 1}"
        yield Result(name, Fact(namer.name(decision.name, name), leaf))


def _table_of(decision: Decision, model: Model) -> DecisionTable | None:
    if isinstance(decision.logic, DecisionTable):
        return decision.logic
    function = getattr(decision.logic, "function", None)
    if isinstance(function, Text):
        called = next((k for k in model.knowledge if k.name == function.text.strip()), None)
        if called is not None and isinstance(called.logic, DecisionTable):
            return called.logic
    return None


def _decision_type(decision: Decision, model: Model, found: list[Diagnostic]) -> DmnType:
    try:
        return resolved(decision.type_ref, model)
    except FeelRefused as refused:
        found.append(refusal(refused, decision.element))
        return DmnType()


def _output_type(
    table: DecisionTable, number: int, whole: DmnType, model: Model, found: list[Diagnostic]
) -> DmnType:
    output = table.outputs[number]
    type_ = DmnType()
    try:
        if output.type_ref is not None:
            type_ = resolved(output.type_ref, model)
        elif whole.components:
            type_ = dict(whole.components).get(output.name, DmnType())
        elif len(table.outputs) == 1:
            type_ = resolved(table.type_ref, model) if whole.kind == "any" else whole
            if type_.components:
                type_ = dict(type_.components).get(output.name, DmnType())
    except FeelRefused as refused:
        found.append(refusal(refused, output.element))
    type_ = narrowed(type_, output.values)
    listed = table.hit in ("rule order", "output order") or (
        table.hit == "collect" and table.aggregation is None
    )
    return replace(type_, is_list=listed)
