"""
Typed expressions over columns: one table of operations, run for all rows at once.

Both branches of an `if` are computed; a fault of the branch that is not taken is dropped with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Array, Column, Decimals, Truths, Words
from offerwright.evaluate.exchange import Rates, converted, rate_at
from offerwright.evaluate.memo import Memo
from offerwright.evaluate.uniform import each, repeated
from offerwright.expressions.parse import EPOCH, microseconds
from offerwright.expressions.syntax import Col, Const, Op, Typed
from offerwright.money import scaled

_SECOND = 1_000_000
_DAY_S = 86_400
_FIRST_DAY, _LAST_DAY = ((d - EPOCH.date()).days for d in (date.min, date.max))
_FIRST_MOMENT = microseconds(datetime.min.replace(tzinfo=UTC))
_LAST_MOMENT = microseconds(datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True)
class Rows:
    """
    The rows that are being evaluated.

    `facts` are the columns of the snapshot, read when first asked for; `columns` is what steps
    have set. `maps` are the lists that `lookup` names, `rates` those that `convert` and `rate` ask.
    `memo` is shared by the accounts that see the same rows.
    """

    facts: Mapping[str, Column]
    size: int
    zone: ZoneInfo
    maps: Mapping[str, tuple[Any, Mapping[str, object]]] = field(default_factory=dict)
    columns: Mapping[str, Column] = field(default_factory=dict)
    rates: Rates = field(default_factory=dict)
    memo: Memo = field(default_factory=Memo)

    def find(self, name: str) -> Column | None:
        found = self.columns.get(name)
        return self.facts.get(name) if found is None else found

    def get(self, name: str) -> Column:
        """The column; all missing when nothing has set it."""
        found = self.find(name)
        return c.all_missing(self.size) if found is None else found

    def having(self, more: Mapping[str, Column]) -> Rows:
        columns = {**self.columns, **more}
        return Rows(self.facts, self.size, self.zone, self.maps, columns, self.rates, self.memo)

    def part(self, at: Array, names: Iterable[str]) -> Rows:
        """These rows, with these columns."""
        held = {name: c.take(self.get(name), at) for name in names}
        return Rows(held, len(at), self.zone, self.maps, rates=self.rates)


def evaluate(typed: Typed, rows: Rows) -> Column:
    """The column of an expression."""
    if isinstance(typed, Const):
        word = ("constant", type(typed.value), typed.value)
        return rows.memo.once(word, (), lambda: _constant(typed, rows.size))
    if isinstance(typed, Col):
        return _column(typed, rows)
    if typed.operation == "lookup":
        return _lookup(typed.arguments, rows)
    if typed.operation in ("convert", "rate"):
        return _exchanged(typed.arguments, rows)
    arguments = tuple([evaluate(a, rows) for a in typed.arguments])
    operation = typed.operation
    if operation in _ZONED:
        return _ZONED[operation](typed, arguments[0], rows.zone)
    # The same of the same columns is the same column, whichever account asks.
    return rows.memo.once(operation, arguments, lambda: _OPERATIONS[operation](*arguments))


def evaluate_decimals(typed: Typed, rows: Rows) -> Decimals:
    """The column of a numeric expression."""
    found = evaluate(typed, rows)
    if not isinstance(found, Decimals):
        raise TypeError(f"{typed} is no number")
    return found


def _constant(typed: Const, rows: int) -> Column:
    if isinstance(typed.value, bool):
        return Truths(repeated(typed.value, rows, bool))
    if isinstance(typed.value, str):
        return Words(repeated(0, rows, np.int32), (typed.value,))
    return c.constant(typed.value, rows)


def _column(typed: Col, rows: Rows) -> Column:
    found = rows.find(typed.name)
    return c.absent(typed.type, rows.size) if found is None else found


def _compare(test: Callable[[Any, Any], Any], on_words: bool) -> Callable[[Any, Any], Truths]:
    def compare(left: Column, right: Column) -> Truths:
        state = c.joined_state(left.state, right.state)
        if isinstance(left, Decimals) and isinstance(right, Decimals):
            a, b = c.aligned(left, right)
            return Truths(np.asarray(test(a.values, b.values), dtype=bool), state)
        if isinstance(left, Words) and isinstance(right, Words) and on_words:
            _, codes = c.merged_words([left, right])
            return Truths(np.asarray(test(codes[0], codes[1]), dtype=bool), state)
        if isinstance(left, Truths) and isinstance(right, Truths) and on_words:
            return Truths(np.asarray(test(left.values, right.values), dtype=bool), state)
        raise TypeError("these columns cannot be compared")

    return compare


def _and(left: Truths, right: Truths) -> Truths:
    """Three-valued: a known false decides; else a fault, else missing."""
    return _connected(left, right, decides=False)


def _or(left: Truths, right: Truths) -> Truths:
    return _connected(left, right, decides=True)


def _connected(left: Truths, right: Truths, *, decides: bool) -> Truths:
    values = (left.values & right.values) if not decides else (left.values | right.values)
    state = c.joined_state(left.state, right.state)
    if state is None:
        return Truths(values)
    decided = (c.known(left) & (left.values == decides)) | (
        c.known(right) & (right.values == decides)
    )
    return Truths(np.where(decided, decides, values), np.where(decided, 0, state).astype(np.uint8))


def _not(column: Truths) -> Truths:
    return Truths(~column.values, column.state)


def _if(condition: Truths, yes: Column, no: Column) -> Column:
    picked = c.chosen(condition.values & c.known(condition), yes, no)
    if condition.state is None:
        return picked
    state = np.where(condition.state == 0, 0 if picked.state is None else picked.state,
                     condition.state)  # fmt: skip
    return c.with_state(picked, state.astype(np.uint8))


def _present(column: Column) -> Truths:
    if column.state is None:
        return Truths(repeated(True, len(column), bool))
    faults = column.state * (column.state > c.MISSING)
    return Truths(c.known(column), faults if faults.any() else None)


def _coalesce(*options: Column) -> Column:
    found = options[0]
    for option in options[1:]:
        if found.state is None:
            break
        found = c.chosen(np.asarray(found.state != c.MISSING), found, option)
    return found


def _extreme(pick: Callable[[Any, Any], Any]) -> Callable[..., Decimals]:
    def extreme(*options: Decimals) -> Decimals:
        found = options[0]
        for option in options[1:]:
            a, b = c.aligned(found, option)
            state = c.joined_state(a.state, b.state)
            values = each(pick, a.values, b.values)
            found = Decimals(values, a.scale, state, max(a.bound, b.bound))
        return found

    return extreme


def _abs(column: Decimals) -> Decimals:
    return replace(column, values=np.abs(column.values))


def _round(column: Decimals, digits: Decimals) -> Decimals:
    wanted = int(digits.values[0]) if len(digits) else 0
    return column if column.scale <= wanted else c.rounded(column, wanted)


def _divide(left: Decimals, right: Decimals, otherwise: Decimals) -> Decimals:
    by_zero = c.known(left) & c.known(right) & np.asarray(right.values == 0, dtype=bool)
    return c.where(~by_zero, c.divide(left, right), otherwise)


def _units(seconds: int) -> Callable[[Decimals], Decimals]:
    def whole(column: Decimals) -> Decimals:
        return Decimals(
            column.values // (seconds * 10**column.scale), 0, column.state, column.bound
        )

    return whole


def _words(change: Callable[[str], str]) -> Callable[[Words], Words]:
    def changed(column: Words) -> Words:
        return replace(column, vocabulary=tuple(change(w) for w in column.vocabulary))

    return changed


def _concat(left: Words, right: Words) -> Words:
    """Two texts as one; every pair that occurs is put together once."""
    pairs = left.codes.astype(np.int64) * (len(right.vocabulary) + 1) + right.codes
    state = c.joined_state(left.state, right.state)
    known = np.ones(len(pairs), dtype=bool) if state is None else state == 0
    distinct, inverse = np.unique(np.where(known, pairs, -1), return_inverse=True)
    words = []
    for pair in distinct.tolist():
        one, other = divmod(pair, len(right.vocabulary) + 1)
        words.append("" if pair < 0 else left.vocabulary[one] + right.vocabulary[other])
    vocabulary = tuple(dict.fromkeys(words))
    position = {word: code for code, word in enumerate(vocabulary)}
    codes = np.array([position[w] for w in words], dtype=np.int32)[inverse]
    return Words(np.where(known, codes, -1).astype(np.int32), vocabulary, state)


def _length(column: Words) -> Decimals:
    lengths = np.array([len(w) for w in column.vocabulary] + [0], dtype=np.int64)
    return Decimals(lengths[column.codes], 0, column.state, int(lengths.max()))


def _lookup(arguments: Sequence[Typed], rows: Rows) -> Column:
    name, key = arguments
    words = evaluate(key, rows)
    if not (isinstance(name, Const) and isinstance(words, Words)):
        raise TypeError("lookup takes a name and a text")
    type_, entries = rows.maps[str(name.value)]
    found = [entries.get(w) for w in words.vocabulary]
    missing = np.array([f is None for f in found] + [True], dtype=bool)[words.codes]
    state = c.joined_state(words.state, np.where(missing, c.MISSING, 0).astype(np.uint8))
    if type_.is_text:
        return Words(words.codes, tuple(str(f) for f in found), state)
    numbers = [scaled(f) if f is not None else (0, 0) for f in found]  # type: ignore[arg-type]
    scale = max((s for _, s in numbers), default=0)
    values = c.integers([*(n * 10 ** (scale - s) for n, s in numbers), 0])
    return c.measured(Decimals(values[words.codes], scale, state))


def _exchanged(arguments: Sequence[Typed], rows: Rows) -> Decimals:
    *amount, source, target, clock = arguments
    if not (isinstance(source, Const) and isinstance(target, Const)):
        raise TypeError("a rate is that of two currencies")
    dated = rows.rates[str(source.value), str(target.value)]
    found = rate_at(dated, evaluate_decimals(clock, rows))
    return converted(evaluate_decimals(amount[0], rows), found) if amount else found


def _midnight(typed: Typed, column: Column, zone: ZoneInfo) -> Column:
    """A day → the microsecond at which it starts in the shop's zone."""
    if not isinstance(column, Decimals):
        raise TypeError("midnight takes a date")

    def start(day: int) -> int:
        local = datetime.combine(EPOCH.date() + timedelta(days=day), datetime.min.time(), zone)
        return int((local.astimezone(UTC) - EPOCH) / timedelta(microseconds=1))

    return _by_value(column, start)


