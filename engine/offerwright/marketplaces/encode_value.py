"""One value of an offer → the text it has in JSON: what `encode` says, for a Python value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

Value = str | int | Decimal | datetime
# A whole JSON number; a text that must be written as a number and is none becomes null.
NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
# Encodings that stand in quotes. Those of TEXT_ONLY yield null for a text that does not fit.
QUOTED = frozenset({"string", "micros", "comma", "date"})
TEXT_ONLY = frozenset({"number", "boolean"})
# Held, as `json.dumps` makes an encoder at each call.
_JSON = json.JSONEncoder(ensure_ascii=False).encode


def plain(value: Value) -> str:
    """The value as text inside a JSON string: amounts with all their digits, times in UTC."""
    if isinstance(value, str):
        return _JSON(value)[1:-1]
    if isinstance(value, datetime):
        return f"{_utc(value).isoformat(timespec='seconds')}Z"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def number(value: Value) -> str | None:
    """A JSON number, with all digits of the value: 79.90."""
    if isinstance(value, str):
        return value if re.fullmatch(NUMBER[1:-1], value) else None
    return plain(value)


def boolean(value: Value) -> str | None:
    """`true` or `false`: the text itself, or whether the number is above zero."""
    if isinstance(value, str):
        return value if value in ("true", "false") else None
    assert isinstance(value, int | Decimal), f"{value!r} as boolean"
    return "true" if value > 0 else "false"


def cents(value: Value) -> str:
    """An amount in minor units: 79.90 → 7990."""
    return str(int(plain(value).replace(".", "")))


def micros(value: Value) -> str:
    """An amount in millionths: 79.90 → 79900000."""
    decimals = len(plain(value).partition(".")[2])
    return str(int(cents(value)) * 10 ** (6 - decimals))


def comma(value: Value) -> str:
    """An amount with a decimal comma: 79,90."""
    return plain(value).replace(".", ",")


def date(value: Value) -> str:
    """The day of a moment, in UTC."""
    assert isinstance(value, datetime), f"{value!r} as date"
    return _utc(value).date().isoformat()


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC).replace(tzinfo=None)


ENCODERS: Mapping[str, Callable[[Value], str | None]] = {
    "raw": plain,
    "string": plain,
    "number": number,
    "boolean": boolean,
    "cents": cents,
    "micros": micros,
    "comma": comma,
    "date": date,
}


def constant(text: str, encoding: str) -> str:
    """The JSON text of an account setting or an attribute id."""
    encoded = ENCODERS[encoding](text)
    if encoded is None:
        return "null"
    return f'"{encoded}"' if encoding in QUOTED else encoded
