"""Rules and guards together, at every moment at which they differ: what no price can meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from offerwright.errors import Diagnostic, Related
from offerwright.evaluate.moment import plan_at
from offerwright.guards.plan import GuardPlan, GuardSet
from offerwright.profile import staged
from offerwright.rules.findings.affine import affine
from offerwright.rules.findings.bounds import (
    Crossing,
    Limit,
    crossing_steps,
    crossings,
    limits_of_steps,
    spread_out,
)
from offerwright.rules.findings.gross_up import unpayable
from offerwright.rules.findings.moments import moments
from offerwright.rules.findings.shares import shares_across
from offerwright.rules.plan import AccountPlan, RuleSet

FLOORS, CEILINGS = ("price_at_least", "map_price"), ("price_at_most",)


@staged("proofs")
def prove_rules(rules: RuleSet, guards: GuardSet) -> list[Diagnostic]:
    """Shares over 100 %, margins that fees eat, bounds that always cross, guards never passed."""
    found = shares_across(rules.plans)
    for plan in rules.plans:
        own = guards.by_account.get(plan.account.name, ())
        windows = [*(d.window for d in plan.documents), *(g.window for g in own)]
        for moment in moments(windows):
            now = plan_at(plan, moment)
            in_force = [guard for guard in own if guard.in_force(moment)]
            found += [*unpayable(now), *crossing_steps(now), *_never_passed(now, in_force)]
    return list(dict.fromkeys(found))


def _never_passed(plan: AccountPlan, guards: Sequence[GuardPlan]) -> Iterator[Diagnostic]:
    """Guards that refuse whatever the bounds, or another guard, let through."""
    floors, ceilings = limits_of_steps(plan)
    guard_floors = [one for g in guards for one in _limits(g, plan, FLOORS, "max")]
    guard_ceilings = [one for g in guards for one in _limits(g, plan, CEILINGS, "min")]
    by_span = {guard.span: guard for guard in guards}
    pairs = [(guard_floors, ceilings), (floors, guard_ceilings), (guard_floors, guard_ceilings)]
    for low, high in pairs:
        for crossing in crossings(low, high, plan):
            yield _said(crossing, by_span)


def _limits(
    guard: GuardPlan, plan: AccountPlan, checks: Sequence[str], spread: str
) -> Iterator[Limit]:
    if guard.check not in checks or guard.bound is None:
        return
    group = None if guard.when is None else guard.id
    for part in spread_out(guard.bound, spread):
        value = affine(part, dict(plan.derived))
        if value is not None:
            yield Limit(value, f"the guard `{guard.id}`", guard.span, group)


def _said(found: Crossing, by_span: object) -> Diagnostic:
    floor, ceiling = found.floor, found.ceiling
    assert isinstance(by_span, dict)
    at, other = (floor, ceiling) if floor.span in by_span else (ceiling, floor)
    guard: GuardPlan = by_span[at.span]
    always = "" if found.is_certain else " for facts above 0"
    return Diagnostic(
        "GUARD_NEVER_PASSES",
        f"{floor.owner} asks for at least {floor.value}, {ceiling.owner} for at most "
        f"{ceiling.value}: no price passes both{always} ({found.witness})",
        at.span,
        "correct one of the two",
        "error" if found.is_certain and guard.else_ == "block" else "warning",
        (Related(other.span, f"{other.owner} stands here"),),
    )
