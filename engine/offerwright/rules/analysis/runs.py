"""
Masks of consecutive segments → the runs of segments that each part accepts.

A part of an ordered column accepts few runs of many segments. What changes from one mask to the
next is looked at, never every segment of every part.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

Run = tuple[int, int]
"""First segment, and the first one that is no longer in it."""


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, from low to high."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def runs_of(masks: Sequence[int], parts: int) -> dict[int, list[Run]]:
    """The runs of every one of these parts that accepts some segment, in order."""
    found: dict[int, list[Run]] = defaultdict(list)
    began: dict[int, int] = {}
    before = 0
    for number, mask in enumerate((*masks, 0)):
        now = mask & parts
        changed = now ^ before
        for part in bits(changed & before):
            found[part].append((began.pop(part), number))
        for part in bits(changed & now):
            began[part] = number
        before = now
    return found


def joined(masks: Sequence[int], parts: int) -> dict[int, int]:
    """For every one of these parts that accepts some segment: all parts that accept one of them."""
    doubled = [list(masks)]
    found: dict[int, int] = {}
    for part, runs in runs_of(masks, parts).items():
        union = 0
        for start, end in runs:
            level = (end - start).bit_length() - 1
            while len(doubled) <= level:
                _double(doubled)
            union |= doubled[level][start] | doubled[level][end - (1 << level)]
        found[part] = union
    return found


def _double(doubled: list[list[int]]) -> None:
    """One more level: entry n is the union of twice as many masks from n on."""
    last, width = doubled[-1], 1 << (len(doubled) - 1)
    doubled.append([last[n] | last[n + width] for n in range(len(last) - width)])
