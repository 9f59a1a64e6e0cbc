"""Something that depends on the clock → the moments at which it becomes something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

Seen = TypeVar("Seen")

_HOUR = 3600 * 1_000_000


def flips(look: Callable[[int], Seen], points: Sequence[int]) -> Iterator[int]:
    """
    The moments between these points at which `look` tells something else than just before.

    Args:
        look: what there is at a moment, microseconds.
        points: rising moments. A change at one of them is not told; nor are changes between two
            of them that undo each other.
    """
    phases = {0}
    for start, end in pairwise(points):
        for at in _within(look, (start, end - 1), phases):
            phases.add(at % _HOUR)
            yield at


def _within(look: Callable[[int], Seen], ends: tuple[int, int], phases: set[int]) -> Iterator[int]:
    start, end = ends
    if start >= end or look(start) == look(end):
        return
    if end - start == 1:
        yield end
        return
    middle = _middle(start, end, phases)
    yield from _within(look, (start, middle), phases)
    yield from _within(look, (middle, end), phases)


def _middle(start: int, end: int, phases: set[int]) -> int:
    """
    A moment between two, about in their middle.

    What is computed from `as_of - since` changes at the same minute every hour or day, so the
    minutes of earlier changes are tried first: a few looks instead of forty.
    """
    middle = (start + end) // 2
    before = [middle - (middle - phase) % _HOUR for phase in phases]
    near = [at for one in before for at in (one - 1, one, one + _HOUR - 1, one + _HOUR)]
    inside = [at for at in near if start < at < end]
    return min(inside, key=lambda at: (abs(at - middle), at), default=middle)
