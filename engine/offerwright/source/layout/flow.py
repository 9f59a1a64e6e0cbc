"""Maps and lists in brackets that stand on one line: read, spaced, and aligned with each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from yaml import tokens as t

_NUMBER = re.compile(r'"?-?[0-9][0-9.,]*( *%)?"?')
_OPENS = (t.FlowMappingStartToken, t.FlowSequenceStartToken)
_CLOSES = (t.FlowMappingEndToken, t.FlowSequenceEndToken)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: `key` is empty in a list. Columns are those of the source line; `before` is where
    the text before the entry (its comma) ends, `colon` where the key's colon ends."""

    key: str
    value: Flow | str
    before: int
    column: int
    colon: int
    value_column: int
    end: int

    @property
    def place(self) -> tuple[int, int]:
        return self.before, self.column


@dataclass(frozen=True, slots=True)
class Flow:
    """A map `{…}` or a list `[…]` on one line."""

    is_map: bool
    entries: tuple[Entry, ...]
    end: int


class _Verbatim(Exception):
    """Something unusual stands in the brackets: they stay as they are written."""


def read_flow(tokens: Sequence[Any], line: str) -> Flow | None:
    """The tokens from an opening bracket to its closing one, all on `line`; None where an entry is
    written in an unusual way."""
    rest = iter(tokens)
    try:
        return _collection(next(rest), rest, line)
    # A name without a value can stand last: then the tokens end early.
    except (_Verbatim, StopIteration):
        return None


def render_flows(flows: Sequence[Flow], starts: Sequence[int]) -> list[str]:
    """
    One line of text per map or list; entries that stood below each other still do.

    Args:
        flows: neighbours: the values of rows on adjacent lines.
        starts: the column where each of them will begin.
    """
    texts = ["{" if flow.is_map else "[" for flow in flows]
    for is_map in (True, False):
        rows = [i for i, flow in enumerate(flows) if flow.is_map is is_map]
        _fill(flows, starts, rows, texts)
    return [text + ("}" if flow.is_map else "]") for text, flow in zip(texts, flows, strict=True)]


def _fill(flows: Sequence[Flow], starts: Sequence[int], rows: list[int], texts: list[str]) -> None:
    """Append to `texts` all entries of some rows, column by column; rows whose keys differ from
    here on go on separately."""
    pending = [(rows, 0)]
    while pending:
        rows, index = pending.pop()
        rows = [row for row in rows if index < len(flows[row].entries)]
        if index and rows:
            places = [flows[row].entries[index].place for row in rows]
            _pad(rows, starts, texts, are_aligned(places))
        by_key: dict[str, list[int]] = {}
        for row in rows:
            by_key.setdefault(flows[row].entries[index].key, []).append(row)
        for key, same in by_key.items():
            for row in same:
                texts[row] += f"{key}: " if key else ""
            below = [starts[row] + len(texts[row]) for row in same]
            entries = [flows[row].entries[index] for row in same]
            for row, value in zip(same, _values(entries, below), strict=True):
                texts[row] += value
            pending.append((same, index + 1))


def _pad(rows: list[int], starts: Sequence[int], texts: list[str], is_aligned: bool) -> None:
    """A comma and the blanks after it, as many as it takes to end in one column."""
    width = max(starts[row] + len(texts[row]) for row in rows)
    for row in rows:
        missing = width - starts[row] - len(texts[row]) if is_aligned else 0
        texts[row] += "," + " " * (missing + 1)


def are_aligned(places: Sequence[tuple[int, int]]) -> bool:
    """
    Whether things were put below each other by hand.

    Args:
        places: of every row, where the text before the thing ends and where the thing begins.

    Returns:
        True if two begin in one column though what is before them ends in different ones, and few
        others could but do not. Blanks in one row alone are a slip.
    """
    ends: dict[int, list[int]] = {}
    for before, column in places:
        ends.setdefault(column, []).append(before)
    for column, here in ends.items():
        others = sum(at != column and before < column for before, at in places)
        if len(set(here)) > 1 and 2 * others < len(here):
            return True
    return False


def _values(entries: list[Entry], starts: list[int]) -> list[str]:
    nested = [
        (e.value, s) for e, s in zip(entries, starts, strict=True) if isinstance(e.value, Flow)
    ]
    rendered = iter(render_flows([flow for flow, _ in nested], [start for _, start in nested]))
    texts = [next(rendered) if isinstance(e.value, Flow) else e.value for e in entries]
    if not _is_right_aligned(entries):
        return texts
    end = max(start + len(text) for start, text in zip(starts, texts, strict=True))
    return [text.rjust(end - start) for start, text in zip(starts, texts, strict=True)]


def _is_right_aligned(entries: list[Entry]) -> bool:
    """Numbers of different lengths that end in one column."""
    starts: dict[int, set[int]] = {}
    for entry in entries:
        if isinstance(entry.value, Flow) or not _NUMBER.fullmatch(entry.value):
            return False
        starts.setdefault(entry.end, set()).add(entry.value_column)
    is_padded = any(e.value_column - e.colon > 1 for e in entries if e.key)
    return is_padded and any(len(different) > 1 for different in starts.values())


def _collection(opening: Any, rest: Iterator[Any], line: str) -> Flow:
    is_map = isinstance(opening, t.FlowMappingStartToken)
    entries: list[Entry] = []
    before, token = opening.end_mark.column, next(rest)
    while not isinstance(token, _CLOSES):
        entry, token = _entry(is_map, token, rest, line, before)
        entries.append(entry)
        if isinstance(token, t.FlowEntryToken):
            before, token = token.end_mark.column, next(rest)
            if isinstance(token, _CLOSES):
                raise _Verbatim
    return Flow(is_map, tuple(entries), token.end_mark.column)


def _entry(
    is_map: bool, token: Any, rest: Iterator[Any], line: str, before: int
) -> tuple[Entry, Any]:
    """One entry and the token after it."""
    column, key, colon = token.start_mark.column, "", before
    if is_map:
        name, value = next(rest), next(rest)
        usual = isinstance(token, t.KeyToken) and isinstance(name, t.ScalarToken)
        if not usual or not isinstance(value, t.ValueToken) or _width(token):
            raise _Verbatim
        key, colon = _text(name, line), value.end_mark.column
        token = next(rest)
    if isinstance(token, _OPENS):
        inner = _collection(token, rest, line)
        return Entry(key, inner, before, column, colon, token.start_mark.column, inner.end), next(
            rest
        )
    if not isinstance(token, t.ScalarToken | t.AliasToken) or not _width(token):
        raise _Verbatim
    start, end = token.start_mark.column, token.end_mark.column
    return Entry(key, line[start:end], before, column, colon, start, end), next(rest)


def _width(token: Any) -> int:
    return int(token.end_mark.column - token.start_mark.column)


def _text(token: Any, line: str) -> str:
    return line[token.start_mark.column : token.end_mark.column]
