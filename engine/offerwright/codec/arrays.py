"""Numbers as little-endian bytes, whatever the machine."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable
from typing import Literal

Code = Literal["H", "I", "q"]
"""16 and 32 bits without a sign, 64 with one."""
SHORT = 1 << 16


def numbers_to_bytes(code: Code, numbers: Iterable[int]) -> bytes:
    return _little(array(code, numbers)).tobytes()


def numbers_from_bytes(code: Code, view: memoryview) -> array[int]:
    found = array(code)
    found.frombytes(view)
    return _little(found)


def _little(numbers: array[int]) -> array[int]:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
