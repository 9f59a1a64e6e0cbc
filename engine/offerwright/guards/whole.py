"""Guards that look at a whole run of one account: how much of the catalogue moves at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from offerwright.guards.plan import RUN_CHECKS, GuardPlan


@dataclass(frozen=True, slots=True)
class Moves:
    """
    What a run would do to one account.

    `confirmed` offers have a confirmed price, `moved` of them get another one. `stocked` offers
    are live with stock, or end now; `zeroed` of them go to zero or end.
    """

    confirmed: int
    moved: int
    stocked: int
    zeroed: int


@dataclass(frozen=True, slots=True)
class RunVerdict:
    """What one run-level guard says; `withholds` is the aspect that must not be sent."""

    guard: GuardPlan
    failed: bool
    reason: str
    approved_by: str = ""

    @property
    def withholds(self) -> str:
        if not self.failed or self.guard.else_ == "warn":
            return ""
        return "price" if self.guard.check == "share_moved" else "stock"


def judge_run(
    guards: Sequence[GuardPlan], moves: Moves, as_of: int, first_publication: bool
) -> tuple[RunVerdict, ...]:
    """
    The verdicts of all run-level guards of an account.

    `first_publication` stands in for `share_moved` where nothing is confirmed yet, and for nothing
    else: without it such an account is withheld.
    """
    return tuple(
        _judge(guard, moves, as_of, first_publication)
        for guard in guards
        if guard.check in RUN_CHECKS and guard.in_force(as_of)
    )


def _judge(guard: GuardPlan, moves: Moves, as_of: int, first_publication: bool) -> RunVerdict:
    if guard.check == "share_moved" and moves.confirmed == 0:
        if first_publication:
            return RunVerdict(guard, False, "first publication, as the plan says")
        return RunVerdict(guard, True, "no price is confirmed yet: plan with --first-publication")
    part, whole = (
        (moves.moved, moves.confirmed)
        if guard.check == "share_moved"
        else (moves.zeroed, moves.stocked)
    )
    words = "prices move" if guard.check == "share_moved" else "offers with stock go to zero"
    most = guard.settings["at_most"]
    reason = f"{part} of {whole} {words} ({_percent(part, whole)}; at most {most * 100:f}%)"
    if not _above(part, whole, most):
        return RunVerdict(guard, False, reason)
    for approval in guard.approvals:
        allowed = approval.bounds.get("at_most", Decimal(0))
        for_all = as_of < approval.until and approval.select is None
        if guard.else_ == "needs_approval" and for_all and not _above(part, whole, allowed):
            return RunVerdict(guard, False, reason, approval.approver)
    return RunVerdict(guard, True, reason)


def _above(part: int, whole: int, share: Decimal) -> bool:
    return whole > 0 and Fraction(part, whole) > Fraction(share)


def _percent(part: int, whole: int) -> str:
    if whole == 0:
        return "0%"
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10}%"
