"""The tables of functions, operators, cells and hit policies → the reference page as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from offerwright.expressions.entries import (
    AS_OF,
    CELLS,
    CURRENCY,
    FACTS,
    FUNCTION_NOTES,
    HIT_POLICIES,
    HIT_ROWS,
    LISTS,
    OPERATORS,
    ZONE,
    Cell,
    HitPolicy,
    Note,
    Operator,
)
from offerwright.expressions.functions import FUNCTIONS

HEAD = """\
# Reference of the rule language

This page is written from the tables that the engine itself uses; its examples are computed by the
tests. How it all fits together stands in [language.md](../language.md).
"""


def reference_markdown() -> str:
    """The whole page, ending with a line break; the same for the same tables."""
    parts = [HEAD, *_product(), *_functions(), *_operators(), *_cells(), *_hit_policies()]
    return "\n".join(parts)


def _product() -> Iterator[str]:
    yield "## The product of the examples\n"
    yield f"It is {AS_OF} in {ZONE}, and amounts are in {CURRENCY}.\n"
    yield "| fact | type | value |\n|---|---|---|"
    for fact in FACTS:
        more = f", `{fact.more}`" if fact.more else ""
        value = _literal(fact.value.replace("|", "\\|")) or "missing"
        yield f"| `{fact.name}` | {fact.type}{more} | {value} |"
    yield "\n" + "\n".join(f"```yaml\n{text}```\n" for text in LISTS)


def _functions() -> Iterator[str]:
    yield "## Functions\n"
    for name in sorted(FUNCTIONS):
        function, note = FUNCTIONS[name], FUNCTION_NOTES.get(name, Note("", "", ""))
        yield f"### {name}\n"
        said = f"`{note.form}`: {function.meaning}. Takes {note.takes}. {note.missing}"
        yield f"{said.rstrip()}\n"
        yield _gives(function.example, note.gives, note.unknown)


def _operators() -> Iterator[str]:
    yield "## Operators and literals\n"
    yield "Those that bind loosest stand first.\n"
    for one in OPERATORS:
        yield _operator(one)


def _operator(one: Operator) -> str:
    takes = f" Takes {one.takes}." if one.takes else ""
    said = f"{_sentence(one.meaning)}.{takes} {one.missing}\n"
    return f"### `{one.form}`\n\n{said}\n{_gives(one.example, one.gives, one.unknown)}"


def _gives(example: str, gives: str, unknown: str) -> str:
    """An example and its result; and what it gives where nothing is known, if that is a value."""
    also = "" if unknown == "missing" else f"; of a product without facts {_literal(unknown)}"
    return f"`{example}` gives {_literal(gives)}{also}.\n"


def _cells() -> Iterator[str]:
    yield "## Cells of `when`\n"
    for one in CELLS:
        yield _cell(one)


def _cell(one: Cell) -> str:
    holds, fails = (_values(values) for values in (one.holds, one.fails))
    said = f"True where the value is so: {one.meaning}. For {one.takes}. {one.missing}\n"
    shown = f"`{one.fact}: {one.cell}` is true for {holds}, false for {fails}.\n"
    return f"### `{one.form}`\n\n{said}\n{shown}"


def _values(values: tuple[str, ...]) -> str:
    return " and ".join(_literal(value) or "missing" for value in values)


def _hit_policies() -> Iterator[str]:
    yield "## Hit policies\n"
    rows = "\n".join(f"  - {row}" for row in HIT_ROWS)
    yield "The examples are those of this table, as a step that sets a base price; under"
    yield "`hit: first` it has `otherwise: {off: 0%}`.\n"
    yield f"```yaml\nrules:\n{rows}\n```\n"
    for one in HIT_POLICIES:
        yield _hit_policy(one)


def _hit_policy(one: HitPolicy) -> str:
    said = (
        f"{_sentence(one.meaning)}. Several rows: {one.several}. `otherwise` is {one.otherwise}.\n"
    )
    rows = "\n".join(f"| {cost} | {tier} | {_literal(gives)} |" for cost, tier, gives in one.gives)
    return f"### `{one.written}`\n\n{said}\n| cost | tier | gives |\n|---|---|---|\n{rows}\n"


def _sentence(text: str) -> str:
    """With a capital, unless it begins with code."""
    return text if text.startswith("`") else text[:1].upper() + text[1:]


def _literal(text: str) -> str:
    return f"`{text}`" if text else ""
