"""Numbers → classes: between which cut points of an axis a value lies."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from offerwright.evaluate.uniform import Array
from offerwright.money import scaled
from offerwright.rules.axes import OrderedAxis

_FEW = 8
"""So many points are compared one by one."""
_BUCKET_BITS = 16
_MOST_IN_BUCKET = 8
_WORTH_BUCKETS = 1_000
"""From so many rows on."""
_AT_ONCE = 8_192
"""Rows whose steps in between stay in the cache."""


@dataclass(frozen=True)
class Buckets:
    """
    Equal pieces of the range of the points: a binary search branches where this computes.

    `starts` are the points at or below the first value of each piece, `more` the most that follow
    inside one; `points` are counted from `low`, with one behind them that no value reaches.
    """

    low: int
    high: int
    shift: int
    starts: Array
    points: Array
    more: int

    def position(self, values: Array) -> Array:
        """How many points are at or below each value."""
        found = np.empty(len(values), dtype=np.int32)
        for start in range(0, len(values), _AT_ONCE):
            at = slice(start, start + _AT_ONCE)
            found[at] = self._position(values[at])
        return found

    def _position(self, values: Array) -> Array:
        offsets = np.clip(values, self.low, self.high)
        offsets -= self.low
        found = self.starts.take(offsets >> self.shift)
        for _ in range(self.more):
            found += offsets >= self.points.take(found)
        return found


@dataclass(frozen=True)
class Cuts:
    """From `points[n − 1]` on, and below `points[n]`, a value is of the class `classes[n]`."""

    points: Sequence[int]
    classes: Array
    edges: Array
    """The points as an array."""

    @cached_property
    def buckets(self) -> Buckets | None:
        return _buckets(self.edges)

    def class_of(self, value: int) -> int:
        return int(self.classes[bisect_right(self.points, value)])

    def classes_of(self, values: Array) -> Array:
        """The class of every value; values are at the scale of the points."""
        return self.classes.take(self._position(values))

    def _position(self, values: Array) -> Array:
        if values.dtype == object or self.edges.dtype == object:
            return np.searchsorted(self.edges.astype(object), values.astype(object), side="right")
        if len(self.points) <= _FEW:
            found = np.zeros(len(values), dtype=np.int8)
            for point in self.points:
                found += values >= point
            return found
        if len(values) >= _WORTH_BUCKETS and self.buckets is not None:
            return self.buckets.position(values)
        return np.searchsorted(self.edges, values, side="right")


def cuts_at(axis: OrderedAxis, scale: int, number: Callable[[int], int]) -> Cuts:
    """The cut points of an axis among integers at a scale; `number` is the class of a mask.

    Points between which nothing changes are left out.
    """
    points: list[int] = []
    classes = [number(axis.masks[0])]
    for point, mask in _changes(axis, scale):
        if points and points[-1] == point:  # between two integers: the cut itself is no value
            points.pop()
            classes.pop()
        if (class_ := number(mask)) != classes[-1]:
            points.append(point)
            classes.append(class_)
    fits = all(-(2**63) <= p < 2**63 for p in points)
    edges = np.array(points, dtype=np.int64 if fits else object)
    return Cuts(points, np.array(classes, dtype=np.int32), edges)


def _changes(axis: OrderedAxis, scale: int) -> Iterator[tuple[int, int]]:
    """The least integer of every segment but the first, and the mask from there on."""
    for number, cut in enumerate(axis.cuts):
        value, places = (cut, 0) if isinstance(cut, int) else scaled(cut)
        below, rest = divmod(value * 10**scale, 10**places)
        yield below + (rest > 0), axis.masks[2 * number + 1]
        yield below + 1, axis.masks[2 * number + 2]


def _buckets(edges: Array) -> Buckets | None:
    """None where the points lie so unevenly that too many share a bucket, or so far apart that
    64 bits do not hold how far."""
    low, high = int(edges[0]) - 1, int(edges[-1])
    if low < -(2**61) or high > 2**61:
        return None
    shift = max(0, (high - low).bit_length() - _BUCKET_BITS)
    first = low + (np.arange(((high - low) >> shift) + 1, dtype=np.int64) << shift)
    starts = np.searchsorted(edges, first, side="right")
    ends = np.searchsorted(edges, first + ((1 << shift) - 1), side="right")
    more = int((ends - starts).max())
    if more > _MOST_IN_BUCKET:
        return None
    points = np.append(edges - low, high - low + 1)
    return Buckets(low, high, shift, starts.astype(np.int32), points, more)
