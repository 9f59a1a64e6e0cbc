"""
Listings that use up common components → how many units each gets, one unit in turn.

Round after round every listing, in its turn, takes one unit as long as it wants more and all its
components last. Whole rounds are taken at once, and all groups of listings at the same time, so
that the number of passes grows with what runs out, not with the units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Truth = NDArray[np.bool_]
_ENDLESS = 2**62


@dataclass(frozen=True)
class Needs:
    """One line per listing and component: units that one piece takes. Sorted by component, then by
    listing."""

    listing: Array
    component: Array
    units: Array

    def part(self, mask: Truth) -> Needs:
        return Needs(self.listing[mask], self.component[mask], self.units[mask])

    def used_so_far(self, taking: Truth) -> Array:
        """By line: units that the listings up to this one take of the component in one round."""
        taken = np.where(taking[self.listing], self.units, 0)
        running = np.cumsum(taken)
        starts = np.flatnonzero(np.diff(self.component, prepend=-1))
        before = (running - taken)[starts]
        return np.asarray(running - np.repeat(before, np.diff([*starts, len(running)])))


@dataclass(frozen=True)
class Wishes:
    """
    The listings, in the order of their turns.

    `group` numbers the listings that have to do with each other; `group_of` gives the group of
    every component. `units` is what each listing wants at most.
    """

    units: Array
    group: Array
    group_of: Array


def fill(wishes: Wishes, needs: Needs, stock: Array) -> tuple[Array, Array]:
    """Units by listing, and what is left of every component. All whole numbers, none negative."""
    if int(stock.max(initial=0)) * (len(needs.units) + 1) >= _ENDLESS:
        needs = Needs(needs.listing, needs.component, needs.units.astype(object))
        stock = stock.astype(object)
    got, left = np.zeros_like(wishes.units), stock.copy()
    wanting = wishes.units > 0
    while True:
        wanting = wanting & (got < wishes.units)
        wanting &= ~_any_line(needs, needs.units > left[needs.component], len(got))
        if not wanting.any():
            return got, left.astype(np.int64)
        needs = needs.part(wanting[needs.listing])
        rounds = _whole_rounds(wishes, needs, wanting, got, left)
        took = np.where(wanting, rounds[wishes.group], 0)
        took += _one_round(needs, wanting & (took == 0), left)
        got = got + took
        np.subtract.at(left, needs.component, needs.units * took[needs.listing])


def _any_line(needs: Needs, lines: Array, listings: int) -> Truth:
    """By listing, whether one of its lines is among these."""
    marked = needs.listing[lines.astype(bool)]
    return np.asarray(np.bincount(marked, minlength=listings) > 0)


def _whole_rounds(wishes: Wishes, needs: Needs, wanting: Truth, got: Array, left: Array) -> Array:
    """By group, the rounds in which every wanting listing surely takes one unit."""
    rounds = np.full(int(wishes.group.max(initial=-1)) + 1, _ENDLESS, dtype=np.int64)
    np.minimum.at(rounds, wishes.group[wanting], (wishes.units - got)[wanting])
    each = np.zeros_like(left)
    np.add.at(each, needs.component, needs.units)
    used = np.flatnonzero(each > 0)
    np.minimum.at(rounds, wishes.group_of[used], (left[used] // each[used]).astype(np.int64))
    return rounds


def _one_round(needs: Needs, candidates: Truth, left: Array) -> Array:
    """Who takes a unit in one round in which something runs out: 1 or 0 by listing."""
    taking, undecided = np.zeros_like(candidates), candidates
    while undecided.any():
        # What is undecided may still take: the most that can have been used before a turn.
        most = needs.used_so_far(taking | undecided)
        least = needs.used_so_far(taking) + needs.units
        fits = undecided & ~_any_line(needs, most > left[needs.component], len(taking))
        fails = _any_line(needs, least > left[needs.component], len(taking))
        taking = taking | fits
        undecided = undecided & ~fits & ~fails
    return taking.astype(np.int64)
