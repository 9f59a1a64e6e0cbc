"""Texts of a column that are too long, each cut before a word; plain ones all at once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from offerwright.evaluate.columns import Array
from offerwright.evaluate.text_columns import TEXT, Texts, Truth, changed, sizes
from offerwright.evaluate.texts import cut_words

_BLANK = ord(" ")


def cut_column(texts: Texts, most: int, count: str) -> Texts:
    """What `cut_words` says of every text; a missing one stays missing."""
    long = sizes(texts, count) > most
    ascii_ = pc.string_is_ascii(texts).fill_null(True).to_numpy(zero_copy_only=False)
    cells = _cells(texts.filter(long & ascii_), most + 1)
    # Control characters are white space, or one grapheme with what follows.
    plain = long & ascii_
    plain[plain] = (cells >= _BLANK).all(axis=1)
    cut = _put(texts, plain, _cut_cells(cells[plain[long & ascii_]]))
    others = texts.filter(long & ~plain).to_pylist()
    words = pa.array([cut_words(text, most, count) for text in others], TEXT)
    return _put(cut, long & ~plain, words)


def _put(texts: Texts, mask: Truth, new: Texts) -> Texts:
    return new if mask.all() else changed(texts, np.flatnonzero(mask).tolist(), new.to_pylist())


def _cells(texts: Texts, width: int) -> Array:
    """The first bytes of texts that have so many, a row a text; a character is a byte."""
    body = pc.utf8_slice_codeunits(texts, 0, width).buffers()[2]
    return np.frombuffer(body or b"", np.uint8, len(texts) * width).reshape(-1, width)


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
    body = cells[np.arange(most + 1) < ends[:, None]]
    offsets = np.concatenate(([0], np.cumsum(ends)))
    return pa.LargeStringArray.from_buffers(len(cells), pa.py_buffer(offsets), pa.py_buffer(body))


def _trimmed(cells: Array, ends: Array) -> Array:
    """The ends without the blanks before them."""
    ends, rows = ends.copy(), np.arange(len(cells))
    while len(rows := rows[(ends[rows] > 0) & (cells[rows, ends[rows] - 1] == _BLANK)]):
        ends[rows] -= 1
    return ends
