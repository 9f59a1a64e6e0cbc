"""
Contract schemas: what a marketplace's bodies must look like, checked exactly before sending.

Numbers are int or Decimal, so 19.99 is a multiple of 0.01. Schemas are JSON Schema 2020-12; those
that Amazon publishes for its product types are 2019-09 with keywords of its own.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from offerwright.marketplaces.operation import Problem

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

    from offerwright.marketplaces.payload import CompiledPayload

AMAZON_META_SCHEMA = (
    "https://schemas.amazon.com/selling-partners/definitions/product-types/meta-schema/v1"
)
MAX_NUMBER_LENGTH = 40


class BodyRefused(ValueError):
    """The bytes are no JSON that we would send: malformed, NaN, a key twice, a huge number."""


@dataclass(frozen=True)
class Contract:
    """One JSON Schema; the validator is built when it is first used."""

    file: str
    schema: Mapping[str, Any]

    @cached_property
    def validator(self) -> Validator:
        return schema_validator(self.schema)


def validate(payload: CompiledPayload, parts: Sequence[tuple[str, bytes]]) -> list[Problem]:
    """What is wrong with the final bytes, by the payload's contracts; empty when they keep them.

    `field` of a problem is `part#/json/pointer`. Unknown and missing parts are problems too.
    """
    contracts = {part.name: part.contract for part in payload.parts}
    problems: list[Problem] = []
    for name, body in parts:
        if name not in contracts:
            problems.append(Problem("CONTRACT_PART", f"`{name}` is no part of `{payload.name}`"))
            continue
        problems += [
            Problem(p.code, p.message, f"{name}#{p.field}")
            for p in check_body(contracts[name].validator, body)
        ]
    return problems


def check_body(validator: Validator, body: bytes) -> list[Problem]:
    """What is wrong with one body; `field` is a JSON Pointer."""
    try:
        data = parse_json(body)
    except BodyRefused as error:
        return [Problem("CONTRACT_JSON", str(error))]
    errors = sorted(
        validator.iter_errors(data), key=lambda e: (list(map(str, e.absolute_path)), e.message)
    )
    return [
        Problem("CONTRACT_BROKEN", error.message[:300], pointer(error.absolute_path))
        for error in errors
    ]


def pointer(path: Iterator[str | int] | Sequence[str | int]) -> str:
    """The JSON Pointer of a path (RFC 6901)."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def parse_json(body: bytes | str) -> Any:
    """JSON with int and Decimal numbers.

    Raises:
        BodyRefused: malformed, not UTF-8, NaN or Infinity, a key twice, a number of more than 40
            characters.
    """
    try:
        return json.loads(
            body,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BodyRefused(f"this is no JSON: {error}") from error


def schema_validator(schema: Mapping[str, Any]) -> Validator:
    """The exact validator of a schema, chosen by its `$schema`; 2020-12 unless it says otherwise.

    Raises:
        jsonschema.SchemaError: the schema itself is wrong.
    """
    from jsonschema import Draft201909Validator, Draft202012Validator

    amazon = str(schema.get("$schema", "")).rstrip("#") == AMAZON_META_SCHEMA
    draft = Draft201909Validator if amazon else Draft202012Validator
    draft.check_schema({k: v for k, v in schema.items() if k != "$schema"})
    return _exact(draft, AMAZON_KEYWORDS if amazon else {})(schema, format_checker=_formats())


def _exact(draft: Any, keywords: Mapping[str, Any]) -> Any:
    from jsonschema.validators import extend

    checker = draft.TYPE_CHECKER.redefine_many({"number": _is_number, "integer": _is_integer})
    return extend(draft, {"multipleOf": _multiple_of, **keywords}, type_checker=checker)


def _is_number(_: Any, value: object) -> bool:
    return isinstance(value, int | Decimal | float) and not isinstance(value, bool)


def _is_integer(_: Any, value: object) -> bool:
    if isinstance(value, Decimal):
        return value == value.to_integral_value()
    return isinstance(value, int) and not isinstance(value, bool)


def _multiple_of(_: Any, divisor: Any, value: Any, __: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    # str first: a schema read with floats holds 0.01, which is not one hundredth.
    if _is_number(None, value) and Fraction(str(value)) % Fraction(str(divisor)):
        yield ValidationError(f"{value} is not a multiple of {divisor}")


def _unique_items(
    validator: Any, limit: int, value: Any, schema: Mapping[str, Any], least: bool
) -> Iterator[Any]:
    from jsonschema import ValidationError

    if not isinstance(value, list):
        return
    selectors = schema.get("selectors", [])
    groups = Counter(
        tuple(json.dumps(item.get(s), default=str) for s in selectors)
        for item in value if isinstance(item, dict)
    )  # fmt: skip
    for group, count in groups.items():
        if (count < limit) if least else (count > limit):
            named = ", ".join(f"{s}={v}" for s, v in zip(selectors, group, strict=True))
            word = "fewer" if least else "more"
            yield ValidationError(f"{word} than {limit} items for {named or 'the same selectors'}")


def _max_unique(validator: Any, limit: int, value: Any, schema: Any) -> Iterator[Any]:
    return _unique_items(validator, limit, value, schema, least=False)


def _min_unique(validator: Any, limit: int, value: Any, schema: Any) -> Iterator[Any]:
    return _unique_items(validator, limit, value, schema, least=True)


def _max_bytes(_: Any, limit: int, value: Any, __: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if isinstance(value, str) and len(value.encode()) > limit:
        yield ValidationError(f"longer than {limit} UTF-8 bytes: {value[:40]!r}…")


def _min_bytes(_: Any, limit: int, value: Any, __: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if isinstance(value, str) and len(value.encode()) < limit:
        yield ValidationError(f"shorter than {limit} UTF-8 bytes: {value!r}")


# The validating keywords of Amazon's meta-schema v1; the others only inform.
AMAZON_KEYWORDS = {
    "maxUniqueItems": _max_unique,
    "minUniqueItems": _min_unique,
    "maxUtf8ByteLength": _max_bytes,
    "minUtf8ByteLength": _min_bytes,
}


def _formats() -> Any:
    """Checkers of our own: the library's `date-time` and `uri` are no-ops without more packages."""
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    checker.checkers = {
        "date": (_is_date, ()),
        "date-time": (_is_date_time, ()),
        "uri": (
            lambda v: not isinstance(v, str) or bool(re.fullmatch(r"[a-z][a-z0-9+.-]*://\S+", v)),
            (),
        ),
    }
    return checker


def _is_date(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return len(value) == 10


def _is_date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    try:
        return "T" in value and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


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
