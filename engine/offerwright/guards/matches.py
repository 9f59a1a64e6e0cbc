"""Rows and steps that match other numbers of SKUs than they expect: their prices are stopped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from offerwright.guards.stops import Stop
from offerwright.rules.findings.expected import Counted, missed_matches
from offerwright.rules.plan import AccountPlan, RuleSet, SetStep


def match_stops(rules: RuleSet, counted: Sequence[Counted]) -> dict[str, tuple[Stop, ...]]:
    """
    By account, what a wrong number stops: the prices that the row or the step had a hand in.

    Rows of other tables than those of pricing steps stop nothing here; a review finds them.
    """
    owners = {plan.account.name: dict(_owners(plan)) for plan in rules.plans}
    found: dict[str, tuple[Stop, ...]] = {}
    for one, row, words in missed_matches(counted):
        owner = owners[one.account].get(id(one.table))
        if owner is None:
            continue
        document, step = owner
        plan = one.table.rows[row.row]
        rule = f"{document}/{step or plan.id}"
        stop = Stop(
            "EXPECT_MATCHES", f"rule {rule}: {words}", str(plan.span), ("price",), rule=rule
        )
        found[one.account] = (*found.get(one.account, ()), stop)
    return found


def _owners(plan: AccountPlan) -> Iterator[tuple[int, tuple[str, str]]]:
    """By the identity of a table: its document, and its step where the table is a `when`."""
    for step in plan.steps:
        document = plan.documents[step.document].name
        if step.when is not None:
            yield id(step.when), (document, step.id)
        if isinstance(step, SetStep) and step.table is not None:
            yield id(step.table), (document, "")
