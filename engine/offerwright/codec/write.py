"""A frozen value → chunks of bytes and the table of their texts."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from offerwright.codec.arrays import SHORT, Code, numbers_to_bytes
from offerwright.codec.later import Apart, Later
from offerwright.codec.masks import masks_to_bytes
from offerwright.codec.read import CONSTANTS
from offerwright.codec.shapes import Shapes

# The order in which a chunk is read: what stands in a later pool may refer to all before it, and
# anything to objects, which are made empty first and filled last.
FIXED, TEXT, INT, WIDE, DECIMAL, SCALAR, OBJECT, LATER, GROUP = range(9)
_LARGEST = 1 << 63


@dataclass(frozen=True, slots=True)
class Written:
    """The chunks of a value, the whole one last; the texts that they name by number; the names of
    the classes in them, with those of their fields."""

    texts: tuple[str, ...]
    chunks: tuple[bytes, ...]
    classes: Mapping[str, tuple[str, ...]]


def written(value: Any, shapes: Shapes) -> Written:
    """
    The bytes of a value.

    Raises:
        TypeError: a class that is not in the table, or a kind of data that cannot be written.
    """
    out = _Out(shapes)
    body = _Chunk(out).bytes_of(value)
    return Written(tuple(out.texts), (*out.chunks, body), dict(sorted(out.classes.items())))


@dataclass
class _Out:
    """What all chunks share."""

    shapes: Shapes
    texts: dict[str, int] = field(default_factory=dict)
    chunks: dict[bytes, int] = field(default_factory=dict)
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def text(self, text: str) -> int:
        return self.texts.setdefault(text, len(self.texts))

    def chunk(self, items: Iterable[Any]) -> int:
        """The number of the chunk that holds a tuple of these."""
        body = _Chunk(self).bytes_of(tuple(items))
        return self.chunks.setdefault(body, len(self.chunks))


_Key = tuple[Any, ...]


class _Chunk:
    """The nodes of one chunk; what is equal is one node."""

    def __init__(self, out: _Out) -> None:
        self.out = out
        self.nodes: list[tuple[_Key, Sequence[Any]]] = [((FIXED,), (c,)) for c in CONSTANTS]
        self.known: dict[_Key, int] = {}
        # By identity, with the value, so that no other takes its place while it is written.
        self.seen: dict[int, tuple[Any, int]] = {}

    def bytes_of(self, value: Any) -> bytes:
        root = self.node(value)
        order = sorted(range(len(self.nodes)), key=lambda n: (self.nodes[n][0], n))
        place = [0] * len(order)
        for new, old in enumerate(order):
            place[old] = new
        return _laid_out([self.nodes[old] for old in order], place, root)

    def node(self, value: Any) -> int:
        """The number of a value's node."""
        held = self.seen.get(id(value))
        if held is not None:
            return held[1]
        type_ = type(value)
        made = _KINDS.get(type_)
        if made is not None:
            return made(self, value)
        found = self._object(value)
        self.seen[id(value)] = (value, found)
        return found

    def add(self, rank: _Key, payload: Sequence[Any]) -> int:
        key = (*rank, *payload)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = len(self.nodes)
            self.nodes.append((rank, payload))
        return found

    def group(self, kind: str, children: Sequence[int], name: str = "") -> int:
        """A tuple, list, map, set or model of nodes; its level is above that of all of them."""
        ranks = [self.nodes[child][0] for child in children]
        level = 1 + max((rank[1] for rank in ranks if rank[0] == GROUP), default=0)
        return self.add((GROUP, level, kind, len(children), name), children)

    def _object(self, value: Any) -> int:
        try:
            shape = self.out.shapes.of(type(value))
        except KeyError as lacking:
            raise TypeError(f"{type(value)} is not in the table of classes") from lacking
        self.out.classes[shape.name] = shape.fields
        if shape.kind == "model":
            names = sorted(value.model_fields_set)
            children = [self.node(tuple(names)), *map(self.node, _fields(value, shape.fields))]
            return self.group("model", children, shape.name)
        measured, waiting = self.out.shapes.later.get(shape.name, ("", ()))
        if measured and len(getattr(value, measured)) < self.out.shapes.later_from:
            waiting = ()
        fields = [
            self.add((LATER,), (self.out.chunk(held),)) if name in waiting else self.node(held)
            for name, held in zip(shape.fields, _fields(value, shape.fields), strict=True)
        ]
        return self.add((OBJECT, shape.name), fields)


def _fields(value: Any, names: Iterable[str]) -> Iterable[Any]:
    return (getattr(value, name) for name in names)


def _constant(chunk: _Chunk, value: Any) -> int:
    return CONSTANTS.index(value) if value is None else 1 + (value is False)


