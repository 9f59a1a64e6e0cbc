"""Guards that look at a whole run of one account: how much of it moves, ends or is at stake."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from offerwright.guards.landing import Cluster
from offerwright.guards.plan import RUN_CHECKS, ApprovalPlan, GuardPlan
from offerwright.money import CURRENCY_DIGITS, decimal


@dataclass(frozen=True, slots=True)
class Moves:
    """
    What a run would do to one account.

    `confirmed` offers have a confirmed price, `moved` of them get another one or another currency.
    `stocked` offers are live with stock, or end now; `zeroed` of them go to zero or end. `live`
    offers are live; `ended` of them end. `exposure` is what falling prices give away on the stock
    that is shown, in the account's currency, and `unvalued` are falling offers of which nobody can
    say that.
    """

    confirmed: int
    moved: int
    stocked: int
    zeroed: int
    live: int = 0
    ended: int = 0
    exposure: Fraction = Fraction(0)
    unvalued: int = 0
    currency: str = ""
    clusters: Mapping[str, Sequence[Cluster]] = field(default_factory=dict)
    """By guard on identical prices, where it objects."""


# Which aspect must not be sent when the check fails. Of `content` only ends are withheld.
WITHHOLDS = {
    "share_moved": "price",
    "share_zeroed": "stock",
    "share_delisted": "content",
    "exposure": "price",
    "identical_price": "price",
}


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
        return WITHHOLDS.get(self.guard.check, "")


@dataclass(frozen=True, slots=True)
class _Finding:
    """What was found, in words; whether it is too much, and whether with an approval's bounds."""

    reason: str
    is_too_much: bool
    still: Callable[[ApprovalPlan], bool] = lambda approval: True


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
    found = _FINDINGS[guard.check](guard, moves)
    if not found.is_too_much:
        return RunVerdict(guard, False, found.reason)
    for approval in guard.approvals:
        for_all = as_of < approval.until and approval.select is None
        if guard.else_ == "needs_approval" and for_all and not found.still(approval):
            return RunVerdict(guard, False, found.reason, approval.approver)
    return RunVerdict(guard, True, found.reason)


def _share_moved(guard: GuardPlan, moves: Moves) -> _Finding:
    return _share(guard, moves.moved, moves.confirmed, "prices move")


def _share_zeroed(guard: GuardPlan, moves: Moves) -> _Finding:
    return _share(guard, moves.zeroed, moves.stocked, "offers with stock go to zero")


def _share_delisted(guard: GuardPlan, moves: Moves) -> _Finding:
    return _share(guard, moves.ended, moves.live, "live offers end")


def _share(guard: GuardPlan, part: int, whole: int, words: str) -> _Finding:
    most = guard.settings["at_most"]

    def still(approval: ApprovalPlan) -> bool:
        return _above(part, whole, approval.bounds.get("at_most", Decimal(0)))

    bound = f"at most {(most * 100).normalize():f}%"
    reason = f"{part} of {whole} {words} ({_percent(part, whole)}; {bound})"
    return _Finding(reason, _above(part, whole, most), still)


def _exposure(guard: GuardPlan, moves: Moves) -> _Finding:
    """What nobody can value is too much, whatever was agreed."""
    at_stake, most, unvalued = moves.exposure, guard.settings["at_most"], moves.unvalued
    bound = amount_text(most, moves.currency)
    reason = f"{amount_text(at_stake, moves.currency)} at stake; at most {bound}"
    if unvalued:
        prices = "1 falling price" if unvalued == 1 else f"{unvalued} falling prices"
        reason += f"; it may be more: the stock or the old amount of {prices} is not known"

    def still(approval: ApprovalPlan) -> bool:
        return bool(unvalued) or at_stake > Fraction(approval.bounds.get("bound", Decimal(0)))

    return _Finding(reason, bool(unvalued) or at_stake > Fraction(most), still)


def _identical_price(guard: GuardPlan, moves: Moves) -> _Finding:
    """An approval names the price that was agreed for all of them."""
    least, spread = guard.settings["at_least"], guard.settings["spread"]
    found = moves.clusters.get(guard.id, ())
    limits = f"from {least:f} offers on, if their costs differ by more than {spread:f} times"
    if not found:
        return _Finding(f"no price for unlike offers ({limits})", False)
    first = found[0]
    low, high, price = (
        amount_text(value, moves.currency) for value in (first.low, first.high, first.price)
    )
    reason = f"{first.offers} offers that cost {low} to {high} get one price, {price} ({limits})"
    if len(found) > 1:
        more = len(found) - 1
        reason += f"; and so at {more} more price{'s' if more > 1 else ''}"

    def still(approval: ApprovalPlan) -> bool:
        return any(one.price != approval.bounds.get("bound") for one in found)

    return _Finding(reason, True, still)


_FINDINGS: dict[str, Callable[[GuardPlan, Moves], _Finding]] = {
    "share_moved": _share_moved,
    "share_zeroed": _share_zeroed,
    "share_delisted": _share_delisted,
    "exposure": _exposure,
    "identical_price": _identical_price,
}


def amount_text(value: Decimal | Fraction, currency: str) -> str:
    """An amount as people read it, `12,400.00 BRL`; rounded half up where it has more digits."""
    digits = CURRENCY_DIGITS.get(currency, 2)
    unit = Fraction(10) ** digits
    minor = int(Fraction(value) * unit + Fraction(1, 2))
    return f"{decimal(minor, digits):,f} {currency}".rstrip()


def _above(part: int, whole: int, share: Decimal) -> bool:
    return whole > 0 and Fraction(part, whole) > Fraction(share)


def _percent(part: int, whole: int) -> str:
    if whole == 0:
        return "0%"
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10}%"
