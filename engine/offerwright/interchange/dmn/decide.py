"""One decision of a model → the data of a decision document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from offerwright.errors import Diagnostic, Span
from offerwright.interchange.dmn.draft import Draft, Path, Stopped
from offerwright.interchange.dmn.express import total_condition
from offerwright.interchange.dmn.feel import At, Call, Feel, If, Null
from offerwright.interchange.dmn.feel_text import FeelRefused
from offerwright.interchange.dmn.inline import bound
from offerwright.interchange.dmn.model import (
    Conditional,
    Context,
    Decision,
    DecisionTable,
    Invocation,
    Logic,
    Text,
    Unread,
)
from offerwright.interchange.dmn.result_cells import declared, result_cell, result_types
from offerwright.interchange.dmn.rows import table_of
from offerwright.interchange.dmn.simplify import simplified
from offerwright.interchange.dmn.types import DmnType
from offerwright.interchange.dmn.vocabulary import Result, Vocabulary
from offerwright.interchange.dmn.xml import Element

_FORMS = {
    "list": "write a table that collects the values",
    "relation": "write a decision table",
    "functionDefinition": "write a business knowledge model",
}


@dataclass(frozen=True, slots=True)
class Decided:
    """The document of a decision; None where findings say why there is none.

    `types` are what the results turned out to be, by fact.
    """

    decision: Decision
    data: Mapping[str, Any] | None
    places: Mapping[Path, Span]
    types: Mapping[str, DmnType]
    found: tuple[Diagnostic, ...]


def decide(decision: Decision, vocabulary: Vocabulary) -> Decided:
    """The document that gives the results of a decision."""
    draft = Draft(decision, vocabulary, vocabulary.scope(without=decision.name))
    data: dict[str, Any] | None = None
    with suppress(Stopped):
        data = _document(decision.logic, draft)
    return Decided(decision, data, draft.places, draft.types, tuple(draft.found))


def _document(logic: Logic | None, draft: Draft) -> dict[str, Any]:
    decision = draft.decision
    results = draft.vocabulary.results[decision.name]
    if logic is None:
        raise draft.stop(decision.element, f"`{decision.name}` has no logic",
                         "give it a table or an expression")  # fmt: skip
    if isinstance(logic, Invocation):
        logic = _invoked(logic, draft)
    if isinstance(logic, DecisionTable):
        body = table_of(logic, results, draft)
    elif isinstance(logic, Context) and logic.result is None:
        body = _structure(logic, results, draft)
    else:
        body = _single(logic, results, draft)
    name = draft.vocabulary.documents[decision.name]
    head: dict[str, Any] = {"kind": "decision", "name": name}
    head |= {"note": f"DMN decision {decision.name}"} if name != decision.name else {}
    return {**head, **({"derive": draft.derive} if draft.derive else {}), **body}


def _invoked(logic: Invocation, draft: Draft) -> Logic:
    """The logic of the knowledge that is called, with its parameters known."""
    name = " ".join(logic.function.text.split())
    known = draft.vocabulary.knowledge.get(name)
    if known is None:
        raise draft.stop(logic.element, f"no knowledge is called `{name}`",
                         "name a business knowledge model of this file")  # fmt: skip
    if known.logic is None or isinstance(known.logic, Unread):
        raise draft.stop(known.element, f"`{name}` has no logic that is read", "write a table")
    arguments = tuple(tree_of(value, draft) for _, value in logic.bindings)
    names = tuple(parameter for parameter, _ in logic.bindings)
    call = Call(name, arguments, names, At(0, max(1, len(logic.function.text))))
    try:
        draft.values = bound(call, known)
    except FeelRefused as refused:
        raise draft.refuse(refused, logic.function.element) from None
    return known.logic


def tree_of(logic: Logic, draft: Draft) -> Feel:
    """The expression that logic without tables is. Raises `Stopped`."""
    if isinstance(logic, Text):
        return draft.expression(logic)
    if isinstance(logic, Conditional):
        parts = [tree_of(part, draft) for part in (logic.condition, logic.yes, logic.no)]
        return simplified(If(parts[0], parts[1], parts[2], parts[0].at))
    if isinstance(logic, Context) and logic.result is not None:
        return _with_entries(logic, logic.result, draft)
    if isinstance(logic, Invocation):
        before = draft.values
        inner = tree_of(_invoked(logic, draft), draft)
        draft.values = before
        return inner
    element = logic.element
    hint = _FORMS.get(element.name, "write a decision table or an expression")
    raise draft.stop(element, f"<{element.name}> has no counterpart here", hint)


def _with_entries(logic: Context, result: Logic, draft: Draft) -> Feel:
    before = draft.values
    for name, entry in logic.entries:
        draft.values = {**draft.values, name: tree_of(entry, draft)}
    found = tree_of(result, draft)
    draft.values = before
    return found


def _single(logic: Logic, results: tuple[Result, ...], draft: Draft) -> dict[str, Any]:
    """A decision that is one expression: one row, or one for each branch where some are null."""
    if len(results) != 1:
        message = "the type has components, and the logic is one expression"
        hint = "write a context with an entry for each component"
        raise draft.stop(draft.decision.element, message, hint)
    tree, element = tree_of(logic, draft), logic.element
    branches = list(_branches(tree)) if _ends_in_null(tree) else [(None, tree)]
    trees = [[branch] for _, branch in branches]
    types = result_types(results, trees, draft)
    body: dict[str, Any] = {"results": declared(results, types, draft)}
    place = element.place(0, len(element.text))
    rows: list[dict[str, Any]] = []
    for condition, branch in branches:
        row: dict[str, Any] = {"id": f"case-{len(rows) + 1}"}
        if condition is not None:
            said = _total(condition, element, draft)
            row["when"] = {draft.derived(said, element, f"case {len(rows) + 1}"): True}
        if not isinstance(branch, Null):
            row["then"] = {results[0].fact.name: result_cell(branch, types[0], element, draft)}
        draft.places[("rules", len(rows))] = place
        rows.append(row)
    if len(rows) == 1:
        return {**body, "rules": [{**rows[0], "id": "always"}]}
    return {**body, "hit": "first", "rules": rows[:-1], "otherwise": rows[-1].get("then", {})}


def _ends_in_null(tree: Feel) -> bool:
    return any(isinstance(branch, Null) for _, branch in _branches(tree))


def _branches(tree: Feel) -> Iterator[tuple[Feel | None, Feel]]:
    """The conditions of a chain of `if` with their values, the last one without a condition."""
    while isinstance(tree, If):
        yield tree.condition, tree.yes
        tree = tree.no
    yield None, tree


def _total(condition: Feel, element: Element, draft: Draft) -> str:
    try:
        return total_condition(condition, draft.scope)
    except FeelRefused as refused:
        raise draft.refuse(refused, element) from None


def _structure(logic: Context, results: tuple[Result, ...], draft: Draft) -> dict[str, Any]:
    """A context without a result: each entry is a component."""
    trees: dict[str, tuple[Feel, Element]] = {}
    for name, entry in logic.entries:
        tree = tree_of(entry, draft)
        draft.values = {**draft.values, name: tree}
        trees[name] = (tree, entry.element)
    missing = [r.component for r in results if r.component not in trees]
    if missing:
        hint = "give the decision a type whose components are the entries"
        raise draft.stop(logic.element, f"no entry is called `{missing[0]}`", hint)
    types = result_types(results, [[trees[r.component][0] for r in results]], draft)
    then = {
        result.fact.name: result_cell(*_swapped(trees[result.component], type_), draft)
        for result, type_ in zip(results, types, strict=True)
        if not isinstance(trees[result.component][0], Null)
    }
    draft.places[("rules", 0)] = logic.element.span
    return {"results": declared(results, types, draft), "rules": [{"id": "always", "then": then}]}


def _swapped(entry: tuple[Feel, Element], type_: DmnType) -> tuple[Feel, DmnType, Element]:
    return entry[0], type_, entry[1]
