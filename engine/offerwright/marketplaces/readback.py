"""The final bytes of an operation → the values the guards look at, exact."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from offerwright.marketplaces.compiled import CompiledPayload
from offerwright.marketplaces.exact_json import BodyRefused, parse_json
from offerwright.marketplaces.operation import Values
from offerwright.marketplaces.pointer import FIELDS, HAS_KEY, At, Field, Fixed, Reading, TiersAt
from offerwright.money import CURRENCY_DIGITS


class ReadbackFailed(ValueError):
    """The bytes do not say what the payload's readback promises; they must not be sent."""


def read_back(
    payload: CompiledPayload,
    parts: Sequence[tuple[str, bytes]],
    *,
    sku: str,
    currency: str,
) -> Values:
    """What the bytes say, in currency units.

    `sku` and `currency` are those of the operation and the account; they are taken where the
    payload says `from:`, and `currency` gives the digits of amounts in cents.

    Raises:
        ReadbackFailed: no JSON, a place that is not there though the payload always writes it, or
            a value that its encoding does not allow.
    """
    try:
        bodies = {name: parse_json(body) for name, body in parts}
    except BodyRefused as error:
        raise ReadbackFailed(str(error)) from error
    context = {"sku": sku, "currency": currency}
    digits = CURRENCY_DIGITS.get(currency, 2)
    values = {
        field: _read(field, getattr(payload.readback, field), bodies, context, digits)
        for field in FIELDS
    }
    return Values(**values, tiers=_tiers(payload.readback.tiers, bodies, digits))


def _tiers(
    reading: TiersAt | None, bodies: Mapping[str, Any], digits: int
) -> tuple[tuple[int, Decimal], ...]:
    """The quantity tiers that the bytes say, in their order."""
    if reading is None or reading.part not in bodies:
        return ()
    found = bodies[reading.part]
    for step in reading.steps:
        found = _step(found, step)
    if found is MISSING:
        return ()
    if not isinstance(found, list):
        raise ReadbackFailed(f"the tiers of `{reading.part}` are no list")
    tiers = [e for e in found[reading.skip :] if not reading.unless & set(_keys(e))]
    return tuple(
        (_whole(_tier(e, reading.quantity, digits), "quantity"), _tier(e, reading.price, digits))
        for e in tiers
    )


def _keys(element: Any) -> tuple[str, ...]:
    return tuple(element) if isinstance(element, dict) else ()


def _tier(element: Any, at: At, digits: int) -> Decimal:
    found = _step(element, at.steps[0])
    if found is MISSING:
        raise ReadbackFailed(f"a tier has no `{at.steps[0]}`")
    return AMOUNTS[at.encoding](found, digits, "a tier")


def _read(
    field: Field,
    reading: Reading,
    bodies: Mapping[str, Any],
    context: Mapping[str, str],
    digits: int,
) -> Any:
    if isinstance(reading, Fixed):
        return None if reading.value is None else _typed(field, reading.value)
    if not isinstance(reading, At):
        return context[field]
    found = bodies.get(reading.part, MISSING)
    for step in reading.steps:
        found = _step(found, step)
    if found is MISSING or found is None:
        if reading.optional:
            return None
        raise ReadbackFailed(f"`{field}` is not in the bytes of `{reading.part}`")
    if field in TEXTS:
        return _text(found, field)
    return _typed(field, AMOUNTS[reading.encoding](found, digits, field))


def _typed(field: Field, value: str | Decimal) -> Any:
    """The value of a field: units are whole, amounts and texts stay."""
    return _whole(value, field) if field == "quantity" else value


MISSING = object()


def _step(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(str(step), MISSING)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    has_key = HAS_KEY.fullmatch(step) if isinstance(value, list) and isinstance(step, str) else None
    if has_key:
        return next((e for e in value if has_key[1] in _keys(e)), MISSING)
    return MISSING


def _number(value: Any, digits: int, field: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ReadbackFailed(f"`{field}` is {value!r}, not a number")
    return Decimal(value)


def _written(
    value: Any, digits: int, field: str, pattern: str = r"-?\d{1,30}(\.\d{1,8})?"
) -> Decimal:
    if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII):
        raise ReadbackFailed(f"`{field}` is {value!r}, not a number in text")
    return Decimal(value.replace(",", "."))


def _comma(value: Any, digits: int, field: str) -> Decimal:
    return _written(value, digits, field, r"-?\d{1,30}(,\d{1,8})?")


def _cents(value: Any, digits: int, field: str) -> Decimal:
    return _whole(value, field) * Decimal(1).scaleb(-digits)


def _micros(value: Any, digits: int, field: str) -> Decimal:
    return _written(value, digits, field, r"-?\d{1,36}").scaleb(-6)


# How every encoding of an amount or of units is read.
AMOUNTS: Mapping[str, Callable[[Any, int, str], Decimal]] = {
    "number": _number,
    "string": _written,
    "cents": _cents,
    "micros": _micros,
    "comma": _comma,
}
TEXTS: tuple[Field, ...] = ("sku", "currency")


def _whole(value: Any, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        raise ReadbackFailed(f"`{field}` is {value!r}, not a whole number")
    return int(value)


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise ReadbackFailed(f"`{field}` is {value!r}, not a text")
    return value
