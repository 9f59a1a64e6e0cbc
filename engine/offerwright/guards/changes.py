"""What changes by itself, guards and approvals included."""

from __future__ import annotations

from collections.abc import Iterator

from offerwright.guards.link import GuardPlan, GuardSet
from offerwright.rules.changes import Change, changes, ends_of, merged
from offerwright.rules.plan import RuleSet


def all_changes(
    rules: RuleSet, guards: GuardSet, start: int, end: int | None = None
) -> tuple[Change, ...]:
    """Every change of rules, guards and approvals in [start, end), in order of time."""
    found = [
        Change(c.at, c.what, c.happens, c.span, (account,))
        for account, plans in guards.by_account.items()
        for plan in plans
        for c in _of_guard(plan)
        if start <= c.at and (end is None or c.at < end)
    ]
    return merged([*changes(rules, start, end), *found])


def _of_guard(plan: GuardPlan) -> Iterator[Change]:
    yield from ends_of(f"guard {plan.document}/{plan.id}", plan.window, (plan.span, plan.span))
    for approval in plan.approvals:
        what = f"approval {approval.document} of {plan.id}"
        yield Change(approval.until, what, "ends", approval.span)
