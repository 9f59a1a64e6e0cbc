"""Texts as columns: templates, filters, cuts on grapheme boundaries."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
from wcwidth import iter_graphemes

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Column, Decimals, Lists, Truths, Words
from offerwright.evaluate.operations import Rows
from offerwright.expressions.parse import EPOCH
from offerwright.expressions.templates import Check, Field, Piece, Template, Text
from offerwright.money import decimal


def series(words: Words) -> pl.Series:
    """Words as text, null where nothing is there."""
    index = pl.Series(np.where(c.known(words), words.codes, -1)).cast(pl.Int64)
    vocabulary = pl.Series(words.vocabulary, dtype=pl.String)
    return vocabulary.gather(index.set(index < 0, None).cast(pl.UInt32))


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
        from datetime import timedelta

        return (EPOCH.date() + timedelta(days=value)).isoformat()
    number = decimal(value, scale).normalize()
    shown = number * 100 if kind == "percent" else number
    return f"{shown:f}%" if kind == "percent" else f"{shown:f}"


def measured_words(column: Decimals, factor: Decimal, decimals: int | None) -> Words:
    """A number in another unit; with `decimals`, exactly so many, half away from zero."""
    number = c.multiply(column, c.constant(factor, len(column)))
    if decimals is None:
        return as_words(number)
    number = c.rounded(number, decimals)
    distinct, inverse = np.unique(number.values, return_inverse=True)
    written = tuple(f"{decimal(int(v), decimals):f}" for v in distinct)
    return Words(inverse.astype(np.int32), written, column.state)


def rendered(template: Template, rows: Rows, kinds: Callable[[str], str]) -> pl.Series:
    """The text of every row; null where a name that is shown is missing."""
    return _joined(template.pieces, rows, kinds)


def _joined(pieces: tuple[Piece, ...], rows: Rows, kinds: Callable[[str], str]) -> pl.Series:
    parts = [_piece(piece, rows, kinds) for piece in pieces]
    if not parts:
        return pl.Series([""], dtype=pl.String).new_from_index(0, rows.size)
    frame = pl.DataFrame({f"p{i}": part for i, part in enumerate(parts)})
    return frame.select(pl.concat_str(pl.all(), ignore_nulls=False).alias("text"))["text"]


def _piece(piece: Piece, rows: Rows, kinds: Callable[[str], str]) -> pl.Series:
    if isinstance(piece, Text):
        return pl.Series([piece.text], dtype=pl.String).new_from_index(0, rows.size)
    if isinstance(piece, Field):
        return _field(piece, rows, kinds)
    check = pl.Series(_checked(piece.check, rows, kinds))
    then = _joined(piece.then, rows, kinds)
    return then.zip_with(check, _joined(piece.otherwise, rows, kinds))


def _field(piece: Field, rows: Rows, kinds: Callable[[str], str]) -> pl.Series:
    found = rows.find(piece.name)
    words = _nothing(rows.size) if found is None else as_words(found, kinds(piece.name))
    default: str | None = None
    vocabulary = words.vocabulary
    for name, arguments in piece.filters:
        if name == "default":
            default = str(arguments[0]) if default is None else default
        else:
            change = _FILTERS[name]
            vocabulary = tuple(change(w, *arguments) for w in vocabulary)
            default = None if default is None else change(default, *arguments)
    text = series(Words(words.codes, vocabulary, words.state))
    return text if default is None else text.fill_null(default)


def _nothing(rows: int) -> Words:
    state = np.full(rows, c.MISSING, dtype=np.uint8)
    return Words(np.full(rows, -1, dtype=np.int32), (), state)


def _checked(check: Check, rows: Rows, kinds: Callable[[str], str]) -> Any:
    """Where a template's condition holds; a missing name is false, and equals nothing."""
    if check.operation == "not":
        return ~_checked(check.parts[0], rows, kinds)
    if check.operation in ("and", "or"):
        left, right = (_checked(part, rows, kinds) for part in check.parts)
        return left & right if check.operation == "and" else left | right
    found = rows.find(check.name)
    words = _nothing(rows.size) if found is None else as_words(found, kinds(check.name))
    if check.operation == "present":
        wanted = np.array([*(bool(w) for w in words.vocabulary), False], dtype=bool)
        return wanted[words.codes] & c.known(words)
    equal = np.array([*(w == check.value for w in words.vocabulary), False], dtype=bool)
    same = equal[words.codes] & c.known(words)
    return same if check.operation == "eq" else ~same


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
    if cut == text or text[len(cut) :].startswith((" ", "\t", "\n")):
        return cut.rstrip()
    head, blank, _ = cut.rpartition(" ")
    return head.rstrip() if blank else cut


def size_of(text: str, count: str) -> int:
    return len(text.encode()) if count == "bytes" else len(text)


_FILTERS: dict[str, Callable[..., str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": _titled,
    "trim": str.strip,
    "replace": str.replace,
    "truncate_chars": cut_graphemes,
}
