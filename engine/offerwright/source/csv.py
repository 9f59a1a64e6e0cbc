"""CSV text → cells that know their line and column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from offerwright.errors import Diagnostic, Related, Span
from offerwright.source.located import CsvTable
from offerwright.source.text import LINE_BREAK, MAX_CSV_BYTES, decode, span_at

_SHOWN = 20

_QUOTED = re.compile(r'"((?:[^"]|"")*)(")?')
_WHOLE, _PART = re.compile(r"-?[0-9]+"), re.compile(r"[0-9]{1,2}%?")
_NEXT_DELIMITERS = (";", "\t", "|", ",")


class _Cell(NamedTuple):
    text: str
    line: int
    column: int


class _Refused(Exception):
    """The text cannot be cut into cells from here on."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


def read_csv_table(
    text: bytes, file: str, delimiter: str = ","
) -> tuple[CsvTable | None, list[Diagnostic]]:
    """
    Read a CSV file with one header line.

    Args:
        text: the bytes, UTF-8, at most 20 MiB; lines end in LF or CR LF; cells are quoted as in
            RFC 4180. Empty lines are skipped.
        file: its name in spans, relative to the repository.
        delimiter: one character.

    Returns:
        The table (text cells, blanks kept), or None with the reasons, at most 20.
    """
    decoded, found = decode(text, file, MAX_CSV_BYTES)
    if decoded is None:
        return None, found
    if not decoded.strip():
        return None, [_say("EMPTY_FILE", "the file is empty", Span(file, 1, 1, 1, 1),
                           "write a header line such as `id,when.brand,then.markup`")]  # fmt: skip
    if decoded[:4].lower() == "sep=":
        hint = "delete the line, and separate the cells with commas"
        return None, [_say("SEPARATOR", "`sep=` is not a header", Span(file, 1, 1, 1, 5), hint)]
    try:
        rows = list(_rows(decoded, file, delimiter))
    except _Refused as refused:
        return None, [refused.diagnostic]
    header, *body = rows
    found = _header_errors(header, file, delimiter) or _count_errors(header, body, file)
    return (None, found) if found else (_table(file, header, body), [])


def _table(file: str, header: list[_Cell], body: list[list[_Cell]]) -> CsvTable:
    return CsvTable(
        file=file,
        header=tuple(cell.text for cell in header),
        rows=tuple(tuple(cell.text for cell in row) for row in body),
        lines=tuple(row[0].line for row in body),
        header_line=header[0].line,
        columns_at=tuple(tuple(cell.column for cell in row) for row in body),
        header_columns_at=tuple(cell.column for cell in header),
        later_lines={
            (i, j): cell.line
            for i, row in enumerate(body)
            if row[-1].line != row[0].line
            for j, cell in enumerate(row)
            if cell.line != row[0].line
        },
    )


def _rows(text: str, file: str, delimiter: str) -> Iterator[list[_Cell]]:
    """The rows that are not empty. A line without quotes is cut at once."""
    index, line = 0, 1
    while index < len(text):
        found = LINE_BREAK.search(text, index)
        end = found.start() if found else len(text)
        if text.find('"', index, end) < 0:
            row = _plain_row(text[index:end], line, delimiter)
            index, line = (found.end() if found else end), line + 1
        else:
            row, index, line = _quoted_row(text, index, line, file, delimiter)
        if len(row) > 1 or row[0].text.strip():
            yield row


def _plain_row(text: str, line: int, delimiter: str) -> list[_Cell]:
    row, column = [], 1
    for cell in text.split(delimiter):
        row.append(_Cell(cell, line, column))
        column += len(cell) + 1
    return row


