"""Texts one by one: values as words, the filters of templates, cuts on grapheme boundaries."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import numpy as np

from offerwright.evaluate.columns import Column, Lists, Truths, Words
from offerwright.expressions.parse import EPOCH
from offerwright.money import decimal


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


def _titled(text: str) -> str:
    """A capital after the start, white space, hyphens and opening brackets, as Jinja2's `title`."""
    return "".join(p[:1].upper() + p[1:].lower() for p in re.split(r"([-\s({\[<]+)", text))


def cut_graphemes(text: str, most: int, count: str = "characters") -> str:
    """The longest start of a text that fits, cut between graphemes."""
    fitting = text[:most]
    if count == "bytes":
        fitting = text.encode()[:most].decode(errors="ignore")
    end = len(fitting)
    if end == len(text):
        return text
    # Between two plain characters there is always a cut: only what stands behind the last such
    # place is looked at.
    start = end
    while start and not _is_plain(text[start - 1 : start + 1]):
        start -= 1
    if start == end:
        return fitting
    from wcwidth import iter_graphemes  # 15 ms, and few texts are cut in such a place

    for grapheme in iter_graphemes(text[start:]):
        if start + len(grapheme) > end:
            break
        start += len(grapheme)
    return text[:start]


def _is_plain(pair: str) -> bool:
    """Whether these are printable characters of ASCII."""
    return pair.isascii() and pair.isprintable()


def cut_words(text: str, most: int, count: str) -> str:
    """The longest start of a text that fits, cut before a word where there is one."""
    cut = cut_graphemes(text, most, count)
    if cut == text:
        return text
    if text[len(cut)].isspace() or cut[-1:].isspace():
        return cut.rstrip()
    # Up to the last white space, unless nothing stands before it.
    head, *rest = cut.rsplit(None, 1) or [""]
    return head if rest else cut.rstrip()


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
