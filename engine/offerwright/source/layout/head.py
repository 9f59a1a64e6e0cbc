"""The keys of a document's head, in the order in which people look for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

HEAD = ("kind", "name", "owner", "note", "for", "valid", "version", "override")
_KEY = re.compile(r"([a-z]+):(?: |$)")


def order_head(lines: Sequence[str]) -> list[str]:
    """
    The lines with the head's keys in order, as far as they stand together at the top.

    They stay as they are where a comment stands between those that would move: it may speak of the
    one above or of the one below.
    """
    entries = list(takewhile(lambda entry: _rank(lines, entry) < len(HEAD), _entries(lines)))
    wanted = sorted(entries, key=lambda entry: _rank(lines, entry))
    moved = [i for i, (one, two) in enumerate(zip(entries, wanted, strict=True)) if one != two]
    if not moved:
        return list(lines)
    first, last = entries[moved[0]][0], entries[moved[-1]][1]
    # A comment above the first of them would stay above whatever comes first.
    if any(_is_comment(line) for line in lines[max(first - 1, 0) : last]):
        return list(lines)
    middle: list[str] = []
    for i in range(moved[0], moved[-1] + 1):
        middle += [*_block(lines, wanted[i]), *[""] * _blanks(lines, entries[i])]
    return [*lines[:first], *middle, *lines[last:]]


def _entries(lines: Sequence[str]) -> list[tuple[int, int]]:
    """First line and line after the last one of every entry of the top level."""
    starts = [n for n, line in enumerate(lines) if line and line[0] not in " #-]}"]
    return list(zip(starts, [*starts[1:], len(lines)], strict=True))


def _rank(lines: Sequence[str], entry: tuple[int, int]) -> int:
    found = _KEY.match(lines[entry[0]])
    return HEAD.index(found[1]) if found and found[1] in HEAD else len(HEAD)


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _block(lines: Sequence[str], entry: tuple[int, int]) -> list[str]:
    start, end = entry
    return list(lines[start : end - _blanks(lines, entry)])


def _blanks(lines: Sequence[str], entry: tuple[int, int]) -> int:
    """How many blank lines end the entry."""
    start, end = entry
    count = 0
    while end - count > start and not lines[end - count - 1].strip():
        count += 1
    return count
