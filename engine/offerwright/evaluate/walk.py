"""
Which rows of a table match: the axes walked one after the other, remembering every answer.

After each axis an offer is in a state, which is the set of row parts still possible (a mask). The
next state depends only on the state and the class of the offer's value (segments with equal masks
are one class), so it is looked up in an array; masks are ANDed only the first time a pair is seen.
Cost grows with the offers and hardly with the rows of the table.

Answers are remembered for the life of a `TableWalk`; they depend on nothing but the table, so
remembering changes no result.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import and_
from typing import Any

import numpy as np

from offerwright.evaluate.columns import Array, Column, Decimals, Lists, Truths, Words
from offerwright.evaluate.cuts import Cuts, cuts_at
from offerwright.evaluate.mask_rows import keys, met, rows_of_masks
from offerwright.evaluate.next_states import NextStates
from offerwright.evaluate.uniform import is_uniform, repeated
from offerwright.expressions.syntax import Const
from offerwright.money import scaled
from offerwright.rules.axes import Axis, OrderedAxis, WordAxis, word_mask
from offerwright.rules.plan import ResultPlan, TablePlan
from offerwright.rules.window import ALWAYS_VALID

# How many words, and vocabularies of a block, an axis keeps the classes of.
_MOST_WORDS, _MOST_VOCABULARIES = 100_000, 8
_MANY = 256
"""Pairs of a state and a class from which on their masks meet as arrays."""
MOST_KEPT = 2**29
"""Bytes of masks that a walk remembers; beyond them it forgets all and learns anew."""


class _Masks:
    """Masks of row parts, numbered in the order in which they were first seen."""

    def __init__(self, words: int) -> None:
        self.words = words
        self.items: list[int] = []
        self.position: dict[bytes, int] = {}
        self.numbers: dict[int, int] = {}
        """Of masks that came as integers."""
        self.held = np.empty((0, words), dtype=np.uint64)

    def number(self, mask: int) -> int:
        found = self.numbers.get(mask)
        if found is None:
            found = self.numbers[mask] = self.numbers_of(rows_of_masks([mask], self.words))[0]
        return found

    def numbers_of(self, rows: Array) -> list[int]:
        """The numbers of masks as rows of words."""
        names = keys(rows)
        found = list(map(self.position.get, names))
        for at, key in enumerate(names):
            if found[at] is None:
                number = self.position.setdefault(key, len(self.items))
                if number == len(self.items):
                    self.items.append(int.from_bytes(rows[at].tobytes(), "little"))
                found[at] = number
        return found  # type: ignore[return-value]  # none is left out

    def rows(self) -> Array:
        """All masks as rows of words."""
        if len(self.held) < len(self.items):
            more = rows_of_masks(self.items[len(self.held) :], self.words)
            self.held = np.concatenate([self.held, more])
        return self.held


class _Level:
    """
    One axis: classes of its values, and next states by (state, class).

    `settled` are, under `first`, the row parts that no later axis tests: once such a part is left,
    no part behind it can win, so they are dropped and states that differ only in them are one.
    """

    def __init__(self, axis: Axis, settled: int, words: int) -> None:
        self.axis = axis
        self.settled = settled
        self.classes = _Masks(words)
        # Class 0 is that of a missing value: a class times "is there" is the class all the same.
        self.missing_class = self.classes.number(axis.missing)
        self.next = NextStates()
        self.cuts: dict[int, Cuts] = {}
        self.class_of_word: dict[Any, int] = {}
        self.vocabularies: dict[int, tuple[Any, Array]] = {}

    def class_of(self, column: Column) -> int:
        """The class of a value that all rows share."""
        if column.state is not None and column.state[0]:
            return self.missing_class
        if isinstance(column, Decimals):
            cuts = self._cuts(column.scale)
            return self.missing_class if cuts is None else cuts.class_of(int(column.values[0]))
        if isinstance(column, Truths):
            return self._word(bool(column.values[0]))
        return self._word(column.vocabulary[int(column.codes[0])])

    def classify(self, column: Column) -> Array:
        """The class of every row's value."""
        if isinstance(column, Decimals):
            cuts = self._cuts(column.scale)
            if cuts is None:
                return repeated(self.missing_class, len(column), np.int32)
            found = cuts.classes_of(column.values)
        elif isinstance(column, Truths):
            both = np.array([self._word(False), self._word(True)], dtype=np.int32)
            found = both.take(column.values.view(np.int8))
        else:
            found = self._by_vocabulary(column)
        return found if column.state is None else found * (column.state == 0)

    def _cuts(self, scale: int) -> Cuts | None:
        if not isinstance(self.axis, OrderedAxis):
            return None
        found = self.cuts.get(scale)
        if found is None:
            found = self.cuts[scale] = cuts_at(self.axis, scale, self.classes.number)
        return found

    def _word(self, value: Any) -> int:
        found = self.class_of_word.get(value)
        if found is None:
            axis = self.axis
            found = self.classes.number(word_mask(axis, value)) if isinstance(axis, WordAxis) else 0
            if len(self.class_of_word) >= _MOST_WORDS:
                self.class_of_word.clear()
            self.class_of_word[value] = found
        return found

    def _by_vocabulary(self, column: Words | Lists) -> Array:
        key = id(column.vocabulary)
        held = self.vocabularies.get(key)
        if held is None or held[0] is not column.vocabulary:
            words: Sequence[Any] = column.vocabulary
            classes = np.array([*map(self._word, words), 0], dtype=np.int32)
            if len(self.vocabularies) >= _MOST_VOCABULARIES:
                self.vocabularies.clear()
            # The vocabulary is held so that its identity cannot be taken over by another.
            held = self.vocabularies[key] = (column.vocabulary, classes)
        return held[1].take(column.codes)

    def step(
        self, states: Array | int, classes: Array | int, before: _Masks, after: _Masks
    ) -> Array | int:
        """The next state of every row; one number where all rows are alike so far."""
        sizes = len(before.items), len(self.classes.items)
        return self.next.of(states, classes, sizes, lambda s, c: self._met(s, c, before, after))

    def _met(self, states: Array, classes: Array, before: _Masks, after: _Masks) -> list[int]:
        """The next states of pairs of a state and a class."""
        if len(states) < _MANY:
            return [
                after.number(self._without_beaten(before.items[state] & self.classes.items[class_]))
                for state, class_ in zip(states.tolist(), classes.tolist(), strict=True)
            ]
        settled = rows_of_masks([self.settled], self.classes.words)[0]
        found = met(before.rows(), self.classes.rows(), (states, classes), settled)
        return [number for rows in found for number in after.numbers_of(rows)]

    def _without_beaten(self, mask: int) -> int:
        """The mask without the parts that a settled, earlier one beats whatever comes."""
        certain = mask & self.settled
        return mask & ((certain & -certain) << 1) - 1 if certain else mask


