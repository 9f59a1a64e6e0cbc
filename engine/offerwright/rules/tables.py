"""Written rows → a compiled table: conditions to masks, results to typed cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from offerwright.errors import Span
from offerwright.expressions.cells import Words, Wrong, read_when
from offerwright.expressions.conditions import ALWAYS, Condition, Test, alternatives, renamed
from offerwright.expressions.functions import unify
from offerwright.expressions.parse import Refusal, parse
from offerwright.expressions.syntax import Const, Typed
from offerwright.expressions.types import BARE, TEXT, Type
from offerwright.expressions.typing import Scope, check
from offerwright.rules.analysis import analyse
from offerwright.rules.axes import build_axes
from offerwright.rules.document import Table, Then, When
from offerwright.rules.plan import ResultPlan, RowPlan, TablePlan
from offerwright.rules.rows import Findings, WrittenRow, written_rows
from offerwright.source.located import Loaded, Path

MAX_PARTS_OF_ROW = 64


@dataclass(frozen=True, slots=True)
class Setting:
    """Where something is compiled: its document, what it may name, where findings go."""

    loaded: Loaded[Any]
    scope: Scope
    words: Words
    findings: Findings

    def say(self, code: str, path: Path, message: str, hint: str = "") -> None:
        self.findings.say(code, self.loaded.located.at(path), message, hint)


def compile_expression(
    raw: object, span: Span, scope: Scope, findings: Findings, place: Type | None = None
) -> Typed | None:
    """The typed expression of a YAML value or CSV cell; None when a finding says why not."""
    text = f"{raw:f}" if isinstance(raw, Decimal) else str(raw)
    parsed = parse(text)
    checked = parsed if isinstance(parsed, Refusal) else check(parsed, scope, place)
    if isinstance(checked, Refusal):
        code = "WRONG_EXPRESSION" if parsed is checked else "WRONG_TYPE"
        findings.say(code, _inside(span, text, checked), checked.message, checked.hint)
        return None
    return checked


def _inside(span: Span, text: str, refusal: Refusal) -> Span:
    """The part of a one-line scalar that a refusal speaks of; quotes shift it by one."""
    width = span.end_column - span.column
    if span.line != span.end_line or width not in (len(text), len(text) + 2):
        return span
    start = span.column + (width - len(text)) // 2
    end = start + max(refusal.end, refusal.start + 1)
    return Span(span.file, span.line, start + refusal.start, span.line, end)


def compile_when(raw: When | None, path: Path, setting: Setting, label: str) -> TablePlan | None:
    """A step's `when` as a table of one row, so that one mechanism evaluates both."""
    if not raw:
        return None
    at = setting.loaded.located.at
    condition = _condition(raw, lambda below: at((*path, *below[1:])), setting)
    if condition is None:
        return None
    span = setting.loaded.located.at(path)
    row = RowPlan(label, span, condition)
    return table_of_rows(label, span, "any", None, (row,), (), False)


def _condition(raw: Mapping[str, Any], cell: Any, setting: Setting) -> Condition | None:
    try:
        scope = setting.scope
        written = read_when(raw, scope.types, setting.words) if raw else ALWAYS
        condition = renamed(written, scope.aliases)
    except Wrong as wrong:
        setting.findings.say("WRONG_CONDITION", _cell_span(cell, wrong), wrong.message, wrong.hint)
        return None
    if len(alternatives(condition)) > MAX_PARTS_OF_ROW:
        setting.findings.say(
            "CONDITION_TOO_WIDE", cell(()), "`any` and `not` make too many alternatives here",
            "split the row into several rows",
        )  # fmt: skip
        return None
    return condition


def _cell_span(cell: Any, wrong: Wrong) -> Span:
    """YAML cells stand below `when`; CSV cells under the heading `when.<fact>`."""
    span: Span = cell(("when", *wrong.path))
    return span


def table_of_rows(
    label: str,
    span: Span,
    hit: Any,
    take: Any,
    rows: Sequence[RowPlan],
    results: tuple[ResultPlan, ...],
    has_otherwise: bool,
) -> TablePlan:
    """The masks of these rows."""
    parts: list[tuple[Test, ...]] = []
    row_of: list[int] = []
    for number, row in enumerate(rows):
        for conjunction in alternatives(row.condition):
            parts.append(conjunction)
            row_of.append(number)
    return TablePlan(
        label, span, hit, take, build_axes(parts), tuple(row_of), tuple(rows), results,
        has_otherwise,
    )  # fmt: skip


def compile_table(
    table: Table, path: Path, setting: Setting, label: str, places: Mapping[str, Type] | None
) -> TablePlan:
    """The compiled table. `places` gives the result types; None = inferred (pricing).

    Accounts in one currency share it: a table means the same wherever the same names do.
    """
    key = (setting.loaded.file, path, label, setting.scope.key, tuple((places or {}).items()))
    found: TablePlan | None = setting.findings.tables.get(key)
    if found is None:
        found = setting.findings.tables[key] = _compiled(table, path, setting, label, places)
    return found


