"""
Columns → 64-bit words that mean the same in every version: what states of offers are made of.

A frame library's own hash changes from version to version, so nothing that is stored may use it.
Texts are hashed by XXH3-64 (seed 0, over UTF-8), which is published with test vectors; numbers by
the finaliser of MurmurHash3, which takes no two numbers to one. Neither withstands somebody who
looks for collisions: they tell apart what changes by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import polars as pl
import polars_hash as plh
from numpy.typing import NDArray

Hashes: TypeAlias = NDArray[np.uint64]
Present: TypeAlias = NDArray[np.bool_] | None
"""Where a value is there; everywhere if None."""

BLOCK = 1 << 14
"""Rows at a time: what is being computed then stays in the processor's cache."""
DECIMALS = 8
"""Amounts count in units of 10⁻⁸, whatever the scale of their column."""
_FACTORS = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT = np.uint64(33)
_PLACE = np.uint64(0x9E3779B97F4A7C15)
"""2⁶⁴ ÷ the golden ratio: what sets the places of a list apart."""


def text_hashes(texts: pl.Series) -> Hashes:
    """XXH3-64 of every text; zero where it is missing."""
    frame = pl.DataFrame({"text": texts.cast(pl.String)})
    found = frame.select(plh.col("text").nchash.xxh3_64().fill_null(0))["text"]
    return found.to_numpy()


def text_hash(text: str) -> np.uint64:
    return np.uint64(text_hashes(pl.Series([text]))[0])


def mixed(values: Hashes) -> Hashes:
    """Every bit of a number spread over all bits of its hash."""
    found = values.copy()
    for start in range(0, len(found), BLOCK):
        _mix(found[start : start + BLOCK])
    return found


def _mix(part: Hashes) -> None:
    for factor in _FACTORS:
        part ^= part >> _SHIFT
        part *= factor
    part ^= part >> _SHIFT


def add_column(total: Hashes, column: pl.Series) -> None:
    """
    Add to the hash of every row what a column says of it; nothing where it is missing.

    Hashes of columns are added up, so their order means nothing, and a column that is not there is
    one that is missing everywhere.
    """
    if column.null_count() > len(column) // 2:
        # Of a column that is mostly empty only what is there.
        there = column.is_not_null().arg_true()
        if len(there):
            few = np.zeros(len(there), dtype=np.uint64)
            add_column(few, column.gather(there))
            total[there.to_numpy()] += few
        return
    words, present = column_words(column)
    name = text_hash(column.name)
    for start in range(0, len(words), BLOCK):
        here = slice(start, start + BLOCK)
        part = words[here] + name
        _mix(part)
        if present is not None:
            part *= present[here]
        total[here] += part


def column_words(column: pl.Series) -> tuple[Hashes, Present]:
    """
    One 64-bit word per value, and where there is one.

    Text: its hash. Whole numbers: themselves. Amounts: units of 10⁻⁸, modulo 2⁶⁴. Days: since 1970.
    Moments: microseconds. Structs: their fields as columns of a row. Lists: their elements, each
    with its place. Raises TypeError for what offers do not hold.
    """
    kind = _kind(column.dtype)
    if kind is None:
        raise TypeError(f"{column.name} is {column.dtype}, which no offer holds")
    present = column.is_not_null().to_numpy() if column.null_count() else None
    return kind(column), present


def _kind(dtype: pl.DataType) -> Callable[[pl.Series], Hashes] | None:
    return next((words for kind, words in _WORDS if isinstance(dtype, kind)), None)


def _whole(column: pl.Series) -> Hashes:
    return column.cast(pl.Int64).fill_null(0).to_numpy().view(np.uint64)


def _amounts(column: pl.Series) -> Hashes:
    dtype = column.dtype
    assert isinstance(dtype, pl.Decimal) and dtype.scale <= DECIMALS, f"{column.name}: {dtype}"
    array: Any = column.to_arrow()
    halves = np.frombuffer(array.buffers()[1], dtype=np.uint64).reshape(-1, 2)
    low = halves[array.offset : array.offset + len(array), 0]
    return number_words(low, dtype.scale)


def number_words(values: NDArray[Any], scale: int) -> Hashes:
    """Integers at a scale of at most `DECIMALS`, one word each."""
    if values.dtype == object:
        values = np.array([int(v) % 2**64 for v in values], dtype=np.uint64)
    return np.asarray(values.astype(np.uint64) * np.uint64(10 ** (DECIMALS - scale)))


def _days(column: pl.Series) -> Hashes:
    return _whole(column.to_physical())


def _moments(column: pl.Series) -> Hashes:
    return _whole(column.dt.epoch("us"))


def _structs(column: pl.Series) -> Hashes:
    total = np.zeros(len(column), dtype=np.uint64)
    for field in column.struct.unnest():
        add_column(total, field)
    return total


def _lists(column: pl.Series) -> Hashes:
    sizes = column.list.len().fill_null(0).to_numpy().astype(np.int64)
    total = mixed(sizes.astype(np.uint64))
    if sizes.any():
        ends = np.cumsum(sizes)
        places = np.arange(ends[-1]) - np.repeat(ends - sizes, sizes)
        # Empty lists and missing ones leave no element behind, or the places would shift.
        inner = (column if sizes.all() else column.filter(pl.Series(sizes > 0))).explode()
        words, present = column_words(inner)
        one = mixed(words + places.astype(np.uint64) * _PLACE)
        if present is not None:
            one *= present
        full = np.flatnonzero(sizes)
        total[full] += np.add.reduceat(one, (ends - sizes)[full])
    return total


_WORDS: tuple[tuple[type[pl.DataType] | tuple[type[pl.DataType], ...], Any], ...] = (
    (pl.String, text_hashes),
    ((pl.Int64, pl.Int32, pl.UInt32, pl.Boolean), _whole),
    (pl.Decimal, _amounts),
    (pl.Date, _days),
    (pl.Datetime, _moments),
    (pl.Struct, _structs),
    (pl.List, _lists),
)
