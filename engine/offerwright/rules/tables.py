"""Written rows → a compiled table: conditions to masks, results to typed cells."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any

from offerwright.errors import Span
from offerwright.expressions.cells import Words, Wrong, read_when
from offerwright.expressions.conditions import ALWAYS, Condition, alternatives, renamed
from offerwright.expressions.functions import unify
from offerwright.expressions.parse import Refusal, parse
from offerwright.expressions.syntax import Const, Literal, Typed
from offerwright.expressions.types import BARE, TEXT, Type
from offerwright.expressions.typing import Scope, check
from offerwright.rules.document import Table, Then, When
from offerwright.rules.plan import ResultPlan, RowPlan, TablePlan
from offerwright.rules.row_masks import table_of_rows
from offerwright.rules.rows import Findings, WrittenRow, written_rows
from offerwright.source.located import Loaded, Path
from offerwright.source.suggest import did_you_mean

MAX_PARTS_OF_ROW = 64
_DECIMALS = re.compile(r"[0-9]+%?")
Place = Callable[[Path], Span]
_ResultCell = tuple[Type, str, Place]
"""The type of a result, its text, and where its row stands."""


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
    known = findings.numbers.get((text, place, scope.currency))
    if known is not None:
        return known
    parsed = parse(text)
    checked = parsed if isinstance(parsed, Refusal) else check(parsed, scope, place)
    if isinstance(parsed, Literal) and not isinstance(checked, Refusal):
        findings.numbers[text, place, scope.currency] = checked
    if isinstance(checked, Refusal):
        code = checked.code or ("WRONG_EXPRESSION" if parsed is checked else "WRONG_TYPE")
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
    located = setting.loaded.located
    condition = _condition(
        raw,
        lambda below: located.at((*path, *below[1:])),
        lambda below: located.key((*path, *below[1:])),
        setting,
    )
    if condition is None:
        return None
    span = setting.loaded.located.at(path)
    row = RowPlan(label, span, condition)
    return table_of_rows(label, span, "any", None, (row,), (), False)


def _condition(
    raw: Mapping[str, Any], cell: Place, key: Place, setting: Setting
) -> Condition | None:
    """The condition of a `when`; `cell` and `key` say where its values and its names stand."""
    try:
        scope = setting.scope
        known = setting.findings.cells_of(setting.words)
        written = read_when(raw, scope.types, setting.words, known) if raw else ALWAYS
        condition = renamed(written, scope.aliases)
    except Wrong as wrong:
        place = key if wrong.code == "UNKNOWN_FACT" else cell
        setting.findings.say(wrong.code, place(("when", *wrong.path)), wrong.message, wrong.hint)
        return None
    if len(alternatives(condition)) > MAX_PARTS_OF_ROW:
        setting.findings.say(
            "CONDITION_TOO_WIDE", cell(()), "`any` and `not` make too many alternatives here",
            "split the row into several rows",
        )  # fmt: skip
        return None
    return condition


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
    kept: list[int] = []
    for number, row in enumerate(written):
        condition = _condition(row.when, row.cell, row.key, setting)
        if condition is not None:
            rows.append(RowPlan(row.id, row.span, condition, row.window, row.expect_matches))
            kept.append(number)
    # Rows whose condition is wrong have results all the same: later steps may name them.
    kept.append(len(written))  # `otherwise`, where there is one
    results = tuple(
        replace(r, choice_of=tuple(r.choice_of[i] for i in kept if i < len(r.choice_of)))
        for r in _results(table, path, written, setting, places)
    )
    span = setting.loaded.located.at(path)
    return table_of_rows(
        label, span, table.hit, table.take, rows, results, table.otherwise is not None
    )


def _results(
    table: Table,
    path: Path,
    rows: Sequence[WrittenRow],
    setting: Setting,
    places: Mapping[str, Type] | None,
) -> tuple[ResultPlan, ...]:
    cells: list[tuple[Then, Any]] = [
        (_without_commas(row.then, row.key, setting), row.cell) for row in rows
    ]
    if table.otherwise is not None:
        at, key = setting.loaded.located.at, setting.loaded.located.key
        otherwise = _without_commas(
            table.otherwise, lambda below: key((*path, "otherwise", *below[1:])), setting
        )
        cells.append((otherwise, lambda below: at((*path, "otherwise", *below[1:]))))
    names = list(dict.fromkeys(name for then, _ in cells for name in then))
    if places is not None:
        names = [name for name in names if _known_result(name, places, cells, setting)]
    meant = {} if places is not None else _misspelt(table, rows, names, setting)
    _check_complete(cells, names, setting, places, meant)
    if table.take not in (None, "list") and len(names) > 1:
        setting.say("COLLECT_ONE_RESULT", path, "`hit: collect` has one result, not "
                    + ", ".join(f"`{n}`" for n in names))  # fmt: skip
    return tuple(
        _result(name, cells, setting, None if places is None else places[name]) for name in names
    )


def _without_commas(then: Mapping[str, Any], key: Place, setting: Setting) -> Then:
    """The results without what a decimal comma made: `{fee: 16,00}` has the fee 16 and a key `00`.

    The cut number is left out too, so that nothing else is said of it.
    """
    kept: dict[str, Any] = {}
    before = ""
    for name, raw in then.items():
        whole = then.get(before)
        if raw is None and isinstance(whole, Decimal) and _DECIMALS.fullmatch(name):
            kept[before] = None
            setting.findings.say(
                "UNKNOWN_RESULT", key(("then", name)),
                f"`{name}` is no result: the comma ends the number before it",
                f"write {whole}.{name} with a point",
            )  # fmt: skip
        else:
            kept[name] = raw
        before = name
    return kept


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
    meant: Mapping[str, str],
) -> None:
    """Inferred results (pricing) must stand in every row: a step's `set` needs them all."""
    if places is not None:
        return
    for then, cell in cells:
        for name in names:
            if name not in then and name not in meant and name not in map(meant.get, then):
                setting.findings.say(
                    "MISSING_RESULT", cell(("then",)), f"this row has no result `{name}`",
                    "every row of a table has the same results",
                )  # fmt: skip


