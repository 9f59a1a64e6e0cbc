"""Values and expressions as people write them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from offerwright.expressions.conditions import Value
from offerwright.expressions.parse import EPOCH
from offerwright.expressions.types import Type
from offerwright.sentences.wording import Wording

_UNITS = {"weight": "kg", "length": "cm"}
_SPANS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_TOKEN = re.compile(
    r'(?P<text>"[^"\n]*")|(?P<name>[A-Za-z_][\w.-]*)|(?P<sign><=|>=|!=|[*/])|(?P<rest>.)', re.DOTALL
)
_SIGNS = {"*": "×", "/": "÷", "<=": "≤", ">=": "≥", "!=": "≠"}
# Words of the expression language that are read aloud in the reader's own.
_WORDS = ("if", "then", "else", "and", "or", "not", "in", "between", "is", "missing", "present")


def value_text(value: Value, type_: Type, words: Wording, zone: ZoneInfo) -> str:
    """A literal as it would be written, by the type of its fact; weights and lengths with unit."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return words.quoted(value)
    if type_.name == "percent":
        return percent_text(Decimal(value))
    if type_.name == "date":
        return (date(1970, 1, 1) + timedelta(days=int(value))).isoformat()
    if type_.name == "datetime":
        return moment_text(int(value), zone)
    if type_.name == "duration":
        return duration_text(int(value), words)
    number = f"{value:f}" if isinstance(value, Decimal) else str(value)
    unit = _UNITS.get(type_.name)
    return f"{number} {unit}" if unit else number


def percent_text(share: Decimal) -> str:
    """0.125 → `12.5%`."""
    number = f"{share * 100:f}"
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number}%"


def moment_text(moment: int, zone: ZoneInfo) -> str:
    """Microseconds since 1970 → the date where it is midnight in the zone, else the time."""
    at = (EPOCH + timedelta(microseconds=moment)).astimezone(zone)
    return at.date().isoformat() if (at.hour, at.minute, at.second) == (0, 0, 0) else at.isoformat()


def duration_text(seconds: int, words: Wording) -> str:
    """Seconds → `6 hours`, in the greatest unit that has no rest."""
    for unit, size in _SPANS:
        if seconds and seconds % size == 0:
            return words.count(f"duration.{unit}", seconds // size)
    return words.count("duration.second", seconds)


def expression_text(raw: object, words: Wording) -> str:
    """
    An expression as it is written, with × for `*` and the words of the grammar in the reader's
    language. Names, functions and numbers stay what they are.
    """
    text = f"{raw:f}" if isinstance(raw, Decimal) else str(raw)
    return re.sub(r"\s+", " ", "".join(_token(found, words) for found in _TOKEN.finditer(text)))


def _token(found: re.Match[str], words: Wording) -> str:
    token = found[0]
    if found["name"]:
        return words.say(f"expression.{token}") if token in _WORDS else token
    return _SIGNS.get(token, token) if found["sign"] else token
