"""What the rows of an account's plan stand on beside the snapshot and the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from offerwright.guards.plan import NOT_OF_OFFERS, GuardPlan
from offerwright.incremental.footing import Footing, Part, Side, Tables, footing, footings
from offerwright.incremental.inputs import LIVE
from offerwright.incremental.memory import Stood
from offerwright.incremental.needs import needs
from offerwright.incremental.reads import reads
from offerwright.incremental.standing import Asked
from offerwright.rules.plan import AccountPlan, RuleSet
from offerwright.rules.window import ALWAYS_VALID

REFERENCES = ("list_price", "cost")
"""What a guard on the magnitude falls back on, which it does not name."""


@dataclass(frozen=True)
class Grounds:
    """
    One account.

    `market` is a hash of what its marketplace's folder says of payloads and limits; `beside` are
    the other accounts of this plan whose live values its stock may look at. `aging` are the
    reasons that time alone may take away: those of guards on the moves of some days.
    """

    footings: Mapping[Side, Footing]
    market: str
    beside: tuple[str, ...]
    aging: tuple[str, ...] = ()


@dataclass(frozen=True)
class Said:
    """What a repository says of accounts beside its rules, by account."""

    guards: Mapping[str, Sequence[GuardPlan]]
    markets: Mapping[str, str]


def grounds(
    asked: Asked, said: Said, account: str, tables: Tables, held: Mapping[Side, Stood] | None
) -> Grounds:
    """
    What an account stands on at a moment.

    `held` is what it stood on when the same files, byte for byte, were remembered: what they mean
    is not looked at again.
    """
    rules, plan, same = asked.rules, asked.rules.plan(account), held is not None
    found = footings(rules, account, asked.as_of, tables, same)
    guards = _guards(plan, said.guards[account])
    found["guards"] = footing(rules, guards, asked.as_of, tables, same)
    if held is not None:
        found = {
            side: replace(one, meaning=held[side].meaning, places=held[side].places)
            for side, one in found.items()
        }
    seen = {n.account for n in found["stock"].needs if not n.reads.facts.isdisjoint(LIVE)}
    return Grounds(
        {side: _with_moment(rules, one, asked) for side, one in found.items()},
        said.markets[account],
        tuple(sorted(seen & {*asked.wanted} - {account})),
        tuple(f"guard {g.id}" for g in said.guards[account] if g.check == "move_over_window"),
    )


def _guards(plan: AccountPlan, guards: Sequence[GuardPlan]) -> Part:
    """The guards on single offers; those on the run are judged anew by every plan."""
    items = tuple(one for one in guards if one.check not in NOT_OF_OFFERS)
    found = needs(plan, (items, REFERENCES))
    windows = [one.window for one in items]
    windows += [(None, approval.until) for one in items for approval in one.approvals]
    dated = tuple(window for window in windows if window != ALWAYS_VALID)
    all_reads = replace(found.reads, windows=(*found.reads.windows, *dated))
    return Part(items, (replace(found, reads=all_reads),))


def _with_moment(rules: RuleSet, found: Footing, asked: Asked) -> Footing:
    """
    Where facts that the clock is in may look at live values, every moment is another one: their
    values are hashed without the ledger, which is not read for that.
    """
    for one in found.needs:
        plan = rules.plan(one.account)
        behind = reads((plan.derived, plan.decisions)).facts
        if (one.timed or one.reads.fresh) and not behind.isdisjoint(LIVE):
            return replace(found, clock=f"{found.clock} {asked.as_of.isoformat()}")
    return found