def _day_of(column: Column, zone: ZoneInfo, moments: bool) -> Decimals:
    if not isinstance(column, Decimals):
        raise TypeError("a date or a moment stands here")
    if not moments:
        return column

    def day(microsecond: int) -> int:
        moment = EPOCH + timedelta(microseconds=microsecond)
        return (moment.astimezone(zone).date() - EPOCH.date()).days

    return _by_value(column, day)


def _part(read: Callable[[date], int]) -> Callable[[Typed, Column, ZoneInfo], Column]:
    def part(typed: Typed, column: Column, zone: ZoneInfo) -> Column:
        moments = isinstance(typed, Op) and typed.arguments[0].type.name == "datetime"
        days = _day_of(column, zone, moments)
        return _by_value(days, lambda d: read(EPOCH.date() + timedelta(days=d)))

    return part


def _by_value(column: Decimals, change: Callable[[int], int]) -> Decimals:
    """Apply a scalar function to the distinct values; days repeat, so they are few."""
    distinct, inverse = np.unique(column.values, return_inverse=True)
    changed = [_in_calendar(change, int(v)) for v in distinct]
    outside = np.array([v is None for v in changed], dtype=bool)[inverse]
    values = np.array([v or 0 for v in changed], dtype=np.int64)[inverse]
    return c.measured(Decimals(values, 0, c.faulty(column.state, outside, c.OVERFLOW)))