def _int(chunk: _Chunk, value: int) -> int:
    if -_LARGEST <= value < _LARGEST:
        return chunk.add((INT,), (value,))
    if value < 0:
        raise TypeError("a negative number of more than 63 bits")
    return chunk.add((WIDE,), (value,))


def _scalar(kind: str, text: Callable[[Any], str]) -> Callable[[_Chunk, Any], int]:
    return lambda chunk, value: chunk.add((SCALAR,), (kind, chunk.out.text(text(value))))


def _moment_text(moment: datetime) -> str:
    """A moment whose text says all of it: without a zone, or with an offset from UTC."""
    if moment.fold or not isinstance(moment.tzinfo, timezone | None):
        raise TypeError(f"the zone of {moment} would be lost")
    return moment.isoformat()


def _sequence(kind: str) -> Callable[[_Chunk, Any], int]:
    def node(chunk: _Chunk, value: Any) -> int:
        found = chunk.group(kind, [chunk.node(one) for one in value])
        chunk.seen[id(value)] = (value, found)
        return found

    return node


def _unordered(kind: str) -> Callable[[_Chunk, Any], int]:
    def node(chunk: _Chunk, value: Any) -> int:
        return chunk.group(kind, [chunk.node(one) for one in sorted(value, key=repr)])

    return node


def _map(chunk: _Chunk, value: Any) -> int:
    found = chunk.group("map", [chunk.node(one) for pair in value.items() for one in pair])
    chunk.seen[id(value)] = (value, found)
    return found


_KINDS: dict[type[Any], Callable[[_Chunk, Any], int]] = {
    type(None): _constant,
    bool: _constant,
    str: lambda chunk, value: chunk.add((TEXT,), (chunk.out.text(value),)),
    int: _int,
    Decimal: lambda chunk, value: chunk.add((DECIMAL,), (chunk.out.text(str(value)),)),
    date: _scalar("date", date.isoformat),
    datetime: _scalar("datetime", _moment_text),
    ZoneInfo: _scalar("zone", str),
    tuple: _sequence("tuple"),
    Later: lambda chunk, value: chunk.node(value.items),
    Apart: lambda chunk, value: chunk.add((LATER,), (chunk.out.chunk((value.value,)),)),
    list: _sequence("list"),
    dict: _map,
    set: _unordered("set"),
    frozenset: _unordered("frozenset"),
}


def _laid_out(
    nodes: Sequence[tuple[_Key, Sequence[Any]]], place: Sequence[int], root: int
) -> bytes:
    """The pools one after the other behind a head that says how long they are."""
    pools: list[list[tuple[_Key, Sequence[Any]]]] = [[] for _ in range(GROUP + 1)]
    for node in nodes:
        pools[node[0][0]].append(node)
    first = {n: [payload[0] for _, payload in pools[n]] for n in (TEXT, INT, WIDE, DECIMAL, LATER)}
    heads, masks = masks_to_bytes(first[WIDE])
    columns = array("I")
    classes = [[name, len(rows)] for name, rows in _runs(pools[OBJECT])]
    for _, rows in _runs(pools[OBJECT]):
        for column in zip(*rows, strict=True):
            columns.extend(place[child] for child in column)
    groups = [[*rank[1:], len(rows)] for rank, rows in _runs(pools[GROUP], whole=True)]
    for _, rows in _runs(pools[GROUP], whole=True):
        columns.extend(place[child] for row in rows for child in row)
    width: Code = "H" if len(nodes) <= SHORT else "I"
    parts = [
        numbers_to_bytes("I", first[TEXT]),
        numbers_to_bytes("q", first[INT]),
        numbers_to_bytes("I", heads),
        masks,
        numbers_to_bytes("I", first[DECIMAL]),
        numbers_to_bytes("I", first[LATER]),
        numbers_to_bytes(width, columns),
    ]
    head = {
        "sizes": [len(part) for part in parts],
        "scalars": [list(payload) for _, payload in pools[SCALAR]],
        "objects": classes,
        "groups": [[kind, size, name, count] for _, kind, size, name, count in groups],
        "width": width,
        "root": place[root],
    }
    text = json.dumps(head, separators=(",", ":")).encode()
    return numbers_to_bytes("I", [len(text)]) + text + b"".join(parts)


def _runs(
    pool: Iterable[tuple[_Key, Sequence[Any]]], whole: bool = False
) -> list[tuple[Any, list[Sequence[Any]]]]:
    """The payloads that stand together: by class, or by the whole rank."""
    found: dict[Any, list[Sequence[Any]]] = {}
    for rank, payload in pool:
        found.setdefault(rank if whole else rank[1], []).append(payload)
    return list(found.items())
