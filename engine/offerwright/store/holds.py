"""What an operator holds back: which account, SKU, rule and aspects, who, why, until when."""

from __future__ import annotations

from dataclasses import dataclass

from offerwright.frames import HELD_ASPECTS, Aspect


@dataclass(frozen=True, slots=True)
class Wish:
    """
    What is to be held back of one account.

    `sku` "" is all of them; `rule` (`document/rule`) "" is whatever rule made the price; where both
    are given, both must fit. `until` is the first moment (Unix seconds) at which it no longer
    counts, None = until it is released. Nothing holds back an end, or a stock that goes down.
    """

    account: str
    reason: str
    by: str
    sku: str = ""
    rule: str = ""
    aspects: tuple[Aspect, ...] = HELD_ASPECTS
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A wish as it stands in the store. `released_by` is "" while nobody has released it."""

    id: int
    wish: Wish
    since: float
    released_by: str = ""
    released_at: float | None = None
    released_why: str = ""

    def counts(self, now: float) -> bool:
        """Whether it holds anything back at a moment (Unix seconds)."""
        until = self.wish.until
        return self.released_at is None and (until is None or now < until)

    def __str__(self) -> str:
        """What it says to a reader: `hold 3 by maria: prices of ERP wrong`."""
        return f"hold {self.id} by {self.wish.by}: {self.wish.reason}"