def _in_calendar(change: Callable[[int], int], value: int) -> int | None:
    """None for a day that the calendar, years 1 to 9999, does not have."""
    try:
        return change(value)
    except (OverflowError, ValueError):
        return None


def _subtract(left: Decimals, right: Decimals) -> Decimals:
    return c.add(left, right, -1)


def _days_between(left: Decimals, right: Decimals) -> Decimals:
    """Two dates (days) → a duration (seconds)."""
    return c.multiply(_subtract(left, right), c.constant(_DAY_S, len(left)))


def _moments_between(left: Decimals, right: Decimals) -> Decimals:
    """Two moments (microseconds) → a duration in whole seconds, rounded down."""
    return c.floor(replace(_subtract(left, right), scale=6))


def _shifted(
    per_unit: Callable[[Decimals], Decimals], sign: int, first: int, last: int
) -> Callable[..., Decimals]:
    """A date or moment moved by a duration; beyond `first` and `last` is a fault."""

    def shifted(moment: Decimals, duration: Decimals) -> Decimals:
        found = c.add(moment, per_unit(duration), sign)
        outside = np.asarray((found.values < first) | (found.values > last), dtype=bool)
        return replace(found, state=c.faulty(found.state, outside, c.OVERFLOW))

    return shifted


def _microseconds(duration: Decimals) -> Decimals:
    return c.multiply(c.floor(duration), c.constant(_SECOND, len(duration)))


_ZONED: dict[str, Callable[[Typed, Column, ZoneInfo], Column]] = {
    "midnight": _midnight,
    "date": _part(lambda d: (d - EPOCH.date()).days),
    "weekday": _part(lambda d: d.isoweekday()),
    "month": _part(lambda d: d.month),
    "day": _part(lambda d: d.day),
}

_OPERATIONS: dict[str, Callable[..., Column]] = {
    "add": c.add,
    "sub": _subtract,
    "mul": c.multiply,
    "div": c.divide,
    "neg": c.negate,
    "days_between": _days_between,
    "moments_between": _moments_between,
    "date_add": _shifted(_units(_DAY_S), 1, _FIRST_DAY, _LAST_DAY),
    "date_sub": _shifted(_units(_DAY_S), -1, _FIRST_DAY, _LAST_DAY),
    "moment_add": _shifted(_microseconds, 1, _FIRST_MOMENT, _LAST_MOMENT),
    "moment_sub": _shifted(_microseconds, -1, _FIRST_MOMENT, _LAST_MOMENT),
    "eq": _compare(np.equal, True),
    "ne": _compare(np.not_equal, True),
    "lt": _compare(np.less, False),
    "le": _compare(np.less_equal, False),
    "gt": _compare(np.greater, False),
    "ge": _compare(np.greater_equal, False),
    "and": _and,
    "or": _or,
    "not": _not,
    "if": _if,
    "present": _present,
    "missing": lambda column: _not(_present(column)),
    "coalesce": _coalesce,
    "min": _extreme(np.minimum),
    "max": _extreme(np.maximum),
    "abs": _abs,
    "floor": c.floor,
    "ceiling": c.ceiling,
    "round": _round,
    "divide": _divide,
    "days": _units(86_400),
    "hours": _units(3_600),
    "upper": _words(str.upper),
    "lower": _words(str.lower),
    "length": _length,
    "concat": lambda first, *more: reduce(_concat, more, first),
}
