"""Decision documents → tables, each after those that it needs; their results as facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from offerwright.errors import Span
from offerwright.expressions.cells import Words
from offerwright.expressions.parse import Refusal, parse
from offerwright.expressions.syntax import Apply, Name, Node, Op, Typed
from offerwright.expressions.types import (
    DECIMAL_NAMES,
    TIME_NAMES,
    TYPE_WORDS,
    Type,
    parse_type,
)
from offerwright.expressions.typing import Scope
from offerwright.facts.schema import RESERVED_WORDS
from offerwright.money import CURRENCY_DIGITS
from offerwright.rules.decision_document import DecisionDocument, Result
from offerwright.rules.plan import DecisionPlan, TablePlan
from offerwright.rules.rows import Findings
from offerwright.rules.scope import extended
from offerwright.rules.tables import Setting, compile_expression, compile_table
from offerwright.source.located import Loaded, Path
from offerwright.source.suggest import suggest

Decision = Loaded[DecisionDocument]
_ADDED = DECIMAL_NAMES | {"duration"}
_TAKEN = {"sum": _ADDED, "min": _ADDED | TIME_NAMES, "max": _ADDED | TIME_NAMES}


@dataclass(frozen=True, slots=True)
class Shared:
    """What all decisions of a repository have in common."""

    words: Words
    currency: str
    findings: Findings


def compile_decisions(
    documents: Sequence[Decision], scope: Scope, shared: Shared
) -> tuple[tuple[DecisionPlan, ...], Scope]:
    """The decisions in the order in which they are made, and the scope that knows their results.

    A decision that needs its own result, also by way of others, is a finding and left out.
    """
    taken = set(scope.types)
    sound = []
    for loaded in sorted(documents, key=lambda d: d.name):
        if _check_names(loaded, taken, shared.findings):
            sound.append(loaded)
        taken |= {*loaded.document.derive, *loaded.document.results}
    plans: list[DecisionPlan] = []
    for loaded in _ordered(sound, shared.findings):
        plan, scope = _decision(loaded, scope, shared)
        plans += [] if plan is None else [plan]
    return tuple(plans), scope


def _check_names(loaded: Decision, taken: set[str], findings: Findings) -> bool:
    sound = True
    document = loaded.document
    for key, names in (("derive", document.derive), ("results", document.results)):
        for name in names:
            span = loaded.located.key((key, name))
            if name in RESERVED_WORDS:
                findings.say("RESERVED_NAME", span, f"`{name}` is a word of the language and "
                             "cannot be the name of a fact", f"choose another name, such as "
                             f"`{name}_fact`")  # fmt: skip
                sound = False
            elif name in taken or (key == "results" and name in document.derive):
                findings.say("DUPLICATE_FACT", span, f"the fact `{name}` is defined twice",
                             "keep one of the two, or give one another name")  # fmt: skip
                sound = False
    return sound


def _ordered(documents: Sequence[Decision], findings: Findings) -> Iterator[Decision]:
    """Each decision after those whose results it reads; by name where nothing else decides."""
    maker = {
        name: loaded.name
        for loaded in documents
        for name in (*loaded.document.derive, *loaded.document.results)
    }
    waiting = {d.name: d for d in documents}
    needs = {d.name: {maker[n] for n in _read(d) if n in maker} for d in documents}
    # What a decision derives is its own; only a result of its own makes a circle.
    for name, loaded in waiting.items():
        if not set(_read(loaded)) & set(loaded.document.results):
            needs[name].discard(name)
    while waiting:
        ready = [name for name in waiting if not needs[name] & waiting.keys()]
        if not ready:
            _say_circle(waiting, needs, findings)
            return
        for name in ready:
            yield waiting.pop(name)


def _say_circle(
    waiting: Mapping[str, Decision], needs: Mapping[str, set[str]], findings: Findings
) -> None:
    for name, loaded in waiting.items():
        of = ", ".join(f"`{n}`" for n in sorted(needs[name] & waiting.keys()))
        findings.say(
            "DECISION_CIRCLE", loaded.located.at(("name",)),
            f"the decision `{name}` waits for {of}, and that for this one",
            "let one of them read facts only",
        )  # fmt: skip


def _read(loaded: Decision) -> Iterator[str]:
    """The names that a document writes in conditions and expressions, whatever they are."""
    document = loaded.document
    for raw in document.derive.values():
        yield from _named(raw)
    thens = [row.then for row in document.rules or ()]
    for then in (*thens, document.otherwise or {}):
        for cell in then.values():
            yield from _named(cell.get("expr") if isinstance(cell, dict) else cell)
    for row in document.rules or ():
        yield from _tested(row.when)
    table = loaded.tables.get(document.file or "")
    for index, heading in enumerate(table.header if table else ()):
        if heading.startswith("when."):
            yield heading.removeprefix("when.")
        elif heading.startswith("then.") and table is not None:
            for cells in table.rows:
                yield from _named(cells[index] if index < len(cells) else None)


def _tested(when: Mapping[str, Any]) -> Iterator[str]:
    for key, cell in when.items():
        parts = cell if isinstance(cell, list) else [cell]
        if key in ("any", "all", "not"):
            for part in parts:
                yield from _tested(part if isinstance(part, dict) else {})
        else:
            yield key


def _named(raw: object) -> Iterator[str]:
    parsed = parse(raw) if isinstance(raw, str) else None
    pending: list[Node] = [] if parsed is None or isinstance(parsed, Refusal) else [parsed]
    while pending:
        node = pending.pop()
        if isinstance(node, Name):
            yield node.name
        elif isinstance(node, Apply):
            pending.extend(node.arguments)


def _decision(loaded: Decision, scope: Scope, shared: Shared) -> tuple[DecisionPlan | None, Scope]:
    derived: list[tuple[str, Typed]] = []
    for name, raw in loaded.document.derive.items():
        span = loaded.located.at(("derive", name))
        typed = compile_expression(raw, span, scope, shared.findings)
        if typed is not None:
            derived.append((name, typed))
            scope = extended(scope, {name: replace(typed.type, bare=False)})
    setting = Setting(loaded, scope, shared.words, shared.findings)
    places = {
        name: type_
        for name, result in loaded.document.results.items()
        if (type_ := _type(name, result, setting, shared.currency)) is not None
    }
    if not _check_taken(loaded.document, places, setting):
        # Its cells are right for a type that cannot be taken like this.
        return None, extended(scope, places)
    table = compile_table(loaded.document, (), setting, loaded.name, places)
    _check_words(loaded, table, places, setting)
    made = {name: _fact_type(type_, table) for name, type_ in places.items()}
    plan = DecisionPlan(loaded.name, loaded.located.at(("name",)), tuple(derived), table,
                        tuple(made.items()))  # fmt: skip
    return plan, extended(scope, made)


def _fact_type(type_: Type, table: TablePlan) -> Type:
    if table.take == "list":
        return Type("list", of=type_)
    return Type("integer") if table.take == "count" else type_


def _type(name: str, result: Result, setting: Setting, currency: str) -> Type | None:
    path: Path = ("results", name)
    found = parse_type(result.type, result.currency or currency, tuple(result.of or ()))
    if found is None or found.name in ("list", "map", "path"):
        words = [w for w in TYPE_WORDS if "…" not in w and w != "path"]
        setting.say("UNKNOWN_TYPE", (*path, "type"), f"`{result.type}` is no type of a result",
                    suggest(result.type, words))  # fmt: skip
        return None
    if found.name == "enum" and not result.of:
        setting.say("ENUM_WITHOUT_OF", (*path, "type"), f"the enum `{name}` has no words",
                    "add `of: [gold, silver]`")  # fmt: skip
        return None
    if found.name != "enum" and result.of is not None:
        setting.say("OF_WITHOUT_ENUM", (*path, "of"),
                    f"`of` lists the words of an enum, and `{name}` is {found}",
                    "write `type: enum`, or drop `of`")  # fmt: skip
    _check_currency(name, result, found, setting)
    return found


def _check_currency(name: str, result: Result, type_: Type, setting: Setting) -> None:
    if result.currency is not None and type_.name != "money":
        setting.say("CURRENCY_WITHOUT_MONEY", ("results", name, "currency"),
                    f"`currency` belongs to money, and `{name}` is {type_}",
                    "write `type: money`, or drop `currency`")  # fmt: skip
    elif result.currency is not None and result.currency not in CURRENCY_DIGITS:
        setting.say("UNKNOWN_CURRENCY", ("results", name, "currency"),
                    f"`{result.currency}` is no currency that we know",
                    suggest(result.currency, CURRENCY_DIGITS))  # fmt: skip


def _check_taken(document: DecisionDocument, places: Mapping[str, Type], setting: Setting) -> bool:
    """Whether the results can be added or compared, where rows are collected to do so."""
    allowed = _TAKEN.get(document.take or "")
    wrong = [name for name, type_ in places.items() if allowed and type_.name not in allowed]
    for name in wrong:
        setting.say("WRONG_TYPE", ("results", name, "type"),
                    f"`take: {document.take}` is not for {places[name]}, which `{name}` is",
                    "write `take: list` or `take: count`, or give a number")  # fmt: skip
    return not wrong


def _check_words(
    loaded: Decision, table: TablePlan, places: Mapping[str, Type], setting: Setting
) -> None:
    """A result that is an enum is one of its words, in every row."""
    for result in table.results:
        type_ = places[result.name]
        if type_.name != "enum":
            continue
        for index, choice in enumerate(result.choices):
            word = getattr(choice, "value", None)
            if isinstance(choice, Op) or word is None or word in type_.values:
                continue
            row = result.choice_of.index(index)
            span = _cell(loaded, table, row, result.name)
            setting.findings.say(
                "WRONG_TYPE", span, f"the result `{result.name}` is never {str(word)!r}",
                suggest(str(word), type_.values),
            )  # fmt: skip


def _cell(loaded: Decision, table: TablePlan, row: int, name: str) -> Span:
    """Where a result stands: its cell in YAML, its row in a CSV file."""
    if row == len(table.rows):
        return loaded.located.at(("otherwise", name))
    ids = [written.id for written in loaded.document.rules or ()]
    id_ = table.rows[row].id
    if id_ not in ids:
        return table.rows[row].span
    return loaded.located.at(("rules", ids.index(id_), "then", name))
