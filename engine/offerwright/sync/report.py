"""What a run of one account did, and the exit code of several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from offerwright.errors import CredentialsRefused, MarketplaceAway, OfferwrightError, StoreLocked
from offerwright.frames import Aspect
from offerwright.marketplaces.operation import Problem

Ended = Literal["done", "deadline", "stopped", "held", "max_failures", "refused"]
Refusal = Literal["rejected", "quarantined"]


@dataclass(frozen=True, slots=True)
class Refused:
    """One operation that will not be sent again until what is wanted changes."""

    sku: str
    aspect: Aspect
    generation: int
    state: Refusal
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """
    Counts of one account's run.

    `sent`, `polled`, `read_back` count requests; `confirmed`, `accepted`, `throttled`, `failed`
    count outcomes. `left` is what is still open at the end, by outbox status; `held` of it is held
    back by an operator. `ended` says why the run ended, and `error` is the exception of an account
    that had to stop.
    """

    account: str
    sent: int = 0
    polled: int = 0
    read_back: int = 0
    confirmed: int = 0
    accepted: int = 0
    withdrawn: int = 0
    throttled: int = 0
    failed: int = 0
    refused: tuple[Refused, ...] = ()
    left: Mapping[str, int] = field(default_factory=dict)
    held: int = 0
    ended: Ended = "done"
    error: OfferwrightError | None = None


def is_partial(report: ApplyReport) -> bool:
    """Whether something was refused or not tried; what is only submitted does not count."""
    return bool(report.refused) or any(
        count for status, count in report.left.items() if status != "submitted"
    )


def exit_code(reports: Iterable[ApplyReport]) -> int:
    """
    0 all confirmed or submitted, 4 partly applied; else that of the gravest error:
    a lost store (6), refused credentials (8), a marketplace that is away (7), others (2).
    """
    found = list(reports)
    for kind in (StoreLocked, CredentialsRefused, MarketplaceAway, OfferwrightError):
        for report in found:
            if isinstance(report.error, kind):
                return report.error.exit_code
    return 4 if any(map(is_partial, found)) else 0
