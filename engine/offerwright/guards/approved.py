"""What `check` says of approvals beside a snapshot: those that are over, or that select nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from offerwright.errors import Diagnostic, Span
from offerwright.evaluate.match import Walks, holds
from offerwright.evaluate.views import Views
from offerwright.expressions.parse import EPOCH, microseconds
from offerwright.guards.plan import ApprovalPlan, GuardSet
from offerwright.rules.findings.expected import KNOWN_LATE
from offerwright.rules.plan import RuleSet


def approval_findings(
    guards: GuardSet, rules: RuleSet, snapshot: pl.DataFrame, as_of: datetime
) -> list[Diagnostic]:
    """
    Approvals that are over by a moment, and those that select no SKU for any account.

    Args:
        guards: with their approvals.
        rules: whose accounts they are.
        snapshot: `frames.SNAPSHOT`.
        as_of: the moment, with a zone.
    """
    zone, moment = ZoneInfo(rules.time_zone), microseconds(as_of)
    every = list(_approvals(guards))
    over = {one.span: one for _, one in every if one.until <= moment}
    counts = _counts(guards, rules, snapshot, as_of)
    return [
        *(_over(one, zone) for one in over.values()),
        *(
            _nothing(one, len(snapshot))
            for span, one in {one.span: one for _, one in every}.items()
            if span not in over and counts.get(span) == 0 and len(snapshot)
        ),
    ]


def _approvals(guards: GuardSet) -> Iterator[tuple[str, ApprovalPlan]]:
    for account, plans in guards.by_account.items():
        for plan in plans:
            yield from ((account, approval) for approval in plan.approvals)


def _counts(
    guards: GuardSet, rules: RuleSet, snapshot: pl.DataFrame, as_of: datetime
) -> dict[Span, int]:
    """How many SKUs each approval selects, over all accounts; none of what nobody can tell here."""
    walks = Walks()
    views = Views(rules, snapshot, as_of, {}, walks)
    found: dict[Span, int] = {}
    for account, approval in _approvals(guards):
        select = approval.select
        if select is None or any(axis.fact in KNOWN_LATE for axis in select.axes):
            continue
        chosen = holds(select, views.of(account), microseconds(as_of), walks)
        found[approval.span] = found.get(approval.span, 0) + int(chosen.sum())
    return found


def _over(approval: ApprovalPlan, zone: ZoneInfo) -> Diagnostic:
    end = EPOCH + timedelta(microseconds=approval.until)
    last = (end - timedelta(microseconds=1)).astimezone(zone).date()
    return Diagnostic(
        "APPROVAL_IS_OVER",
        f"the approval of `{approval.guard}` ended on {last}",
        approval.span,
        "delete it, or let somebody agree to a new one",
        "warning",
    )


def _nothing(approval: ApprovalPlan, skus: int) -> Diagnostic:
    return Diagnostic(
        "MATCHES_NOTHING",
        f"the approval of `{approval.guard}` selects none of {skus:,} SKUs",
        approval.span,
        "is a word misspelt?",
        "warning",
    )
