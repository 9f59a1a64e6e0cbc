"""Why a cell was refused: a code and the way to write it, found by looking at one cell."""

from __future__ import annotations

import re
from collections.abc import Callable

from offerwright.facts.cells import BLANKS, CellFormat
from offerwright.facts.literals import (
    MAX_INTEGER_DIGITS,
    MAX_NUMBER_DIGITS,
    parse_date,
    parse_datetime,
)
from offerwright.facts.read import MAX_CELL

Fault = tuple[str, str]

_EXPONENT = re.compile(r"[+-]?[0-9.,]+[eE][+-]?[0-9]+")
_PLAIN = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_PLAIN_COMMA = re.compile(r"[+-]?([0-9]+|[0-9]{1,3}(\.[0-9]{3})+)(,[0-9]+)?")


def explain_cell(text: str, format_: CellFormat) -> Fault:
    """The code and reason for a cell that `parse_scalars` refused."""
    return _EXPLAINERS[format_.type.name](text.strip(BLANKS), format_)


def _number(text: str, format_: CellFormat) -> Fault:
    plain = _PLAIN_COMMA if format_.decimal_comma else _PLAIN
    if plain.fullmatch(text):
        return _size(text, format_)
    example = "1580,95" if format_.decimal_comma else "1580.95"
    return "NOT_A_NUMBER", f"{_number_fault(text, format_)}write digits only, such as {example}"


def _number_fault(text: str, format_: CellFormat) -> str:
    if _EXPONENT.fullmatch(text):
        return "it is written with an exponent: "
    if not text.isascii():
        return "it holds characters that are no plain digits: "
    if "," in text and not format_.decimal_comma:
        return "it has a comma: set `decimal_comma: true` if the file writes 1.234,56, else "
    if "." in text and format_.decimal_comma:
        return "the file is declared to have decimal commas: "
    return ""


def _size(text: str, format_: CellFormat) -> Fault:
    if sum(character.isdigit() for character in text) > MAX_NUMBER_DIGITS:
        return "TOO_MANY_DIGITS", f"write at most {MAX_NUMBER_DIGITS} digits"
    decimals = len(text.partition("," if format_.decimal_comma else ".")[2])
    if decimals > format_.decimals:
        return "TOO_MANY_DIGITS", f"write at most {format_.decimals} decimals"
    return "TOO_MANY_DIGITS", "write at most 26 digits before the decimals"


def _integer(text: str, format_: CellFormat) -> Fault:
    code, _ = _number(text, format_)
    if code == "NOT_A_NUMBER":
        return code, f"{_number_fault(text, format_)}write a whole number, such as 12"
    decimals = text.partition("," if format_.decimal_comma else ".")[2]
    if decimals.strip("0"):
        return "NOT_WHOLE", "write a whole number, such as 12"
    return "TOO_MANY_DIGITS", f"write at most {MAX_INTEGER_DIGITS} digits"


def _percent(text: str, format_: CellFormat) -> Fault:
    number = text.removesuffix("%").removesuffix(" ")
    code, reason = _number(number, format_)
    if text.endswith("%"):
        return (code, reason) if code == "TOO_MANY_DIGITS" else ("NOT_A_PERCENT", _PERCENT)
    return "NOT_A_PERCENT", f"{_PERCENT}" if code == "NOT_A_NUMBER" else f"write {number}%"


_PERCENT = "write a percent such as 12%"


def _boolean(text: str, format_: CellFormat) -> Fault:
    return "NOT_A_BOOLEAN", "write true or false"


def _date(text: str, format_: CellFormat) -> Fault:
    return "NOT_A_DATE", _message(lambda: parse_date(text), "write a date such as 2026-12-01")


def _datetime(text: str, format_: CellFormat) -> Fault:
    usual = "write a date and time such as 2026-12-01T08:00:00-03:00"
    reason = _message(lambda: parse_datetime(text, format_.time_zone), usual)
    return ("LOCAL_TIME_UNCLEAR" if "clocks change" in reason else "NOT_A_DATETIME"), reason


def _message(parse: Callable[[], object], otherwise: str) -> str:
    try:
        parse()
    except ValueError as wrong:
        return str(wrong)
    return otherwise


def _duration(text: str, format_: CellFormat) -> Fault:
    return "NOT_A_DURATION", "write a duration such as 6 hours, 3 days or 30 minutes"


def _enum(text: str, format_: CellFormat) -> Fault:
    return "UNKNOWN_WORD", f"write one of {', '.join(format_.type.values)}"


def _path(text: str, format_: CellFormat) -> Fault:
    code, reason = _text(text, format_)
    if code != "BAD_TEXT":
        return code, reason
    return "BAD_PATH", "write a path such as electronics/audio, without empty parts"


def _text(text: str, format_: CellFormat) -> Fault:
    if "\0" in text:
        return "NUL_CHARACTER", "the cell holds a NUL character"
    if len(text) > MAX_CELL:
        return "CELL_TOO_LONG", f"the cell has more than {MAX_CELL:,} characters: shorten it"
    return "BAD_TEXT", "the cell cannot be read"


_EXPLAINERS: dict[str, Callable[[str, CellFormat], Fault]] = {
    "text": _text,
    "enum": _enum,
    "path": _path,
    "boolean": _boolean,
    "integer": _integer,
    "number": _number,
    "money": _number,
    "weight": _number,
    "length": _number,
    "percent": _percent,
    "date": _date,
    "datetime": _datetime,
    "duration": _duration,
}
