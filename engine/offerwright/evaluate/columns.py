"""
Columns of the rule language: exact decimals, words, truth values, lists — with their missing rows.

Every column has a `state`: None when every value is there, else one byte a row: 0 there, 1
missing, 2 and above a fault (`FAULTS`). Where the state is not 0 the value means nothing.
`Decimals` are int64 at a scale; where a result would not fit, the array becomes Python integers,
which is slower and exactly as right. `bound` is an upper bound of the absolute value, so that this
is decided without looking at the data twice.

What is the same in every row is held once, as an array without strides (`repeated`): NumPy takes
it for a scalar, and tables are walked once for it instead of once a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from offerwright.evaluate.uniform import alike, each, is_uniform, repeated
from offerwright.expressions.types import Type
from offerwright.money import MAX_VALUE, SCALE, decimal, scaled

Array: TypeAlias = NDArray[Any]
State: TypeAlias = NDArray[np.uint8] | None

MISSING = 1
FAULTS = {2: "DIVISION_BY_ZERO", 3: "OVERFLOW", 4: "TABLE_OVERLAP", 5: "TABLE_CONFLICT",
          6: "NO_RATE"}  # fmt: skip
DIVISION_BY_ZERO, OVERFLOW, NO_RATE = 2, 3, 6
_LIMIT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Decimals:
    """Numbers, money, dates (days), moments (microseconds), durations (seconds)."""

    values: Array
    scale: int
    state: State = None
    bound: int = _LIMIT

    def __post_init__(self) -> None:
        assert self.values.dtype.kind in "iO", f"{self.values.dtype}: numbers are never floats"

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Words:
    """Codes into a vocabulary; -1 where nothing is there."""

    codes: Array
    vocabulary: tuple[str, ...]
    state: State = None

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True, slots=True)
class Truths:
    values: NDArray[np.bool_]
    state: State = None

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class Lists:
    """Codes into a vocabulary of tuples; -1 where nothing is there."""

    codes: Array
    vocabulary: tuple[tuple[Any, ...], ...]
    state: State = None

    def __len__(self) -> int:
        return len(self.codes)


Column: TypeAlias = Decimals | Words | Truths | Lists


def known(column: Column) -> NDArray[np.bool_]:
    """Which rows have a value."""
    if column.state is None:
        return repeated(True, len(column), bool)
    if column.state.strides[0] == 0 and len(column):
        return repeated(column.state[0] == 0, len(column), bool)
    return np.asarray(column.state == 0)


def is_absent(column: Column) -> bool:
    """Whether it is certain, without a look at every row, that no row has a value."""
    state = column.state
    return state is not None and is_uniform(state) and bool(state[0] != 0)


def joined_state(*states: State) -> State:
    """The worst state of each row: a fault outweighs missing, missing outweighs there."""
    present = [s for s in states if s is not None]
    if not present:
        return None
    worst = present[0]
    for state in present[1:]:
        worst = np.maximum(worst, state)
    return worst


def constant(value: Decimal | int, rows: int) -> Decimals:
    """The same number in every row."""
    number, scale = scaled(value) if isinstance(value, Decimal) else (value, 0)
    dtype = np.int64 if abs(number) <= _LIMIT else object
    return Decimals(repeated(number, rows, dtype), scale, None, abs(number))


def integers(values: Sequence[int]) -> Array:
    """The numbers as int64, or as Python integers where one of them does not fit."""
    fits = all(abs(v) <= _LIMIT for v in values)
    return np.array(values, dtype=np.int64 if fits else object)


def faulty(state: State, mask: NDArray[np.bool_], fault: int) -> State:
    """The state with a fault in those rows of the mask that had a value."""
    hit = mask if state is None else mask & (state == 0)
    if not np.count_nonzero(hit):
        return state
    # A row that is hit has the state 0 so far: adding is putting.
    added = hit * np.uint8(fault)
    return added if state is None else state + added


def all_missing(rows: int) -> Decimals:
    return Decimals(repeated(0, rows, np.int64), 0, repeated(MISSING, rows, np.uint8), 0)


def absent(type_: Type, rows: int) -> Column:
    """A column of this type without any value."""
    state = repeated(MISSING, rows, np.uint8)
    if type_.is_text:
        return Words(repeated(-1, rows, np.int32), (), state)
    if type_.name == "boolean":
        return Truths(repeated(False, rows, bool), state)
    if type_.name == "list":
        return Lists(repeated(-1, rows, np.int32), (), state)
    return all_missing(rows)


def measured(column: Decimals) -> Decimals:
    """The column with its true bound, as int64 wherever its values fit."""
    values = column.values
    if len(values) == 0:
        return replace(column, bound=0)
    if is_uniform(values):
        bound = abs(int(values[0]))
    else:
        bound = int(max(values.max(), -values.min(), 0))
    if values.dtype == object and bound <= _LIMIT:
        values = values.astype(np.int64)
    return Decimals(values, column.scale, column.state, bound)


def _wide(values: Array) -> Array:
    return values if values.dtype == object else values.astype(object)


def fitting(column: Decimals, factor: int) -> Decimals:
    """The column, measured anew or widened, so that its values may be multiplied by `factor`."""
    if column.values.dtype == object or column.bound * factor <= _LIMIT:
        return column
    column = measured(column)
    if column.values.dtype == object or column.bound * factor <= _LIMIT:
        return column
    return replace(column, values=_wide(column.values))


def at_scale(column: Decimals, scale: int) -> Decimals:
    """The same numbers at a scale that is not smaller."""
    if scale == column.scale:
        return column
    factor = 10 ** (scale - column.scale)
    column = fitting(column, factor)
    values = each(lambda v: v * factor, column.values)
    return Decimals(values, scale, column.state, column.bound * factor)


def aligned(*columns: Decimals) -> list[Decimals]:
    """The columns at their greatest scale."""
    scale = max([c.scale for c in columns])
    return [c if c.scale == scale else at_scale(c, scale) for c in columns]


def add(left: Decimals, right: Decimals, sign: int = 1) -> Decimals:
    """left + sign × right, exactly."""
    left, right = aligned(left, right)
    bound = left.bound + right.bound
    if bound > _LIMIT:
        left, right = measured(left), measured(right)
        bound = left.bound + right.bound
    a, b = left.values, right.values
    if bound > _LIMIT:
        a, b = _wide(a), _wide(b)
    values = each(np.add if sign > 0 else np.subtract, a, b)
    return _checked(Decimals(values, left.scale, joined_state(left.state, right.state), bound))


def negate(column: Decimals) -> Decimals:
    return Decimals(-column.values, column.scale, column.state, column.bound)


def multiply(left: Decimals, right: Decimals) -> Decimals:
    """left × right, rounded to 8 decimals half away from zero."""
    bound = left.bound * right.bound
    if bound > _LIMIT // 2:
        left, right = measured(left), measured(right)
        bound = left.bound * right.bound
    a, b = left.values, right.values
    if bound > _LIMIT // 2:
        a, b = _wide(a), _wide(b)
    scale = left.scale + right.scale
    product = Decimals(each(np.multiply, a, b), scale, joined_state(left.state, right.state), bound)
    return _checked(rounded(product, SCALE) if scale > SCALE else product)


def rounded(column: Decimals, scale: int) -> Decimals:
    """The column at a scale, half away from zero where decimals are dropped."""
    if scale >= column.scale:
        return at_scale(column, scale)
    divisor = 10 ** (column.scale - scale)
    column = fitting(column, 2)
    values = each(lambda v: _divided(v, divisor), column.values)
    return Decimals(values, scale, column.state, column.bound // divisor + 1)


def _divided(values: Array, divisor: int) -> Array:
    """values / divisor, half away from zero; the divisor is positive and even.

    Rounding a half down instead of up below zero is one unit less before the floor.
    """
    found = values + divisor // 2
    found -= values < 0
    found //= divisor
    return found


def divide(left: Decimals, right: Decimals) -> Decimals:
    """left / right, rounded to 8 decimals half away from zero; by zero is a fault."""
    state = joined_state(left.state, right.state)
    zero = (right.values == 0) & (True if state is None else state == 0)
    if np.count_nonzero(zero):
        state = np.where(zero, DIVISION_BY_ZERO, 0 if state is None else state).astype(np.uint8)
    exponent = SCALE - left.scale + right.scale
    factor = 10 ** max(0, exponent)
    left = fitting(left, factor * 2)
    if exponent < 0:
        right = at_scale(right, right.scale - exponent)
    numerator, divisor = left.values * factor, np.where(right.values == 0, 1, right.values)
    size = np.abs(divisor)
    quotient = (np.abs(numerator) + size // 2) // size
    values = np.where((numerator < 0) != (divisor < 0), -quotient, quotient)
    return _checked(Decimals(values, SCALE, state, left.bound * factor))


def floor(column: Decimals) -> Decimals:
    if column.scale == 0:
        return column
    return Decimals(column.values // 10**column.scale, 0, column.state, column.bound + 1)


def ceiling(column: Decimals) -> Decimals:
    if column.scale == 0:
        return column
    return Decimals(-(-column.values // 10**column.scale), 0, column.state, column.bound + 1)


def _checked(column: Decimals) -> Decimals:
    """Faults where a number has too many digits; back to int64 where it can be."""
    if column.values.dtype != object:
        return column
    column = measured(column)
    if column.bound <= MAX_VALUE:
        return column
    over = np.array([abs(v) > MAX_VALUE for v in column.values], dtype=bool)
    state = faulty(column.state, over, OVERFLOW)
    values = column.values.copy()
    values[over] = 0
    return measured(Decimals(values, column.scale, state, MAX_VALUE))


def where(mask: NDArray[np.bool_], yes: Decimals, no: Decimals) -> Decimals:
    """`yes` where the mask holds, else `no`, states included."""
    scale = max(yes.scale, no.scale)
    same = alike(mask)
    if same is not None:
        # The scale never depends on the mask: a batch of one row overflows where a million do.
        return at_scale(yes if same else no, scale)
    state = _chosen_state(mask, yes.state, no.state)
    yes, no = at_scale(yes, scale), at_scale(no, scale)
    values = _selected(mask, yes.values, no.values)
    return Decimals(values, scale, state, max(yes.bound, no.bound))


def _selected(mask: NDArray[np.bool_], yes: Array, no: Array) -> Array:
    """`np.where` for integers without its branch a row, which costs twice as much as all this.

    What wraps around in the difference wraps back in the sum: both are exact modulo 2^64.
    """
    if yes.dtype == object or no.dtype == object:
        return np.where(mask, yes, no)
    found = yes - no
    found *= mask
    found += no
    return found


def _chosen_state(mask: NDArray[np.bool_], yes: State, no: State) -> State:
    if yes is None:
        return None if no is None else no * ~mask
    return yes * mask if no is None else yes * mask | no * ~mask


def chosen(mask: NDArray[np.bool_], yes: Column, no: Column) -> Column:
    """`where` for any kind of column; both are of one kind."""
    if isinstance(yes, Decimals) and isinstance(no, Decimals):
        return where(mask, yes, no)
    state = _chosen_state(mask, yes.state, no.state)
    if isinstance(yes, Truths) and isinstance(no, Truths):
        return Truths(np.where(mask, yes.values, no.values), state)
    if isinstance(yes, Words) and isinstance(no, Words):
        vocabulary, codes = merged_words([yes, no])
        return Words(np.where(mask, codes[0], codes[1]), vocabulary, state)
    raise TypeError(f"{type(yes).__name__} and {type(no).__name__} in one column")


def merged_words(columns: Sequence[Words]) -> tuple[tuple[str, ...], list[Array]]:
    """One vocabulary for several columns, and their codes in it."""
    vocabulary = tuple(dict.fromkeys(w for c in columns for w in c.vocabulary))
    position = {word: code for code, word in enumerate(vocabulary)}
    codes = []
    for column in columns:
        lookup = np.array([position[w] for w in column.vocabulary] + [-1], dtype=np.int32)
        codes.append(lookup[column.codes])
    return vocabulary, codes


def take(column: Column, rows: Array) -> Column:
    """The column's rows at these positions."""
    state = None if column.state is None else column.state[rows]
    if isinstance(column, Decimals | Truths):
        return replace(column, values=column.values[rows], state=state)
    return replace(column, codes=column.codes[rows], state=state)


def placed(column: Decimals, at: Array, part: Decimals) -> Decimals:
    """The column with these rows replaced."""
    whole, part = aligned(column, part)
    values = whole.values.copy() if part.values.dtype != object else whole.values.astype(object)
    values[at] = part.values
    state = np.zeros(len(values), np.uint8) if whole.state is None else whole.state.copy()
    state[at] = 0 if part.state is None else part.state
    return Decimals(values, whole.scale, state, max(whole.bound, part.bound))


def with_state(column: Column, state: State) -> Column:
    return replace(column, state=state)


def decimal_at(column: Decimals, row: int) -> Decimal | None:
    """The exact value of one row; None when it is not there."""
    if column.state is not None and column.state[row]:
        return None
    return decimal(int(column.values[row]), column.scale)
