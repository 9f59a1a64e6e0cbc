"""What the oracle computes with: faults, exact decimals, three-valued logic, moments, plain text.

A missing value is None, and so is an unknown truth value. Decimals are handled as fractions and
integers, because the operators of `Decimal` round to the ambient context.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

DECIMALS = 8
MAX_DIGITS = 38

Truth = bool | None


class Fault(Exception):
    """An error in a value: it blocks the aspect that reads it. `codes` are its reasons."""

    def __init__(self, *codes: str) -> None:
        super().__init__(", ".join(codes))
        self.codes = frozenset(codes)


class SpecError(ValueError):
    """The rules are not in the language; `check` would have refused them."""


# --- exact decimals ---------------------------------------------------------------------------


def half_away(value: Fraction) -> int:
    """The nearest whole number, ties away from zero."""
    size = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return size if value >= 0 else -size


def floor_of(value: Fraction) -> int:
    """The greatest whole number that is not above the value."""
    return value.numerator // value.denominator


def ceiling_of(value: Fraction) -> int:
    """The least whole number that is not below the value."""
    return -(-value.numerator // value.denominator)


def scale_of(value: Decimal) -> int:
    """How many decimals the value carries; trailing zeros count, as they were written."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise SpecError(f"{value} is not a finite number")
    return max(0, -exponent)


def decimal_of(units: int, scale: int) -> Decimal:
    """`units` / 10^scale as a Decimal with `scale` decimals. Raises Fault OVERFLOW."""
    digits = str(abs(units))
    if len(digits) > MAX_DIGITS:
        raise Fault("OVERFLOW")
    return Decimal((int(units < 0), tuple(map(int, digits)), -scale))


def rounded(value: Fraction, scale: int) -> Decimal:
    """The value at `scale` decimals, half away from zero. Raises Fault OVERFLOW."""
    return decimal_of(half_away(value * 10**scale), scale)


def exact(value: Fraction) -> Decimal:
    """A value of at most 8 decimals, with as few of them as it needs."""
    scale = next(s for s in range(DECIMALS + 1) if (value * 10**s).denominator == 1)
    return decimal_of(int(value * 10**scale), scale)


def add(a: Decimal, b: Decimal) -> Decimal:
    """The exact sum, at the larger scale."""
    return rounded(Fraction(a) + Fraction(b), max(scale_of(a), scale_of(b)))


def negate(a: Decimal) -> Decimal:
    return rounded(-Fraction(a), scale_of(a))


def multiply(a: Decimal, b: Decimal) -> Decimal:
    """The product, rounded to 8 decimals half away from zero."""
    return rounded(Fraction(a) * Fraction(b), min(DECIMALS, scale_of(a) + scale_of(b)))


def divide(a: Decimal, b: Decimal) -> Decimal:
    """The quotient, rounded to 8 decimals half away from zero. Raises Fault DIVISION_BY_ZERO."""
    if b == 0:
        raise Fault("DIVISION_BY_ZERO")
    return rounded(Fraction(a) / Fraction(b), DECIMALS)


def percent(text: str) -> Decimal:
    """`12.5%` as 0.125, exactly."""
    number = Decimal(text.strip().removesuffix("%").strip())
    return rounded(Fraction(number) / 100, scale_of(number) + 2)


# --- three-valued logic -----------------------------------------------------------------------


def all_of(truths: Iterable[Truth]) -> Truth:
    """False if one is false, else unknown if one is unknown, else true. Stops at a false."""
    result: Truth = True
    for truth in truths:
        if truth is False:
            return False
        if truth is None:
            result = None
    return result


def any_of(truths: Iterable[Truth]) -> Truth:
    """True if one is true, else unknown if one is unknown, else false. Stops at a true."""
    result: Truth = False
    for truth in truths:
        if truth is True:
            return True
        if truth is None:
            result = None
    return result


def negated(truth: Truth) -> Truth:
    return None if truth is None else not truth


# --- moments ----------------------------------------------------------------------------------


def moment(value: date | datetime | str, zone: ZoneInfo) -> datetime:
    """The instant in UTC. A date is its midnight in `zone`; a datetime without offset is local."""
    if isinstance(value, str):
        return moment(date_or_datetime(value), zone)
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=zone)
    if value.tzinfo is None:
        value = value.replace(tzinfo=zone)
    return value.astimezone(UTC)


def date_or_datetime(text: str) -> date | datetime:
    """`2026-12-01`, or `2026-12-01T08:00:00-03:00`. Raises SpecError."""
    try:
        written = text.strip()
        if "T" in written or " " in written:
            return datetime.fromisoformat(written)
        return date.fromisoformat(written)
    except ValueError as error:
        raise SpecError(f"{text!r} is neither a date nor a datetime") from error


def in_window(valid: dict[str, Any] | None, as_of: datetime, zone: ZoneInfo) -> bool:
    """Whether `from` ≤ as_of < `before`; an end that is absent is open."""
    valid = valid or {}
    start, end = valid.get("from"), valid.get("before")
    if start is not None and as_of < moment(start, zone):
        return False
    return end is None or as_of < moment(end, zone)


# --- text -------------------------------------------------------------------------------------


def plain(value: Any) -> str:
    """A value as a text shows it: numbers without trailing zeros, never in E notation."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        written = f"{value:f}"
        return written.rstrip("0").rstrip(".") if "." in written else written
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, list):
        return ", ".join(plain(item) for item in value)
    return str(value)
