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
from offerwright.codec.envelope import UNREADABLE, CodecRefused
from offerwright.codec.later import Later
from offerwright.codec.masks import masks_from_bytes
from offerwright.codec.shapes import Shape, Shapes
from offerwright.errors import BundleRefused

CONSTANTS = (None, True, False)
_SCALARS: dict[str, Callable[[str], Any]] = {
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "zone": ZoneInfo,
}
# What a map may be asked by and a set may hold: hashing those ends soon, however they were made.
_KEYS = frozenset({type(None), bool, str, int, Decimal, date, datetime})
# Each may lie in one before it; hashing so many levels does not exhaust the stack of C.
_MOST_GROUPS = 10_000
_MOST_EXPONENT = 2_000


def texts_from(part: memoryview) -> list[str]:
    """The table of texts. Raises `CodecRefused` for bytes that are none."""
    try:
        texts = json.loads(bytes(part))
        "".join(texts).encode()  # refuses what is no text, and halves of characters
    except UNREADABLE as fault:
        raise CodecRefused("its content cannot be read") from fault
    if not isinstance(texts, list):
        raise CodecRefused("its content cannot be read")
    return texts


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
            return _value(number, self)
        except UNREADABLE as fault:
            raise CodecRefused("its content cannot be read") from fault

    def later(self, number: int, above: int) -> Later:
        """The chunk of this number, inside of the one of the number `above`."""
        if number >= above:
            raise ValueError("a part that holds itself")
        found = self._later.get(number)
        if found is None:
            found = self._later[number] = Later(lambda: self._once(number))
        return found

    def _once(self, number: int) -> tuple[Any, ...]:
        with self._lock:
            if number not in self._items:
                self._items[number] = self._waited(number)
            return self._items[number]

    def _waited(self, number: int) -> tuple[Any, ...]:
        """It is looked at in the middle of a run, where nobody expects that it is refused."""
        try:
            found = self._read(number)
        except CodecRefused as refused:
            raise BundleRefused(f"a part of the compiled rules cannot be used: {refused}") from None
        if not isinstance(found, tuple):
            raise BundleRefused("a part of the compiled rules cannot be used: it is no list")
        return found


def _value(number: int, reader: Reader) -> Any:
    chunk = reader.chunks[number]
    size = numbers_from_bytes("I", chunk[:4])[0]
    head = json.loads(bytes(chunk[4 : 4 + size]))
    parts = list(_parts(chunk[4 + size :], head["sizes"]))
    text_of = reader.texts.__getitem__
    values: list[Any] = list(CONSTANTS)
    values += map(text_of, numbers_from_bytes("I", parts[0]))
    values += numbers_from_bytes("q", parts[1])
    values += masks_from_bytes(numbers_from_bytes("I", parts[2]), parts[3])
    values += map(_decimal, map(text_of, numbers_from_bytes("I", parts[4])))
    values += (_SCALARS[kind](text_of(number)) for kind, number in head["scalars"])
    shapes = [(reader.shapes.named(name), count) for name, count in head["objects"]]
    refs = numbers_from_bytes(head["width"], parts[6])
    columns = _counted(shapes, head["groups"], len(refs))
    first = len(values)
    for shape, count in shapes:
        values += map(object.__new__, repeat(shape.type, count))
    values += map(reader.later, numbers_from_bytes("I", parts[5]), repeat(number))
    _add_groups(values, head["groups"], refs[columns:], reader.shapes)
    _fill(values, first, shapes, refs)
    return values[head["root"]]


def _decimal(text: str) -> Decimal:
    found = Decimal(text)
    if not found.is_finite() or abs(found.adjusted()) > _MOST_EXPONENT:
        raise ValueError("no number of rules")
    return found


def _counted(
    shapes: Sequence[tuple[Shape, int]], groups: Sequence[Sequence[Any]], refs: int
) -> int:
    """How many references the columns of objects take; they and the groups must take all there
    are, so that bytes bound what is made of them. What takes none is there once."""
    sizes = [(len(shape.fields), count) for shape, count in shapes]
    columns = sum(size * count for size, count in sizes)
    sizes += [(size, count) for _, size, _, count in groups]
    if any(size < 0 or count < 1 or (size == 0 and count > 1) for size, count in sizes):
        raise ValueError("a count that no writer gives")
    if sum(size * count for size, count in sizes) != refs or len(groups) > _MOST_GROUPS:
        raise ValueError("other counts than references")
    if any(shape.kind == "model" for shape, _ in shapes):
        raise ValueError("a model among the objects")
    return columns


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
    return (dict(zip(_keys(row[::2]), row[1::2], strict=True)) for row in rows)


def _keys(keys: tuple[Any, ...]) -> tuple[Any, ...]:
    """Raises `TypeError` for what is neither a scalar nor a tuple of some."""
    inner = [one for key in keys if type(key) is tuple for one in key]
    if not {type(key) for key in (*keys, *inner)} - {tuple} <= _KEYS or tuple in map(type, inner):
        raise TypeError("a key that no rules have")
    return keys


_GROUPS: dict[str, Callable[[Iterator[tuple[Any, ...]]], Iterator[Any]]] = {
    "tuple": iter,
    "list": lambda rows: map(list, rows),
    "set": lambda rows: (set(_keys(row)) for row in rows),
    "frozenset": lambda rows: (frozenset(_keys(row)) for row in rows),
    "map": _maps,
}
