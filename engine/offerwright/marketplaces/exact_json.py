"""JSON bytes → data with exact numbers, refusing what we would never send."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any

MAX_NUMBER_LENGTH = 40


class BodyRefused(ValueError):
    """The bytes are no JSON that we would send: malformed, NaN, a key twice, a huge number."""


def parse_json(body: bytes | str) -> Any:
    """JSON with int and Decimal numbers.

    Raises:
        BodyRefused: malformed, not UTF-8, NaN or Infinity, a key twice, a number of more than 40
            characters.
    """
    try:
        if isinstance(body, bytes):
            body = body.decode(json.detect_encoding(body), "surrogatepass")
        return _DECODER.decode(body)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BodyRefused(f"this is no JSON: {error}") from error


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_NUMBER_LENGTH or abs(int(Decimal(text).adjusted())) > MAX_NUMBER_LENGTH:
        raise BodyRefused(f"the number {text[:20]}… is too long")
    return Decimal(text)


def _integer(text: str) -> int:
    if len(text) > MAX_NUMBER_LENGTH:
        raise BodyRefused(f"the number {text[:20]}… is too long")
    return int(text)


def _refuse_constant(text: str) -> Any:
    raise BodyRefused(f"{text} is no number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        twice = next(k for k, n in Counter(k for k, _ in pairs).items() if n > 1)
        raise BodyRefused(f"the key `{twice}` stands there twice")
    return result


# One for all: `json.loads` with settings makes a decoder for every call.
_DECODER = json.JSONDecoder(
    parse_float=_decimal,
    parse_int=_integer,
    parse_constant=_refuse_constant,
    object_pairs_hook=_unique,
)
