"""Columns of offers → the text of their values in JSON, as Polars expressions; null stays null."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.marketplaces.encode_value import NUMBER

# JSON's two own characters and the 32 control characters; U+2028 and all else stay as they are.
ESCAPES = {chr(code): json.dumps(chr(code))[1:-1] for code in (34, 92, *range(32))}
SOME = 1_000
"""So many texts are escaped before one would know how many of them are equal."""
ESCAPING = (list(ESCAPES), list(ESCAPES.values()))

Encoder = Callable[[pl.Expr, pl.DataType], pl.Expr]


def written(values: pl.Series, encoding: str) -> pl.Series:
    """A column as text: what its encoder says, without the work that changes nothing."""
    if values.dtype == pl.String and encoding in ("raw", "string"):
        return clean(values)
    encode = ENCODERS[encoding](pl.col(""), values.dtype)
    return values.to_frame("").select(encode).to_series()


def clean(texts: pl.Series) -> pl.Series:
    """
    Texts as they stand inside a JSON string.

    Three looks at all bytes at once take a tenth of the time of a search in every text, and few
    texts of a catalogue hold what JSON escapes.
    """
    rows = _unclean(texts)
    if not len(rows):
        return texts
    return texts.clone().scatter(rows, _escaped(texts.gather(rows)))


def _escaped(texts: pl.Series) -> pl.Series:
    """The texts escaped: one by one, or each of a few different ones once."""
    about = texts.approx_n_unique() if len(texts) > SOME else None
    if isinstance(about, int) and about * 4 < len(texts):
        different = texts.unique()
        return texts.replace_strict(different, different.str.replace_many(*ESCAPING))
    return texts.str.replace_many(*ESCAPING)


def _unclean(texts: pl.Series) -> NDArray[np.int64]:
    """The rows with a character that JSON escapes."""
    held = texts.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, ends, octets = held.buffers()
    read = np.frombuffer(octets if octets is not None else b"", dtype=np.uint8)
    found = np.flatnonzero((read < 32) | (read == 34) | (read == 92))
    if not len(found):
        return found
    starts = np.frombuffer(ends, dtype=np.int64)[held.offset : held.offset + len(held) + 1]
    rows = np.unique(np.searchsorted(starts, found, side="right") - 1)
    return rows[(rows >= 0) & (rows < len(held))]


def escaped(value: pl.Expr) -> pl.Expr:
    """A text as it stands inside a JSON string."""
    return value.str.replace_many(*ESCAPING)


def plain(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The value as text inside a JSON string: amounts with all their digits, times in UTC."""
    if dtype == pl.String:
        return escaped(value)
    if dtype == pl.Datetime:
        return value.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.cast(pl.String)


def number(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A JSON number, with all digits of the column: 79.90."""
    if dtype == pl.String:
        return pl.when(value.str.contains(NUMBER)).then(value)
    return value.cast(pl.String)


def boolean(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """`true` or `false`: the text itself, or whether the number is above zero."""
    if dtype == pl.String:
        return pl.when(value.is_in(["true", "false"])).then(value)
    return pl.when(value > 0).then(pl.lit("true")).when(value <= 0).then(pl.lit("false"))


def cents(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """An amount in minor units: 79.90 → 7990."""
    return value.to_physical().cast(pl.String)


def micros(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """An amount in millionths: 79.90 → 79900000."""
    assert isinstance(dtype, pl.Decimal)
    factor = int(10 ** (6 - dtype.scale))
    return (value.to_physical() * factor).cast(pl.String)


def comma(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """An amount with a decimal comma: 79,90."""
    return value.cast(pl.String).str.replace(".", ",", literal=True)


def date(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The day of a moment, in UTC."""
    return value.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%d")


ENCODERS: Mapping[str, Encoder] = {
    "raw": plain,
    "string": plain,
    "number": number,
    "boolean": boolean,
    "cents": cents,
    "micros": micros,
    "comma": comma,
    "date": date,
}
