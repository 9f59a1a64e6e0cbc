"""Values of offers → the text they have in JSON, as Polars expressions; null stays null."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

import polars as pl

# A whole JSON number; a text that must be written as a number and is none becomes null.
NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
# JSON's two own characters and the 32 control characters; U+2028 and all else stay as they are.
ESCAPES = {chr(code): json.dumps(chr(code))[1:-1] for code in (34, 92, *range(32))}
# Encodings that stand in quotes. Those of TEXT_ONLY yield null for a text that does not fit.
QUOTED = frozenset({"string", "micros", "comma", "date"})
TEXT_ONLY = frozenset({"number", "boolean"})

Encoder = Callable[[pl.Expr, pl.DataType], pl.Expr]


def plain(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The value as text inside a JSON string: amounts with all their digits, times in UTC."""
    if dtype == pl.String:
        return value.str.replace_many(list(ESCAPES), list(ESCAPES.values()))
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


def constant(text: str, encoding: str) -> str:
    """The JSON text of an account setting or an attribute id."""
    if encoding == "number":
        return text if re.fullmatch(NUMBER, text) else "null"
    if encoding == "boolean":
        return text if text in ("true", "false") else "null"
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted[1:-1] if encoding == "raw" else quoted
