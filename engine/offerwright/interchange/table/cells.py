"""
Cells of YAML rows ↔ texts of CSV cells.

A cell has a text only when reading the text gives the cell again; every other one has none and must
stay in YAML. `[x]` and `x`, `{is: gold}` and `is gold` are the same cell.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from offerwright.expressions.csv_cells import from_csv
from offerwright.expressions.types import Type

NESTS = ("any", "all", "not")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?\Z")
_COMMA = re.compile(r"-?[0-9]{1,3}(?:[.\s]?[0-9]{3})*,[0-9]+%?")
_WORDS = {"starts_with": "starts with", "under": "under", "in": "in", "is": "is"}

Place = Literal["number", "text", "boolean"]
"""What a result is: an expression, a text, or true and false."""


def condition_text(cell: Any) -> str | None:
    """The text of a cell of `when`; None where there is none."""
    text = _condition(cell)
    if text is None or text != text.strip() or not text or "\n" in text:
        return None
    return text if _same(from_csv(text), _normal(cell)) else None


def _condition(cell: Any) -> str | None:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, str):
        # A literal that reads as an operator is marked.
        return cell if from_csv(cell) == cell.strip() else f"is {cell}"
    if isinstance(cell, list):
        parts = [_condition(part) for part in cell]
        return None if None in parts else " | ".join(str(part) for part in parts)
    if not isinstance(cell, dict) or len(cell) != 1:
        return None
    operator, operand = next(iter(cell.items()))
    if operator == "matches" and isinstance(operand, str):
        return f"matches {operand}"
    if operator in ("not", "has"):
        inner = _condition(operand)
        return None if inner is None else f"{operator} {inner}"
    word = _WORDS.get(str(operator))
    return f"{word} {operand}" if word and isinstance(operand, str) else None


def _normal(cell: Any) -> Any:
    """The cell with one spelling for what means the same."""
    if isinstance(cell, list):
        parts = [_normal(part) for part in cell]
        return parts[0] if len(parts) == 1 else parts
    if isinstance(cell, Mapping):
        return {key: _normal(value) for key, value in cell.items()}
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return f"{cell:f}" if isinstance(cell, Decimal) else cell


def _same(read: Any, cell: Any) -> bool:
    """Whether what a text reads as is the cell; a literal may have been marked by `is`."""
    if read == cell:
        return True
    if isinstance(read, list) and isinstance(cell, list):
        return len(read) == len(cell) and all(map(_same, read, cell))
    if isinstance(read, dict) and isinstance(cell, dict) and list(read) == list(cell):
        return all(_same(read[key], cell[key]) for key in read)
    return isinstance(cell, str) and read == {"is": cell}


def condition_cell(text: str, type_: Type | None) -> Any:
    """The cell of `when` that a text stands for, as YAML would give it for a fact of this type."""
    return _typed(from_csv(text), type_)


def _typed(cell: Any, type_: Type | None) -> Any:
    if isinstance(cell, list):
        return [_typed(part, type_) for part in cell]
    if isinstance(cell, dict):
        operator, operand = next(iter(cell.items()))
        if operator == "not":
            return {"not": _typed(operand, type_)}
        if operator == "has":
            return {"has": _typed(operand, type_.of if type_ else None)}
        if operator == "is" and isinstance(operand, str) and from_csv(operand) != operand:
            return operand
        return cell
    name = type_.name if type_ is not None else "number"
    if name == "boolean" and cell in ("true", "false"):
        return cell == "true"
    is_number = type_ is None or type_.is_decimal
    return Decimal(cell) if is_number and _NUMBER.match(cell) else cell


def result_text(cell: Any, place: Place) -> str | None:
    """The text of a cell of `then`; None where there is none."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    is_kept = isinstance(cell, str) and cell == cell.strip() and bool(cell)
    return cell if is_kept else None


def result_cell(text: str, place: Place) -> Any:
    """The cell of `then` that a text stands for."""
    text = text.strip()
    if place == "boolean" and text in ("true", "false"):
        return text == "true"
    return Decimal(text) if place == "number" and _NUMBER.match(text) else text


def decimal_comma(text: str) -> str | None:
    """A number with a decimal comma in a cell, written with a point; None where there is none."""
    found = _COMMA.search(text)
    if found is None:
        return None
    whole, _, part = found[0].rpartition(",")
    digits = re.sub(r"[.\s]", "", whole)
    return f"{digits}.{part}"
