"""What stops operations of a whole account, whatever their values: holds, stale sources, counts."""

from __future__ import annotations

from dataclasses import dataclass

from offerwright.frames import ASPECTS, Aspect


@dataclass(frozen=True, slots=True)
class Stop:
    """
    Some operations of one account that must not go.

    `sku` "" is all of them; `rule` (`document/rule`) "" is whatever rule made the price; where both
    are given, both must fit. `less_goes`: what takes stock or a listing away goes nevertheless.
    """

    code: str
    reason: str
    place: str = ""
    aspects: tuple[Aspect, ...] = ASPECTS
    sku: str = ""
    rule: str = ""
    less_goes: bool = True
