"""
JSON Schema validators that are exact: numbers are int or Decimal, so 19.99 is a multiple of 0.01.

Schemas are JSON Schema 2020-12; those that Amazon publishes for its product types are 2019-09 with
keywords of its own.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

AMAZON_META_SCHEMA = (
    "https://schemas.amazon.com/selling-partners/definitions/product-types/meta-schema/v1"
)


def schema_validator(schema: Mapping[str, Any]) -> Validator:
    """The exact validator of a schema, chosen by its `$schema`; 2020-12 unless it says otherwise.

    Raises:
        jsonschema.SchemaError: the schema itself is wrong.
    """
    from jsonschema import Draft201909Validator, Draft202012Validator

    amazon = str(schema.get("$schema", "")).rstrip("#") == AMAZON_META_SCHEMA
    draft = Draft201909Validator if amazon else Draft202012Validator
    draft.check_schema({k: v for k, v in schema.items() if k != "$schema"})
    validator: Validator = _exact(draft, AMAZON_KEYWORDS if amazon else {})(
        schema, format_checker=_formats()
    )
    return validator


def _exact(draft: Any, keywords: Mapping[str, Any]) -> Any:
    from jsonschema.validators import extend

    checker = draft.TYPE_CHECKER.redefine_many({"number": _is_number, "integer": _is_integer})
    make: Any = extend  # the stubs leave it untyped
    return make(
        draft, {"multipleOf": _multiple_of, "pattern": _pattern, **keywords}, type_checker=checker
    )


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


def _pattern(_: Any, pattern: str, value: Any, __: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    # In JSON Schema `$` is the very end; in Python it also stands before a last line break.
    if pattern.endswith("$") and not pattern.endswith("\\$"):
        pattern = f"{pattern[:-1]}\\Z"
    if isinstance(value, str) and not re.search(pattern, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _unique_items(
    validator: Any, limit: int, value: Any, schema: Mapping[str, Any], least: bool
) -> Iterator[Any]:
    from jsonschema import ValidationError

    if not isinstance(value, list):
        return
    selectors = schema.get("selectors", [])
    groups = Counter(
        tuple(json.dumps(item.get(s), default=str) for s in selectors)
        for item in value
        if isinstance(item, dict)
    )
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
