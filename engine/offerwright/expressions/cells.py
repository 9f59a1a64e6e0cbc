"""
Cells of `when` → conditions, each read by the type of its fact.

A cell is what YAML gives (text, `Decimal`, bool, list, map) or the text of a CSV cell, which
`csv_cells.from_csv` first turns into the same shapes.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from offerwright.expressions.conditions import (
    AllOf,
    AnyOf,
    Atom,
    Condition,
    Equal,
    Has,
    IsMissing,
    IsPresent,
    Matches,
    Number,
    StartsWith,
    Test,
    Under,
    Value,
    Within,
    negate,
)
from offerwright.expressions.parse import EPOCH, microseconds
from offerwright.expressions.types import Type
from offerwright.expressions.words import Words as Words
from offerwright.source.spellings import truth_hint
from offerwright.source.suggest import did_you_mean, suggest

Path = tuple[str | int, ...]
_NUMBER = r"-?\d+(?:\.\d+)?"
_PLAIN = re.compile(_NUMBER)
_PERCENT = re.compile(rf"({_NUMBER})\s*%")
_DURATION = re.compile(rf"({_NUMBER})\s*(minutes?|hours?|days?)\Z")
_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}
# What people write where `under` is meant; no category begins so.
_LIKE_UNDER = ("below", "udner", "uner", "undr", "uder", "unde", "unedr", "undre", "nuder")
_OPERATORS = ("not", "under", "starts_with", "matches", "in", "has", "is")


@dataclass(frozen=True, slots=True)
class Wrong(Exception):
    """Why a cell cannot be read: the path below the cell, a sentence, what to write."""

    message: str
    hint: str = ""
    path: Path = ()
    code: str = "WRONG_CONDITION"


Known = dict[Hashable, tuple[Type, Condition]]
"""Cells that are read already, by fact and what is written; for one `Words` only."""


def read_when(
    raw: Mapping[str, Any], types: Mapping[str, Type], words: Words, known: Known | None = None
) -> Condition:
    """
    The condition of a `when` map. Raises `Wrong` with the path of the cell.

    `known` is added to: rows of a long table say the same of many a fact.
    """
    parts: list[Condition] = []
    for key, cell in raw.items():
        try:
            type_ = None if known is None or key in _JOINING else types.get(key)
            if type_ is None or known is None:
                parts.append(_entry(key, cell, types, words))
                continue
            name = (key, cell if type(cell) is str else _written(cell))
            before = known.get(name)
            if before is None or (before[0] is not type_ and before[0] != type_):
                before = known[name] = type_, read_cell(key, cell, type_, words)
            parts.append(before[1])
        except Wrong as wrong:
            raise replace(wrong, path=(key, *wrong.path)) from None
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _written(cell: Any) -> Hashable:
    """A cell as a key. Equal numbers may be written otherwise, and `true` equals 1."""
    kind = type(cell)
    if kind is str:
        return cell  # type: ignore[no-any-return]
    if kind is list:
        return (list, *map(_written, cell))
    if kind is dict:
        return (dict, *((name, _written(below)) for name, below in cell.items()))
    return kind, str(cell)


_JOINING = ("any", "all", "not")


def _under(read: Any, *path: str | int) -> Condition:
    """Run a reader; what goes wrong below gets this path in front."""
    try:
        found: Condition = read()
        return found
    except Wrong as wrong:
        raise replace(wrong, path=(*path, *wrong.path)) from None


def _entry(key: str, cell: Any, types: Mapping[str, Type], words: Words) -> Condition:
    if key in ("any", "all") and isinstance(cell, list):
        parts = tuple(
            _under(lambda c=option: _nested(c, types, words), i) for i, option in enumerate(cell)
        )
        return AnyOf(parts) if key == "any" else AllOf(parts)
    if key == "not" and isinstance(cell, dict):
        return negate(_nested(cell, types, words))
    if key not in types:
        hint = did_you_mean(key, types) or "declare it in a `kind: facts` document"
        raise Wrong(f"no fact is called `{key}`", hint, code="UNKNOWN_FACT")
    return read_cell(key, cell, types[key], words)


def _nested(raw: Any, types: Mapping[str, Type], words: Words) -> Condition:
    if not isinstance(raw, dict) or not raw:
        raise Wrong("conditions stand here", "write them as {fact: cell}")
    return read_when(raw, types, words)


def read_cell(fact: str, cell: Any, type_: Type, words: Words) -> Condition:
    """The condition of one cell of one fact. Raises `Wrong`."""
    if isinstance(cell, list):
        return _any_of(fact, cell, type_, words)
    if isinstance(cell, dict):
        return _operation(fact, cell, type_, words)
    if cell == "missing":
        return Test(fact, type_, (IsMissing(),))
    if cell == "present":
        return Test(fact, type_, (IsPresent(),))
    if type_.name in ("list", "map"):
        raise Wrong(f"`{fact}` is a {type_}", "write {has: …} to test its elements")
    if cell is None:
        raise Wrong("there is no value here", "write `missing` to test for a missing value")
    return Test(fact, type_, (_known_name(fact, _atom(cell, type_, words), words),))


def _known_name(fact: str, atom: Atom, words: Words) -> Atom:
    """The atom, unless it asks for a marketplace or an account that does not exist."""
    known = words.names.get(fact)
    if known is not None and isinstance(atom, Equal) and atom.value not in known:
        wrong = str(atom.value)
        raise Wrong(f"no {fact} is called `{wrong}`", suggest(wrong, known),
                    code=f"UNKNOWN_{fact.upper()}")  # fmt: skip
    return atom


def _any_of(fact: str, cells: list[Any], type_: Type, words: Words) -> Condition:
    if not cells:
        raise Wrong("an empty list matches nothing", "leave the fact out to test nothing")
    parts: list[Condition] = []
    for index, cell in enumerate(cells):
        try:
            parts.append(read_cell(fact, cell, type_, words))
        except Wrong as wrong:
            raise replace(wrong, path=(index, *wrong.path)) from None
    if all(isinstance(p, Test) and not p.negated for p in parts):
        return Test(fact, type_, tuple(a for p in parts if isinstance(p, Test) for a in p.atoms))
    return AnyOf(tuple(parts))


def _operation(fact: str, cell: dict[str, Any], type_: Type, words: Words) -> Condition:
    if len(cell) != 1 or next(iter(cell)) not in _OPERATORS:
        raise Wrong("a cell has one operator", suggest(str(next(iter(cell), "")), _OPERATORS))
    operator, operand = next(iter(cell.items()))
    if operator == "not":
        return negate(_under(lambda: read_cell(fact, operand, type_, words), "not"))
    if operator == "has":
        if type_.name != "list" or type_.of is None:
            raise Wrong(f"`has` tests the elements of a list; `{fact}` is {type_}")
        element = type_.of
        inner = _under(lambda: read_cell(fact, operand, element, words), "has")
        return Test(fact, type_, (Has(inner),))
    if isinstance(operand, list):
        parts = [Test(fact, type_, (_word(operator, o, type_, words),)) for o in operand]
        return Test(fact, type_, tuple(a for p in parts for a in p.atoms))
    atoms = _words(operator, operand, type_, words)
    if operator == "is":
        return _under(lambda: Test(fact, type_, (_known_name(fact, atoms[0], words),)), "is")
    return Test(fact, type_, atoms)


def _words(operator: str, operand: Any, type_: Type, words: Words) -> tuple[Atom, ...]:
    if operator == "in":
        values = words.lists.get(str(operand))
        if values is None:
            known = ", ".join(sorted(words.lists)) or "none yet"
            raise Wrong(f"no list is called `{operand}`", f"the lists are: {known}", ("in",))
        return tuple(Equal(_literal(v, type_, words)) for v in values)
    return (_word(operator, operand, type_, words),)


def _word(operator: str, operand: Any, type_: Type, words: Words) -> Atom:
    if operator == "is":
        return Equal(_literal(operand, type_, words))
    if not type_.is_text:
        raise Wrong(f"`{operator}` tests text, and this fact is {type_}")
    if not isinstance(operand, str) or not operand:
        raise Wrong(f"`{operator}` takes a text", path=(operator,))
    if operator == "under":
        if type_.name != "path":
            raise Wrong(f"`under` tests a path, and this fact is {type_}")
        return Under(_path(operand))
    if operator == "starts_with":
        return StartsWith(operand)
    return Matches(_pattern(operand))


def _pattern(pattern: str) -> str:
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as problem:
        reason = problem.args[0].decode() if isinstance(problem.args[0], bytes) else str(problem)
        raise Wrong(
            f"this pattern cannot be used: {reason}",
            "RE2 has no look-around and no back-references; use `any:` with several rows",
            ("matches",),
        ) from None
    return pattern


def _atom(cell: Any, type_: Type, words: Words) -> Atom:
    if type_.is_ordered and isinstance(cell, str):
        found = _range(cell.strip(), type_, words)
        if found is not None:
            return found
    return Equal(_literal(cell, type_, words))


_COMPARED = re.compile(r"(<=|>=|<|>)\s*(.+)")
_SPANNED = re.compile(r"([\[(]?)\s*(.*?)\s*\.\.\s*(.*?)\s*([\])]?)")


def _range(text: str, type_: Type, words: Words) -> Within | None:
    compared = _COMPARED.fullmatch(text)
    if compared:
        bound = _number(compared[2], type_, words)
        if compared[1] in ("<", "<="):
            return Within(None, bound, high_included=compared[1] == "<=")
        return Within(bound, None, low_included=compared[1] == ">=")
    spanned = _SPANNED.fullmatch(text) if ".." in text else None
    if not spanned:
        return None
    opening, low, high, closing = spanned.groups()
    if bool(opening) != bool(closing) or not (low or high):
        raise Wrong(f"{text!r} is no range", "write 0..500, or [0..500] with brackets on both ends")
    ends = [_number(end, type_, words) if end else None for end in (low, high)]
    within = Within(ends[0], ends[1], opening in ("", "["), closing == "]")
    _check_range(within, text)
    return within


def _check_range(within: Within, text: str) -> None:
    low, high = within.low, within.high
    if low is None or high is None:
        return
    if low > high or (low == high and not (within.low_included and within.high_included)):
        raise Wrong(f"the range {text} holds nothing", "the smaller end comes first")


def _number(text: str, type_: Type, words: Words) -> Number:
    value = _literal(text.strip(), type_, words)
    if isinstance(value, str | bool):
        raise Wrong(f"{text!r} has no order")
    return value


def _literal(cell: Any, type_: Type, words: Words) -> Value:
    if type_.is_decimal:
        return _decimal(cell, type_)
    if type_.is_text:
        return _text(cell, type_)
    if type_.name == "boolean":
        if isinstance(cell, bool):
            return cell
        if cell in ("true", "false"):
            return bool(cell == "true")
        raise Wrong(f"{cell} is neither true nor false", truth_hint(cell))
    return _time(str(cell), type_, words)


def _decimal(cell: Any, type_: Type) -> Decimal:
    if isinstance(cell, bool):
        raise Wrong(f"{str(cell).lower()} is no number, and this fact is {type_}")
    if isinstance(cell, Decimal):
        if type_.name == "percent":
            raise Wrong("a percent stands here", f"write {cell:f}%")
        return _whole(cell, type_)
    text = str(cell).strip()
    percent = _PERCENT.fullmatch(text) if "%" in text else None
    if type_.name == "percent":
        if percent:
            return Decimal(percent[1]) / 100
        raise Wrong(f"{text!r} is no percent", "write 12%")
    if percent:
        raise Wrong(f"{text} is a percent, and this fact is {type_}")
    if _PLAIN.fullmatch(text):
        return _whole(Decimal(text), type_)
    dash = re.fullmatch(r"([\d.]+) *[-–—] *([\d.]+)", text)
    hint = "write decimals as 1.50" if "," in text else 'write 500, 0..500 or ">= 500"'
    if dash:
        hint = f"write {dash[1]}..{dash[2]}: from {dash[1]}, before {dash[2]}"
    raise Wrong(f"{text!r} is no number, and this fact is {type_}", hint)


def _whole(value: Decimal, type_: Type) -> Decimal:
    if type_.name == "integer" and value != value.to_integral_value():
        raise Wrong(f"{value:f} is not a whole number")
    return value


def _text(cell: Any, type_: Type) -> str:
    text = (
        "true"
        if cell is True
        else "false"
        if cell is False
        else (f"{cell:f}" if isinstance(cell, Decimal) else str(cell))
    )
    if type_.name == "path":
        return _path(text)
    if type_.name == "enum" and text not in type_.values:
        raise Wrong(f"this fact is never {text!r}", suggest(text, type_.values))
    return text


def _path(text: str) -> str:
    """The path as a snapshot holds it: blanks around its parts do not count, none is empty."""
    parts = [part.strip(" \t") for part in text.strip("/").split("/")]
    if not all(parts):
        raise Wrong(f"the path {text!r} has an empty part", "write electronics/audio")
    first = parts[0].split(" ")[0]
    if parts[0] in _OPERATORS or first in _LIKE_UNDER or parts[0][0] in "!=<>":
        rest = "/".join(parts).removeprefix(first).strip() or "electronics/audio"
        hint = f"write under {rest}, or not {rest}"
        raise Wrong(f"the path {text!r} begins like a comparison", hint)
    return "/".join(parts)


def _time(text: str, type_: Type, words: Words) -> int:
    if type_.name == "duration":
        found = _DURATION.match(text.strip())
        if found:
            return int(Decimal(found[1]) * _SECONDS[found[2].rstrip("s")])
        raise Wrong(f"{text!r} is no duration", "write 6 hours, 3 days or 30 minutes")
    try:
        if type_.name == "date":
            return (date.fromisoformat(text.strip()) - EPOCH.date()).days
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Wrong(f"{text!r} is no {type_}", "write 2026-12-01") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=words.zone)
    return microseconds(moment)
