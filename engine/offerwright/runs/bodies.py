"""Two lines of a plan → where the bodies in them differ, part by part and field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in a body: the part, the field as a JSON pointer, and both values as JSON text."""

    part: str
    field: str
    before: str | None
    after: str | None


def differences(before: str, after: str) -> tuple[Difference, ...]:
    """Where the bodies of two operations differ; of parts that are no JSON only that they do."""
    old, new = (dict(json.loads(line)["parts"]) for line in (before, after))
    found: list[Difference] = []
    for part in sorted({*old, *new}):
        one, other = old.get(part), new.get(part)
        if one != other:
            found += list(_of_part(part, one, other))
    return tuple(found)


def _of_part(part: str, one: str | None, other: str | None) -> Iterator[Difference]:
    if one is None or other is None:
        yield Difference(part, "", one, other)
        return
    try:
        # Amounts stay as they are written: 10.0 and 10.00 are other bytes.
        left, right = (
            json.loads(t, parse_float=_Written, parse_int=_Written) for t in (one, other)
        )
    except ValueError:
        yield Difference(part, "", one, other)
        return
    found = list(_walked(part, "", left, right))
    yield from found or [Difference(part, "", one, other)]


class _Written(str):
    """A number by its digits."""

    __slots__ = ()


def _walked(part: str, at: str, one: Any, other: Any) -> Iterator[Difference]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted({*one, *other}):
            place = f"{at}/{name.replace('~', '~0').replace('/', '~1')}"
            yield from _walked(part, place, one.get(name, _ABSENT), other.get(name, _ABSENT))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _walked(part, f"{at}/{number}", left, right)
    elif type(one) is not type(other) or one != other:
        yield Difference(part, at, _text(one), _text(other))


_ABSENT = object()


def _text(value: Any) -> str | None:
    if value is _ABSENT:
        return None
    return str(value) if isinstance(value, _Written) else json.dumps(value, ensure_ascii=False)
