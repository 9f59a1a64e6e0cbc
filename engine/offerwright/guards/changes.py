"""What changes by itself, guards and approvals included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

from offerwright.guards.plan import GuardPlan, GuardSet
from offerwright.rules.changes import Change, changes, ends_of, merged, of_table
from offerwright.rules.plan import RuleSet, TablePlan


def all_changes(
    rules: RuleSet, guards: GuardSet, start: int, end: int | None = None
) -> tuple[Change, ...]:
    """Every change of rules, guards and approvals in [start, end), in order of time."""
    zone = ZoneInfo(rules.time_zone)
    found = [
        Change(c.at, c.what, c.happens, c.span, (account,))
        for account, plans in guards.by_account.items()
        for plan in plans
        for c in _of_guard(plan, zone)
        if start <= c.at and (end is None or c.at < end)
    ]
    return merged([*changes(rules, start, end), *found])


def _of_guard(plan: GuardPlan, zone: ZoneInfo) -> Iterator[Change]:
    whole = Change(0, f"guard {plan.document}/{plan.id}", "begins", plan.span)
    yield from ends_of(whole.what, plan.window, (plan.span, plan.span))
    for change in _turns(plan.when, whole, zone):
        if plan.in_force(change.at) or plan.in_force(change.at - 1):
            yield change
    for approval in plan.approvals:
        what = f"approval {approval.document} of {plan.id}"
        end = Change(approval.until, what, "ends", approval.span)
        yield end
        yield from (c for c in _turns(approval.select, end, zone) if c.at < approval.until)


def _turns(table: TablePlan | None, whole: Change, zone: ZoneInfo) -> Iterator[Change]:
    """When a condition on the clock turns, said of the guard or the approval that has it."""
    for change in () if table is None else of_table(table, zone):
        yield replace(whole, at=change.at, happens=change.happens)
