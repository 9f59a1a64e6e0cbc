"""The rows of a table that match, by hit policy, and the result columns they give."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Array, Column, Decimals, Truths, Words
from offerwright.evaluate.moment import plan_at
from offerwright.evaluate.operations import Rows, evaluate, evaluate_decimals
from offerwright.evaluate.uniform import alike, each, is_uniform, repeated
from offerwright.evaluate.walk import Choices, TableWalk
from offerwright.expressions.syntax import columns
from offerwright.frames import map_column
from offerwright.rules.axes import Axis
from offerwright.rules.plan import AccountPlan, ResultPlan, TablePlan

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
    masks: Sequence[int]
    walk: TableWalk

    @property
    def found(self) -> NDArray[np.bool_]:
        return each(lambda picked: picked >= 0, self.picked)

    @property
    def fell_through(self) -> NDArray[np.bool_]:
        """Where no row matched, whether or not there is an `otherwise`."""
        last = len(self.table.rows)
        return each(lambda picked: (picked == NO_ROW) | (picked == last), self.picked)

    def rows_of(self, state: int) -> list[int]:
        return rows_of_mask(self.table, self.masks[state])

    @property
    def present(self) -> list[int]:
        """The states that some offer is in."""
        states = self.states[:1] if is_uniform(self.states) else self.states
        return np.flatnonzero(np.bincount(states)).tolist()


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
    """What is kept between batches: the walks of tables, and plans as they are at moments."""

    held: dict[int, tuple[TablePlan, TableWalk]] = field(default_factory=dict)
    plans: dict[tuple[int, tuple[bool, ...]], tuple[AccountPlan, AccountPlan]] = field(
        default_factory=dict
    )

    def walk(self, table: TablePlan) -> TableWalk:
        found = self.held.get(id(table))
        if found is None:
            # The table is held beside its walk so that its identity cannot be taken over.
            found = self.held.setdefault(id(table), (table, TableWalk(table)))
        return found[1]

    def plan_at(self, plan: AccountPlan, as_of: int) -> AccountPlan:
        """`moment.plan_at`, once for all moments at which the same documents are in force."""
        in_force = tuple([d.is_in_force(as_of) for d in plan.documents])
        found = self.plans.get((id(plan), in_force))
        if found is None:
            found = self.plans[id(plan), in_force] = plan, plan_at(plan, as_of)
        return found[1]


def match(table: TablePlan, rows: Rows, as_of: int, walks: Walks) -> Match:
    """The matching rows at a moment (microseconds)."""
    columns = [tested_column(axis, rows) for axis in table.axes]
    return rows.memo.once(
        ("match", as_of),
        (table, *columns),
        lambda: _matched(walks.walk(table), columns, rows.size, as_of),
    )


def _matched(walk: TableWalk, columns: Sequence[Column], rows: int, as_of: int) -> Match:
    states, masks = walk.matches(columns, rows, walk.alive(as_of))
    of, picks = walk.picks
    picks = picks if of is masks else picks[:0]  # another thread made the walk forget
    if len(picks) < len(masks):
        more = [_pick(walk.table, mask) for mask in masks[len(picks) :]]
        picks = np.append(picks, np.array(more, dtype=np.int32))
        walk.picks = masks, picks
    return Match(walk.table, each(picks.take, states), states, masks, walk)


def tested_column(axis: Axis, rows: Rows) -> Column:
    """The column that an axis tests; a map is missing where all its keys are."""
    if axis.type.name != "map":
        return rows.get(axis.fact)
    keys = [name for name in rows.facts if name.startswith(map_column(axis.fact, ""))]
    there = [c.known(rows.get(name)) for name in keys]
    present = np.any(there, axis=0) if there else np.zeros(rows.size, dtype=bool)
    return Truths(present, np.where(present, 0, c.MISSING).astype(np.uint8))


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
        return repeated(True, rows.size, bool)
    return match(table, rows, as_of, walks).found


def result(found: Match, plan: ResultPlan, rows: Rows) -> Column:
    """The column of one result; missing where no row gives it."""
    if found.table.take is not None:
        return _collected(found, plan, rows)
    choices = found.walk.choices_of(plan)
    choice = each(choices.of_row.take, found.picked)
    if choices.expressions:
        return _by_choice(choice, plan, choices, rows)
    return rows.memo.once("result", (found, plan), lambda: _by_choice(choice, plan, choices, rows))


def _by_choice(choice: Array, plan: ResultPlan, choices: Choices, rows: Rows) -> Column:
    column = _constants(choice, plan, choices)
    for number in choices.expressions:
        mask = each(lambda picked: picked == number, choice)  # noqa: B023
        same = alike(mask)
        if same is False:
            continue
        cell = plan.choices[number]
        if same or not isinstance(column, Decimals):
            column = c.chosen(mask, evaluate(cell, rows), column)
        else:
            at = np.flatnonzero(mask)
            part = evaluate_decimals(cell, rows.part(at, columns(cell)))
            column = c.placed(column, at, part)
    return column


def _constants(choice: Array, plan: ResultPlan, choices: Choices) -> Column:
    """The cells that are constants; what stands for an expression means nothing yet."""
    state = None
    if choice.min(initial=0) < 0:
        state = each(lambda picked: (picked < 0).view(np.uint8) * c.MISSING, choice)
    if plan.type.is_text:
        return Words(choice, choices.words, state)
    numbers = each(choices.numbers.take, choice)
    if plan.type.name == "boolean":
        return Truths(each(lambda found: np.asarray(found != 0, dtype=bool), numbers), state)
    return Decimals(numbers, choices.scale, state, choices.bound)


def _with_worst(column: Decimals, *of: Decimals) -> Decimals:
    """The column, missing where one of these is."""
    return replace(column, state=c.joined_state(*(one.state for one in of)))


_TAKE: Mapping[str, Callable[[Decimals, Decimals], Decimals]] = {
    "sum": c.add,
    "min": lambda a, b: _with_worst(c.where(np.asarray(a.values <= b.values), a, b), a, b),
    "max": lambda a, b: _with_worst(c.where(np.asarray(a.values >= b.values), a, b), a, b),
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
        column = c.chosen(
            np.asarray(otherwise),
            _by_choice(choice, plan, found.walk.choices_of(plan), rows),
            column,
        )
    return column


def _combined(found: Match, plan: ResultPlan, rows: Rows) -> Decimals:
    combine = _TAKE[found.table.take or "sum"]
    column = c.all_missing(rows.size)
    for state in found.present:
        numbers = found.rows_of(state)
        chosen = [plan.choice_of[n] for n in numbers]
        # Missing, as nothing of a row that leaves the result out can be added.
        if not chosen or min(chosen) < 0:
            continue
        at = np.flatnonzero(found.states == state)
        cells = [plan.choices[number] for number in chosen]
        part = rows.part(at, {name for cell in cells for name in columns(cell)})
        values = [evaluate_decimals(cell, part) for cell in cells]
        total = reduce(lambda a, b: combine(*c.aligned(a, b)), values)
        column = c.placed(column, at, total)
    return column


def conflicts(found: Match, rows: Rows) -> NDArray[np.bool_]:
    """Under `any`: where matching rows disagree in a result."""
    if found.table.hit != "any":
        return repeated(False, rows.size, bool)
    wrong = np.zeros(rows.size, dtype=bool)
    for state in found.present:
        numbers = found.rows_of(state)
        if len(numbers) < 2:
            continue
        for plan in found.table.results:
            choices = sorted({plan.choice_of[n] for n in numbers})
            at = found.states == state
            for other in choices[1:]:
                wrong |= at & ~_equal(choices[0], other, plan, found.walk, rows)
    return wrong


def reasons(found: Match, rows: Rows) -> dict[str, NDArray[np.bool_]]:
    """Where a table gives no result, by the code of the block."""
    return {
        "NO_RULE_MATCHES": each(lambda picked: picked == NO_ROW, found.picked),
        "TABLE_OVERLAP": each(lambda picked: picked == OVERLAP, found.picked),
        "TABLE_CONFLICT": conflicts(found, rows),
    }


def _equal(
    one: int, other: int, plan: ResultPlan, walk: TableWalk, rows: Rows
) -> NDArray[np.bool_]:
    choices = walk.choices_of(plan)
    a, b = (
        _by_choice(np.full(rows.size, n, dtype=np.int32), plan, choices, rows) for n in (one, other)
    )
    if isinstance(a, Decimals) and isinstance(b, Decimals):
        a, b = c.aligned(a, b)
        same = a.values == b.values
    elif isinstance(a, Truths) and isinstance(b, Truths):
        same = a.values == b.values
    elif isinstance(a, Words) and isinstance(b, Words):
        _, codes = c.merged_words([a, b])
        same = codes[0] == codes[1]
    else:
        same = np.zeros(rows.size, dtype=bool)
    there = c.known(a), c.known(b)
    return np.asarray((there[0] & there[1] & same) | ~(there[0] | there[1]))
