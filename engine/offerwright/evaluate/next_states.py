"""Where a state and a class lead: an array of all pairs, a sorted list where that is too large."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from offerwright.evaluate.uniform import Array

_UNSEEN = -1
MOST_CELLS = 2**25
"""Pairs of an axis that stand in an array: 128 MiB. A walk looks up more of them by search."""
_LAST = 2**63 - 1

Learn = Callable[[Array, Array], Sequence[int]]


class NextStates:
    """By state and class the state that follows, remembered once it is known."""

    def __init__(self, most: int = MOST_CELLS) -> None:
        self.most = most
        self.table = np.full((16, 16), _UNSEEN, dtype=np.int32)
        # Behind all pairs stands one that is none, so that every search ends at something.
        self.pairs = np.array([_LAST], dtype=np.int64)
        self.answers = np.array([_UNSEEN], dtype=np.int32)

    def __len__(self) -> int:
        """The pairs there is room for."""
        return self.table.size + len(self.pairs)

    def of(
        self, states: Array | int, classes: Array | int, sizes: tuple[int, int], learn: Learn
    ) -> Array | int:
        """
        The next state of every row; one number where all rows are alike.

        Args:
            sizes: how many states and classes there are.
            learn: the next states of pairs that nobody has asked for.
        """
        if not self._has_room(*sizes):
            return self._searched(states, classes, learn)
        width = self.table.shape[1]
        flat: Any = states * width + classes
        answers = self.table.ravel()
        if isinstance(flat, int):
            if answers[flat] == _UNSEEN:
                answers[flat] = learn(*np.divmod(np.array([flat]), width))[0]
            return int(answers[flat])
        found: Array = answers.take(flat)
        if len(found) and found.min() == _UNSEEN:
            pairs = np.unique(flat[found == _UNSEEN])
            answers[pairs] = learn(*np.divmod(pairs, width))
            found = answers.take(flat)
        return found

    def _has_room(self, states: int, classes: int) -> bool:
        height, width = self.table.shape
        if states <= height and classes <= width:
            return True
        high = max(height, 2 * states if states > height else height)
        wide = max(width, 2 * classes if classes > width else width)
        if high * wide > self.most:
            high, wide = max(height, states), max(width, classes)
        if high * wide > self.most:
            return False
        larger = np.full((high, wide), _UNSEEN, dtype=np.int32)
        larger[:height, :width] = self.table
        self.table = larger
        return True

    def _searched(self, states: Array | int, classes: Array | int, learn: Learn) -> Array | int:
        flat = np.atleast_1d(np.asarray(states, dtype=np.int64) << 32 | classes)
        at = np.searchsorted(self.pairs, flat)
        unseen = self.pairs.take(at) != flat
        if unseen.any():
            pairs = np.unique(flat[unseen])
            answers = learn(pairs >> 32, pairs & (2**32 - 1))
            places = np.searchsorted(self.pairs, pairs)
            self.pairs = np.insert(self.pairs, places, pairs)
            self.answers = np.insert(self.answers, places, answers)
            at = np.searchsorted(self.pairs, flat)
        found = self.answers.take(at)
        return int(found[0]) if isinstance(states, int) and isinstance(classes, int) else found
