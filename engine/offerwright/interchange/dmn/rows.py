"""A decision table → the rows of a document: conditions, results, the order that a policy asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from offerwright.interchange.dmn.cells import cell_of
from offerwright.interchange.dmn.draft import Draft, Stopped, is_fact
from offerwright.interchange.dmn.express import condition_of
from offerwright.interchange.dmn.feel import Among, At, Compared, Constant, Feel, Null, Ref, Tests
from offerwright.interchange.dmn.feel_parse import parse_tests
from offerwright.interchange.dmn.feel_text import FeelRefused
from offerwright.interchange.dmn.kinds import kind_of
from offerwright.interchange.dmn.model import DecisionTable, InputClause, OutputClause, Rule
from offerwright.interchange.dmn.result_cells import declared, result_cell, result_types
from offerwright.interchange.dmn.simplify import simplified, substituted
from offerwright.interchange.dmn.types import NOTHING, DmnType
from offerwright.interchange.dmn.vocabulary import Result

_SORTED = ("priority", "output order")


@dataclass(frozen=True, slots=True)
class _Column:
    """An input column: what it looks at, and the fact whose cells it has."""

    clause: InputClause
    value: Feel
    fact: str
    type: DmnType


def table_of(table: DecisionTable, results: Sequence[Result], draft: Draft) -> dict[str, Any]:
    """The keys of a document for a table. Raises `Stopped`."""
    if not table.outputs or any(
        (len(r.inputs), len(r.outputs)) != (len(table.inputs), len(table.outputs))
        for r in table.rules
    ):
        raise Stopped  # the reader has said so
    if table.aggregation is not None and len(results) > 1:
        raise draft.stop(table.element, f"{table.aggregation} of several outputs has no meaning",
                         "collect without an aggregator, or keep one output")  # fmt: skip
    columns = [_column(clause, number, draft) for number, clause in enumerate(table.inputs)]
    trees = [[draft.expression(text) for text in rule.outputs] for rule in table.rules]
    defaults = [_default(output, draft) for output in table.outputs]
    cells: list[Sequence[Feel | None]] = [
        *trees,
        *([defaults] if any(d is not None for d in defaults) else []),
    ]
    if table.aggregation == "count":
        # Rows are counted, whatever stands in them.
        results = [replace(r, fact=replace(r.fact, type=DmnType())) for r in results]
    types = result_types(results, [[c or _NULL for c in row] for row in cells], draft)
    if table.aggregation not in (None, "count") and types[0].kind != "number":
        raise draft.stop(table.element, f"{table.aggregation} of values that are no numbers",
                         "give the output the type number")  # fmt: skip
    order = _order(table, trees, draft)
    rows = []
    for position, number in enumerate(order):
        rule = table.rules[number]
        draft.places[("rules", position)] = rule.element.span
        rows.append(_row(rule, number, columns, results, types, trees[number], draft))
    body = {"results": declared(results, types, draft), **_policy(table), "rules": rows}
    otherwise = {
        result.fact.name: result_cell(tree, type_, output.element, draft)
        for result, type_, tree, output in zip(results, types, defaults, table.outputs, strict=True)
        if tree is not None and not isinstance(tree, Null)
    }
    if otherwise or body.get("hit") == "first":
        body["otherwise"] = otherwise
        draft.places[("otherwise",)] = table.element.span
    return body


_NULL = Null(At(0, 1))


def _policy(table: DecisionTable) -> dict[str, Any]:
    if table.hit == "collect" or table.hit in ("rule order", "output order"):
        return {"hit": "collect", "take": table.aggregation or "list"}
    return {"unique": {}, "any": {"hit": "any"}}.get(table.hit, {"hit": "first"})


def _default(output: OutputClause, draft: Draft) -> Feel | None:
    return None if output.default is None else draft.expression(output.default)


def _column(clause: InputClause, number: int, draft: Draft) -> _Column:
    label = clause.label or f"input {number + 1}"
    if clause.expression is None:
        raise draft.stop(clause.element, f"the column `{label}` looks at nothing",
                         "write the name of an input into its expression")  # fmt: skip
    value = draft.expression(clause.expression)
    if is_fact(value, draft.scope) and isinstance(value, Ref):
        fact = draft.scope.facts[value.names]
        return _Column(clause, value, fact.name, fact.type)
    element = clause.expression.element
    said = draft.said(value, element)
    name = draft.derived(said, element, label)
    return _Column(clause, value, name, DmnType(kind_of(value, draft.scope)))


def _row(
    rule: Rule,
    number: int,
    columns: Sequence[_Column],
    results: Sequence[Result],
    types: Sequence[DmnType],
    trees: Sequence[Feel],
    draft: Draft,
) -> dict[str, Any]:
    when: dict[str, Any] = {}
    for column, text in zip(columns, rule.inputs, strict=True):
        tests = draft.tests(text)
        if tests.tests:
            fact, cell = _condition(column, tests, number, text.element, draft)
            when = _joined(when, fact, cell)
    then = {
        result.fact.name: result_cell(tree, type_, text.element, draft)
        for result, type_, tree, text in zip(results, types, trees, rule.outputs, strict=True)
        if not isinstance(tree, Null)
    }
    row: dict[str, Any] = {"id": f"rule-{number + 1}"}
    row |= {"when": when} if when else {}
    row |= {"then": then} if then else {}
    return {**row, "note": rule.note} if rule.note else row


def _joined(when: dict[str, Any], fact: str, cell: Any) -> dict[str, Any]:
    """The conditions with one more; a fact that is tested twice stands under `all`."""
    if fact not in when:
        return {**when, fact: cell}
    return {**when, "all": [*when.get("all", []), {fact: cell}]}


def _replaced(tests: Tests, values: Mapping[str, Feel]) -> Tests:
    """The tests with these names replaced."""
    held = substituted(Among(_NULL, tests.tests, _NULL.at), values)
    assert isinstance(held, Among), "a tree keeps its shape"
    return Tests(held.tests, tests.is_negated)


def _condition(
    column: _Column, tests: Tests, number: int, element: Any, draft: Draft
) -> tuple[str, Any]:
    """The fact and its cell; what no cell says becomes a derived condition that is true."""
    try:
        cell = cell_of(tests, column.type, draft.scope)
        if cell is not None:
            return column.fact, cell
        known = _replaced(tests, {"?": column.value})
        said = condition_of(column.value, known.tests, tests.is_negated, draft.scope)
    except FeelRefused as refused:
        raise draft.refuse(refused, element) from None
    label = column.clause.label or column.fact
    return draft.derived(said, element, label, f"rule {number + 1}"), True


def _order(table: DecisionTable, trees: Sequence[Sequence[Feel]], draft: Draft) -> list[int]:
    """The rules as the policy orders them: the outputs' values say which come first."""
    plain = list(range(len(table.rules)))
    if table.hit not in _SORTED:
        return plain
    ranked = [(number, _priorities(output, draft)) for number, output in enumerate(table.outputs)]
    used = [(number, values) for number, values in ranked if values]
    if not used:
        raise draft.stop(table.element, f"{table.hit} needs the values of an output, best first",
                         "list them as the output's allowed values")  # fmt: skip

    def rank(number: int) -> tuple[int, ...]:
        found = []
        for column, values in used:
            tree = trees[number][column]
            if not isinstance(tree, Constant) or tree.value not in values:
                text = table.rules[number].outputs[column].text.strip()
                raise draft.stop(
                    table.rules[number].element, f"`{text}` is none of the output's values, so its "
                    "rank is not known", "write one of the allowed values",
                )  # fmt: skip
            found.append(values.index(tree.value))
        return tuple(found)

    return sorted(plain, key=rank)


def _priorities(output: OutputClause, draft: Draft) -> list[Any]:
    if output.values is None:
        return list(_words(output, draft))
    try:
        tests = parse_tests(output.values.text, NOTHING)
    except FeelRefused as refused:
        raise draft.refuse(refused, output.values.element) from None
    values = [simplified(test.value) for test in tests.tests if isinstance(test, Compared)]
    return [value.value for value in values if isinstance(value, Constant)]


def _words(output: OutputClause, draft: Draft) -> tuple[str, ...]:
    """The allowed words of the output's type."""
    results = draft.vocabulary.results[draft.decision.name]
    names = [result.component for result in results]
    if output.name in names:
        return results[names.index(output.name)].fact.type.words
    return results[0].fact.type.words if len(results) == 1 else ()
