"""What a spreadsheet has saved → rows of texts that know their row and column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from offerwright.errors import Diagnostic, Span
from offerwright.interchange.table.cells import decimal_comma
from offerwright.interchange.table.export import REST
from offerwright.interchange.table.neutral import plain
from offerwright.source.csv import read_csv_table
from offerwright.source.located import CsvTable
from offerwright.source.suggest import did_you_mean

_FIRST = re.compile(r'\ufeff?"?id"?([,;\t|])')
_TRUTHS = {
    "true": "true", "verdadeiro": "true", "verdadero": "true",
    "false": "false", "falso": "false",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows that are not empty, by heading. `numbers[i]` is the row's number in the table."""

    table: CsvTable
    rows: tuple[dict[str, str], ...]
    numbers: tuple[int, ...]

    def cell(self, row: int, heading: str) -> Span:
        """Where a cell stands; one of a column that is not there, at the id."""
        column = self.table.position.get(heading, self.table.position["id"])
        return self.table.cell(self.numbers[row], column)

    def named(self, row: int, heading: str) -> str:
        """A cell as people name it: `row 3, column then.markup`."""
        return f"row {self.table.lines[self.numbers[row]]}, column {heading}"


def read_sheet(content: bytes, file: str) -> tuple[Sheet | None, list[Diagnostic]]:
    """
    Read CSV as spreadsheets write it: a byte order mark, CR LF, commas, semicolons or tabs.

    Apostrophes that keep a cell from being a formula are taken away; rows without any cell are
    left out. Returns None with what is wrong with the header or the cells.
    """
    table, found = read_csv_table(content, file, _delimiter(content))
    if table is None:
        return None, found
    header = tuple(heading.strip() for heading in table.header)
    found = list(_header_errors(header, table))
    if found:
        return None, found
    cells = tuple(tuple(plain(cell) for cell in row) for row in table.rows)
    table = replace(table, header=header, rows=cells)
    numbers = tuple(n for n, row in enumerate(cells) if any(cell.strip() for cell in row))
    rows = tuple(
        {h: c for h, c in zip(header, cells[n], strict=True) if c.strip()} for n in numbers
    )
    if not rows:
        message = "the sheet has no rows, and a table is not emptied by it"
        return None, [Diagnostic("EMPTY_FILE", message, table.heading(0),
                                 "delete the table in its document if that is meant")]  # fmt: skip
    sheet = Sheet(table, rows, numbers)
    found = list(_row_errors(sheet))
    return (None, found) if found else (sheet, [])


def with_truths(sheet: Sheet, is_truth: Callable[[str], bool]) -> Sheet:
    """
    The sheet with `true` and `false` as tables write them.

    Spreadsheets save what they take for truth values in capitals and in their own language.
    """
    columns = {n for n, heading in enumerate(sheet.table.header) if is_truth(heading)}
    cells = tuple(
        tuple(_truth(c) if n in columns else c for n, c in enumerate(row))
        for row in sheet.table.rows
    )
    rows = tuple({h: _truth(c) if is_truth(h) else c for h, c in row.items()} for row in sheet.rows)
    return replace(sheet, table=replace(sheet.table, rows=cells), rows=rows)


def _truth(cell: str) -> str:
    return _TRUTHS.get(cell.strip().casefold(), cell)


def _delimiter(content: bytes) -> str:
    """What follows the heading `id`; a comma where that does not say."""
    found = _FIRST.match(content[:64].decode("utf-8", "replace"))
    return found[1] if found else _most(content.split(b"\n", 1)[0].decode("utf-8", "replace"))


def _most(line: str) -> str:
    counts = {sign: line.count(sign) for sign in (",", ";", "\t")}
    return max(counts, key=lambda sign: counts[sign])


def _header_errors(header: tuple[str, ...], table: CsvTable) -> Iterator[Diagnostic]:
    for column, heading in enumerate(header):
        prefix, _, rest = heading.partition(".")
        if heading in ("id", *REST) or (prefix in ("when", "then") and rest):
            continue
        hint = did_you_mean(heading, ("id", *REST)) or (
            "headings are id, when.<fact>, then.<name>, valid.from, valid.before, "
            "expect_matches, note"
        )
        yield Diagnostic("UNKNOWN_HEADING", f"unknown heading `{heading}`",
                         table.heading(column), hint)  # fmt: skip
    if "id" not in header:
        yield Diagnostic("MISSING_HEADING", "the table has no heading `id`", table.heading(0),
                         "every row needs an id that stays when rows are moved")  # fmt: skip


def _row_errors(sheet: Sheet) -> Iterator[Diagnostic]:
    first: dict[str, int] = {}
    for number, row in enumerate(sheet.rows):
        id_ = row.get("id", "").strip()
        span = sheet.cell(number, "id")
        if not id_:
            yield Diagnostic("MISSING_ID", f"{sheet.named(number, 'id')}: this row has no id",
                             span, "give it one that no other row has")  # fmt: skip
        elif id_ in first:
            yield Diagnostic("DUPLICATE_ID", f"{sheet.named(number, 'id')}: the id `{id_}` is used "
                             "twice", span, "ids are unique in a table")  # fmt: skip
        first.setdefault(id_, number)


def comma_error(sheet: Sheet, row: int, heading: str) -> Diagnostic | None:
    """Why a cell of a number is none: a decimal comma, as some spreadsheets save it."""
    text = sheet.rows[row][heading]
    point = decimal_comma(text)
    if point is None:
        return None
    message = f"{sheet.named(row, heading)}: `{text.strip()}` has a decimal comma"
    return Diagnostic("DECIMAL_COMMA", message, sheet.cell(row, heading), f"write {point}")
