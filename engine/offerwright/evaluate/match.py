"""The rows of a table that match, by hit policy, and the result columns they give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Array, Column, Decimals, Words
from offerwright.evaluate.operations import Rows, evaluate, evaluate_decimals
from offerwright.evaluate.walk import TableWalk
from offerwright.expressions.syntax import Const, columns
from offerwright.money import scaled
from offerwright.rules.plan import ResultPlan, TablePlan

NO_ROW = -1
OVERLAP = -2


@dataclass(frozen=True)
class Match:
    """
    What a table says of every offer.

    `picked` is the number of the row that counts; `len(rows)` for `otherwise`; `NO_ROW`; or
    `OVERLAP` where several rows of a `unique` table match. Under `collect` it is the first of the
    rows that match, and `states` with `masks` tell all of them.
    """

    table: TablePlan
    picked: Array
    states: Array
    masks: tuple[int, ...]

    @property
    def found(self) -> NDArray[np.bool_]:
        return np.asarray(self.picked >= 0)

    @property
    def fell_through(self) -> NDArray[np.bool_]:
        """Where no row matched, whether or not there is an `otherwise`."""
        return np.asarray((self.picked == NO_ROW) | (self.picked == len(self.table.rows)))

    def rows_of(self, state: int) -> list[int]:
        return rows_of_mask(self.table, self.masks[state])


def rows_of_mask(table: TablePlan, mask: int) -> list[int]:
    """The numbers of the rows whose parts stand in a mask, in written order."""
    return sorted({table.row_of[part] for part in _bits(mask)})


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@dataclass
class Walks:
    """The walks of a plan's tables: what they have learned is kept between batches."""

    held: dict[int, tuple[TablePlan, TableWalk]] = field(default_factory=dict)

    def walk(self, table: TablePlan) -> TableWalk:
        found = self.held.get(id(table))
        if found is None:
            # The table is held beside its walk so that its identity cannot be taken over.
            found = self.held.setdefault(id(table), (table, TableWalk(table)))
        return found[1]


def match(table: TablePlan, rows: Rows, as_of: int, walks: Walks) -> Match:
    """The matching rows at a moment (microseconds)."""
    walk = walks.walk(table)
    columns = [rows.get(axis.fact) for axis in table.axes]
    states, masks = walk.matches(columns, rows.size, _alive(table, as_of))
    used = np.unique(states).tolist()
    pick = np.full(len(masks), NO_ROW, dtype=np.int32)
    for state in used:
        pick[state] = _pick(table, masks[state])
    return Match(table, pick[states], states, tuple(masks))


def _alive(table: TablePlan, as_of: int) -> int:
    alive = 0
    for part, row in enumerate(table.row_of):
        start, end = table.rows[row].window
        if (start is None or start <= as_of) and (end is None or as_of < end):
            alive |= 1 << part
    return alive


def _pick(table: TablePlan, mask: int) -> int:
    if mask == 0:
        return len(table.rows) if table.has_otherwise else NO_ROW
    first = table.row_of[(mask & -mask).bit_length() - 1]
    if table.hit == "unique" and mask & (mask - 1) and len(rows_of_mask(table, mask)) > 1:
        return OVERLAP
    return first


def holds(table: TablePlan | None, rows: Rows, as_of: int, walks: Walks) -> NDArray[np.bool_]:
    """Where a `when` is true; everywhere if there is none."""
    if table is None:
        return np.ones(rows.size, dtype=bool)
    return match(table, rows, as_of, walks).found


def result(found: Match, plan: ResultPlan, rows: Rows) -> Column:
    """The column of one result; missing where no row gives it."""
    if found.table.take is not None:
        return _collected(found, plan, rows)
    choice = np.array([*plan.choice_of, -1], dtype=np.int32)
    row = np.where(found.picked < 0, len(plan.choice_of), found.picked)
    return _by_choice(choice[row], plan, rows)


def _by_choice(choice: Array, plan: ResultPlan, rows: Rows) -> Column:
    missing = choice < 0
    state = np.where(missing, c.MISSING, 0).astype(np.uint8) if missing.any() else None
    if plan.type.is_text:
        return _text_choice(choice, plan, rows, state)
    constants = [t.value if isinstance(t, Const) else None for t in plan.choices]
    column = _constants(choice, constants, state)
    for number, typed in enumerate(plan.choices):
        if constants[number] is None:
            mask = choice == number
            if mask.any():
                column = c.where(np.asarray(mask), evaluate_decimals(typed, rows), column)
    return column


