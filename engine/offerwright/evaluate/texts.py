"""Texts: columns as words, the filters of templates, cuts on grapheme boundaries."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import numpy as np
import polars as pl
from wcwidth import iter_graphemes

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Column, Decimals, Lists, Truths, Words
from offerwright.expressions.parse import EPOCH
from offerwright.money import decimal

# Below this many rows a list is faster than a gather.
_FEW = 256


def series(words: Words) -> pl.Series:
    """Words as text, null where nothing is there."""
    nothing = len(words.vocabulary)
    index = words.codes if words.state is None else np.where(c.known(words), words.codes, nothing)
    if len(index) < _FEW:
        texts = (*words.vocabulary, None)
        return pl.Series([texts[code] for code in index.tolist()], dtype=pl.String)
    vocabulary = pl.Series((*words.vocabulary, None), dtype=pl.String)
    return vocabulary.gather(index)


def as_words(column: Column, kind: str = "") -> Words:
    """Any scalar column as words; each distinct value is written once."""
    if isinstance(column, Words):
        return column
    if isinstance(column, Truths):
        return Words(column.values.astype(np.int32), ("false", "true"), column.state)
    if isinstance(column, Lists):
        raise TypeError("a list is no word")
    distinct, inverse = np.unique(column.values, return_inverse=True)
    written = tuple(_written(int(v), column.scale, kind) for v in distinct)
    codes = inverse.astype(np.int32) if len(written) else np.full(len(column), -1, np.int32)
    return Words(codes, written, column.state)


def _written(value: int, scale: int, kind: str) -> str:
    if kind == "date":
        return (EPOCH.date() + timedelta(days=value)).isoformat()
    if kind == "percent":
        return f"{_written(100 * value, scale, '')}%"
    return f"{decimal(value, scale).normalize():f}"


def measured_words(column: Decimals, factor: Decimal, decimals: int | None) -> Words:
    """A number in another unit; with `decimals`, exactly so many, half away from zero."""
    number = c.multiply(column, c.constant(factor, len(column)))
    if decimals is None:
        return as_words(number)
    number = c.rounded(number, decimals)
    distinct, inverse = np.unique(number.values, return_inverse=True)
    written = tuple(f"{decimal(int(v), decimals):f}" for v in distinct)
    return Words(inverse.astype(np.int32), written, column.state)


def _titled(text: str) -> str:
    """A capital after the start, white space, hyphens and opening brackets, as Jinja2's `title`."""
    return "".join(p[:1].upper() + p[1:].lower() for p in re.split(r"([-\s({\[<]+)", text))


def cut_graphemes(text: str, most: int, count: str = "characters") -> str:
    """The longest start of a text that fits, cut between graphemes."""
    size, kept = 0, []
    for grapheme in iter_graphemes(text):
        size += len(grapheme.encode()) if count == "bytes" else len(grapheme)
        if size > most:
            break
        kept.append(grapheme)
    return "".join(kept)


def cut_words(text: str, most: int, count: str) -> str:
    """The longest start of a text that fits, cut before a word where there is one."""
    cut = cut_graphemes(text, most, count)
    if cut == text:
        return text
    if text[len(cut)].isspace():
        return cut.rstrip()
    # Up to the last white space, unless nothing stands before it.
    head = re.sub(r"\s\S*\Z", "", cut)
    return head.rstrip() or cut.rstrip()


def size_of(text: str, count: str) -> int:
    return len(text.encode()) if count == "bytes" else len(text)


FILTERS: dict[str, Callable[..., str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": _titled,
    "trim": str.strip,
    "replace": str.replace,
    "truncate_chars": cut_graphemes,
}
