"""CSV as people export it → text columns; broken rows are rejected one by one, the rest kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

import polars as pl

from offerwright.errors import SnapshotRefused
from offerwright.facts.read import (
    MAX_CELL,
    Records,
    Wanted,
    has_broken_bytes,
    require_columns,
    text_of,
)
from offerwright.facts.rejects import Reject, shown
from offerwright.facts.schema import SourceDef
from offerwright.source.garbage import without_garbage_collection

CHUNK_ROWS = 50_000
# Each broken quote costs a look at up to MAX_CELL characters; past this the file is refused.
MAX_BROKEN = 1_000
DELIMITERS = (",", ";", "\t", "|")

# The line (from 1) on which a record starts, and its cells.
_Record = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a record of this file must look like."""

    header: list[str]
    raw_header: list[str]
    delimiter: str
    id_index: int
    has_bad_bytes: bool
    has_nul: bool


def read_csv(source: SourceDef, content: bytes, digest: str, wanted: Wanted) -> Records:
    """The wanted columns of a CSV file, String; `rows` are line numbers, the header's is 1.

    A first line `sep=;` sets the delimiter. Blank lines are no records.
    """
    text = text_of(source, content)
    lines = list(io.StringIO(text, newline=""))
    delimiter, first = _delimiter(source, lines)
    records = _records(source, lines, first, delimiter)
    raw_header = _header(source, next(records, None))
    header = [name.strip(" \t") for name in raw_header]
    require_columns(source, wanted, header)
    shape = _Shape(
        header=header,
        raw_header=raw_header,
        delimiter=delimiter,
        id_index=header.index(source.id_column),
        has_bad_bytes=has_broken_bytes(text),
        has_nul="\0" in text,
    )
    with without_garbage_collection():
        return _collect(records, shape, digest, wanted)


def _delimiter(source: SourceDef, lines: list[str]) -> tuple[str, int]:
    """The delimiter and the index of the first line to read."""
    start = lines[0].rstrip("\r\n") if lines else ""
    if start[:4].lower() == "sep=" and start[4:] in DELIMITERS:
        return start[4:], 1
    return source.delimiter, 0


def _header(source: SourceDef, record: _Record | Reject | None) -> list[str]:
    if record is None:
        raise SnapshotRefused(
            f"{source.file} (source `{source.name}`) is empty: it has not even a header."
        )
    if isinstance(record, Reject):
        raise SnapshotRefused(
            f"{source.file} (source `{source.name}`) has a broken header: {record.reason}."
        )
    return record[1]


def _records(
    source: SourceDef, lines: list[str], first: int, delimiter: str
) -> Iterator[_Record | Reject]:
    """All records from a line on. After a broken quote reading goes on with the next line, so
    that one quote costs one row and not the rest of the file."""
    start, broken = first, 0
    while start < len(lines):
        offset = start
        rest = map(lines.__getitem__, range(offset, len(lines)))
        reader = csv.reader(rest, delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                if cells:
                    yield start + 1, cells
                start = offset + reader.line_num
        except csv.Error:
            yield _broken(start + 1, lines[start])
            start, broken = start + 1, broken + 1
        if broken > MAX_BROKEN:
            raise SnapshotRefused(
                f"{source.file} (source `{source.name}`) has more than {MAX_BROKEN:,} rows with "
                f"broken quotes up to line {start}. Export it again as CSV."
            )


def _broken(line: int, text: str) -> Reject:
    if len(text) > MAX_CELL:
        reason = f"a cell has more than {MAX_CELL:,} characters: shorten it"
        return Reject(line, "", shown(text), "CELL_TOO_LONG", reason)
    reason = (
        "a quote is not closed, or text follows the closing one: "
        'write a quote inside a quoted cell twice, as ""'
    )
    return Reject(line, "", shown(text.rstrip("\r\n")), "BROKEN_QUOTE", reason)


def _collect(
    records: Iterator[_Record | Reject], shape: _Shape, digest: str, wanted: Wanted
) -> Records:
    chunks = [_frame([], shape, wanted)]
    rows: list[int] = []
    rejects: list[Reject] = []
    width, suspect = len(shape.header), shape.has_bad_bytes or shape.has_nul
    for record in records:
        kept: list[list[str]] = []
        for one in chain([record], islice(records, CHUNK_ROWS - 1)):
            if isinstance(one, Reject):
                rejects.append(one)
                continue
            line, cells = one
            if suspect or len(cells) != width or cells == shape.raw_header:
                reject = _reject(one, shape)
                if reject is not None:
                    rejects.append(reject)
                    continue
            rows.append(line)
            kept.append(cells)
        chunks.append(_frame(kept, shape, wanted))
    lines = pl.Series("row", rows, dtype=pl.Int64)
    return Records(pl.concat(chunks), lines, tuple(rejects), digest)


def _frame(records: Iterable[list[str]], shape: _Shape, wanted: Wanted) -> pl.DataFrame:
    columns = list(zip(*records, strict=True)) or [()] * len(shape.header)
    return pl.DataFrame(
        [
            pl.Series(name, columns[shape.header.index(name)], dtype=pl.String)
            for name in wanted.columns
        ]
    )


def _reject(record: _Record, shape: _Shape) -> Reject | None:
    line, cells = record
    if len(cells) != len(shape.header):
        reason = f"the header has {len(shape.header)} cells and this row {len(cells)}"
        return _whole_row(record, shape, "WRONG_CELL_COUNT", reason)
    if cells == shape.raw_header:
        return _whole_row(record, shape, "HEADER_AGAIN", "the header stands here again")
    if shape.has_bad_bytes:
        bad = next((i for i, cell in enumerate(cells) if has_broken_bytes(cell)), None)
        if bad is not None:
            reason = "these bytes are not UTF-8: save the file as CSV UTF-8"
            value = shown(cells[bad])
            return Reject(
                line, shown(shape.header[bad]), value, "NOT_UTF8", reason, _id(cells, shape)
            )
    if shape.has_nul and any("\0" in cell for cell in cells):
        return _whole_row(record, shape, "NUL_CHARACTER", "the row holds a NUL character")
    return None


def _whole_row(record: _Record, shape: _Shape, code: str, reason: str) -> Reject:
    line, cells = record
    text = shown(shape.delimiter.join(cells))
    return Reject(line, "", text, code, reason, _id(cells, shape))


def _id(cells: list[str], shape: _Shape) -> str | None:
    """The row's SKU as far as it can be trusted: the cell at its place."""
    found = cells[shape.id_index] if shape.id_index < len(cells) else ""
    return found if found and not has_broken_bytes(found) else None
