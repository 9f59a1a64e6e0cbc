"""Texts of a column that are too long, each cut before a word; plain ones all at once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from offerwright.evaluate.columns import Array
from offerwright.evaluate.text_columns import TEXT, Texts, Truth, changed, sizes
from offerwright.evaluate.texts import cut_words

_BLANK = ord(" ")
_LAST = ord("~")
# What Python's `strip` and `split` take for white space beyond ASCII.
_WIDE = [code for code in range(0x80, 0x3001) if chr(code).isspace()]


def cut_column(texts: Texts, most: int, count: str) -> Texts:
    """What `cut_words` says of every text; a missing one stays missing."""
    long = sizes(texts, count) > most
    ascii_ = pc.string_is_ascii(texts).fill_null(True).to_numpy(zero_copy_only=False)
    # A character is a byte in the first, and a number of 32 bits in the second.
    cells = _octets(texts.filter(long & ascii_), most + 1)
    cut, left = _put(texts, long & ascii_, cells, _plain(cells))
    wide = long & ~ascii_
    if count == "characters" and wide.any():
        cells = _points(texts.filter(wide), most + 1)
        cut, more = _put(cut, wide, cells, _plain(cells) & _ends_plainly(cells))
        left = left | more
    else:
        left = left | wide
    words = [cut_words(text, most, count) for text in texts.filter(left).to_pylist()]
    return changed(cut, np.flatnonzero(left), pa.array(words, TEXT))


def _put(texts: Texts, mask: Truth, cells: Array, sure: Truth) -> tuple[Texts, Truth]:
    """The texts with those that are sure among the cells cut; and which of the mask are not."""
    rows = np.flatnonzero(mask)
    new = _cut_cells(cells[sure])
    left = np.zeros(len(mask), dtype=bool)
    left[rows[~sure]] = True
    if len(new) == len(texts):
        return new, left
    return changed(texts, rows[sure], new), left


def _octets(texts: Texts, width: int) -> Array:
    """The first bytes of texts of ASCII that have so many, a row a text."""
    body = pc.utf8_slice_codeunits(texts, 0, width).buffers()[2]
    return np.frombuffer(body or b"", np.uint8, len(texts) * width).reshape(-1, width)


def _points(texts: Texts, width: int) -> Array:
    """The first characters of texts that have so many, as numbers, a row a text."""
    starts = pc.utf8_slice_codeunits(texts, 0, width).to_pylist()
    return np.frombuffer("".join(starts).encode("utf-32-le"), np.uint32).reshape(-1, width)


def _plain(cells: Array) -> Truth:
    """Where there is no white space but blanks.

    Control characters are white space, or one grapheme with what follows.
    """
    plain = np.asarray((cells >= _BLANK).all(axis=1))
    rows, places = np.nonzero(cells > _LAST)
    if cells.dtype != np.uint8 and len(rows):
        plain[rows[np.isin(cells[rows, places], _WIDE)]] = False
    return plain


def _ends_plainly(cells: Array) -> Truth:
    """Where the limit stands between printable characters of ASCII: there is always a cut."""
    last = cells[:, -2:]
    return np.asarray(((last >= _BLANK) & (last <= _LAST)).all(axis=1))


def _cut_cells(cells: Array) -> Texts:
    """
    The cut of plain texts of which one byte more is seen than may stay.

    It tells whether a word ends at the limit.
    """
    most = cells.shape[1] - 1
    # Where there is no blank, the place of the last one is the limit.
    ends = _trimmed(cells, most - np.argmax(cells[:, ::-1] == _BLANK, axis=1))
    # A word that nothing stands before is cut through.
    ends = _trimmed(cells, np.where(ends == 0, most, ends))
    kept = np.arange(most + 1) < ends[:, None]
    body = cells[kept]
    octets: bytes | Array = body
    if cells.dtype != np.uint8:
        octets = body.tobytes().decode("utf-32-le").encode()
        ends = np.asarray(np.sum(kept * _octets_of(cells), axis=1, dtype=np.int64))
    offsets = np.concatenate(([0], np.cumsum(ends)))
    return pa.LargeStringArray.from_buffers(len(cells), pa.py_buffer(offsets), pa.py_buffer(octets))


def _octets_of(points: Array) -> Array:
    """How many bytes each character takes as UTF-8."""
    more = [(points >= first).view(np.uint8) for first in (0x80, 0x800, 0x10000)]
    return 1 + more[0] + more[1] + more[2]


def _trimmed(cells: Array, ends: Array) -> Array:
    """The ends without the blanks before them."""
    ends, rows = ends.copy(), np.arange(len(cells))
    while len(rows := rows[(ends[rows] > 0) & (cells[rows, ends[rows] - 1] == _BLANK)]):
        ends[rows] -= 1
    return ends
