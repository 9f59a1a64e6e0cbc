"""Rows and cells that are refused, and the file that lists them for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

SCHEMA: dict[str, pl.DataType] = {
    "file": pl.String(),
    "row": pl.Int64(),
    "column": pl.String(),
    "value": pl.String(),
    "code": pl.String(),
    "reason": pl.String(),
}
MAX_SHOWN = 80
# A spreadsheet runs a cell that starts with one of these; a leading quote makes it text. The quote
# itself is among them so that taking one off again always gives the cell.
_RUNS = ("=", "+", "-", "@", "\t", "\r", "'")


@dataclass(frozen=True, slots=True)
class Reject:
    """One refused cell, or a refused row where `column` is blank.

    `row` is the line on which the record starts (the header is line 1), in Parquet the number of
    the record. `id` is the SKU (or joined value) of the row as far as it can be read.
    """

    row: int
    column: str
    value: str
    code: str
    reason: str
    id: str | None = None


def shown(text: str) -> str:
    """A value as it can be shown: at most 80 characters, control characters escaped."""
    cut = text[:MAX_SHOWN]
    if not cut.isprintable():
        cut = "".join(c if c.isprintable() else _escaped(c) for c in cut)
    return cut if len(cut) <= MAX_SHOWN else cut[:MAX_SHOWN]


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte that is not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def rejects_frame(file: str, rejects: Iterable[Reject]) -> pl.DataFrame:
    """`frames.REJECTS` of one source, ordered by row, then column."""
    ordered = sorted(rejects, key=lambda r: (r.row, r.column, r.code))
    rows = [(file, r.row, r.column, r.value, r.code, r.reason) for r in ordered]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def rejects_csv(rejects: pl.DataFrame) -> bytes:
    """The rejects as CSV that a spreadsheet shows and never runs."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rejects.columns)
    for row in rejects.iter_rows():
        writer.writerow([_inert(cell) for cell in row])
    return out.getvalue().encode()


def _inert(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_RUNS) else cell


def rejects_from_csv(content: bytes) -> pl.DataFrame:
    """The rejects that `rejects_csv` wrote, without the quotes that keep cells inert."""
    rows = list(csv.reader(io.StringIO(content.decode(), newline="")))[1:]
    cells = [[_plain(cell) for cell in row] for row in rows]
    typed = [(row[0], int(row[1]), *row[2:]) for row in cells]
    return pl.DataFrame(typed, schema=SCHEMA, orient="row")


def _plain(cell: str) -> str:
    return cell.removeprefix("'")
