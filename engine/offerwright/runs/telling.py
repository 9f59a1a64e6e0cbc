"""A planner for old rules: what they see as live and what is planned against need not be one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from offerwright.evaluate.bulk import run_block
from offerwright.evaluate.run import Offers
from offerwright.expressions.parse import microseconds
from offerwright.guards.windows import since
from offerwright.sync.catalogue import Catalogue, Keep, Planner
from offerwright.sync.known import live_frame
from offerwright.sync.plan import PlanRows
from offerwright.sync.rows import plan_gone, plan_rows

Passed = Callable[[Offers, PlanRows], PlanRows]
"""What else looks at offers and what they add to a plan."""


@dataclass(frozen=True)
class Telling:
    """
    How old rules are told again: frames are `sync.known.live_frame`, by account.

    Without `seen` rules, and without `compared` guards, see the ledger that is planned against.
    """

    seen: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    compared: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    passed: Passed = lambda _, rows: rows


def teller(telling: Telling) -> Planner:
    """A planner as `sync.catalogue.plan_catalogue`, on one thread."""

    def plan(catalogue: Catalogue, keep: Keep) -> None:
        plannings, moment = catalogue.plannings, microseconds(catalogue.as_of)
        for block in catalogue.parts:
            skus = block.frame["sku"]
            known = {
                name: catalogue.ledger.of(name, skus, since(one.guards, moment))
                for name, one in plannings.items()
            }
            live = {name: live_frame(one) for name, one in known.items()}
            seen = {**live, **telling.seen}
            for offers in run_block(
                catalogue.executor, block, catalogue.as_of, seen, sorted(plannings)
            ):
                name = offers.account.name
                mine = known[name].only(offers.frame["sku"])
                rows = plan_rows(offers, mine, plannings[name], telling.compared.get(name))
                keep(name, telling.passed(offers, rows))
        here = catalogue.parts.source.rows(0, catalogue.parts.height, ["sku"])["sku"]
        for account in catalogue.accounts:
            name = account.account.name
            for gone in catalogue.ledger.but(name, here):
                keep(name, plan_gone(account, gone, plannings[name]))

    return plan