def _quoted_row(
    text: str, index: int, line: int, file: str, delimiter: str
) -> tuple[list[_Cell], int, int]:
    """One row from `index`, the index after it, and the line on which the next one begins."""
    row: list[_Cell] = []
    line_start = index
    unquoted = re.compile(f"[^{re.escape(delimiter)}\r\n]*")
    while True:
        column, starts_on = index - line_start + 1, line
        if text.startswith('"', index):
            content, index = _quoted_cell(text, index, file, delimiter)
            if "\n" in content or "\r" in content:
                breaks = list(LINE_BREAK.finditer(text, line_start, index))
                line, line_start = line + len(breaks), breaks[-1].end()
            content = content.replace('""', '"')
        else:
            found = unquoted.match(text, index)
            content, index = (found[0], found.end()) if found else ("", index)
        row.append(_Cell(content, starts_on, column))
        if not text.startswith(delimiter, index):
            break
        index += 1
    found = LINE_BREAK.match(text, index)
    return row, (found.end() if found else index), line + 1


def _quoted_cell(text: str, index: int, file: str, delimiter: str) -> tuple[str, int]:
    """What stands between the quotes, still doubled inside, and the index after the closing one."""
    found = _QUOTED.match(text, index)
    if found is None or found[2] is None:
        raise _Refused(
            _say("UNCLOSED_QUOTE", 'the quote `"` is never closed', span_at(text, index, file),
                 'write " at its end; a quote inside a quoted cell is written twice')
        )  # fmt: skip
    end = found.end()
    if end < len(text) and text[end] not in (delimiter, "\r", "\n"):
        opened = Related(span_at(text, index, file), "the cell begins here")
        raise _Refused(
            Diagnostic(
                "TEXT_AFTER_QUOTE",
                "text follows after the closing quote",
                span_at(text, end, file),
                'a quote inside a quoted cell is written twice: ""',
                related=(opened,),
            )
        )
    return found[1], end


def _header_errors(header: list[_Cell], file: str, delimiter: str) -> list[Diagnostic]:
    if len(header) == 1:
        other = next((d for d in _NEXT_DELIMITERS if d != delimiter and d in header[0].text), None)
        if other is not None:
            hint = f"separate the cells with {_named(delimiter)}"
            message = f"the cells are separated by {_named(other)}"
            return [_say("SEPARATOR", message, _span(header[0], file), hint)]
    found = []
    first: dict[str, _Cell] = {}
    for number, cell in enumerate(header, start=1):
        name = cell.text.strip()
        if not name:
            found.append(_say("EMPTY_COLUMN", f"column {number} has no name", _span(cell, file),
                              "name it, or delete the column"))  # fmt: skip
        elif name in first:
            related = Related(_span(first[name], file), "first written here")
            found.append(
                Diagnostic("DUPLICATE_COLUMN", f"the column {name!r} stands here twice",
                           _span(cell, file), "rename or delete one of them", related=(related,))
            )  # fmt: skip
        first.setdefault(name, cell)
    return found[:_SHOWN]


def _too_many(row: list[_Cell]) -> str:
    """What to write instead of a row with too many cells: a decimal comma is the usual reason."""
    texts = [cell.text.strip() for cell in row]
    for whole, part in pairwise(texts):
        if _WHOLE.fullmatch(whole) and _PART.fullmatch(part):
            return f"write numbers with a point: {whole}.{part}; quote texts that hold a comma"
    return "quote cells that hold a comma"


def _count_errors(header: list[_Cell], body: list[list[_Cell]], file: str) -> list[Diagnostic]:
    found = []
    for row in body:
        if len(row) == len(header):
            continue
        cell = row[len(header)] if len(row) > len(header) else row[-1]
        found.append(
            _say("CELL_COUNT", f"the row has {len(row)} cells, the header has {len(header)}",
                 _span(cell, file),
                 _too_many(row) if len(row) > len(header)
                 else "write the missing cells; an empty one is two commas")
        )  # fmt: skip
        if len(found) == _SHOWN:
            break
    return found


def _named(delimiter: str) -> str:
    names = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
    return names.get(delimiter, repr(delimiter))


def _span(cell: _Cell, file: str) -> Span:
    width = max(1, len(LINE_BREAK.split(cell.text)[0]))
    return Span(file, cell.line, cell.column, cell.line, cell.column + width)


def _say(code: str, message: str, span: Span, hint: str) -> Diagnostic:
    return Diagnostic(code, message, span, hint)