def _compiled(
    table: Table, path: Path, setting: Setting, label: str, places: Mapping[str, Type] | None
) -> TablePlan:
    written = written_rows(table, path, setting.loaded, setting.words.zone, setting.findings)
    rows: list[RowPlan] = []
    kept: list[WrittenRow] = []
    for row in written:
        condition = _condition(row.when, row.cell, setting)
        if condition is not None:
            rows.append(RowPlan(row.id, row.span, condition, row.window, row.expect_matches))
            kept.append(row)
    results = _results(table, path, kept, setting, places)
    span = setting.loaded.located.at(path)
    made = table_of_rows(
        label, span, table.hit, table.take, rows, results, table.otherwise is not None
    )
    analyse(made, setting.findings)
    return made


def _results(
    table: Table,
    path: Path,
    rows: Sequence[WrittenRow],
    setting: Setting,
    places: Mapping[str, Type] | None,
) -> tuple[ResultPlan, ...]:
    cells: list[tuple[Then, Any]] = [(dict(row.then), row.cell) for row in rows]
    if table.otherwise is not None:
        at = setting.loaded.located.at
        otherwise = table.otherwise
        cells.append((otherwise, lambda below: at((*path, "otherwise", *below[1:]))))
    names = list(dict.fromkeys(name for then, _ in cells for name in then))
    if places is not None:
        names = [name for name in names if _known_result(name, places, cells, setting)]
    _check_complete(cells, names, setting, places)
    if table.take is not None and len(names) > 1:
        setting.say("COLLECT_ONE_RESULT", path, "`hit: collect` has one result, not "
                    + ", ".join(f"`{n}`" for n in names))  # fmt: skip
    return tuple(
        _result(name, cells, setting, None if places is None else places[name]) for name in names
    )


def _known_result(
    name: str, places: Mapping[str, Type], cells: list[tuple[Then, Any]], setting: Setting
) -> bool:
    if name in places:
        return True
    cell = next(cell for then, cell in cells if name in then)
    known = ", ".join(f"`{p}`" for p in places)
    setting.findings.say(
        "UNKNOWN_RESULT", cell(("then", name)), f"`{name}` is no result here", f"results: {known}"
    )
    return False


def _check_complete(
    cells: list[tuple[Then, Any]],
    names: list[str],
    setting: Setting,
    places: Mapping[str, Type] | None,
) -> None:
    """Inferred results (pricing) must stand in every row: a step's `set` needs them all."""
    if places is not None:
        return
    for then, cell in cells:
        for name in names:
            if name not in then:
                setting.findings.say(
                    "MISSING_RESULT", cell(("then",)), f"this row has no result `{name}`",
                    "every row of a table has the same results",
                )  # fmt: skip


def _result(
    name: str, cells: list[tuple[Then, Any]], setting: Setting, place: Type | None
) -> ResultPlan:
    choices: dict[Typed, int] = {}
    choice_of: list[int] = []
    seen: dict[object, int] = {}
    types: list[Type] = []
    for then, cell in cells:
        raw = then.get(name)
        key = f"{raw:f}" if isinstance(raw, Decimal) else str(raw)
        if raw is None:
            choice_of.append(-1)
            continue
        if key not in seen or isinstance(raw, dict):
            typed = _result_cell(raw, cell(("then", name)), setting, place)
            if typed is not None and place is None and not typed.type.is_ordered:
                setting.findings.say(
                    "WRONG_TYPE", cell(("then", name)),
                    f"a result of pricing is a number or a date, not {typed.type}",
                )  # fmt: skip
            if typed is not None:
                _check_join(types, typed.type, name, cell, setting)
            fallback = Const(Decimal(0), place or BARE)
            seen[key] = choices.setdefault(typed or fallback, len(choices))
        choice_of.append(seen[key])
    joined = place or unify(types or [BARE])
    return ResultPlan(
        name, joined if isinstance(joined, Type) else BARE, tuple(choices), tuple(choice_of)
    )


def _check_join(types: list[Type], new: Type, name: str, cell: Any, setting: Setting) -> None:
    """One result column has one type; say so at the first cell that differs."""
    joined = unify([*types, new])
    if isinstance(joined, str):
        hint = "write 12% in every row" if "percent" in joined else ""
        setting.findings.say(
            "MIXED_RESULT", cell(("then", name)), f"the results `{name}` differ: {joined}", hint
        )
    elif new not in types:
        types.append(new)


def _result_cell(raw: object, span: Span, setting: Setting, place: Type | None) -> Typed | None:
    if place is not None and place.is_text:
        if isinstance(raw, dict) and set(raw) == {"expr"}:
            return compile_expression(raw["expr"], span, setting.scope, setting.findings, place)
        if isinstance(raw, str | Decimal):
            return Const(f"{raw:f}" if isinstance(raw, Decimal) else raw, TEXT)
        setting.findings.say("WRONG_TYPE", span, "a text stands here", "or {expr: fact}")
        return None
    if not isinstance(raw, str | Decimal):
        setting.findings.say("WRONG_TYPE", span, "a number or an expression stands here")
        return None
    return compile_expression(raw, span, setting.scope, setting.findings, place)
