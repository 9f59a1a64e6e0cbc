"""
Exact decimals: currency digits, the language's rounding, and price points.

The one rule of the house: every `*` and `/` of the rule language is rounded to `SCALE` decimals,
half away from zero; `+` and `-` are exact; a number of more than `MAX_DIGITS` digits is an
overflow. Scalars here are `int` at a known scale or `Decimal`, never float.
"""

from __future__ import annotations

from decimal import Decimal

SCALE = 8
MAX_DIGITS = 38
MAX_VALUE = 10**MAX_DIGITS - 1

# ISO 4217 minor units (2026-01); a currency that is not listed here is unknown to the engine.
CURRENCY_DIGITS: dict[str, int] = {
    "ARS": 2, "AUD": 2, "BOB": 2, "BRL": 2, "CAD": 2, "CHF": 2, "CLP": 0, "CNY": 2, "COP": 2,
    "CRC": 2, "CZK": 2, "DKK": 2, "EUR": 2, "GBP": 2, "GTQ": 2, "HKD": 2, "HUF": 2, "INR": 2,
    "JPY": 0, "KRW": 0, "MXN": 2, "NOK": 2, "NZD": 2, "PEN": 2, "PLN": 2, "PYG": 0, "SEK": 2,
    "SGD": 2, "TRY": 2, "USD": 2, "UYU": 2, "VES": 2, "ZAR": 2,
}  # fmt: skip


def scaled(value: Decimal) -> tuple[int, int]:
    """A finite decimal as (integer, scale); trailing zeros are kept out of the scale."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{value} is not a finite number")
    # Not `normalize`, which rounds to the 28 digits of the decimal context.
    text = "".join(map(str, digits)).rstrip("0")
    exponent = exponent + len(digits) - len(text) if text else 0
    number = int(text or "0") * (-1 if sign else 1)
    return (number * 10**exponent, 0) if exponent > 0 else (number, -exponent)


def decimal(value: int, scale: int) -> Decimal:
    """The exact `Decimal` of an integer at a scale, with `scale` decimals written out."""
    sign = "-" if value < 0 else ""
    digits = str(abs(value)).rjust(scale + 1, "0")
    return Decimal(f"{sign}{digits[:-scale]}.{digits[-scale:]}" if scale else f"{sign}{digits}")
