"""The cells of `when` (section 3): is a condition true, false or unknown for one offer?"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from oracle.expressions import compared, evaluate
from oracle.values import (
    SpecError,
    Truth,
    all_of,
    any_of,
    date_or_datetime,
    moment,
    negated,
    percent,
    plain,
)
from oracle.world import World

TEXTS = ("text", "enum", "path")
_COMPARISON = re.compile(r"(<=|>=|<|>)\s*(.+)")
_RANGE = re.compile(r"([\[(]?)\s*(.+?)\s*\.\.\s*(.+?)\s*([\])]?)")


def holds(when: Mapping[str, Any] | None, world: World) -> Truth:
    """All keys of a `when` must hold; `any`, `all` and `not` nest. None or {} is true."""
    return all_of(_condition(key, cell, world) for key, cell in (when or {}).items())


def _condition(key: str, cell: Any, world: World) -> Truth:
    if key == "any":
        return any_of(holds(inner, world) for inner in cell)
    if key == "all":
        return all_of(holds(inner, world) for inner in cell)
    if key == "not":
        return negated(holds(cell, world))
    value = world.value(key)
    return passes(cell, world.kind(key) or kind_of_value(value), value, world)


def kind_of_value(value: Any) -> str:
    """The type words of a value whose name is not declared: a derived fact, a name set by a step."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, list):
        return f"list of {kind_of_value(value[0]) if value else 'text'}"
    for python, words in (
        (Decimal, "number"), (datetime, "datetime"), (date, "date"), (timedelta, "duration"),
    ):  # fmt: skip
        if isinstance(value, python):
            return words
    return "text"


def passes(cell: Any, kind: str, value: Any, world: World) -> Truth:
    """Whether a value of that type passes one cell. A cell of None tests nothing."""
    if cell is None:
        return True
    if cell == "missing":
        return _absent(value)
    if cell == "present":
        return not _absent(value)
    if isinstance(cell, list):
        return any_of(passes(inner, kind, value, world) for inner in cell)
    if isinstance(cell, Mapping):
        ((test, operand),) = cell.items()
        if test == "not":
            return negated(passes(operand, kind, value, world))
        return None if _absent(value) else _TESTS[test](operand, kind, value, world)
    return None if _absent(value) else _plain_cell(cell, kind, value, world)


def _absent(value: Any) -> bool:
    """Missing; a map is missing when all its keys are."""
    if isinstance(value, Mapping):
        return all(entry is None for entry in value.values())
    return value is None


def _plain_cell(cell: Any, kind: str, value: Any, world: World) -> Truth:
    """A literal, a range or a comparison; for text, enum and path only a literal."""
    if isinstance(cell, str) and kind not in TEXTS:
        written = cell.strip()
        if comparison := _COMPARISON.fullmatch(written):
            return compared(comparison[1], value, literal(comparison[2], kind, world), world)
        if interval := _RANGE.fullmatch(written):
            opening, low, high, closing = interval.groups()
            above = ">" if opening == "(" else ">="
            below = "<=" if closing == "]" else "<"
            return compared(above, value, literal(low, kind, world), world) and compared(
                below, value, literal(high, kind, world), world
            )
    return compared("=", value, literal(cell, kind, world), world)


def literal(cell: Any, kind: str, world: World) -> Any:
    """A cell's literal as a value of the type. Raises SpecError."""
    if kind in TEXTS:
        return plain(cell) if isinstance(cell, bool) else str(cell)
    if kind == "boolean":
        if plain(cell) not in ("true", "false"):
            raise SpecError(f"{cell!r} is neither true nor false")
        return plain(cell) == "true"
    if kind in ("date", "datetime"):
        found = date_or_datetime(cell)
        return moment(found, world.zone) if isinstance(found, datetime) else found
    if kind == "duration":
        return evaluate(cell, world)
    if isinstance(cell, str):
        return percent(cell) if cell.strip().endswith("%") else Decimal(cell)
    return Decimal(cell)


# --- tests written as a map -------------------------------------------------------------------


def _under(operand: str, kind: str, value: str, world: World) -> Truth:
    return value == operand or value.startswith(f"{operand}/")


def _in_list(operand: str, kind: str, value: Any, world: World) -> Truth:
    document = world.lists[operand]
    words = document["values"] if document.get("values") is not None else document["map"]
    return plain(value) in {plain(word) for word in words}


def _has(operand: Any, kind: str, value: list[Any], world: World) -> Truth:
    of = kind.removeprefix("list of ")
    return any_of(passes(operand, of, element, world) for element in value)


_TESTS: dict[str, Callable[[Any, str, Any, World], Truth]] = {
    "under": _under,
    "starts_with": lambda operand, kind, value, world: value.startswith(str(operand)),
    "matches": lambda operand, kind, value, world: re.fullmatch(str(operand), value) is not None,
    "in": _in_list,
    "has": _has,
    "is": lambda operand, kind, value, world: compared(
        "=", value, literal(operand, kind, world), world
    ),
}


# --- cells of a CSV file ----------------------------------------------------------------------

_PREFIXES = {
    "under ": "under",
    "starts with ": "starts_with",
    "matches ": "matches",
    "in ": "in",
    "has ": "has",
    "is ": "is",
}


def csv_cell(text: str) -> Any:
    """A CSV cell of `when` in the shape that YAML gives it; an empty cell is None.

    `not` takes the whole rest, so `not gold | silver` is neither; so does `matches`, whose pattern
    may hold a `|`.
    """
    written = text.strip()
    if not written:
        return None
    if written.startswith("not "):
        return {"not": csv_cell(written.removeprefix("not "))}
    if "|" in written and not written.startswith("matches "):
        return [csv_cell(part) for part in written.split("|")]
    for prefix, test in _PREFIXES.items():
        if written.startswith(prefix):
            rest = written.removeprefix(prefix).strip()
            return {test: csv_cell(rest) if test == "has" else rest}
    return written