def _constants(choice: Array, constants: list[Any], state: c.State) -> Decimals:
    numbers = [scaled(v) if isinstance(v, Decimal) else (int(v or 0), 0) for v in constants]
    scale = max((s for _, s in numbers), default=0)
    values = [n * 10 ** (scale - s) for n, s in numbers] + [0]
    dtype = np.int64 if max(map(abs, values)) < 2**63 else object
    return c.measured(Decimals(np.array(values, dtype=dtype)[choice], scale, state))


def _text_choice(choice: Array, plan: ResultPlan, rows: Rows, state: c.State) -> Column:
    vocabulary = tuple(str(t.value) if isinstance(t, Const) else "" for t in plan.choices)
    column: Column = Words(choice.astype(np.int32), vocabulary, state)
    for number, typed in enumerate(plan.choices):
        mask = choice == number
        if not isinstance(typed, Const) and mask.any():
            column = c.chosen(np.asarray(mask), evaluate(typed, rows), column)
    return column


_TAKE: Mapping[str, Callable[[Decimals, Decimals], Decimals]] = {
    "sum": c.add,
    "min": lambda a, b: c.where(np.asarray(a.values <= b.values), a, b),
    "max": lambda a, b: c.where(np.asarray(a.values >= b.values), a, b),
}


def _collected(found: Match, plan: ResultPlan, rows: Rows) -> Column:
    """All matching rows combined; rows with constant cells are combined once per state."""
    if found.table.take == "count":
        counts = np.array([len(found.rows_of(s)) for s in range(len(found.masks))], dtype=np.int64)
        column: Column = c.measured(Decimals(counts[found.states], 0))
    else:
        column = _combined(found, plan, rows)
    otherwise = found.picked == len(found.table.rows)
    if found.table.has_otherwise and otherwise.any():
        choice = np.full(rows.size, plan.choice_of[-1], dtype=np.int32)
        column = c.chosen(np.asarray(otherwise), _by_choice(choice, plan, rows), column)
    return column


def _combined(found: Match, plan: ResultPlan, rows: Rows) -> Decimals:
    combine = _TAKE[found.table.take or "sum"]
    column = c.all_missing(rows.size)
    for state in np.unique(found.states).tolist():
        numbers = found.rows_of(state)
        if not numbers:
            continue
        at = np.flatnonzero(found.states == state)
        cells = [plan.choices[plan.choice_of[n]] for n in numbers]
        part = rows.part(at, {name for cell in cells for name in columns(cell)})
        values = [evaluate_decimals(cell, part) for cell in cells]
        total = reduce(lambda a, b: combine(*c.aligned(a, b)), values)
        column = _placed(column, at, total)
    return column


def _placed(column: Decimals, at: Array, part: Decimals) -> Decimals:
    """The column with these rows replaced."""
    whole, part = c.aligned(column, part)
    values = whole.values.copy() if part.values.dtype != object else whole.values.astype(object)
    values[at] = part.values
    state = np.zeros(len(values), np.uint8) if whole.state is None else whole.state.copy()
    state[at] = 0 if part.state is None else part.state
    return Decimals(values, whole.scale, state, max(whole.bound, part.bound))


def conflicts(found: Match, rows: Rows) -> NDArray[np.bool_]:
    """Under `any`: where matching rows disagree in a result."""
    wrong = np.zeros(rows.size, dtype=bool)
    if found.table.hit != "any":
        return wrong
    for state in np.unique(found.states).tolist():
        numbers = found.rows_of(state)
        if len(numbers) < 2:
            continue
        for plan in found.table.results:
            choices = sorted({plan.choice_of[n] for n in numbers})
            at = found.states == state
            for other in choices[1:]:
                wrong |= at & ~_equal(choices[0], other, plan, rows)
    return wrong


def _equal(one: int, other: int, plan: ResultPlan, rows: Rows) -> NDArray[np.bool_]:
    a, b = (_by_choice(np.full(rows.size, n, dtype=np.int32), plan, rows) for n in (one, other))
    if isinstance(a, Decimals) and isinstance(b, Decimals):
        a, b = c.aligned(a, b)
        return np.asarray(c.known(a) & c.known(b) & (a.values == b.values))
    if isinstance(a, Words) and isinstance(b, Words):
        _, codes = c.merged_words([a, b])
        return np.asarray(codes[0] == codes[1])
    return np.zeros(rows.size, dtype=bool)
