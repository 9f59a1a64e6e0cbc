"""Values of test cases ↔ columns: the texts of a case by the type of a fact, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import polars as pl

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Column, Decimals, Lists, Truths
from offerwright.expressions.parse import EPOCH, microseconds
from offerwright.interchange.dmn.cases import Value
from offerwright.interchange.dmn.express import kept
from offerwright.interchange.dmn.feel import At, Constant, Kind
from offerwright.interchange.dmn.feel_text import WHOLE_DIGITS, FeelRefused, moment
from offerwright.interchange.dmn.types import DmnType
from offerwright.money import SCALE

CLOSE = Decimal("0.00000001")
_DTYPES: dict[Kind, Any] = {
    "number": pl.Decimal(38, SCALE), "text": pl.String, "any": pl.String, "boolean": pl.Boolean,
    "date": pl.Date, "datetime": pl.Datetime("us", "UTC"), "duration": pl.Int64,
}  # fmt: skip


class NoValue(Exception):
    """A text that is no value of its type."""


def series(name: str, values: Sequence[Value], type_: DmnType) -> pl.Series:
    """The column of a fact. Raises `NoValue`."""
    dtype = _DTYPES[type_.kind]
    if type_.is_list:
        lists = [
            None
            if v is None
            else [read(e, type_.kind) for e in (v if isinstance(v, tuple) else (v,))]
            for v in values
        ]
        return pl.Series(name, lists, dtype=pl.List(dtype))
    return pl.Series(name, [read(v, type_.kind) for v in values], dtype=dtype)


def read(value: Value, kind: Kind) -> Any:
    """A written value as the column holds it; numbers with at most 8 decimals. Raises `NoValue`."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise NoValue("a single value stands here, not a list or a structure")
    if kind in ("text", "any"):
        return value
    try:
        return _READERS[kind](value.strip())
    except (ValueError, InvalidOperation, FeelRefused, KeyError):
        raise NoValue(f"{value!r} is no {kind}") from None


def _seconds(text: str) -> int:
    value = moment("duration", Constant("text", text, At(0, 1)), At(0, 1)).value
    return int(value)


def _number(text: str) -> Decimal:
    found = Decimal(text)
    if not found.is_finite() or abs(found) >= Decimal(10) ** WHOLE_DIGITS:
        raise ValueError(text)
    return kept(found)


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_READERS: Mapping[Kind, Callable[[str], Any]] = {
    "number": _number,
    "boolean": lambda text: {"true": True, "1": True, "false": False, "0": False}[text.lower()],
    "date": date.fromisoformat,
    "datetime": _moment,
    "duration": _seconds,
}


def given(column: Column, row: int, kind: Kind) -> Any:
    """One value of a result: None where it is missing or a fault, as in FEEL; a list as a tuple."""
    if column.state is not None and column.state[row]:
        return None
    if isinstance(column, Truths):
        return bool(column.values[row])
    if isinstance(column, Decimals):
        number = c.decimal_at(column, row)
        return None if number is None else _timed(number, kind)
    held = column.vocabulary[int(column.codes[row])]
    return tuple(held) if isinstance(column, Lists) else str(held)


def _timed(number: Decimal, kind: Kind) -> Any:
    if kind == "date":
        return date.fromordinal(EPOCH.toordinal() + int(number))
    if kind == "datetime":
        return int(number)
    return int(number) if kind == "duration" else number


def agrees(expected: Value, got: Any, kind: Kind) -> bool:
    """Whether a result is what a case expects; numbers may differ by less than 0.00000001."""
    if expected is None or got is None:
        return (expected or None) is None and got in (None, "")
    if isinstance(expected, tuple):
        return (
            isinstance(got, tuple)
            and len(got) == len(expected)
            and all(agrees(e, g, kind) for e, g in zip(expected, got, strict=True))
        )
    try:
        wanted = read(expected, kind)
    except NoValue:
        return False
    if isinstance(wanted, Decimal):
        return isinstance(got, Decimal) and abs(Decimal(str(expected).strip()) - got) < CLOSE
    if isinstance(wanted, datetime):
        return bool(got == microseconds(wanted))
    return bool(wanted == got)
