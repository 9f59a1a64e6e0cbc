"""Segments and boxes in the words of a rule: `cost 0..500, category something under phones`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from offerwright.expressions.conditions import Number
from offerwright.expressions.parse import EPOCH
from offerwright.expressions.types import Type
from offerwright.rules.analysis.grid import Box
from offerwright.rules.analysis.segments import UNNAMED, Column, Segment

_MOST_WORDS = 4
_STEPS: Mapping[str, Number] = {"percent": Decimal("0.01"), "datetime": 3_600_000_000}


def shown(value: Number, type_: Type, zone: ZoneInfo) -> str:
    """A number as it is written in a rule."""
    if type_.name == "percent":
        return f"{(Decimal(value) * 100).normalize():f}%"
    if type_.name == "date":
        return (EPOCH.date() + timedelta(days=int(value))).isoformat()
    if type_.name == "datetime":
        moment = (EPOCH + timedelta(microseconds=int(value))).astimezone(zone)
        is_midnight = (moment.hour, moment.minute, moment.second, moment.microsecond) == (0,) * 4
        return moment.date().isoformat() if is_midnight else moment.isoformat()
    if type_.name == "duration":
        return f"{Decimal(value) / 3600:f} hours"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def said(column: Column, segments: Sequence[int], zone: ZoneInfo) -> str:
    """Some segments of a column as one would say them: `cost 0..500 or missing`."""
    parts = list(_said(column, segments, zone))
    if len(parts) > _MOST_WORDS:
        parts = [*parts[: _MOST_WORDS - 1], f"{len(parts) - _MOST_WORDS + 1} others"]
    fact = "as of" if column.fact == "as_of" else column.fact
    return f"{fact} {' or '.join(parts)}"


def _said(column: Column, segments: Sequence[int], zone: ZoneInfo) -> Iterator[str]:
    chosen = [column.segments[number] for number in segments]
    if column.type.is_ordered:
        for run in runs([n for n in segments if not column.segments[n].is_missing]):
            yield _range(column.segments[run[0]], column.segments[run[-1]], column.type, zone)
    else:
        for segment in chosen:
            if not segment.is_missing:
                yield word(segment)
    if any(segment.is_missing for segment in chosen):
        yield "missing"


def runs(segments: Sequence[int]) -> list[list[int]]:
    """Neighbours together."""
    found: list[list[int]] = []
    for number in segments:
        if found and found[-1][-1] == number - 1:
            found[-1].append(number)
        else:
            found.append([number])
    return found


def _range(first: Segment, last: Segment, type_: Type, zone: ZoneInfo) -> str:
    """A run of ordered segments as a cell of `when`."""
    low = None if first.low is None else shown(first.low, type_, zone)
    high = None if last.high is None else shown(last.high, type_, zone)
    if low is None and high is None:
        return "any value"
    if low is None:
        return f"{'<=' if last.high_included else '<'} {high}"
    if high is None:
        return f"{'>=' if first.low_included else '>'} {low}"
    if low == high:
        return low
    if first.low_included and not last.high_included:
        return f"{low}..{high}"
    return f"{'[' if first.low_included else '('}{low}..{high}{']' if last.high_included else ')'}"


def word(segment: Segment) -> str:
    """A word as one would say it."""
    if isinstance(segment.word, bool):
        return "true" if segment.word else "false"
    text = segment.word or ""
    if text == UNNAMED:
        return "something else"
    if text.endswith(f"/{UNNAMED}"):
        return f"something under {text[: -len(UNNAMED) - 1]}"
    if text.endswith(UNNAMED):
        return f"something that starts with {text[: -len(UNNAMED)]}"
    return text


def said_of_box(
    columns: Sequence[Column], box: Box, whole: Box, zone: ZoneInfo, among: Sequence[bool] = ()
) -> str:
    """
    A box in words: the columns in which it is smaller than the whole.

    Args:
        among: by column, whether to speak of it; all if empty.
    """
    words = [
        said(column, chosen, zone)
        for number, (column, chosen, all_) in enumerate(zip(columns, box, whole, strict=True))
        if len(chosen) < len(all_) and (not among or among[number])
    ]
    return ", ".join(words) or "everything"


def sample(column: Column, segment: Segment) -> Number | str | bool | None:
    """One value of a segment, as a rule's author might write it; None = missing.

    Of an open run of numbers the middle, of an open end the value one step away.
    """
    if segment.is_missing:
        return None
    if segment.word is not None:
        return segment.word if isinstance(segment.word, bool) else _named(segment.word)
    return _inside(segment.low, segment.high, segment.is_point, column.type)


def _named(text: str) -> str:
    """A word that a person could have written in place of an unnamed one."""
    is_prefix = text.endswith(UNNAMED) and text[:-1] and not text.endswith(f"/{UNNAMED}")
    return text.replace(UNNAMED, " other" if is_prefix else "other")


def _inside(low: Number | None, high: Number | None, is_point: bool, type_: Type) -> Number:
    step = _STEPS.get(type_.name, 1)
    if low is None:
        return 0 if high is None else high - step
    if is_point:
        return low
    if high is None:
        return low + step
    is_whole = type_.name in ("integer", "date", "datetime", "duration")
    return (int(low) + int(high)) // 2 if is_whole else (Decimal(low) + Decimal(high)) / 2
