"""
The columns of a table for analysis: one per fact, cut into segments that no row tells apart.

A segment has two masks over the parts of rows: `sure` holds the parts that accept every value of
it, `maybe` those that accept some value. They differ only where a pattern is opaque (`matches`,
`has`); everything else is exact. Segments that no value can lie in are left out: between two whole
numbers that follow each other, outside the bounds of the fact, missing where it is never missing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor

from offerwright.expressions.conditions import Atom, Has, Matches, Number, StartsWith
from offerwright.expressions.types import Type
from offerwright.rules.axes import Axis, OrderedAxis, WordAxis, word_mask

_WHOLE = frozenset({"integer", "date", "datetime"})
# No text that a person writes holds it: it ends a word that nobody has named.
UNNAMED = "\x00"


@dataclass(frozen=True, slots=True)
class Domain:
    """What the values of a fact can be. Bounds are included; `words` None = any word."""

    low: Number | None = None
    high: Number | None = None
    words: tuple[str, ...] | None = None
    is_nullable: bool = True


@dataclass(frozen=True, slots=True)
class Segment:
    """
    A run of values that no row tells apart.

    Ordered values lie between `low` and `high` (None = open-ended); `low` = `high` is the one
    value. A word stands for itself; one that ends in `UNNAMED` for all that begin so and are not
    named. All three are None for missing.
    """

    sure: int
    maybe: int
    low: Number | None = None
    high: Number | None = None
    low_included: bool = False
    high_included: bool = False
    word: str | bool | None = None
    is_missing: bool = False

    @property
    def is_point(self) -> bool:
        """Whether it is one value that can be named."""
        if self.word is not None:
            return not str(self.word).endswith(UNNAMED)
        return self.is_missing or (self.low_included and self.high_included)


@dataclass(frozen=True, slots=True)
class Column:
    """All segments of one fact: ordered ones from low to high, missing last."""

    fact: str
    type: Type
    segments: tuple[Segment, ...]


def columns_of(axes: Sequence[Axis], domains: Mapping[str, Domain]) -> tuple[Column, ...]:
    """The columns of these axes; facts keep the order in which they are first tested."""
    by_fact: dict[str, list[Axis]] = defaultdict(list)
    for axis in axes:
        by_fact[axis.fact].append(axis)
    nothing = Domain()
    return tuple(_column(axes, domains.get(fact, nothing)) for fact, axes in by_fact.items())


def _column(axes: Sequence[Axis], domain: Domain) -> Column:
    ordered = [a for a in axes if isinstance(a, OrderedAxis)]
    words = [a for a in axes if isinstance(a, WordAxis)]
    found = list(_ordered(ordered, domain) if ordered else _words(words, domain))
    if domain.is_nullable:
        missing = _all(a.missing for a in axes)
        found.append(Segment(missing, missing, is_missing=True))
    return Column(axes[0].fact, axes[0].type, tuple(found))


def _all(masks: Iterable[int]) -> int:
    common = -1
    for mask in masks:
        common &= mask
    return common


def _ordered(axes: Sequence[OrderedAxis], domain: Domain) -> Iterator[Segment]:
    is_whole = axes[0].type.name in _WHOLE
    ends = [end for end in (domain.low, domain.high) if end is not None]
    cuts = sorted({cut for axis in axes for cut in axis.cuts}.union(ends))
    kept = [
        cut
        for cut in cuts
        if (domain.low is None or cut >= domain.low) and (domain.high is None or cut <= domain.high)
    ]
    lows: list[Number | None] = [None, *kept]
    highs: list[Number | None] = [*kept, None]
    for low, high in zip(lows, highs, strict=True):
        if _has_room(low, high, domain, is_whole):
            mask = _all(a.masks[_gap(a, low, high)] for a in axes)
            yield Segment(mask, mask, low, high)
        if high is not None and not (is_whole and high != int(high)):
            mask = _all(a.masks[a.segment(high)] for a in axes)
            yield Segment(mask, mask, high, high, True, True)


def _has_room(low: Number | None, high: Number | None, domain: Domain, is_whole: bool) -> bool:
    """Whether a value lies between two cuts that follow each other."""
    if low is None and domain.low is not None:
        return False
    if high is None and domain.high is not None:
        return False
    return low is None or high is None or not is_whole or floor(low) + 1 < high


def _gap(axis: OrderedAxis, low: Number | None, high: Number | None) -> int:
    """The axis's own segment that holds the values between two cuts."""
    if high is not None:
        return 2 * bisect_left(axis.cuts, high)
    return 2 * len(axis.cuts)


def _words(axes: Sequence[WordAxis], domain: Domain) -> Iterator[Segment]:
    for word in _samples(axes, domain):
        sure = maybe = -1
        for axis in axes:
            certain, possible = _masks(axis, word)
            sure, maybe = sure & certain, maybe & possible
        yield Segment(sure, maybe, word=word)


def _samples(axes: Sequence[WordAxis], domain: Domain) -> list[str | bool]:
    """One word for each thing that rows can tell apart; enough of them, see `Segment`."""
    if axes[0].type.name == "boolean":
        return [True, False]
    if axes[0].type.name == "enum":
        return list(axes[0].type.values)
    if domain.words is not None:
        return list(domain.words)
    named = [word for axis in axes for word in (*axis.words, *axis.under)]
    open_ends = [f"{path}/{UNNAMED}" for axis in axes for path in axis.under]
    prefixes = [
        f"{atom.prefix}{UNNAMED}"
        for axis in axes
        for atom, _, _ in axis.patterns
        if isinstance(atom, StartsWith)
    ]
    found = dict.fromkeys([*map(str, named), *open_ends, *prefixes])
    return [*found, UNNAMED]


def _masks(axis: WordAxis, word: str | bool) -> tuple[int, int]:
    """The parts that accept every value which this word stands for, and those that accept some."""
    if axis.type.name != "list" and not str(word).endswith(UNNAMED):
        exact = word_mask(axis, word)
        return exact, exact
    clear = tuple(p for p in axis.patterns if not is_opaque(p[0]))
    if len(clear) < len(axis.patterns):
        exact = word_mask(replace(axis, patterns=clear), word)
    else:
        exact = word_mask(axis, word)
    on = off = 0
    for atom, pattern_on, pattern_off in axis.patterns:
        if is_opaque(atom):
            on, off = on | pattern_on, off | pattern_off
    return exact & ~off, exact | on


def is_opaque(atom: Atom) -> bool:
    """Whether analysis cannot see which values an atom accepts."""
    return isinstance(atom, Matches | Has)
