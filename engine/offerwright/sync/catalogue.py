"""A whole catalogue, part by part: snapshot + rules + ledger → the rows of every account's plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
from offerwright.profile import stage
from offerwright.store.protocol import Reading
from offerwright.sync.known import Known, live_frame, read_known
from offerwright.sync.plan import PlanRows
from offerwright.sync.rows import Planning, plan_gone, plan_rows


class Ledger(Protocol):
    """What is known of accounts, for as many SKUs as are looked at."""

    def of(self, account: str, skus: pl.Series) -> Known:
        """What is known of these SKUs."""

    def but(self, account: str, skus: pl.Series) -> Iterator[Known]:
        """What is known of live SKUs that are not among these, ascending, block by block."""


@dataclass(frozen=True)
class HeldLedger:
    """A ledger in memory."""

    known: Mapping[str, Known]
    block: int = PART_ROWS

    def of(self, account: str, skus: pl.Series) -> Known:
        return self.known[account].only(skus)

    def but(self, account: str, skus: pl.Series) -> Iterator[Known]:
        known = self.known[account]
        return (known.only(gone) for gone in _gone(known.listed, skus, self.block))


@dataclass(frozen=True)
class StoredLedger:
    """The ledger of a store, of which only what is asked for is read."""

    reading: Reading
    block: int = PART_ROWS

    def of(self, account: str, skus: pl.Series) -> Known:
        return read_known(self.reading, account, skus)

    def but(self, account: str, skus: pl.Series) -> Iterator[Known]:
        live = self.reading.live_skus(account)
        return (read_known(self.reading, account, g) for g in _gone(live, skus, self.block))


def _gone(live: pl.Series, skus: pl.Series, block: int) -> Iterator[pl.Series]:
    gone = live.filter(~live.is_in(skus.implode()))
    return (gone.slice(start, block) for start in range(0, len(gone), block))


Keep = Callable[[str, PlanRows], None]
"""What is done with the rows of one account, part after part."""


def plan_catalogue(
    parts: Partitions,
    executor: Executor,
    ledger: Ledger,
    plannings: Mapping[str, Planning],
    as_of: datetime,
    keep: Keep,
    workers: int = 1,
) -> None:
    """
    Plan a catalogue part by part, in its order; what live listings without a row add comes last.

    Args:
        parts: of the snapshot; SKUs that share stock are in one part.
        executor: of the rules.
        ledger: what is known of the accounts.
        plannings: by account, of those that are to be planned.
        as_of: the moment of the computation, with a zone.
        keep: takes what every part adds; no more than a few parts are in memory at once.
        workers: threads.
    """

    def work(own: Executor, block: Block) -> dict[str, PlanRows]:
        return plan_block(own, block, ledger, plannings, as_of)

    # Closed, so that no worker still asks the ledger when an interrupt has ended its reading.
    with closing(mapped(executor, parts, work, workers)) as computed:
        for found in computed:
            for account, rows in found.items():
                keep(account, rows)
    skus = parts.source.rows(0, parts.height, ["sku"])["sku"]
    for plan in executor.rules.plans:
        name = plan.account.name
        if name in plannings:
            now = plan_at(plan, microseconds(as_of))
            for gone in ledger.but(name, skus):
                keep(name, plan_gone(now, gone, plannings[name]))


def plan_block(
    executor: Executor,
    block: Block,
    ledger: Ledger,
    plannings: Mapping[str, Planning],
    as_of: datetime,
) -> dict[str, PlanRows]:
    """What the rows of one part add to the plan of every account."""
    skus, own = block.frame["sku"], block.own["sku"]
    with stage("ledger"):
        known = {account: ledger.of(account, skus) for account in plannings}
    live = {account: live_frame(one) for account, one in known.items()}
    found = run_block(executor, block, as_of, live, sorted(plannings))
    rows = {}
    for offers in found:
        account = offers.account.name
        here = known[account] if block.skus is None else known[account].only(own)
        planning = replace(plannings[account], walks=executor.walks)
        with stage("plan"), stage(account):
            rows[account] = plan_rows(offers, here, planning)
    return rows
