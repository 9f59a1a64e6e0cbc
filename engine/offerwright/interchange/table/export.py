"""A table → the text of a CSV file; what a cell cannot say is refused by the name of its row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from offerwright.errors import Diagnostic
from offerwright.interchange.table.address import Written
from offerwright.interchange.table.cells import NESTS, condition_text, result_text
from offerwright.interchange.table.neutral import neutralised
from offerwright.source.located import Path

REST = ("valid.from", "valid.before", "expect_matches", "note")


def exported(written: Written) -> tuple[str | None, list[Diagnostic]]:
    """
    The CSV text of a table: commas, LF, a header as in tables of rules, a row for each rule.

    `hit`, `take` and `otherwise` stay in the document. Returns None with a finding for every cell
    that has no text.
    """
    csv_table = written.loaded.tables.get(written.table.file or "")
    if csv_table is not None:
        return csv_text(csv_table.header, csv_table.rows), []
    rows = list(written.data.get("rules") or ())
    found = [d for number, row in enumerate(rows) for d in _refusals(written, number, row)]
    if found:
        return None, found
    header = headings(rows)
    cells = [row_cells(row, written) for row in rows]
    return csv_text(header, [[c.get(h, "") for h in header] for c in cells]), []


def csv_text(header: Sequence[str], rows: Sequence[Sequence[str]], raw: bool = False) -> str:
    """The rows as CSV; `raw`: cells as they are, for a file that the engine reads."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([cell if raw else neutralised(cell) for cell in row])
    return out.getvalue()


def headings(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The header that these rows need, in the order in which they first name things."""
    when = dict.fromkeys(f"when.{key}" for row in rows for key in row.get("when") or {})
    then = dict.fromkeys(f"then.{key}" for row in rows for key in row.get("then") or {})
    rest = [heading for heading in REST if any(_rest(row, heading) is not None for row in rows)]
    return ["id", *when, *then, *rest]


def row_cells(row: Mapping[str, Any], written: Written) -> dict[str, str]:
    """The texts of a row by heading; those without a text are left out."""
    cells: dict[str, str | None] = {"id": str(row["id"])}
    for key, cell in (row.get("when") or {}).items():
        cells[f"when.{key}"] = condition_text(cell)
    for key, cell in (row.get("then") or {}).items():
        cells[f"then.{key}"] = None if cell is None else result_text(cell, written.place(key))
    cells |= {heading: _rest(row, heading) for heading in REST}
    return {heading: text for heading, text in cells.items() if text is not None}


def _rest(row: Mapping[str, Any], heading: str) -> str | None:
    found: Any = row
    for part in heading.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    if found is None:
        return None
    text = f"{found:f}" if not isinstance(found, str) else found
    return text.replace(" ", "T", 1) if heading.startswith("valid.") else text


def _refusals(written: Written, number: int, row: Mapping[str, Any]) -> Iterator[Diagnostic]:
    path: Path = (*written.path, "rules", number)
    located = written.loaded.located
    for part, say in (("when", _why_condition), ("then", _why_result)):
        for key, cell in (row.get(part) or {}).items():
            why = say(key, cell, written)
            if why:
                yield Diagnostic(
                    "NO_CELL", f"the row `{row['id']}` cannot stand in a spreadsheet: {why}",
                    located.at((*path, part, key)),
                    "keep this table in YAML, or split the row",
                )  # fmt: skip


def _why_condition(key: str, cell: Any, written: Written) -> str:
    if key in NESTS:
        return f"`{key}` joins several conditions"
    return "" if condition_text(cell) is not None else f"its condition on `{key}` is no one cell"


def _why_result(key: str, cell: Any, written: Written) -> str:
    if cell is None or result_text(cell, written.place(key)) is not None:
        return ""
    return f"its result `{key}` is no plain text or number"
