"""The boundaries of a table: the values that its rows tell apart, column by column."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from offerwright.expressions.conditions import Number, Test, Value, Within
from offerwright.expressions.types import DATETIME
from offerwright.rules.axes import Axis, OrderedAxis, WordAxis, ancestors, build_axes, holds
from offerwright.rules.plan import TablePlan
from offerwright.rules.rows import ALWAYS_VALID
from offerwright.testing.wording import number_text, pattern_text

Seeable = Value | tuple[Value, ...] | None
_WHOLE = frozenset({"integer", "date", "datetime", "duration"})
# More words than this that no row tells apart are one value of a list, and count once.
MOST_WORDS = 12
MOMENT = "as_of"


@dataclass(frozen=True, slots=True)
class Range:
    """What the values of a fact can be; an end that is None is open."""

    low: Number | None = None
    high: Number | None = None
    low_included: bool = True


@dataclass(frozen=True, slots=True)
class Domain:
    """What facts can be: bounds of numbers, and all words where they are known."""

    ranges: Mapping[str, Range]
    words: Mapping[str, tuple[str, ...]]
    zone: ZoneInfo
    """In which moments are written."""


@dataclass(frozen=True, slots=True)
class Run:
    """Segments that no row tells apart: numbers `first` to `last`, both included."""

    axis: OrderedAxis
    first: int
    last: int

    @property
    def low(self) -> tuple[Number | None, bool]:
        """The lower end and whether it belongs to the run."""
        if self.first == 0:
            return None, False
        return self.axis.cuts[(self.first - 1) // 2], bool(self.first % 2)

    @property
    def high(self) -> tuple[Number | None, bool]:
        if self.last == 2 * len(self.axis.cuts):
            return None, False
        return self.axis.cuts[self.last // 2], bool(self.last % 2)


@dataclass(frozen=True, slots=True)
class Boundary:
    """One value, or one side of a cut point, that some case should have.

    `side` says it in words (`below 60`, `under casa`, `something else`); `run` is set for numbers.
    """

    fact: str
    side: str
    run: Run | None = None

    @property
    def name(self) -> str:
        return f"{self.fact} {self.side}"


@dataclass(frozen=True, slots=True)
class Sides:
    """The boundaries of one column of a table."""

    axis: Axis
    boundaries: tuple[Boundary, ...]
    starts: tuple[int, ...] = ()
    """Of numbers: the first segment of every run, in order."""
    by_start: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """The names of the boundaries of every run."""

    def met(self, value: Seeable) -> Iterator[str]:
        """The names of the boundaries that a value meets; None = missing."""
        here = {one.side for one in self.boundaries if one.run is None}
        presence = "missing" if value is None else "present"
        if presence in here:
            yield f"{self.axis.fact} {presence}"
        if value is None:
            return
        if isinstance(self.axis, OrderedAxis):
            if not isinstance(value, str | tuple):
                number = bisect_right(self.starts, self.axis.segment(value)) - 1
                yield from self.by_start.get(self.starts[max(0, number)], ())
            return
        for side in _sides_of(self.axis, value):
            if side in here:
                yield f"{self.axis.fact} {side}"


def sides(table: TablePlan, domain: Domain) -> tuple[Sides, ...]:
    """
    The boundaries of a table, one entry per column; a name may stand in two of them.

    Where rows have windows, the moment is one more column, the last: `as_of`.
    """
    return tuple(_sides(axis, domain) for axis in (*table.axes, *_windows(table)))


def _windows(table: TablePlan) -> tuple[Axis, ...]:
    parts = [
        () if row.window == ALWAYS_VALID else (Test(MOMENT, DATETIME, (Within(*row.window),)),)
        for row in table.rows
    ]
    return build_axes(parts)


def _sides(axis: Axis, domain: Domain) -> Sides:
    presence = tuple(_presence(axis))
    if not isinstance(axis, OrderedAxis):
        return Sides(axis, (*_words(axis, domain), *presence))
    runs = tuple(_runs(axis, domain.ranges.get(axis.fact, Range())))
    found = tuple(_ordered(axis, runs, domain))
    by_start: dict[int, tuple[str, ...]] = {}
    for one in found:
        assert one.run is not None
        by_start[one.run.first] = (*by_start.get(one.run.first, ()), one.name)
    return Sides(axis, (*found, *presence), tuple(run.first for run in runs), by_start)


def _ordered(axis: OrderedAxis, runs: Sequence[Run], domain: Domain) -> Iterator[Boundary]:
    """Both sides of every cut at which another row counts."""
    for lower, upper in pairwise(runs):
        cut, is_upper = upper.low
        assert cut is not None
        text = number_text(cut, axis.type, domain.zone)
        below, above = (f"below {text}", f"from {text}") if is_upper else (
            f"up to {text}", f"above {text}",
        )  # fmt: skip
        yield Boundary(axis.fact, _exactly(lower, domain) or below, lower)
        yield Boundary(axis.fact, _exactly(upper, domain) or above, upper)


def _exactly(run: Run, domain: Domain) -> str:
    """How a run is called that is one written value; empty for every other."""
    if run.first != run.last or run.first % 2 == 0:
        return ""
    value = run.axis.cuts[run.first // 2]
    return f"exactly {number_text(value, run.axis.type, domain.zone)}"


def _runs(axis: OrderedAxis, range_: Range) -> Iterator[Run]:
    """The runs that some value lies in. Where none lies between two of them there is no cut."""
    held: Run | None = None
    for segment in range(len(axis.masks)):
        here = Run(axis, segment, segment)
        if not _is_possible(here, range_):
            continue
        if held is not None and axis.masks[segment] == axis.masks[held.first]:
            held = Run(axis, held.first, segment)
            continue
        if held is not None:
            yield held
        held = here
    if held is not None:
        yield held


def _is_possible(run: Run, range_: Range) -> bool:
    """Whether any value of the fact lies in a run."""
    low, low_in = run.low
    high, high_in = run.high
    if range_.low is not None and (low is None or range_.low > low):
        low, low_in = range_.low, range_.low_included
    elif range_.low is not None and low == range_.low:
        low_in = low_in and range_.low_included
    if range_.high is not None and (high is None or range_.high < high):
        high, high_in = range_.high, True
    if low is None or high is None:
        return True
    if run.axis.type.name in _WHOLE:
        least = -(-Decimal(low) // 1) if low_in else Decimal(low) // 1 + 1
        return least < high or (least == high and high_in)
    return low < high or (low == high and low_in and high_in)


def _words(axis: WordAxis, domain: Domain) -> Iterator[Boundary]:
    """Each named word, path and pattern, and something else."""
    known = _known_words(axis, domain)
    sides = dict.fromkeys(
        side
        for word in axis.words
        if known is None or str(word) in known or isinstance(word, bool)
        for side in _sides_of_word(axis, word)
    )
    for path in axis.under:
        sides[f"under {path}"] = None
    for atom, _, _ in axis.patterns:
        sides[pattern_text(atom)] = None
    for side in sides:
        yield Boundary(axis.fact, side)
    if sides and _has_something_else(axis, known):
        yield Boundary(axis.fact, "something else")


def _known_words(axis: WordAxis, domain: Domain) -> tuple[str, ...] | None:
    if axis.type.name == "enum":
        return axis.type.values
    return domain.words.get(axis.fact)


def _has_something_else(axis: WordAxis, known: tuple[str, ...] | None) -> bool:
    if axis.type.name == "boolean":
        return len(axis.words) < 2
    if known is None:
        return True
    return any(_sides_of(axis, word) == ("something else",) for word in known)


def _sides_of(axis: WordAxis, value: Value | tuple[Value, ...]) -> tuple[str, ...]:
    """Everything that the rows say of a value."""
    found: list[str] = []
    if not isinstance(value, tuple) and value in axis.words:
        found += _sides_of_word(axis, value)
    if axis.under and isinstance(value, str):
        found += [f"under {path}" for path in ancestors(value) if path in axis.under]
    found += [pattern_text(atom) for atom, _, _ in axis.patterns if holds(atom, value)]
    return tuple(found) or ("something else",)


def _sides_of_word(axis: WordAxis, word: Value) -> tuple[str, ...]:
    alike = Counter(axis.words.values())[axis.words[word]]
    if alike > MOST_WORDS:
        first = next(w for w, masks in axis.words.items() if masks == axis.words[word])
        return (f"one of {alike} such as {first}",)
    return (("true" if word else "false") if isinstance(word, bool) else str(word),)


def _presence(axis: Axis) -> Iterator[Boundary]:
    """Missing and present, where a row asks for one of them."""
    if isinstance(axis, OrderedAxis):
        asks = not axis.cuts or bool(axis.missing & ~_common(axis))
    else:
        named = axis.words or axis.under or axis.patterns
        asks = not named or bool(axis.missing & ~_common(axis))
    if asks:
        yield Boundary(axis.fact, "missing")
        yield Boundary(axis.fact, "present")


def _common(axis: Axis) -> int:
    """The parts that accept every present value: those that do not ask, and `present` itself."""
    if isinstance(axis, OrderedAxis):
        common = -1
        for mask in axis.masks:
            common &= mask
        return common
    common = axis.other
    for _, off in (*axis.words.values(), *axis.under.values()):
        common &= ~off
    for _, _, off in axis.patterns:
        common &= ~off
    return common
