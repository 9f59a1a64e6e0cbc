"""The compact protocol of Thrift, in which the footer of a Parquet file is written."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(13)
INTEGERS = (I16, I32, I64)


@dataclass(frozen=True, slots=True)
class Typed:
    """A value with the type that it has on the wire, so that it can be written as it was read."""

    kind: int
    value: Any


Fields = dict[int, Typed]
"""A struct: its fields by number, in the order in which they stand."""


def fields_of(data: bytes) -> Fields:
    """A struct from its bytes. Raises ValueError or EOFError for what is none."""
    source = io.BytesIO(data)
    fields = _read_struct(source)
    if source.tell() != len(data):
        raise ValueError("bytes stand behind the footer's last field")
    return fields


def bytes_of(fields: Fields) -> bytes:
    """A struct as bytes."""
    out = io.BytesIO()
    _write_struct(out, fields)
    return out.getvalue()


def items(fields: Fields, number: int) -> list[Any]:
    """The elements of a list field; none if it is absent."""
    return list(fields[number].value[1]) if number in fields else []


def _byte(source: io.BytesIO) -> int:
    found = source.read(1)
    if not found:
        raise EOFError("the footer ends early")
    return found[0]


def _bytes(source: io.BytesIO, size: int) -> bytes:
    found = source.read(size)
    if len(found) < size:
        raise EOFError("the footer ends early")
    return found


def _read_varint(source: io.BytesIO) -> int:
    number = shift = 0
    while True:
        byte = _byte(source)
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number


def _read_integer(source: io.BytesIO) -> int:
    number = _read_varint(source)
    return (number >> 1) ^ -(number & 1)


def _read_struct(source: io.BytesIO) -> Fields:
    fields: Fields = {}
    number = 0
    while True:
        head = _byte(source)
        kind = head & 0x0F
        if kind == STOP:
            return fields
        number = number + (head >> 4) if head >> 4 else _read_integer(source)
        if number in fields:
            raise ValueError(f"a footer has the field {number} twice")
        fields[number] = Typed(kind, _read(source, kind))


def _read(source: io.BytesIO, kind: int, *, in_list: bool = False) -> Any:
    if kind in (TRUE, FALSE):
        return _byte(source) if in_list else kind
    if kind in INTEGERS:
        return _read_integer(source)
    if kind == BYTE:
        return _byte(source)
    if kind == DOUBLE:
        return _bytes(source, 8)
    if kind == BINARY:
        return _bytes(source, _read_varint(source))
    if kind in (LIST, SET):
        head = _byte(source)
        size = _read_varint(source) if head >> 4 == 15 else head >> 4
        return head & 0x0F, [_read(source, head & 0x0F, in_list=True) for _ in range(size)]
    if kind == STRUCT:
        return _read_struct(source)
    raise ValueError(f"a footer holds nothing of the type {kind}")


def _write_varint(out: io.BytesIO, number: int) -> None:
    while number >= 0x80:
        out.write(bytes([number & 0x7F | 0x80]))
        number >>= 7
    out.write(bytes([number]))


def _write_integer(out: io.BytesIO, number: int) -> None:
    _write_varint(out, number << 1 if number >= 0 else (-number << 1) - 1)


def _write_struct(out: io.BytesIO, fields: Fields) -> None:
    before = 0
    for number, typed in fields.items():
        if 0 < number - before <= 15:
            out.write(bytes([(number - before) << 4 | typed.kind]))
        else:
            out.write(bytes([typed.kind]))
            _write_integer(out, number)
        _write(out, typed.kind, typed.value)
        before = number
    out.write(bytes([STOP]))


def _write(out: io.BytesIO, kind: int, value: Any, *, in_list: bool = False) -> None:
    if kind in (TRUE, FALSE):
        out.write(bytes([value]) if in_list else b"")
    elif kind in INTEGERS:
        _write_integer(out, value)
    elif kind == BYTE:
        out.write(bytes([value]))
    elif kind == DOUBLE:
        out.write(value)
    elif kind == BINARY:
        _write_varint(out, len(value))
        out.write(value)
    elif kind == STRUCT:
        _write_struct(out, value)
    else:
        _write_list(out, *value)


def _write_list(out: io.BytesIO, kind: int, values: list[Any]) -> None:
    size = len(values)
    out.write(bytes([min(size, 15) << 4 | kind]))
    if size >= 15:
        _write_varint(out, size)
    for value in values:
        _write(out, kind, value, in_list=True)
