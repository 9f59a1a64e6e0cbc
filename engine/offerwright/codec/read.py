"""Chunks of bytes → the value that was written; nothing in them can name code."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import repeat
from typing import Any
from zoneinfo import ZoneInfo

from offerwright.codec.arrays import numbers_from_bytes
from offerwright.codec.envelope import CodecRefused
from offerwright.codec.later import Later
from offerwright.codec.masks import masks_from_bytes
from offerwright.codec.shapes import Shape, Shapes

CONSTANTS = (None, True, False)
_SCALARS: dict[str, Callable[[str], Any]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "zone": ZoneInfo,
}


class Reader:
    """The chunks of one value. Chunks that wait are read once, whichever thread comes first."""

    def __init__(self, texts: Sequence[str], chunks: Sequence[memoryview], shapes: Shapes) -> None:
        self.texts, self.chunks, self.shapes = texts, chunks, shapes
        self._lock = threading.RLock()
        self._later: dict[int, Later] = {}
        self._items: dict[int, tuple[Any, ...]] = {}

    def value(self) -> Any:
        """What was written. Raises `CodecRefused` for bytes that hold no such value."""
        return self._read(len(self.chunks) - 1)

    def _read(self, number: int) -> Any:
        try:
            return _value(self.chunks[number], self)
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as fault:
            raise CodecRefused("its content cannot be read") from fault

    def later(self, number: int) -> Later:
        found = self._later.get(number)
        if found is None:
            found = self._later[number] = Later(lambda: self._once(number))
        return found

    def _once(self, number: int) -> tuple[Any, ...]:
        with self._lock:
            if number not in self._items:
                self._items[number] = self._read(number)
            return self._items[number]


def _value(chunk: memoryview, reader: Reader) -> Any:
    size = numbers_from_bytes("I", chunk[:4])[0]
    head = json.loads(bytes(chunk[4 : 4 + size]))
    parts = list(_parts(chunk[4 + size :], head["sizes"]))
    text_of = reader.texts.__getitem__
    values: list[Any] = list(CONSTANTS)
    values += map(text_of, numbers_from_bytes("I", parts[0]))
    values += numbers_from_bytes("q", parts[1])
    values += masks_from_bytes(numbers_from_bytes("I", parts[2]), parts[3])
    values += map(Decimal, map(text_of, numbers_from_bytes("I", parts[4])))
    values += (_SCALARS[kind](text_of(number)) for kind, number in head["scalars"])
    shapes = [(reader.shapes.named(name), count) for name, count in head["objects"]]
    first = len(values)
    for shape, count in shapes:
        if count > len(chunk):
            raise ValueError("more objects than bytes")
        values += map(object.__new__, repeat(shape.type, count))
    values += map(reader.later, numbers_from_bytes("I", parts[5]))
    refs = numbers_from_bytes(head["width"], parts[6])
    columns = sum(len(shape.fields) * count for shape, count in shapes)
    _add_groups(values, head["groups"], refs[columns:], reader.shapes)
    _fill(values, first, shapes, refs)
    return values[head["root"]]


def _parts(view: memoryview, sizes: Sequence[int]) -> Iterator[memoryview]:
    at = 0
    for size in sizes:
        yield view[at : at + size]
        at += size


def _fill(
    values: Sequence[Any], first: int, shapes: Sequence[tuple[Shape, int]], refs: Sequence[int]
) -> None:
    """Give the empty objects their fields, a whole column at a time: no call of Python each."""
    at = 0
    for shape, count in shapes:
        objects = values[first : first + count]
        for name in shape.fields:
            column = map(values.__getitem__, refs[at : at + count])
            if shape.kind == "slots":
                done = map(getattr(shape.type, name).__set__, objects, column)
            else:
                done = map(object.__setattr__, objects, repeat(name), column)
            for _ in done:
                pass
            at += count
        first += count


def _add_groups(
    values: list[Any], groups: Sequence[Sequence[Any]], refs: Sequence[int], shapes: Shapes
) -> None:
    """Tuples, lists, maps, sets and models, what lies inside before what is around it."""
    at = 0
    for kind, size, name, count in groups:
        held = map(values.__getitem__, refs[at : at + size * count])
        rows: Iterator[tuple[Any, ...]]
        rows = zip(*[held] * size, strict=True) if size else iter([()])
        values += list(_model(shapes.named(name), rows) if kind == "model" else _GROUPS[kind](rows))
        at += size * count


def _model(shape: Shape, rows: Iterator[tuple[Any, ...]]) -> Iterator[Any]:
    for names, *fields in rows:
        values = dict(zip(shape.fields, fields, strict=True))
        yield shape.type.model_construct(set(names), **values)


def _maps(rows: Iterator[tuple[Any, ...]]) -> Iterator[dict[Any, Any]]:
    return (dict(zip(row[::2], row[1::2], strict=True)) for row in rows)


_GROUPS: dict[str, Callable[[Iterator[tuple[Any, ...]]], Iterator[Any]]] = {
    "tuple": iter,
    "list": lambda rows: map(list, rows),
    "set": lambda rows: map(set, rows),
    "frozenset": lambda rows: map(frozenset, rows),
    "map": _maps,
}
