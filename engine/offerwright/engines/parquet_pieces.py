"""
Parquet files of one schema → one file, their row groups copied byte by byte.

Decoding the pieces and encoding them again would cost as much as computing them, on one processor.
A row group does not know where it stands: only the footer and the indexes of pages do, so these
are written anew with their places moved (Parquet format, `parquet.thrift`).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from offerwright.engines.thrift import (
    I16,
    I32,
    I64,
    LIST,
    STRUCT,
    Fields,
    Typed,
    bytes_of,
    fields_of,
    items,
)

MAGIC = b"PAR1"
# Numbers of fields in `parquet.thrift`.
_SCHEMA, _ROWS, _GROUPS, _ORDERS = 2, 3, 4, 7
_COLUMNS, _GROUP_ROWS, _GROUP_PLACE, _ORDINAL = 1, 3, 5, 7
_CHUNK_START, _METADATA, _OFFSETS, _OFFSETS_SIZE, _BOUNDS = 2, 3, 4, 5, 6
_DATA_PAGE, _INDEX_PAGE, _DICTIONARY_PAGE, _BLOOM_FILTER = 9, 10, 11, 14
_PAGES, _PAGE_PLACE = 1, 1
_DATA_PLACES = (_DATA_PAGE, _INDEX_PAGE, _DICTIONARY_PAGE, _BLOOM_FILTER)
# What is known of each struct, and what it must have. Anything else may be a place that must be
# moved: it is refused. So are columns in other files (1), signed and encrypted ones (8, 9).
_KNOWN = {
    "the footer": (range(1, 8), {_SCHEMA, _ROWS, _GROUPS}),
    "a row group": (range(1, 8), {_COLUMNS, _GROUP_ROWS}),
    "a column": (range(2, 8), {_CHUNK_START, _METADATA}),
    "the metadata of a column": (range(1, 18), {_DATA_PAGE}),
    "an index of pages": (range(1, 3), {_PAGES}),
}
_MOST_GROUPS = 2**15


@dataclass(frozen=True)
class _Footer:
    fields: Fields
    start: int
    """Where the footer begins, and the row groups end."""


def join_parquet(pieces: Iterable[Path], out: BinaryIO) -> int:
    """
    Write one file with the rows of all pieces, in order; how many rows it has.

    Raises ValueError where a piece is no Parquet file, has another schema than the first, or says
    something that is not known here.
    """
    out.write(MAGIC)
    place, first, groups = len(MAGIC), None, []
    for piece in pieces:
        footer = _footer(piece)
        first = first or footer
        if any(footer.fields.get(n) != first.fields.get(n) for n in (_SCHEMA, _ORDERS)):
            raise ValueError(f"{piece} has other columns than the pieces before")
        by = place - len(MAGIC)
        place += _copied(piece, footer.start, out)
        for group in items(footer.fields, _GROUPS):
            if group[_GROUP_ROWS].value:
                moved, indexes = _with_indexes(_moved(group, by), group, piece, place, by)
                groups.append(moved)
                place += out.write(indexes)
    if first is None:
        raise ValueError("there is no piece")
    rows = sum(int(group[_GROUP_ROWS].value) for group in groups)
    numbered = [_numbered(group, number) for number, group in enumerate(groups)]
    fields = {**first.fields, _ROWS: Typed(I64, rows), _GROUPS: Typed(LIST, (STRUCT, numbered))}
    footer_bytes = bytes_of(fields)
    out.write(footer_bytes + len(footer_bytes).to_bytes(4, "little") + MAGIC)
    return rows


def _footer(piece: Path) -> _Footer:
    with piece.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 8))
        tail = file.read(8)
        length = int.from_bytes(tail[:4], "little")
        if size < 12 or tail[4:] != MAGIC or length > size - 12:
            raise ValueError(f"{piece} is no Parquet file")
        file.seek(size - 8 - length)
        try:
            fields = fields_of(file.read(length))
            _check_footer(fields)
        except (EOFError, ValueError) as problem:
            raise ValueError(f"the footer of {piece} cannot be joined: {problem}") from problem
        return _Footer(fields, size - 8 - length)


def _check_footer(fields: Fields) -> None:
    _check("the footer", fields)
    for group in items(fields, _GROUPS):
        _check("a row group", group)
        for chunk in items(group, _COLUMNS):
            _check("a column", chunk)
            _check("the metadata of a column", chunk[_METADATA].value)
    rows = sum(group[_GROUP_ROWS].value for group in items(fields, _GROUPS))
    if rows != fields[_ROWS].value:
        raise ValueError(f"its groups have {rows} rows, not {fields[_ROWS].value}")


def _check(what: str, fields: Fields) -> None:
    known, needed = _KNOWN[what]
    for number in fields:
        if number not in known:
            raise ValueError(f"{what} has the field {number}")
    for number in sorted(needed - fields.keys()):
        raise ValueError(f"{what} lacks the field {number}")


def _copied(piece: Path, stop: int, out: BinaryIO) -> int:
    """Copy what lies between the first magic and the footer; how many bytes."""
    with piece.open("rb") as file:
        file.seek(len(MAGIC))
        left = stop - len(MAGIC)
        while left:
            chunk = file.read(min(left, shutil.COPY_BUFSIZE))  # type: ignore[attr-defined]  # no stub has it
            out.write(chunk)
            left -= len(chunk)
    return stop - len(MAGIC)


def _with_columns(group: Fields, chunks: list[Fields]) -> Fields:
    return {**group, _COLUMNS: Typed(LIST, (STRUCT, chunks))}


def _moved(group: Fields, by: int) -> Fields:
    chunks = [_moved_chunk(chunk, by) for chunk in items(group, _COLUMNS)]
    return _with_places(_with_columns(group, chunks), (_GROUP_PLACE,), by)


def _moved_chunk(chunk: Fields, by: int) -> Fields:
    # `file_offset` is 0 where the writer follows the newer text of the format.
    places = (_BOUNDS, _CHUNK_START) if chunk[_CHUNK_START].value else (_BOUNDS,)
    moved = _with_places(chunk, places, by)
    metadata = _with_places(chunk[_METADATA].value, _DATA_PLACES, by)
    return {**moved, _METADATA: Typed(STRUCT, metadata)}


def _with_places(fields: Fields, numbers: tuple[int, ...], by: int) -> Fields:
    moved = {n: Typed(fields[n].kind, fields[n].value + by) for n in numbers if n in fields}
    return {**fields, **moved}


def _with_indexes(
    moved: Fields, group: Fields, piece: Path, place: int, by: int
) -> tuple[Fields, bytes]:
    """
    A group whose columns find their pages, and the indexes that say where these lie.

    They name places in the file, so they are written anew, at `place`; what the piece had of them
    stays behind unread.
    """
    written, chunks = b"", []
    with piece.open("rb") as file:
        columns = zip(items(moved, _COLUMNS), items(group, _COLUMNS), strict=True)
        for chunk, before in columns:
            if _OFFSETS in before:
                file.seek(before[_OFFSETS].value)
                index = _moved_index(fields_of(file.read(before[_OFFSETS_SIZE].value)), by)
                at = {
                    _OFFSETS: Typed(I64, place + len(written)),
                    _OFFSETS_SIZE: Typed(I32, len(index)),
                }
                chunk = {**chunk, **at}
                written += index
            chunks.append(chunk)
    return _with_columns(moved, chunks), written


def _moved_index(index: Fields, by: int) -> bytes:
    _check("an index of pages", index)
    pages = [_with_places(page, (_PAGE_PLACE,), by) for page in items(index, _PAGES)]
    return bytes_of({**index, _PAGES: Typed(LIST, (STRUCT, pages))})


def _numbered(group: Fields, number: int) -> Fields:
    """With its ordinal, which 16 bits must hold: left out where there are more groups."""
    kept = {n: typed for n, typed in group.items() if n != _ORDINAL}
    return kept if number >= _MOST_GROUPS else {**kept, _ORDINAL: Typed(I16, number)}
