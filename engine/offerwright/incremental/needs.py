"""What a part of an account's plan needs: facts, and the derived facts and decisions behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from offerwright.expressions.syntax import Typed
from offerwright.incremental.reads import Reads, reads, together
from offerwright.rules.plan import AccountPlan, DecisionPlan


@dataclass(frozen=True)
class Needs:
    """
    What the offers of one account depend on, seen from one part of its plan.

    `derived` and `decisions` are those behind it. `timed` are derived facts that the clock is in:
    of them the values count, and not what they are computed from, because most of them say the same
    a minute later.
    """

    account: str
    reads: Reads
    derived: tuple[tuple[str, Typed], ...] = ()
    decisions: tuple[DecisionPlan, ...] = ()
    timed: tuple[str, ...] = ()


def needs(plan: AccountPlan, part: Any) -> Needs:
    """Everything behind a part of a plan."""
    derived = {name: reads(typed) for name, typed in plan.derived}
    timed = _timed(derived)
    found = [reads(part)]
    behind: set[str] = set()
    while True:
        facts = together(found).facts
        new = [
            (name, own)
            for name, own in _units(plan, derived)
            if name not in behind | timed.keys() and facts & _given(plan, name)
        ]
        if not new:
            break
        behind.update(name for name, _ in new)
        found += [own for _, own in new]
    return Needs(
        plan.account.name,
        together(found),
        tuple((name, typed) for name, typed in plan.derived if name in behind),
        tuple(one for one in plan.decisions if _decision(one) in behind),
        tuple(name for name in timed if name in facts),
    )


def _timed(derived: Mapping[str, Reads]) -> dict[str, None]:
    """The derived facts with the clock in them; each may name those before it."""
    found: dict[str, None] = {}
    for name, own in derived.items():
        if own.tells_time or own.rates or own.facts & found.keys():
            found[name] = None
    return found


def _units(plan: AccountPlan, derived: Mapping[str, Reads]) -> Iterator[tuple[str, Reads]]:
    yield from derived.items()
    for one in plan.decisions:
        yield _decision(one), reads((one.derived, one.table))


def _given(plan: AccountPlan, name: str) -> frozenset[str]:
    """The facts that a derived fact or a decision gives."""
    for one in plan.decisions:
        if _decision(one) == name:
            return frozenset(n for n, _ in (*one.derived, *one.results))
    return frozenset({name})


def _decision(plan: DecisionPlan) -> str:
    # No fact is called so.
    return f"/decision/{plan.name}"
