"""Postal codes as they come: the leading zero that a spreadsheet took is put back, and said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from offerwright.orders.distance import Point

_SEPARATORS = str.maketrans("", "", "-. \t")


@dataclass(frozen=True, slots=True)
class ZipCode:
    """The digits of a code; `repaired` where a zero was put before them."""

    digits: str
    repaired: bool = False


def read_zip(written: str, digits: Sequence[int]) -> ZipCode | None:
    """
    A postal code, its separators taken out.

    Args:
        digits: how many digits codes have; nothing is repaired or refused where this is empty.

    Returns:
        None for a text that is no code of any of these lengths, not even with one zero before it.
    """
    bare = written.translate(_SEPARATORS)
    if not digits:
        return ZipCode(bare) if bare else None
    if not (bare.isascii() and bare.isdigit()):
        return None
    if len(bare) in digits:
        return ZipCode(bare)
    return ZipCode(f"0{bare}", True) if len(bare) + 1 in digits else None


def place_of(code: str, places: Mapping[str, Point]) -> Point | None:
    """The place of a code: of the longest of its beginnings that has one."""
    for end in range(len(code), 0, -1):
        found = places.get(code[:end])
        if found is not None:
            return found
    return None