def _misspelt(
    table: Table, rows: Sequence[WrittenRow], names: list[str], setting: Setting
) -> dict[str, str]:
    """Results that the step's `set` does not read, each with the one that was meant; said once."""
    read = " ".join(str(written) for written in (getattr(table, "set", None) or {}).values())
    used = {name for name in names if re.search(rf"\b{re.escape(name)}\b", read)}
    meant: dict[str, str] = {}
    for row in rows:
        for name in row.then:
            lacking = [other for other in used if other not in row.then]
            near = get_close_matches(name, lacking, n=1, cutoff=0.7) if name not in used else []
            if near and meant.setdefault(name, near[0]) == near[0]:
                setting.findings.say(
                    "UNKNOWN_RESULT", row.key(("then", name)), f"no `set` reads `{name}`",
                    did_you_mean(name, near),
                )  # fmt: skip
    return meant


def _result(
    name: str, cells: list[tuple[Then, Any]], setting: Setting, place: Type | None
) -> ResultPlan:
    choices: dict[Typed, int] = {}
    choice_of: list[int] = []
    seen: dict[object, int] = {}
    types: dict[object, Type] = {}
    typed_cells: list[_ResultCell] = []
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
                types[key] = typed.type
            fallback = Const(Decimal(0), place or BARE)
            seen[key] = choices.setdefault(typed or fallback, len(choices))
        choice_of.append(seen[key])
        if key in types:
            typed_cells.append((types[key], key, cell))
    joined = place or _joined(name, typed_cells, setting)
    return ResultPlan(name, joined, tuple(choices), tuple(choice_of))


def _joined(name: str, cells: Sequence[_ResultCell], setting: Setting) -> Type:
    """The one type of a result column: what most cells say; the others are told so."""
    cells = _percents_or_numbers(name, cells, setting)
    counted = Counter(type_ for type_, _, _ in cells)
    agreed: list[Type] = []
    found: Type = BARE
    refused: dict[Type, str] = {}
    for type_, _ in counted.most_common():
        joined = unify([*agreed, type_])
        if isinstance(joined, str):
            refused[type_] = joined
        else:
            agreed, found = [*agreed, type_], joined
    for type_, _, cell in cells:
        if type_ in refused:
            setting.findings.say(
                "MIXED_RESULT", cell(("then", name)),
                f"the results `{name}` differ: {refused[type_]}",
            )  # fmt: skip
    return found


def _percents_or_numbers(
    name: str, cells: Sequence[_ResultCell], setting: Setting
) -> list[_ResultCell]:
    """The cells without the percents among bare numbers, or the bare numbers among percents."""
    percents = [cell for cell in cells if cell[0].name == "percent"]
    bare = [cell for cell in cells if cell[0].bare]
    if not percents or not bare:
        return list(cells)
    numbers = sum(1 for type_, _, _ in cells if type_.is_decimal) - len(percents)
    wrong = percents if len(percents) < numbers else bare
    said, write = (
        ("is a bare number, and others are percents", _as_percent) if wrong is bare
        else ("is a percent, and others are numbers", _as_number)
    )  # fmt: skip
    for _, text, cell in wrong:
        setting.findings.say(
            "MIXED_RESULT", cell(("then", name)), f"this result `{name}` {said}", write(text)
        )
    return [cell for cell in cells if cell not in wrong]


def _as_number(text: str) -> str:
    """`7%` may be the number 7, or the share 0.07."""
    try:
        value = Decimal(text.rstrip("%"))
    except InvalidOperation:
        return "write all of them as numbers, such as 0.12"
    return f"write {value:f} or {(value / 100).normalize():f}"


def _as_percent(text: str) -> str:
    """`18` is 18%; `0.18` may be a share that was meant as 18%, or less than one percent."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return "write all of them as percents, such as 12%"
    if value == 0 or abs(value) >= 1:
        return f"write {text}%"
    return f"write {(value * 100).normalize():f}% or {text}%"


def _result_cell(raw: object, span: Span, setting: Setting, place: Type | None) -> Typed | None:
    if place is not None and place.is_text:
        if isinstance(raw, dict) and set(raw) == {"expr"}:
            return compile_expression(raw["expr"], span, setting.scope, setting.findings, place)
        if isinstance(raw, str | Decimal):
            return Const(f"{raw:f}" if isinstance(raw, Decimal) else raw, TEXT)
        setting.findings.say("WRONG_TYPE", span, "a text stands here", "or {expr: fact}")
        return None
    if isinstance(raw, bool) and place is not None and place.name == "boolean":
        return Const(raw, place)
    if not isinstance(raw, str | Decimal):
        setting.findings.say("WRONG_TYPE", span, "a number or an expression stands here")
        return None
    return compile_expression(raw, span, setting.scope, setting.findings, place)
