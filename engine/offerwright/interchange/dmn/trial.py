"""Test cases × an imported model → what our engine gives beside what the cases expect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

import polars as pl

from offerwright.evaluate.run import Executor, Offers
from offerwright.interchange.dmn.cases import Case, Expected, Value
from offerwright.interchange.dmn.files import Imported
from offerwright.interchange.dmn.values import NoValue, agrees, given, series
from offerwright.interchange.dmn.vocabulary import Result, Vocabulary

# The cases that are run ask for nothing that moves with the clock.
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)

Status = Literal["pass", "fail", "refused"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One result of one case. `got` is written as text; `reason` says why nothing was computed."""

    case: str
    decision: str
    status: Status
    expected: str = ""
    got: str = ""
    reason: str = ""


def tried(imported: Imported, cases: Sequence[Case]) -> tuple[Outcome, ...]:
    """The outcome of every result of every case, all cases computed in one batch."""
    known = imported.converted.vocabulary
    if imported.loadout is None:
        return tuple(
            Outcome(case.id, node.name, "refused", reason="the model is refused")
            for case in cases for node in case.results
        )  # fmt: skip
    unread = {number: why for number, case in enumerate(cases) if (why := _unread(known, case))}
    frame = _frame(known, [replace(case, inputs={}) if number in unread else case
                           for number, case in enumerate(cases)])  # fmt: skip
    (offers,) = Executor(imported.loadout.rules).run(frame, AS_OF)
    return tuple(
        Outcome(case.id, node.name, "refused", reason=unread[row])
        if row in unread
        else _outcome(case, node, row, imported, offers)
        for row, case in enumerate(cases)
        for node in case.results
    )


def _unread(known: Vocabulary, case: Case) -> str:
    """Why the inputs of a case are no values of the model's types; "" where they are."""
    for _, parts in known.inputs:
        for path, fact in parts:
            try:
                series(fact.name, [_at(case.inputs, path)], fact.type)
            except NoValue as problem:
                return f"the input `{'.'.join(path)}`: {problem}"
    return ""


def _frame(known: Vocabulary, cases: Sequence[Case]) -> pl.DataFrame:
    """One row per case, with a column for every fact that the inputs of the model are."""
    columns = [pl.Series("sku", [f"case-{number}" for number in range(len(cases))])]
    for _, parts in known.inputs:
        for path, fact in parts:
            values = [_at(case.inputs, path) for case in cases]
            columns.append(series(fact.name, values, fact.type))
    return pl.DataFrame(columns)


def _at(inputs: Mapping[str, Value], path: tuple[str, ...]) -> Value:
    found: Value = inputs
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _outcome(case: Case, node: Expected, row: int, imported: Imported, offers: Offers) -> Outcome:
    results = imported.converted.vocabulary.results.get(node.name)
    if case.calls:
        return Outcome(case.id, node.name, "refused", reason=f"it calls `{case.calls}` by itself")
    if results is None:
        return Outcome(case.id, node.name, "refused", reason="the model has no such decision")
    if node.name not in imported.converted.decisions:
        return Outcome(case.id, node.name, "refused", reason="the decision is refused")
    overridden = [n for n in case.inputs if n in imported.converted.vocabulary.results]
    if overridden:
        reason = f"it puts a value in the place of the decision `{overridden[0]}`"
        return Outcome(case.id, node.name, "refused", reason=reason)
    got = {r.component: given(offers.rows.get(r.fact.name), row, r.fact.type.kind) for r in results}
    is_right = _agree(node.value, got, results, _is_unordered(node.name, imported))
    return Outcome(case.id, node.name, "pass" if is_right else "fail", shown(node.value),
                   shown(_whole(got)))  # fmt: skip


def _is_unordered(decision: str, imported: Imported) -> bool:
    """A plain `COLLECT` says nothing of the order of its results."""
    found = imported.converted.vocabulary.model.decision(decision)
    logic = None if found is None else found.logic
    return getattr(logic, "hit", "") == "collect"


def _agree(
    expected: Value, got: Mapping[str, Any], results: Sequence[Result], unordered: bool
) -> bool:
    kinds = {r.component: r.fact.type.kind for r in results}
    if list(got) == [""]:
        return _one_agrees(expected, got[""], results[0], unordered)
    if isinstance(expected, tuple):
        rows = _rows(got)
        if rows is None or len(rows) != len(expected):
            return False
        pairs = _paired(expected, rows, kinds) if unordered else zip(expected, rows, strict=True)
        return all(_struct_agrees(e, g, kinds) for e, g in pairs)
    return _struct_agrees(expected, got, kinds)


def _one_agrees(expected: Value, got: Any, result: Result, unordered: bool) -> bool:
    kind = result.fact.type.kind
    if unordered and isinstance(expected, tuple) and isinstance(got, tuple):
        left = list(got)
        for one in expected:
            at = next((i for i, g in enumerate(left) if agrees(one, g, kind)), None)
            if at is None:
                return False
            left.pop(at)
        return not left
    return agrees(expected, got, kind)


def _rows(got: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Lists beside each other → one structure for each element."""
    if any(not isinstance(values, tuple) for values in got.values()):
        return None
    return [dict(zip(got, row, strict=True)) for row in zip(*got.values(), strict=True)]


def _paired(
    expected: Sequence[Value], rows: list[Mapping[str, Any]], kinds: Mapping[str, Any]
) -> Iterator[tuple[Value, Mapping[str, Any]]]:
    left = list(rows)
    for one in expected:
        at = next((i for i, row in enumerate(left) if _struct_agrees(one, row, kinds)), 0)
        yield one, left.pop(at)


def _struct_agrees(expected: Value, got: Mapping[str, Any], kinds: Mapping[str, Any]) -> bool:
    if expected is None:
        return all(value is None for value in got.values())
    if not isinstance(expected, Mapping) or set(expected) - set(got):
        return False
    return all(agrees(value, got[name], kinds[name]) for name, value in expected.items())


def _whole(got: Mapping[str, Any]) -> Any:
    return got[""] if list(got) == [""] else got


def shown(value: Any) -> str:
    """A value as one line of text."""
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {shown(v)}" for name, v in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(shown, value)) + "]"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()
