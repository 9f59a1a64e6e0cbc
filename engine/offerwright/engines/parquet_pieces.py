"""
Parquet files of one schema → one file, their row groups copied byte by byte.

Decoding the pieces and encoding them again would cost as much as computing them, on one processor.
A row group does not know where it stands: only the footer does, so the footers are joined with
their places moved (Parquet format, `parquet.thrift`).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from offerwright.engines.thrift import I16, I64, LIST, Fields, Typed, bytes_of, fields_of, items

MAGIC = b"PAR1"
# Numbers of fields in `parquet.thrift`.
_SCHEMA, _ROWS, _GROUPS = 2, 3, 4
_COLUMNS, _GROUP_ROWS, _GROUP_PLACE, _ORDINAL = 1, 3, 5, 7
_METADATA = 3
_CHUNK_PLACES = (4, 6)  # of the offset index and the column index
_CHUNK_START = 2
_DATA_PLACES = (9, 10, 11, 14)  # data page, index page, dictionary page, bloom filter
_STRUCT = 12
_MOST_GROUPS = 2**15


@dataclass(frozen=True)
class _Footer:
    fields: Fields
    start: int
    """Where the footer begins, and the row groups end."""


def join_parquet(pieces: Iterable[Path], out: BinaryIO) -> int:
    """
    Write one file with the rows of all pieces, in order; how many rows it has.

    Raises ValueError where a piece is no Parquet file or has another schema than the first.
    """
    out.write(MAGIC)
    place, first, groups = len(MAGIC), None, []
    for piece in pieces:
        footer = _footer(piece)
        first = first or footer
        if footer.fields[_SCHEMA] != first.fields[_SCHEMA]:
            raise ValueError(f"{piece} has other columns than the pieces before")
        for group in items(footer.fields, _GROUPS):
            if group[_GROUP_ROWS].value:
                groups.append(_moved(group, place - len(MAGIC)))
        place += _copied(piece, footer.start, out)
    if first is None:
        raise ValueError("there is no piece")
    rows = sum(int(group[_GROUP_ROWS].value) for group in groups)
    numbered = [_numbered(group, number) for number, group in enumerate(groups)]
    fields = {**first.fields, _ROWS: Typed(I64, rows), _GROUPS: Typed(LIST, (_STRUCT, numbered))}
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
        return _Footer(fields_of(file.read(length)), size - 8 - length)


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


def _moved(group: Fields, by: int) -> Fields:
    chunks = [_moved_chunk(chunk, by) for chunk in items(group, _COLUMNS)]
    kind = group[_COLUMNS].value[0]
    moved = {**group, _COLUMNS: Typed(LIST, (kind, chunks))}
    return _with_places(moved, (_GROUP_PLACE,), by)


def _moved_chunk(chunk: Fields, by: int) -> Fields:
    # `file_offset` is 0 where the writer follows the newer text of the format.
    places = _CHUNK_PLACES + ((_CHUNK_START,) if chunk[_CHUNK_START].value else ())
    moved = _with_places(chunk, places, by)
    metadata = _with_places(chunk[_METADATA].value, _DATA_PLACES, by)
    return {**moved, _METADATA: Typed(_STRUCT, metadata)}


def _with_places(fields: Fields, numbers: tuple[int, ...], by: int) -> Fields:
    moved = {n: Typed(fields[n].kind, fields[n].value + by) for n in numbers if n in fields}
    return {**fields, **moved}


def _numbered(group: Fields, number: int) -> Fields:
    """With its ordinal, which 16 bits must hold: left out where there are more groups."""
    kept = {n: typed for n, typed in group.items() if n != _ORDINAL}
    return kept if number >= _MOST_GROUPS else {**kept, _ORDINAL: Typed(I16, number)}
