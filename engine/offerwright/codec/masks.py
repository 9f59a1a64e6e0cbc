"""
Row masks as bytes: of each number only the bytes between its lowest and its highest bit.

Neighbours on an axis differ in a few rows, so a mask is written as what differs from the one
before it where that is shorter.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

_DIFFERS = 1
# A few bytes can stand for a long mask: so many bytes each, and all of a chunk together.
_MOST_EACH = 1 << 20
_MOST_BYTES = 1 << 32


def masks_to_bytes(masks: Sequence[int]) -> tuple[array[int], bytes]:
    """Two numbers a mask (eight times the first byte and whether it differs only; bytes), and
    the bytes. Masks are not negative."""
    heads, body, before = array("I"), bytearray(), 0
    for mask in masks:
        whole, change = _stripped(mask), _stripped(mask ^ before)
        first, content = min(whole, change, key=lambda one: len(one[1]))
        heads.extend((first << 1 | ((first, content) != whole), len(content)))
        body += content
        before = mask
    return heads, bytes(body)


def _stripped(mask: int) -> tuple[int, bytes]:
    """How many bytes of zeros lie below, and the bytes above them."""
    if mask == 0:
        return 0, b""
    first = ((mask & -mask).bit_length() - 1) // 8
    rest = mask >> (8 * first)
    return first, rest.to_bytes((rest.bit_length() + 7) // 8, "little")


def masks_from_bytes(heads: Sequence[int], body: memoryview) -> Iterator[int]:
    """What `masks_to_bytes` has written. Raises `ValueError` for masks that no table has."""
    at = mask = spent = 0
    read = int.from_bytes
    for head, size in zip(heads[::2], heads[1::2], strict=True):
        length = (head >> 1) + size
        spent += max(length, mask.bit_length() // 8 if head & _DIFFERS else 0)
        if length > _MOST_EACH or spent > _MOST_BYTES or at + size > len(body):
            raise ValueError("a mask longer than any table")
        found = read(body[at : at + size], "little") << (head >> 1) * 8
        mask = mask ^ found if head & _DIFFERS else found
        at += size
        yield mask
