"""
Columns of text as Arrow arrays: any column as it is written, cut to rows, folded, measured.

Arrow's kernels cost a few microseconds a call and nothing more for many rows; a frame library's
cost is per query. A missing text is null. Facts go through as they stand in the snapshot: they are
not encoded unless a rule tests them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from offerwright.evaluate.columns import Array, Column, Decimals, Words
from offerwright.evaluate.facts import SnapshotColumns, decimal_series
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.texts import as_words

Texts: TypeAlias = Any
"""A `pa.LargeStringArray`; pyarrow has no types."""
Truth: TypeAlias = NDArray[np.bool_]

TEXT = pa.large_string()
# Below this many rows a list is faster than a gather.
_FEW = 256


def constant_text(text: str | None, size: int) -> Texts:
    """The same text in every row."""
    return pa.repeat(pa.scalar(text, TEXT), size)


def source_of(rows: Rows, name: str) -> object:
    """What a name stands for, the same object whenever asked; None where nothing does."""
    found = rows.columns.get(name)
    if found is None and isinstance(rows.facts, SnapshotColumns):
        found = rows.facts.text(name)
    return rows.find(name) if found is None else found


def text_of(source: object, kind: str, size: int) -> Texts:
    """A source as text; `kind` is the name of its type, which says how it is written."""
    if source is None:
        return pa.nulls(size, TEXT)
    if isinstance(source, Words):
        return _picked(source.vocabulary, source)
    if isinstance(source, Decimals) and kind not in ("date", "percent"):
        return number_text(source)
    if isinstance(source, Column):
        words = as_words(source, kind)
        return _picked(words.vocabulary, words)
    return source


def _picked(vocabulary: Sequence[str], words: Words) -> Texts:
    """The words of a vocabulary, null where nothing is there."""
    if len(words) < _FEW:
        here = words.codes.tolist()
        states = [0] * len(here) if words.state is None else words.state.tolist()
        picked = zip(here, states, strict=True)
        return pa.array([None if n < 0 or s else vocabulary[n] for n, s in picked], TEXT)
    nowhere = words.codes < 0 if words.state is None else (words.codes < 0) | (words.state != 0)
    codes = pa.array(words.codes, mask=nowhere if nowhere.any() else None)
    return pa.array(vocabulary, TEXT).take(codes)


def number_text(column: Decimals, decimals: int | None = None) -> Texts:
    """
    Numbers as they are read: `12.5`; with `decimals` exactly so many are written.

    The number must already be at a scale of `decimals`, if they are given.
    """
    text: Texts = decimal_series(column, column.scale).cast(pl.String).to_arrow()
    if decimals is not None or not column.scale:
        return text
    return pc.ascii_rtrim(pc.ascii_rtrim(text, "0"), ".")


def sizes(texts: Texts, count: str) -> NDArray[np.int64]:
    """Characters or bytes of every text; 0 where there is none."""
    found = pc.binary_length(texts) if count == "bytes" else pc.utf8_length(texts)
    found = found.fill_null(0) if found.null_count else found
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)


def missing(texts: Texts) -> Truth:
    """Where there is no text."""
    if not texts.null_count:
        return np.zeros(len(texts), dtype=bool)
    return np.asarray(texts.is_null().to_numpy(zero_copy_only=False), dtype=bool)


def shown(column: Texts, mask: Truth) -> Texts:
    """
    The texts of these rows, null in the others.

    Only the places that say what is null are new: the values are shared, not copied.
    """
    if mask.all():
        return column
    if column.null_count:
        mask = mask & column.is_valid().to_numpy(zero_copy_only=False)
    # A slice begins behind the start of its buffers, and so must its places.
    places = np.concatenate((np.zeros(column.offset, dtype=bool), mask))
    return pa.Array.from_buffers(
        column.type,
        len(column),
        [pa.array(places).buffers()[1], *column.buffers()[1:]],
        offset=column.offset,
    )


def changed(texts: Texts, at: Sequence[int] | Array, new: Sequence[str | None] | Texts) -> Texts:
    """Other texts at these rows, which are few and rise; `new` may be a column."""
    if not len(at):
        return texts
    mask = np.zeros(len(texts), dtype=bool)
    mask[at] = True
    column = new if isinstance(new, pa.Array) else pa.array(new, TEXT)
    return pc.replace_with_mask(texts, pa.array(mask), column)
