"""What the send loop is given: a sender, a guard, a clock, and its bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from offerwright.marketplaces.operation import Operation, Outcome

LISTING_NOT_FOUND = "LISTING_NOT_FOUND"
RATE_LIMITED = "RATE_LIMITED"
GUARD_REFUSED = "GUARD_REFUSED"

Guard = Callable[[Sequence[Operation]], Sequence[str | None]]
"""One reason per operation why its bytes may not leave; None where they may."""


class Sender(Protocol):
    """One account's connector. It never raises for anything the network or an answer does.

    It refreshes a token that is over by itself, once: `auth` means that this did not help. Every
    call ends within a total deadline.
    """

    def send(self, operation: Operation, external_id: str | None = None) -> Outcome:
        """Carry out the operation."""

    def poll(
        self, operation: Operation, handle: str | None = None, external_id: str | None = None
    ) -> Outcome:
        """What became of an accepted operation: confirmed, still accepted, or rejected."""

    def read_back(self, operation: Operation, external_id: str | None = None) -> Outcome:
        """What is live: `confirmed` with `observed`, or `rejected` with `LISTING_NOT_FOUND`."""


class Clock(Protocol):
    """Time from outside: `now` Unix seconds, `monotonic` seconds for waits and deadlines."""

    def now(self) -> float: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one run; all times in seconds. Nothing in the loop is without one."""

    deadline_s: float = 1800.0
    """The whole run of an account; what is left stays queued."""
    lease_s: float = 60.0
    batch: int = 50
    """Operations claimed at a time."""
    settle_s: float = 30.0
    """How long the run goes on polling after its last send."""
    poll_s: float = 1.0
    """The first pause before a poll; it grows with the age of the operation, to a minute."""
    submitted_for_s: float = 900.0
    """An acceptance older than this is read back."""
    create_doubt_s: float = 30.0
    """A create whose answer was lost and that cannot be read is sent again only after this."""
    held_wait_s: float = 30.0
    """How long a run waits when other accounts' operations hold all of its own."""
    longest_pause_s: float = 3600.0
    """A Retry-After above this is cut to it."""
    backoff_s: float = 1.0
    """The pause after a first failure; it doubles."""
    longest_backoff_s: float = 60.0
    away_after: int = 5
    """Failures in a row without any answer after which the marketplace counts as away."""
    park_after: int = 10
    """Failures of one operation, while others get answers, after which it is quarantined."""
    max_failures: int | None = None
    """Refused operations (rejected, quarantined) after which the run of the account stops."""
    grace_s: float = 10.0
    """After a request to stop: how long an answer is waited for."""


def is_throttled(outcome: Outcome) -> bool:
    """Whether a rate limit refused the request: theirs (429) or our own."""
    return outcome.kind == "retry" and (
        outcome.status == 429 or any(p.code == RATE_LIMITED for p in outcome.problems)
    )


def is_answer(outcome: Outcome) -> bool:
    """Whether the marketplace works: it answered something that is not its own failure."""
    if outcome.kind in ("retry", "in_doubt"):
        return is_throttled(outcome) or (outcome.status is not None and outcome.status < 500)
    return True


def is_absent(outcome: Outcome) -> bool:
    """Whether a read found that there is no such listing."""
    return outcome.kind == "rejected" and any(p.code == LISTING_NOT_FOUND for p in outcome.problems)


def never() -> bool:
    """A request to stop that does not come."""
    return False
