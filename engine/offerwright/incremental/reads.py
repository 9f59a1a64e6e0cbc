"""
A part of a compiled plan → what it reads of an offer, and how the clock gets into it.

Nothing is missed because everything is looked at: every text in the plan counts as the name of a
fact. What is named and is none costs nothing; a class that nobody thought of here is still walked
field by field.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from offerwright.errors import Span
from offerwright.expressions.syntax import Col, Op
from offerwright.expressions.types import Type
from offerwright.rules.axes import OrderedAxis, WordAxis
from offerwright.rules.plan import DocumentInfo, EntryPlan, RowPlan, SetStep
from offerwright.rules.window import ALWAYS_VALID, Window

CLOCK = frozenset({"today", "as_of"})


@dataclass(frozen=True)
class Reads:
    """
    What is read.

    `names` may be facts and are read by value; `axes` are, by fact, the ordered conditions on it.
    `windows` open and close what counts, `rates` are pairs of currencies of which the rate in
    force is taken, `fresh` are facts with a moment that must be at most so many seconds old.
    `places` are the files and lines of what was looked at, which blocked offers name.
    """

    names: frozenset[str] = frozenset()
    axes: Mapping[str, tuple[OrderedAxis, ...]] = field(default_factory=dict)
    windows: tuple[Window, ...] = ()
    rates: frozenset[tuple[str, str]] = frozenset()
    fresh: frozenset[tuple[str, int]] = frozenset()
    places: tuple[tuple[str, int], ...] = ()

    @property
    def facts(self) -> frozenset[str]:
        """All that may be facts."""
        return self.names | self.axes.keys() | {name for name, _ in self.fresh}

    @property
    def tells_time(self) -> bool:
        """Whether it says something else at another moment, windows and rates apart."""
        return bool((self.names | self.axes.keys()) & CLOCK)


def together(found: Iterable[Reads]) -> Reads:
    """What all of them read."""
    parts = list(found)
    axes: dict[str, tuple[OrderedAxis, ...]] = {}
    for part in parts:
        for fact, more in part.axes.items():
            axes[fact] = (*axes.get(fact, ()), *more)
    return Reads(
        frozenset().union(*(p.names for p in parts)),
        axes,
        tuple(window for p in parts for window in p.windows),
        frozenset().union(*(p.rates for p in parts)),
        frozenset().union(*(p.fresh for p in parts)),
        tuple(place for p in parts for place in p.places),
    )


def reads(part: Any) -> Reads:
    """Everything that a part of a plan reads, in the order in which it is written."""
    out = _Found()
    _walk(part, out)
    axes = {fact: tuple(found) for fact, found in out.axes.items()}
    return Reads(
        frozenset(out.names), axes, tuple(out.windows), frozenset(out.rates),
        frozenset(out.fresh), tuple(out.places),
    )  # fmt: skip


@dataclass
class _Found:
    names: set[str] = field(default_factory=set)
    axes: dict[str, list[OrderedAxis]] = field(default_factory=dict)
    windows: list[Window] = field(default_factory=list)
    rates: set[tuple[str, str]] = field(default_factory=set)
    fresh: set[tuple[str, int]] = field(default_factory=set)
    places: list[tuple[str, int]] = field(default_factory=list)

    def window(self, window: Window) -> None:
        if window != ALWAYS_VALID:
            self.windows.append(window)


def _walk(value: Any, out: _Found) -> None:
    own = _OWN_WAY.get(type(value))
    if own is not None:
        own(value, out)
    elif isinstance(value, str):
        out.names.add(value)
    elif isinstance(value, BaseModel):
        _walk_all((getattr(value, name) for name in type(value).model_fields), out)
    elif dataclasses.is_dataclass(value):
        _walk_all((getattr(value, one.name) for one in dataclasses.fields(value)), out)
    elif isinstance(value, Mapping):
        _walk_all((one for pair in value.items() for one in pair), out)
    elif isinstance(value, Sequence | Set):
        _walk_all(value, out)
    elif not isinstance(value, _PLAIN):
        raise TypeError(f"nobody knows what {type(value)} reads")


def _walk_all(values: Iterable[Any], out: _Found) -> None:
    for value in values:
        _walk(value, out)


def _operation(op: Op, out: _Found) -> None:
    if op.operation not in ("convert", "rate"):
        _walk_all(op.arguments, out)
        return
    *amount, source, target, clock = op.arguments
    assert isinstance(clock, Col) and clock.name == "as_of", "a rate is that of the moment"
    out.rates.add((str(source.value), str(target.value)))  # type: ignore[union-attr]
    _walk_all(amount, out)


def _entry(entry: EntryPlan, out: _Found) -> None:
    if entry.orders_read is not None:
        out.fresh.add((entry.orders_read, entry.orders_within_s))
    # What was confirmed last decides about hysteresis and unseen orders.
    out.names.update({"live_quantity", entry.marketplace, entry.trade_policy})
    _place(entry.span, out)


def _set_step(step: SetStep, out: _Found) -> None:
    _walk_all((step.span, step.when, step.table, step.sets), out)
    if step.change_from == "live":
        out.names.add("live_price")


def _row(row: RowPlan, out: _Found) -> None:
    # Its condition stands in the axes of its table.
    out.window(row.window)
    _place(row.span, out)


def _place(span: Span, out: _Found) -> None:
    out.places.append((span.file, span.line))


def _document(info: DocumentInfo, out: _Found) -> None:
    out.window(info.window)
    out.places.append((info.file, 1))
    _walk(info.only, out)


def _skip(value: Any, out: _Found) -> None:
    """It reads nothing."""


_PLAIN = (int, Decimal, date, type(None))
_OWN_WAY: dict[type[Any], Callable[[Any, _Found], None]] = {
    Span: _place,
    Type: _skip,
    Col: lambda col, out: out.names.add(col.name),
    Op: _operation,
    RowPlan: _row,
    OrderedAxis: lambda axis, out: out.axes.setdefault(axis.fact, []).append(axis),
    WordAxis: lambda axis, out: out.names.add(axis.fact),
    EntryPlan: _entry,
    SetStep: _set_step,
    DocumentInfo: _document,
}