@dataclass(frozen=True)
class Choices:
    """
    The distinct cells of one result.

    `of_row` is the cell of each row, then of `otherwise`, then −1 twice: a row is taken by its
    number, and by those from the end that say that there is none. `numbers` at `scale` are the
    constant cells (0 for expressions), at most `bound`, with a 0 behind them for −1; `words` the
    same as text; `expressions` are the numbers of the cells that must be evaluated.
    """

    of_row: Array
    numbers: Array
    scale: int
    bound: int
    words: tuple[str, ...]
    expressions: tuple[int, ...]


def choices_of(plan: ResultPlan) -> Choices:
    """The cells of a result as arrays."""
    constants = [cell.value if isinstance(cell, Const) else None for cell in plan.choices]
    pairs = [
        scaled(v) if isinstance(v, Decimal) else (int(v) if isinstance(v, int) else 0, 0)
        for v in constants
    ]
    scale = max((s for _, s in pairs), default=0)
    numbers = [n * 10 ** (scale - s) for n, s in pairs] + [0]
    bound = max(map(abs, numbers))
    return Choices(
        of_row=np.array([*plan.choice_of, -1, -1], dtype=np.int32),
        numbers=np.array(numbers, dtype=np.int64 if bound < 2**63 else object),
        scale=scale,
        bound=bound,
        words=tuple("" if v is None else str(v) for v in constants),
        expressions=tuple(i for i, v in enumerate(constants) if v is None),
    )


