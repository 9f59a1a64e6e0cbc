"""A whole catalogue, part by part: snapshot + rules + ledger → the rows of every account's plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import polars as pl

from offerwright.evaluate.bulk import mapped, run_block
from offerwright.evaluate.moment import plan_at
from offerwright.evaluate.partitions import PART_ROWS, Block, Partitions
from offerwright.evaluate.run import Executor
from offerwright.expressions.parse import microseconds
from offerwright.guards.windows import since
from offerwright.profile import stage
from offerwright.rules.plan import AccountPlan
from offerwright.store.protocol import Reading
from offerwright.sync.known import Known, live_frame, read_known, with_history
from offerwright.sync.plan import PlanRows
from offerwright.sync.rows import Planning, plan_gone, plan_rows


class Ledger(Protocol):
    """What is known of accounts, for as many SKUs as are looked at."""

    def of(self, account: str, skus: pl.Series, since: int | None = None) -> Known:
        """What is known of these SKUs; with what was paid from a UTC day on, if one is given."""

    def but(self, account: str, skus: pl.Series) -> Iterator[Known]:
        """What is known of live SKUs that are not among these, ascending, block by block."""

    def live_of(self, account: str, skus: pl.Series) -> Iterator[Known]:
        """What is known of those of these SKUs that are live, as `but` gives it."""


@dataclass(frozen=True)
class HeldLedger:
    """A ledger in memory."""

    known: Mapping[str, Known]
    block: int = PART_ROWS

    def of(self, account: str, skus: pl.Series, since: int | None = None) -> Known:
        return self.known[account].only(skus)

    def but(self, account: str, skus: pl.Series) -> Iterator[Known]:
        known = self.known[account]
        gone = known.listed.filter(~known.listed.is_in(skus.implode()))
        return (known.only(one) for one in _blocks(gone, self.block))

    def live_of(self, account: str, skus: pl.Series) -> Iterator[Known]:
        known = self.known[account].only(skus)
        return (known.only(one) for one in _blocks(known.listed, self.block))


@dataclass(frozen=True)
class StoredLedger:
    """The ledger of a store, of which only what is asked for is read."""

    reading: Reading
    block: int = PART_ROWS

    def of(self, account: str, skus: pl.Series, since: int | None = None) -> Known:
        known = read_known(self.reading, account, skus)
        if since is None:
            return known
        return with_history(known, self.reading, account, skus, since)

    def but(self, account: str, skus: pl.Series) -> Iterator[Known]:
        live = self.reading.live_skus(account)
        gone = live.filter(~live.is_in(skus.implode()))
        return (read_known(self.reading, account, one) for one in _blocks(gone, self.block))

    def live_of(self, account: str, skus: pl.Series) -> Iterator[Known]:
        known = read_known(self.reading, account, skus)
        return (known.only(one) for one in _blocks(known.listed, self.block))


def _blocks(skus: pl.Series, size: int) -> Iterator[pl.Series]:
    return (skus.slice(start, size) for start in range(0, len(skus), size))


Keep = Callable[[str, PlanRows], None]
"""What is done with the rows of one account, part after part."""


@dataclass(frozen=True)
class Catalogue:
    """
    What is to be planned: `parts` of a snapshot, by an executor of the rules, against a ledger.

    `plannings` are by account, of those that are to be planned; `as_of` is the moment, with a zone.
    """

    parts: Partitions
    executor: Executor
    ledger: Ledger
    plannings: Mapping[str, Planning]
    as_of: datetime
    workers: int = 1
    """Threads."""

    @property
    def accounts(self) -> tuple[AccountPlan, ...]:
        """The plans of the accounts, as they are at the moment."""
        every = self.executor.rules.plans
        named = [plan for plan in every if plan.account.name in self.plannings]
        return tuple(plan_at(plan, microseconds(self.as_of)) for plan in named)


Planner = Callable[[Catalogue, Keep], None]
"""What plans a catalogue: `plan_catalogue`, or what knows an earlier plan of it."""


def plan_catalogue(catalogue: Catalogue, keep: Keep) -> None:
    """
    Plan a catalogue part by part, in its order; what live listings without a row add comes last.

    `keep` takes what every part adds; no more than a few parts are in memory at once.
    """
    parts = catalogue.parts

    def work(own: Executor, block: Block) -> dict[str, PlanRows]:
        return plan_block(own, block, catalogue)

    # Closed, so that no worker still asks the ledger when an interrupt has ended its reading.
    with closing(mapped(catalogue.executor, parts, work, catalogue.workers)) as computed:
        for found in computed:
            for account, rows in found.items():
                keep(account, rows)
    skus = parts.source.rows(0, parts.height, ["sku"])["sku"]
    for plan in catalogue.accounts:
        name = plan.account.name
        for gone in catalogue.ledger.but(name, skus):
            keep(name, plan_gone(plan, gone, catalogue.plannings[name]))


def plan_block(
    executor: Executor, block: Block, catalogue: Catalogue, accounts: Sequence[str] = ()
) -> dict[str, PlanRows]:
    """
    What the rows of one part add to the plan of every account, or of these.

    Rules may look at what is live on any of the accounts that are planned.
    """
    skus, own, plannings = block.frame["sku"], block.own["sku"], catalogue.plannings
    with stage("ledger"):
        moment = microseconds(catalogue.as_of)
        known = {
            account: catalogue.ledger.of(account, skus, since(one.guards, moment))
            for account, one in plannings.items()
        }
    live = {account: live_frame(one) for account, one in known.items()}
    wanted = sorted(accounts or plannings)
    found = run_block(executor, block, catalogue.as_of, live, wanted)
    rows = {}
    for offers in found:
        account = offers.account.name
        here = known[account] if block.skus is None else known[account].only(own)
        planning = replace(plannings[account], walks=executor.walks)
        with stage("plan"), stage(account):
            rows[account] = plan_rows(offers, here, planning)
    return rows
