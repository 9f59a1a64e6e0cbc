"""What was written where a number, a percent, a date or text must stand → what to write."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_CURRENCY = re.compile(r"(?:R\$|US\$|[$€£¥]|[A-Za-z]{3}\b)")
_TRUTH = {
    "yes": "true", "y": "true", "on": "true", "sim": "true", "1": "true", "true": "true",
    "no": "false", "n": "false", "off": "false", "não": "false", "nao": "false", "0": "false",
    "false": "false",
}  # fmt: skip


def shown(value: Any) -> str:
    """The value as a user would name it, at most 40 characters of it."""
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:37] + "…")
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int):
        return str(value)
    return "a list" if isinstance(value, list) else "a map"


def number_hint(value: Any) -> str:
    """How to write a number that was written some other way; empty when nobody can tell."""
    if not isinstance(value, str):
        return "write a number such as 12.50"
    if _PLAIN.fullmatch(value):
        digits = sum(c.isdigit() for c in value)
        return f"write {value} without quotes" if digits <= 40 else "at most 40 digits are allowed"
    text = value.strip()
    percent = text.removesuffix("%").strip()
    if percent != text and (plain := _plain(percent)):
        return f"a percent cannot stand here: write {Decimal(plain) / 100:f}"
    amount = _CURRENCY.sub("", text).strip()
    if amount != text and (plain := _plain(amount)):
        return f"write {plain} without the currency"
    if re.fullmatch(r"-?0[0-9]+(\.[0-9]+)?", text):
        return f"write {_plain(text)} without leading zeros; quote it if it is text"
    if re.fullmatch(r"-?[0-9.]*,[0-9]+", text) and (plain := _plain(text)):
        return f"write {plain} with a point, not a comma"
    if plain := _plain(text):
        return f"write {plain}"
    return _unusual(text)


def _unusual(text: str) -> str:
    if re.fullmatch(r"[-+]?(\.inf|\.nan|inf|infinity|nan)", text, re.IGNORECASE):
        return "write a finite number"
    exponent = re.fullmatch(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]{1,2}", text)
    if exponent:
        return f"write {Decimal(text):f}"
    if re.fullmatch(r"0x[0-9a-fA-F]{1,15}", text):
        return f"write {int(text, 16)}"
    if re.fullmatch(r"[0-9]{1,3}(:[0-9]{2})+", text):
        return "times cannot stand here: write a number"
    return "write a number such as 12.50"


def _plain(text: str) -> str:
    """The canonical form of a number with other separators, signs or zeros; empty if it is none."""
    plain = text.replace("_", "").replace(" ", "").removeprefix("+")
    if re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{3})*,[0-9]+", plain) or re.fullmatch(
        r"-?[0-9]+,[0-9]+", plain
    ):
        plain = plain.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"-?[0-9]{1,3}(,[0-9]{3})+\.[0-9]+", plain):
        plain = plain.replace(",", "")
    if not re.fullmatch(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)", plain, re.ASCII):
        return ""
    sign = "-" if plain.startswith("-") else ""
    whole, _, decimals = plain.removeprefix("-").partition(".")
    return f"{sign}{whole.lstrip('0') or '0'}{'.' + decimals if decimals else ''}"


def whole_hint(value: Any) -> str:
    """How to write a whole number."""
    if isinstance(value, Decimal):
        is_whole = value == value.to_integral_value()
        return "at most 15 digits are allowed" if is_whole else "write it without decimals"
    return number_hint(value) if isinstance(value, str) else "write a whole number such as 3"


def percent_hint(value: Any) -> str:
    """How to write a percent; a number below one was probably meant as a share."""
    if isinstance(value, Decimal):
        if value and abs(value) < 1:
            return f"write {_short(value * 100)}%, or {_short(value)}% if you mean that little"
        return f"write {_short(value)}%"
    text = str(value).strip()
    plain = _plain(text.removesuffix("%").strip())
    return f"write {plain}%" if plain else "write a percent such as 12%"


def _short(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment_hint(value: Any) -> str:
    """How to write a date."""
    text = str(value)
    other = re.fullmatch(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})", text)
    if other:
        day, month, year = other[1].zfill(2), other[2].zfill(2), other[3]
        return f"write the year first: {year}-{month}-{day}"
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return "there is no such day in the calendar"
    return "write a date such as 2026-12-01, or a time such as 2026-12-01T08:00:00-03:00"


def text_hint(value: Any) -> str:
    """How to write a number or a truth value where text must stand."""
    if isinstance(value, bool | Decimal):
        return f'quote it: "{shown(value)}"'
    if value is None:
        return 'write the text, or "" for an empty one'
    return "write one line of text"


def truth_hint(value: Any) -> str:
    """How to write a truth value."""
    word = _TRUTH.get(shown(value).strip("'").lower())
    return f"write {word} without quotes" if word else "write true or false"