def _settled(table: TablePlan) -> list[int]:
    """For every axis, the row parts that no later axis tests; none where all matches count."""
    if table.hit != "first":
        return [0] * len(table.axes)
    every = (1 << len(table.row_of)) - 1
    found, free = [], every
    for axis in reversed(table.axes):
        found.append(free)
        free &= _untested(axis)
    return found[::-1]


def _untested(axis: Axis) -> int:
    """The row parts that an axis accepts whatever the value, or its absence."""
    if isinstance(axis, OrderedAxis):
        return reduce(and_, axis.masks, axis.missing)
    mask = axis.other & axis.missing
    for _, off in (*axis.words.values(), *axis.under.values()):
        mask &= ~off
    for _, _, off in axis.patterns:
        mask &= ~off
    return mask


class TableWalk:
    """The walk of one table. Safe to share between threads."""

    def __init__(self, table: TablePlan, most_kept: int = MOST_KEPT) -> None:
        self.table = table
        self.most_kept = most_kept
        self.lock = threading.Lock()
        self.every = (1 << len(table.row_of)) - 1
        self.windowed = [
            (1 << part, table.rows[row].window)
            for part, row in enumerate(table.row_of)
            if table.rows[row].window != ALWAYS_VALID
        ]
        self.choices: dict[str, Choices] = {}
        self._forget()

    def _forget(self) -> None:
        """Know nothing. What was answered before stays right: its masks are not touched."""
        words = len(self.table.row_of) // 64 + 1
        self.levels = [
            _Level(axis, settled, words)
            for axis, settled in zip(self.table.axes, _settled(self.table), strict=True)
        ]
        self.masks = [_Masks(words) for _ in range(len(self.table.axes) + 1)]
        self.picks: tuple[list[int], Array] = self.masks[-1].items, np.empty(0, dtype=np.int32)
        """The masks of final states, and the row that counts; `evaluate.match` fills it."""

    def kept(self) -> int:
        """About how many bytes is remembered beside the arrays of pairs."""
        masks = (*self.masks, *(level.classes for level in self.levels))
        # Each is held as an integer and as a row; as a key it is short.
        return sum(2 * 8 * held.words * len(held.items) for held in masks) + sum(
            12 * len(level.next.pairs) for level in self.levels
        )

    def alive(self, as_of: int) -> int:
        """The row parts whose validity window is open."""
        mask = self.every
        for bit, (start, end) in self.windowed:
            if (start is not None and as_of < start) or (end is not None and as_of >= end):
                mask &= ~bit
        return mask

    def choices_of(self, plan: ResultPlan) -> Choices:
        """A result's cells as arrays, made once."""
        found = self.choices.get(plan.name)
        if found is None:
            found = self.choices[plan.name] = choices_of(plan)
        return found

    def matches(self, columns: Sequence[Column], rows: int, alive: int) -> tuple[Array, list[int]]:
        """
        The final state of every row, and the mask of row parts of every state.

        Args:
            columns: one column per axis of the table.
            rows: how many rows there are.
            alive: the row parts whose validity window is open.
        """
        with self.lock:
            if self.kept() > self.most_kept:
                self._forget()
            states: Array | int = self.masks[0].number(alive & self.every)
            for number, (level, column) in enumerate(zip(self.levels, columns, strict=True)):
                alike = _is_uniform(column)
                classes = level.class_of(column) if alike else level.classify(column)
                states = level.step(states, classes, self.masks[number], self.masks[number + 1])
            found = repeated(states, rows, np.int32) if isinstance(states, int) else states
            return found, self.masks[-1].items


def _is_uniform(column: Column) -> bool:
    held = column.values if isinstance(column, Decimals | Truths) else column.codes
    return is_uniform(held) and (column.state is None or is_uniform(column.state))
