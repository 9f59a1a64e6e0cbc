"""A column of any type → the JSON text of its values, all rows at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from offerwright.marketplaces.encode import clean

Texts = str | pl.Series
"""What stands in every row, or a text a row."""
NULL = "null"


def json_texts(values: pl.Series) -> Texts:
    """The values as JSON, never null: exact amounts, and moments with their offset, as text."""
    pieces = json_pieces(values)
    return pieces[0] if len(pieces) == 1 else joined(pieces, len(values))


def json_pieces(values: pl.Series) -> Sequence[Texts]:
    """The same as pieces that stand side by side: what is around them copies the bytes once."""
    nulls = values.null_count()
    if nulls == len(values):
        return [NULL]
    pieces = pieces_of_present(values)
    return [where(values.is_not_null(), pieces, NULL)] if nulls else pieces


def pieces_of_present(values: pl.Series) -> Sequence[Texts]:
    """The pieces of the values that are there, at least one; what they are elsewhere is open."""
    dtype = values.dtype
    if isinstance(dtype, pl.List):
        return _lists(values)
    if isinstance(dtype, pl.Struct):
        return _objects(values)
    if dtype == pl.String:
        return _strings(values)
    if dtype.is_integer():
        return [values.cast(pl.String)]
    if isinstance(dtype, pl.Decimal):
        return ['"', values.cast(pl.String), '"']
    return [_one_by_one(values)]


def where(present: pl.Series, pieces: Sequence[Texts], otherwise: str) -> pl.Series:
    """The pieces side by side in some rows, and a text in the others."""
    text = pl.concat_str(map(pl.lit, pieces))
    return pl.select(pl.when(pl.lit(present)).then(text).otherwise(pl.lit(otherwise))).to_series()


def joined(pieces: Sequence[Texts], size: int) -> pl.Series:
    """Pieces side by side, in each of so many rows."""
    merged: list[Texts] = [""]
    for piece in pieces:
        last = merged[-1]
        if isinstance(piece, str) and isinstance(last, str):
            merged[-1] = last + piece
        else:
            merged.append(piece)
    if len(merged) == 1:
        return pl.Series(merged, dtype=pl.String).new_from_index(0, size)
    return pl.select(pl.concat_str(map(pl.lit, merged))).to_series()


def json_text(value: object) -> str:
    """One value as JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: object) -> str:
    """What JSON has no word for: exact amounts, and moments with their offset."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} in an offer")


def _strings(values: pl.Series) -> Sequence[Texts]:
    first: str | None = values[0]
    if first is not None and first == values[-1] and (values == first).all(ignore_nulls=False):
        return [json_text(first)]
    return ['"', clean(values), '"']


def _lists(values: pl.Series) -> Sequence[Texts]:
    """The elements are written all at once, and are cut into lists where they were."""
    held = values.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    ends = held.offsets.to_numpy()
    elements = pl.Series(pl.from_arrow(held.values.slice(ends[0], ends[-1] - ends[0])))
    if not len(elements):
        return ["[]"]
    if elements.dtype != pl.String or elements.null_count():
        return ["[", _cut(json_texts(elements), ends).list.join(","), "]"]
    cleaned = clean(elements)
    lists = values if cleaned is elements else _cut(cleaned, ends)
    written: list[Texts] = ['["', lists.list.join('","'), '"]']
    is_filled = values.list.len() > 0
    return written if is_filled.all() else [where(is_filled, written, "[]")]


def _cut(elements: Texts, ends: NDArray[np.int64]) -> pl.Series:
    """Lists of texts that end where these end."""
    size = int(ends[-1] - ends[0])
    held = joined([elements], size).to_arrow(compat_level=pl.CompatLevel.oldest())
    lists = pa.LargeListArray.from_arrays(pa.array(ends - ends[0]), held)
    return pl.Series(pl.from_arrow(lists))


def _objects(values: pl.Series) -> Sequence[Texts]:
    pieces: list[Texts] = []
    for name in values.struct.fields:
        pieces += ["," if pieces else "{", f"{json_text(name)}:"]
        pieces += json_pieces(values.struct.field(name))
    return [*pieces, "}"]


def _one_by_one(values: pl.Series) -> pl.Series:
    """Moments and truths: of those there are few different ones."""
    different = values.unique()
    texts = pl.Series([json_text(value) for value in different], dtype=pl.String)
    return values.replace_strict(different, texts)
