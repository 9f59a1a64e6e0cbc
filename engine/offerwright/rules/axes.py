"""
The conditions of a table, cut into axes of elementary segments with one row mask per segment.

An axis belongs to one fact. Ordered facts (numbers, dates, times) are cut at every bound that a
row uses: k cut points make 2k + 1 segments, the open gaps and the points themselves. Words (text,
enum, path, boolean, lists) are looked up whole. Bit r of a mask says that row part r accepts the
segment. Missing is a segment of its own. ANDing the masks of all axes leaves exactly the row parts
that are true, which is evaluation, why-not and analysis in one structure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from offerwright.expressions.conditions import (
    Atom,
    Equal,
    Has,
    IsMissing,
    IsPresent,
    Matches,
    Number,
    StartsWith,
    Test,
    Under,
    Value,
    Within,
)
from offerwright.expressions.types import Type

Numbered = tuple[int, Test]
"""(row part, its test on this axis)"""


@dataclass(frozen=True, slots=True)
class OrderedAxis:
    """`masks[2i]` is the gap below `cuts[i]`, `masks[2i + 1]` the point `cuts[i]` itself."""

    fact: str
    type: Type
    cuts: tuple[Number, ...]
    masks: tuple[int, ...]
    missing: int

    def segment(self, value: Number) -> int:
        position = bisect_left(self.cuts, value)
        exact = position < len(self.cuts) and self.cuts[position] == value
        return 2 * position + exact


@dataclass(frozen=True, slots=True)
class WordAxis:
    """Words that some row names, with what they switch on and off against `other`.

    The mask of a present value is `(other | on) & ~off`, where `on` and `off` gather the entries
    of the value itself in `words` and of every pattern that holds for it.
    """

    fact: str
    type: Type
    other: int
    words: Mapping[Value, tuple[int, int]]
    patterns: tuple[tuple[Atom, int, int], ...]
    under: Mapping[str, tuple[int, int]]
    missing: int


Axis: TypeAlias = OrderedAxis | WordAxis


def build_axes(parts: Sequence[Sequence[Test]]) -> tuple[Axis, ...]:
    """The axes of these row parts, each part a conjunction of tests.

    A part that tests one fact twice gets a second axis of that fact; facts keep the order in which
    they first appear.
    """
    columns: dict[tuple[str, int], list[Numbered]] = defaultdict(list)
    for number, part in enumerate(parts):
        seen: dict[str, int] = defaultdict(int)
        for test in part:
            columns[test.fact, seen[test.fact]].append((number, test))
            seen[test.fact] += 1
    every = (1 << len(parts)) - 1
    return tuple(_axis(numbered, every) for numbered in columns.values())


def _axis(numbered: list[Numbered], every: int) -> Axis:
    type_ = numbered[0][1].type
    free = every
    missing = 0
    for number, test in numbered:
        free &= ~(1 << number)
        missing |= _true_on_missing(test) << number
    build = _ordered_axis if type_.is_ordered else _word_axis
    return build(numbered, free, free | missing)


def _true_on_missing(test: Test) -> bool:
    if test.negated:
        return all(isinstance(atom, IsPresent) for atom in test.atoms)
    return IsMissing in map(type, test.atoms)


def _ordered_axis(numbered: list[Numbered], free: int, missing: int) -> OrderedAxis:
    cuts = sorted({cut for _, test in numbered for atom in test.atoms for cut in _cuts(atom)})
    position = {cut: index for index, cut in enumerate(cuts)}
    last = 2 * len(cuts) + 1
    toggles: dict[int, int] = defaultdict(int)
    for number, test in numbered:
        for start, end in _accepted(test, position, last):
            toggles[start] ^= 1 << number
            toggles[end] ^= 1 << number
    masks, running = [], free
    for segment in range(last):
        running ^= toggles.get(segment, 0)
        masks.append(running)
    test = numbered[0][1]
    return OrderedAxis(test.fact, test.type, tuple(cuts), tuple(masks), missing)


def _cuts(atom: Atom) -> list[Number]:
    if isinstance(atom, Within):
        return [end for end in (atom.low, atom.high) if end is not None]
    return [atom.value] if isinstance(atom, Equal) and not isinstance(atom.value, str) else []


def _accepted(test: Test, position: Mapping[Number, int], last: int) -> list[tuple[int, int]]:
    """The half-open runs of segments where the test is true, merged and in order."""
    runs = sorted(_run(atom, position, last) for atom in test.atoms)
    merged: list[tuple[int, int]] = []
    for start, end in runs:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        elif start < end:
            merged.append((start, end))
    if not test.negated:
        return merged
    edges = [0, *(edge for run in merged for edge in run), last]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


def _run(atom: Atom, position: Mapping[Number, int], last: int) -> tuple[int, int]:
    if isinstance(atom, IsPresent):
        return 0, last
    if isinstance(atom, Equal) and not isinstance(atom.value, str):
        point = 2 * position[atom.value] + 1
        return point, point + 1
    if not isinstance(atom, Within):
        return 0, 0
    start = 0
    if atom.low is not None:
        start = 2 * position[atom.low] + (1 if atom.low_included else 2)
    end = last
    if atom.high is not None:
        end = 2 * position[atom.high] + (2 if atom.high_included else 1)
    return start, end


def _word_axis(numbered: list[Numbered], free: int, missing: int) -> WordAxis:
    words: dict[Value, list[int]] = defaultdict(lambda: [0, 0])
    under: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    patterns: dict[Atom, list[int]] = defaultdict(lambda: [0, 0])
    other = free
    for number, test in numbered:
        bit = 1 << number
        present = any(isinstance(atom, IsPresent) for atom in test.atoms)
        if present != test.negated:
            other |= bit
        if present:
            continue  # true of every present value, or (negated) of none
        for atom in test.atoms:
            entry = _entry(atom, words, under, patterns)
            if entry is not None:
                entry[test.negated] |= bit
    test = numbered[0][1]
    return WordAxis(
        fact=test.fact,
        type=test.type,
        other=other,
        words={word: (on, off) for word, (on, off) in words.items()},
        patterns=tuple((atom, on, off) for atom, (on, off) in patterns.items()),
        under={path: (on, off) for path, (on, off) in under.items()},
        missing=missing,
    )


def _entry(
    atom: Atom,
    words: dict[Value, list[int]],
    under: dict[str, list[int]],
    patterns: dict[Atom, list[int]],
) -> list[int] | None:
    if isinstance(atom, Equal):
        return words[atom.value]
    if isinstance(atom, Under):
        return under[atom.path]
    if isinstance(atom, StartsWith | Matches | Has):
        return patterns[atom]
    return None


def widened(axis: Axis, shift: int, free: int) -> Axis:
    """The axis with its row parts moved up by `shift`, and with parts that accept everything."""
    if isinstance(axis, OrderedAxis):
        masks = tuple(mask << shift | free for mask in axis.masks)
        return replace(axis, masks=masks, missing=axis.missing << shift | free)
    return replace(
        axis,
        other=axis.other << shift | free,
        words={word: (on << shift, off << shift) for word, (on, off) in axis.words.items()},
        patterns=tuple((atom, on << shift, off << shift) for atom, on, off in axis.patterns),
        under={path: (on << shift, off << shift) for path, (on, off) in axis.under.items()},
        missing=axis.missing << shift | free,
    )


def ancestors(path: str) -> list[str]:
    """The path and every path it lies under: a/b/c → a, a/b, a/b/c."""
    parts = path.split("/")
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def word_mask(axis: WordAxis, value: Value | tuple[Value, ...]) -> int:
    """The mask of one present value of a word axis."""
    on = off = 0
    entries = [axis.words.get(value)] if not isinstance(value, tuple) else []
    if axis.under and isinstance(value, str):
        entries += [axis.under.get(path) for path in ancestors(value)]
    for entry in entries:
        if entry is not None:
            on, off = on | entry[0], off | entry[1]
    for atom, pattern_on, pattern_off in axis.patterns:
        if holds(atom, value):
            on, off = on | pattern_on, off | pattern_off
    return (axis.other | on) & ~off


def holds(atom: Atom, value: object) -> bool:
    """Whether a pattern holds for one present value."""
    if isinstance(atom, StartsWith):
        return isinstance(value, str) and value.startswith(atom.prefix)
    if isinstance(atom, Matches):
        import re2

        return isinstance(value, str) and re2.fullmatch(atom.pattern, value) is not None
    if isinstance(atom, Has) and isinstance(value, tuple):
        axes = build_axes([list(_conjunction) for _conjunction in _alternatives(atom)])
        return any(_accepts(axes, element) for element in value)
    return False


def _alternatives(atom: Has) -> list[tuple[Test, ...]]:
    from offerwright.expressions.conditions import alternatives

    return alternatives(atom.test)


def _accepts(axes: tuple[Axis, ...], value: Value) -> bool:
    mask = -1
    for axis in axes:
        if isinstance(axis, OrderedAxis):
            mask &= axis.masks[axis.segment(value)] if not isinstance(value, str) else 0
        else:
            mask &= word_mask(axis, value)
    return mask != 0
