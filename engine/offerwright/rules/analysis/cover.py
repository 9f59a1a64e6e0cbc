"""
Whether boxes cover a box: a search for a point outside of all of them.

The search walks the columns and keeps the mask of boxes that are still met. An empty mask is a
point that nothing covers; a box that accepts all that is left of every column ends a branch; a mask
that was met before at a column is not walked again. In the worst case the number of points grows
with the power of the columns (the question is as hard as tautology), so steps are counted and the
search says when it has given up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from offerwright.rules.analysis.grid import Box

MAX_STEPS = 100_000
_MOST_COMPARED = 48

Masks = Sequence[Sequence[int]]
"""By column, by segment: the boxes that accept it."""


class NotProved(Exception):
    """The search was given up: neither a point nor a proof."""


@dataclass(slots=True)
class Patience:
    """The steps that the searches of one table may still take together."""

    left: int = MAX_STEPS


@dataclass(slots=True)
class _Search:
    """One search: classes of segments with equal masks, by column, and what is already proved."""

    classes: list[list[tuple[int, int]]]
    """By column: (mask, first segment of it), fewest classes first."""
    free: list[int]
    """By column: the boxes that accept everything from it on."""
    proved: set[tuple[int, int]]
    patience: Patience


def uncovered(
    masks: Masks, box: Box, covering: int, patience: Patience | None = None
) -> tuple[int, ...] | None:
    """
    A point of the box (one segment per column) that none of these boxes covers; None = covered.

    Raises:
        NotProved: the steps of `patience` (`MAX_STEPS` for this search alone) are used up.
    """
    if not all(box):
        return None
    order = sorted(range(len(box)), key=lambda c: (len(box[c]), c))
    classes = [_classes(masks[c], box[c], covering) for c in order]
    free, rest = [covering], covering
    for found in reversed(classes):
        for mask, _ in found:
            rest &= mask
        free.append(rest)
    search = _Search(classes, free[::-1], set(), patience or Patience())
    point = _walk(search, 0, covering)
    if point is None:
        return None
    placed = dict(zip(order, point, strict=True))
    return tuple(placed[c] for c in range(len(box)))


def _classes(masks: Sequence[int], segments: Sequence[int], covering: int) -> list[tuple[int, int]]:
    """Segments with equal masks as one; those with few boxes first, where a gap is likelier."""
    first: dict[int, int] = {}
    for segment in segments:
        first.setdefault(masks[segment] & covering, segment)
    return sorted(first.items(), key=lambda item: (item[0].bit_count(), item[1]))


def _walk(search: _Search, depth: int, met: int) -> list[int] | None:
    if met & search.free[depth]:
        return None
    if not met or depth == len(search.classes):
        return [found[0][1] for found in search.classes[depth:]]
    if (depth, met) in search.proved:
        return None
    for mask, segment in _least(search.classes[depth], met):
        search.patience.left -= 1
        if search.patience.left < 0:
            raise NotProved
        below = _walk(search, depth + 1, mask)
        if below is not None:
            return [segment, *below]
    search.proved.add((depth, met))
    return None


def _least(classes: list[tuple[int, int]], met: int) -> list[tuple[int, int]]:
    """What each class leaves of the mask. Where a smaller mask is covered, a larger one is too."""
    left: dict[int, int] = {}
    for mask, segment in classes:
        left.setdefault(mask & met, segment)
    if len(left) > _MOST_COMPARED:
        return list(left.items())
    kept: list[tuple[int, int]] = []
    for mask, segment in sorted(left.items(), key=lambda item: (item[0].bit_count(), item[1])):
        if not any(other & mask == other for other, _ in kept):
            kept.append((mask, segment))
    return kept


def widened(masks: Masks, box: Box, point: Sequence[int], covering: int) -> Box:
    """The box around a point that none of these boxes covers, as wide as one can make it.

    Columns are widened in order: each takes every segment that keeps the whole box uncovered.
    """
    found: list[tuple[int, ...]] = [(segment,) for segment in point]
    for column, segments in enumerate(box):
        others = covering
        for other, chosen in enumerate(found):
            if other != column:
                others &= _union(masks[other], chosen)
        found[column] = tuple(s for s in segments if not masks[column][s] & others)
    return tuple(found)


def _union(masks: Sequence[int], segments: Sequence[int]) -> int:
    found = 0
    for segment in segments:
        found |= masks[segment]
    return found


def holes(masks: Masks, box: Box, covering: int, most: int) -> tuple[list[Box], bool]:
    """
    Boxes that nothing covers: at most so many, and whether there are more.

    Raises:
        NotProved: a search was given up.
    """
    grown = [[mask & covering for mask in column] for column in masks]
    also = 1 << covering.bit_length()
    plugged = covering
    patience = Patience()
    found: list[Box] = []
    while len(found) <= most:
        point = uncovered(grown, box, plugged, patience)
        if point is None:
            return found, False
        found.append(widened(masks, box, point, covering))
        for column, segments in zip(grown, found[-1], strict=True):
            for segment in segments:
                column[segment] |= also
        plugged, also = plugged | also, also << 1
    return found[:most], True
