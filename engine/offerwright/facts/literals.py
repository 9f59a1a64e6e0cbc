"""One written value of a type → its value: the defaults of facts and the words of cells."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from offerwright.expressions.types import Type
from offerwright.facts.schema import FactValue, Scalar
from offerwright.money import SCALE

MAX_NUMBER_DIGITS = 30
MAX_INTEGER_DIGITS = 18
SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}

_PERCENT = re.compile(r"([+-]?[0-9]+(?:\.[0-9]+)?) ?%")
_DURATION = re.compile(r"([0-9]{1,9}) ?(second|minute|hour|day)s?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)


def parse_literal(raw: object, type_: Type, time_zone: str) -> FactValue:
    """The value that YAML data (`str`, `Decimal`, `bool`, list) stands for in a type.

    Raises ValueError with the way to write it. A map's literal is one of what the map holds.
    """
    if type_.name == "list" and type_.of:
        if not isinstance(raw, list):
            raise ValueError("write a list such as [a, b]")
        return tuple(_scalar(element, type_.of, time_zone) for element in raw)
    if type_.name == "map" and type_.of:
        return _scalar(raw, type_.of, time_zone)
    return _scalar(raw, type_, time_zone)


def _scalar(raw: object, type_: Type, time_zone: str) -> Scalar:
    if type_.name == "boolean":
        if not isinstance(raw, bool):
            raise ValueError("write true or false")
        return raw
    if type_.is_decimal and type_.name != "percent":
        if not isinstance(raw, Decimal):
            raise ValueError("write a number such as 0 or 4.50")
        return _integer(raw) if type_.name == "integer" else _bounded(raw)
    if not isinstance(raw, str):
        raise ValueError(_as_text(raw, type_))
    return _from_text(raw, type_, time_zone)


def _as_text(raw: object, type_: Type) -> str:
    if type_.name == "percent" and isinstance(raw, Decimal):
        return f"write {raw:f}%"
    return f'write a text in quotes, such as "{raw}"'


def _from_text(raw: str, type_: Type, time_zone: str) -> Scalar:
    match type_.name:
        case "enum":
            if raw not in type_.values:
                raise ValueError(f"write one of {', '.join(type_.values)}")
            return raw
        case "percent":
            return _percent(raw)
        case "date":
            return parse_date(raw)
        case "datetime":
            return parse_datetime(raw, time_zone)
        case "duration":
            return parse_duration(raw)
        case "path":
            return parse_path(raw)
        case _:
            return raw


def _integer(raw: Decimal) -> int:
    if raw != raw.to_integral_value() or abs(raw) >= 10**MAX_INTEGER_DIGITS:
        raise ValueError(f"write a whole number of at most {MAX_INTEGER_DIGITS} digits")
    return int(raw)


def _bounded(raw: Decimal) -> Decimal:
    exponent = raw.as_tuple().exponent
    fits = isinstance(exponent, int) and abs(raw) < 10 ** (MAX_NUMBER_DIGITS - SCALE)
    if not fits or raw != round(raw, SCALE):
        raise ValueError(f"write a number of at most {SCALE} decimals")
    return raw


def _percent(raw: str) -> Decimal:
    found = _PERCENT.fullmatch(raw.strip())
    if not found:
        raise ValueError("write a percent such as 12%")
    return _bounded(Decimal(found[1]).scaleb(-2))


def parse_date(text: str) -> date:
    """`2026-12-01`; raises ValueError for anything else."""
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError("there is no such day in the calendar") from None
    raise ValueError("write a date such as 2026-12-01")


def parse_datetime(text: str, time_zone: str) -> datetime:
    """`2026-12-01T08:00:00-03:00` in UTC; without an offset it is a local time of `time_zone`.

    Raises ValueError for anything else, and for local times that do not exist or exist twice.
    """
    if not _DATETIME.fullmatch(text):
        raise ValueError("write a date and time such as 2026-12-01T08:00:00-03:00")
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("there is no such day or time") from None
    if parsed.tzinfo is None:
        parsed = _localised(parsed, time_zone)
    try:
        return parsed.astimezone(UTC)
    except OverflowError:
        raise ValueError("write a year from 0001 to 9999") from None


def _localised(local: datetime, time_zone: str) -> datetime:
    zone = ZoneInfo(time_zone)
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() != second.utcoffset():
        exists = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local
        what = "occurs twice" if exists else "does not occur"
        raise ValueError(
            f"this local time {what} in {time_zone} because the clocks change: "
            f"write the offset, such as {local.isoformat()}{_offset(first)}"
        )
    return first


def _offset(moment: datetime) -> str:
    offset = moment.utcoffset() or timedelta()
    minutes = int(offset.total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def parse_duration(text: str) -> int:
    """`6 hours`, `3 days`, `30 minutes` as seconds; raises ValueError for anything else."""
    found = _DURATION.fullmatch(text.strip(" \t"))
    if not found:
        raise ValueError("write a duration such as 6 hours, 3 days or 30 minutes")
    return int(found[1]) * SECONDS[found[2]]


def parse_path(text: str) -> str:
    """A path with its segments trimmed; raises ValueError when a segment is empty."""
    segments = [segment.strip(" \t") for segment in text.split("/")]
    if not all(segments):
        raise ValueError("write a path such as electronics/audio, without empty parts")
    return "/".join(segments)
