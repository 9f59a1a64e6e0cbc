"""
One thing that one marketplace is told, and what became of it: the values that store, connectors
and sync hand to each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from offerwright.frames import Aspect

Action = Literal["create", "update", "end"]

# confirmed  the marketplace has it                      -> the ledger moves
# accepted   taken, not yet live: poll until it is        -> state `submitted`
# rejected   this item is refused, with reasons           -> resent when desired or mapping change
# retry      not done, try later (429, connection refused, 409 "still processing")
# in_doubt   nobody knows (time-out, reset, 5xx)          -> read back before any resend
# auth       credentials refused                          -> the account stops
# config     our request is wrong for every item (404 on a fixed path, 415) -> the account stops
OutcomeKind = Literal["confirmed", "accepted", "rejected", "retry", "in_doubt", "auth", "config"]


@dataclass(frozen=True, slots=True)
class Values:
    """What a payload says, read back from its bytes. None = the payload does not say."""

    sku: str | None = None
    price: Decimal | None = None
    sale_price: Decimal | None = None
    quantity: int | None = None
    currency: str | None = None
    tiers: tuple[tuple[int, Decimal], ...] = ()
    """From how many units on, and what one of them costs."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One offer x one aspect, or its end.

    `parts` are the bodies to send, in order, by name. `covers` maps every aspect that this
    operation settles to its desired hash: a `create` settles all three at once. `guard_inputs` is
    canonical JSON: the bounds that the per-offer guards need when they run again at send.
    The pair (offer, generation) is the idempotency key; a value never is.
    """

    account: str
    marketplace: str
    sku: str
    aspect: Aspect
    action: Action
    generation: int
    payload: str
    parts: tuple[tuple[str, bytes], ...]
    covers: Mapping[Aspect, str]
    values: Values = Values()
    guard_inputs: str = "{}"
    plan_id: str = ""

    @property
    def id(self) -> str:
        return f"{self.account}/{self.sku}/{self.aspect}/{self.generation}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason in the marketplace's own words."""

    code: str
    message: str
    field: str = ""
    severity: Literal["error", "warning"] = "error"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one operation."""

    kind: OutcomeKind
    problems: tuple[Problem, ...] = ()
    retry_after_s: float | None = None
    external_id: str | None = None
    handle: str | None = None
    """What to poll with, when `accepted`."""
    observed: Values | None = None
    """What a read-back saw, when there was one."""
    status: int | None = None
    """HTTP status of the deciding answer."""
    details: Mapping[str, str] = field(default_factory=dict)
