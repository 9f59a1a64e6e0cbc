"""
JSON Pointers with three additions: `*` for every element, `[key=value]` for elements by a field,
`[key]` for those that have it.

    /results/0                              the first result
    /issues/*/severity                      the severity of every issue
    /attributes/[id=SELLER_SKU]/value_name  the value of one attribute
    /[dateRange]/value                      the value of what has dates
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_BY_FIELD = re.compile(r"\[([^=\]]+)=([^\]]*)\]")
_HAVING = re.compile(r"\[([^=\]]+)\]")


def read_all(document: Any, pointer: str) -> list[Any]:
    """Every value that the pointer reaches, in document order; empty when it reaches none."""
    found = [document]
    for part in _parts(pointer):
        found = [inner for value in found for inner in _children(value, part)]
    return found


def read_first(document: Any, pointer: str) -> Any:
    """The first value that the pointer reaches, or None."""
    return next(iter(read_all(document, pointer)), None)


def _parts(pointer: str) -> list[str]:
    if not pointer:
        return []
    return [p.replace("~1", "/").replace("~0", "~") for p in pointer.lstrip("/").split("/")]


def _children(value: Any, part: str) -> Iterator[Any]:
    if isinstance(value, dict):
        if part == "*":
            yield from value.values()
        elif part in value:
            yield value[part]
        return
    if not isinstance(value, list):
        return
    by_field = _BY_FIELD.fullmatch(part)
    if part == "*":
        yield from value
    elif by_field:
        yield from (
            v for v in value if isinstance(v, dict) and str(v.get(by_field[1])) == by_field[2]
        )
    elif having := _HAVING.fullmatch(part):
        yield from (v for v in value if isinstance(v, dict) and having[1] in v)
    elif part.isdecimal() and int(part) < len(value):
        yield value[int(part)]
