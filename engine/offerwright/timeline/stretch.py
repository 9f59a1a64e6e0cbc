"""A period of which something is to be said: a gap, or an overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from offerwright.errors import Span

FOREVER = 2**63 - 1


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """
    A period in which nothing counts, or two things do; microseconds, the end not included.

    `end` is `FOREVER` where nothing that is written ends it.
    """

    start: int
    end: int
    kind: Literal["gap", "overlap"]
    what: str
    places: tuple[Span, ...]
    accounts: tuple[str, ...] = ()
