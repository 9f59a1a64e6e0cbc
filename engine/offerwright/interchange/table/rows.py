"""Rows of a sheet → rows of YAML data; a cell that says the same as before keeps its form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from offerwright.expressions.types import Type
from offerwright.interchange.table.address import Written
from offerwright.interchange.table.cells import condition_cell, result_cell
from offerwright.interchange.table.export import REST, row_cells
from offerwright.interchange.table.sheet import Sheet

_HEADS = ("id", "when", "then", "valid", "expect_matches", "note")


def sheet_rows(
    sheet: Sheet, old: Sequence[Mapping[str, Any]], written: Written, types: Mapping[str, Type]
) -> list[dict[str, Any]]:
    """
    The rows that the document should have, in the order of the sheet.

    Args:
        sheet: what the spreadsheet holds.
        old: the rows of the document now.
        written: the table, whose results say how cells of `then` are read.
        types: the types of the facts that conditions name.
    """
    before = {str(row["id"]): row for row in old}

    def read(heading: str, text: str) -> Any:
        prefix, _, name = heading.partition(".")
        if prefix == "when":
            return condition_cell(text, types.get(name))
        if prefix == "then":
            return result_cell(text, written.place(name))
        return result_cell(text, "number") if heading == "expect_matches" else text

    return [_row(cells, before.get(cells["id"].strip()), written, read) for cells in sheet.rows]


def _row(
    cells: Mapping[str, str],
    old: Mapping[str, Any] | None,
    written: Written,
    read: Callable[[str, str], Any],
) -> dict[str, Any]:
    known = {} if old is None else row_cells(old, written)
    row: dict[str, Any] = {}
    for heading in _ordered(cells, known):
        text = cells[heading] if heading == "note" else cells[heading].strip()
        same = heading in known and known[heading] == text
        value = _held(old, heading) if same else read(heading, text)
        if heading == "id":
            row["id"] = text
        elif "." in heading:
            part, _, name = heading.partition(".")
            row.setdefault(part, {})[name] = value
        else:
            row[heading] = value
    return {key: row[key] for key in _key_order(old) if key in row}


def _ordered(cells: Mapping[str, str], known: Mapping[str, str]) -> list[str]:
    """The headings of a row: those of the old row in its order, then new ones as in the sheet."""
    return [h for h in known if h in cells] + [h for h in cells if h not in known]


def _key_order(old: Mapping[str, Any] | None) -> list[str]:
    own = [] if old is None else [key for key in old if key in _HEADS]
    return [*own, *(key for key in _HEADS if key not in own)]


def _held(old: Mapping[str, Any] | None, heading: str) -> Any:
    """The value of a cell as the document holds it now."""
    found: Any = old
    if heading in ("id", *REST):
        for part in heading.split("."):
            found = found[part]
        return found
    part, _, name = heading.partition(".")
    return found[part][name]
