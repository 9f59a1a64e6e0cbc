"""Offers → JSON lines (`schemas/output/offers.schema.json`); money as exact text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.engines.json_values import (
    Texts,
    joined,
    json_pieces,
    json_text,
    pieces_of_present,
    where,
)
from offerwright.source.escapes import escaped

VERSION = 1
ATTRIBUTE = "attribute."
FEW = 200
"""So many offers are written one by one in the time that the columns take to begin."""
_ONE_BY_ONE = 32
"""So many different characters are each looked for in all bytes."""
_DELETE = "\x7f"
_BEYOND = np.uint64(0x8080808080808080)
"""Of eight bytes at once, the bit that ASCII lacks."""
_WINDOW = 1 << 18
"""So many bytes at a time stay in the processor's cache."""


def json_lines(frame: pl.DataFrame) -> bytes:
    """One object per offer. Few are walked, many are written column by column; the same bytes."""
    if frame.height <= FEW:
        return "".join(line + "\n" for line in lines_one_by_one(frame)).encode()
    return lines_by_columns(frame)


def lines_one_by_one(frame: pl.DataFrame) -> Iterator[str]:
    """The line of every offer."""
    for record in frame.iter_rows(named=True):
        held: dict[str, Any] = {"version": VERSION}
        held |= {k: v for k, v in record.items() if not k.startswith(ATTRIBUTE)}
        held["attributes"] = {
            k.removeprefix(ATTRIBUTE): v
            for k, v in record.items()
            if k.startswith(ATTRIBUTE) and v is not None
        }
        yield escaped(json_text(held))


def lines_by_columns(frame: pl.DataFrame) -> bytes:
    """All lines, each column written at once."""
    pieces: list[Texts] = [f'{{"version":{VERSION}']
    attributes: list[Texts] = []
    for column in frame:
        if column.name.startswith(ATTRIBUTE):
            attributes += _attribute(column)
        else:
            pieces += [f",{json_text(column.name)}:", *json_pieces(column)]
    written = joined(attributes, frame.height).str.strip_prefix(",")
    lines = joined([*pieces, ',"attributes":{', written, "}}\n"], frame.height)
    return _harmless(_octets(lines))


def _attribute(column: pl.Series) -> list[Texts]:
    """A member that is left out where there is no value, with a comma before it."""
    missing = column.null_count()
    if missing == len(column):
        return []
    key = f",{json_text(column.name.removeprefix(ATTRIBUTE))}:"
    pieces = [key, *pieces_of_present(column)]
    return [where(column.is_not_null(), pieces, "")] if missing else pieces


def _octets(texts: pl.Series) -> bytes:
    """The bytes of all texts, one after the other."""
    held = texts.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    _, ends, data = held.buffers()
    if data is None:
        return b""
    start, stop = np.frombuffer(ends, dtype=np.int64)[[held.offset, held.offset + len(held)]]
    return memoryview(data)[start:stop].tobytes()


def _harmless(lines: bytes) -> bytes:
    """`source.escapes.escaped` for all lines at once."""
    found = _obeyed(lines)
    if not found:
        return lines
    instead = {one: json.dumps(one)[1:-1] for one in found}
    if len(found) > _ONE_BY_ONE:
        return lines.decode().translate({ord(one): text for one, text in instead.items()}).encode()
    for one, text in instead.items():
        lines = lines.replace(one.encode(), text.encode())
    return lines


def _obeyed(lines: bytes) -> list[str]:
    """
    The characters in these lines that a terminal may obey; their ends are no such characters.

    Bytes of characters beyond ASCII are never those of others: alone they are a text as well, and
    short where most is ASCII. Python decides, as it does for one line.
    """
    seen = np.zeros(0x110000, dtype=bool)
    octets = np.frombuffer(lines, dtype=np.uint8)
    beyond = [_beyond(octets[at : at + _WINDOW]) for at in range(0, len(octets), _WINDOW)]
    text = b"".join(beyond).decode()
    seen[np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)] = True
    different = [*map(chr, np.flatnonzero(seen).tolist())]
    if _DELETE.encode() in lines:
        different.append(_DELETE)
    return [one for one in different if not one.isprintable()]


def _beyond(octets: NDArray[np.uint8]) -> bytes:
    """The bytes that are no ASCII; eight at once are looked at first."""
    whole = len(octets) // 8 * 8
    words = octets[:whole].view(np.uint64)
    some = words[words & _BEYOND != 0].view(np.uint8)
    rest = octets[whole:]
    return bytes(some[some >= 0x80]) + bytes(rest[rest >= 0x80])
