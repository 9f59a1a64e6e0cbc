"""The plan of now, made only where something has changed since a plan was remembered."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

import polars as pl

from offerwright.evaluate.bulk import mapped
from offerwright.evaluate.match import Walks
from offerwright.evaluate.partitions import Block
from offerwright.evaluate.run import Executor
from offerwright.incremental.affected import Standing
from offerwright.incremental.footing import Tables
from offerwright.incremental.memory import Mask
from offerwright.incremental.standing import Asked, standing
from offerwright.replan.chosen import Chosen, chosen, rounded
from offerwright.replan.grounds import Grounds, Said, grounds
from offerwright.replan.memory import PlanMemory
from offerwright.replan.merged import Merged
from offerwright.replan.reach import Reached, candidates, reached, with_ledger
from offerwright.store.protocol import Reading
from offerwright.sync.catalogue import Catalogue, Keep, Ledger, plan_block
from offerwright.sync.known import Known
from offerwright.sync.plan import PlanRows
from offerwright.sync.rows import plan_gone
from offerwright.sync.tally import Tally


@dataclass(frozen=True)
class Prepared:
    """What a change of inputs and rules reaches; the ledger was not asked yet."""

    asked: Asked
    standing: Standing
    grounds: Mapping[str, Grounds]
    memory: Mapping[str, PlanMemory]
    reached: Mapping[str, Reached]

    @property
    def is_much(self) -> bool:
        """Whether more than a quarter of the rows are planned again, as far as is known."""
        masks = [one.mask for one in self.reached.values()]
        return 4 * sum(int(mask.sum()) for mask in masks) > sum(map(len, masks))

    def with_ledger(self, reading: Reading, bookmark: str = "") -> Following:
        """
        With what the ledger may know otherwise, as it is read now.

        `bookmark` was made before `reading` was opened; empty where this plan is not remembered.
        """
        found: dict[str, Reached] = {}
        written: dict[tuple[str, str], pl.Series | None] = {}

        def since(token: str) -> pl.Series | None:
            """What was written since, of all accounts: rules of one may look at any of them."""
            for account in self.grounds:
                if (account, token) not in written:
                    written[account, token] = reading.touched(account, token)
            every = [written[account, token] for account in self.grounds]
            there = [one for one in every if one is not None]
            return pl.concat(there) if there and len(there) == len(every) else None

        for account, one in self.reached.items():
            held = self.memory.get(account)
            found[account] = (
                one if held is None else with_ledger(one, held, self.standing, since(held.token))
            )
        unsure = since(bookmark) if bookmark else None
        nothing = pl.Series("sku", [], dtype=pl.String)
        return Following(self, found, bookmark, nothing if unsure is None else unsure.unique())


def prepared(
    asked: Asked, said: Said, memory: Mapping[str, PlanMemory], walks: Walks | None = None
) -> Prepared:
    """
    What must be planned again, given plans that were remembered.

    Args:
        asked: rules, snapshot, moment and accounts; `live` stays empty, for the ledger is asked.
        said: what the repository says beside its rules.
        memory: by account; those that are not asked for may be among them.
        walks: what tables have learned.
    """
    tables = Tables()
    found = {}
    for account in asked.wanted:
        held = memory.get(account)
        is_same = held is not None and asked.files != "" and asked.files == held.files
        stood = held.footings if held is not None and is_same else None
        found[account] = grounds(asked, said, account, tables, stood)
    footings = {account: one.footings for account, one in found.items()}
    now = standing(asked, footings, Walks() if walks is None else walks)
    return Prepared(asked, now, found, memory, reached(memory, now, found))


@dataclass
class Following:
    """
    A plan that follows remembered ones: `plan` is a `sync.catalogue.Planner`.

    After it, `tallies` are by account what every row has added, and `gone` the live listings that
    have no row. `unsure` is what was written while this plan began.
    """

    prepared: Prepared
    reached: Mapping[str, Reached]
    bookmark: str
    unsure: pl.Series
    tallies: dict[str, Tally] = field(default_factory=dict)
    gone: dict[str, pl.Series] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """By account, how many SKUs are planned again; of a part with most of them, all are."""
        return {account: int(one.mask.sum()) for account, one in self.reached.items()}

    def plan(self, catalogue: Catalogue, keep: Keep) -> None:
        """As `sync.catalogue.plan_catalogue` says it, and the same rows byte for byte."""
        parts, names = catalogue.parts, [one.account.name for one in catalogue.accounts]
        masks = {name: rounded(self.reached[name].mask, parts) for name in names}
        merged = {name: self._merged(name, masks[name], keep) for name in names}
        for accounts in _alike(masks):
            blocks = chosen(masks[accounts[0]], parts, self.prepared.standing.families)
            with closing(_planned(catalogue, blocks, accounts)) as found:
                for number, rows in enumerate(found):
                    for account, one in rows.items():
                        merged[account].add(one, blocks.rows(number))
        for account, whole in merged.items():
            whole.finish()
            self.tallies[account] = whole.tally
        self._plan_gone(catalogue, keep)

    def _merged(self, account: str, mask: Mask, keep: Keep) -> Merged:
        held = self.prepared.memory.get(account)
        return Merged(mask, self.reached[account].old, held, lambda rows: keep(account, rows))

    def _plan_gone(self, catalogue: Catalogue, keep: Keep) -> None:
        """Live listings without a row: all of them are planned anew, mostly they are few."""
        parts = catalogue.parts
        skus = parts.source.rows(0, parts.height, ["sku"])["sku"]
        for plan in catalogue.accounts:
            name, listed = plan.account.name, [skus.clear()]
            for known in self._gone(name, skus, catalogue.ledger):
                keep(name, plan_gone(plan, known, catalogue.plannings[name]))
                listed.append(known.listed)
            self.gone[name] = pl.concat(listed)

    def _gone(self, account: str, skus: pl.Series, ledger: Ledger) -> Iterator[Known]:
        held = self.prepared.memory.get(account)
        found = None if held is None else candidates(self.reached[account], held)
        if found is None:
            return ledger.but(account, skus)
        without = found.filter(~found.is_in(skus.implode())) if len(found) else found
        return ledger.live_of(account, without) if len(without) else iter(())


def _planned(
    catalogue: Catalogue, blocks: Chosen, accounts: Sequence[str]
) -> Generator[dict[str, PlanRows], None, None]:
    def work(own: Executor, block: Block) -> dict[str, PlanRows]:
        return plan_block(own, block, catalogue, accounts)

    workers = catalogue.workers if len(blocks) > 1 else 1
    return mapped(catalogue.executor, blocks, work, workers)


def _alike(masks: Mapping[str, Mask]) -> list[list[str]]:
    """Accounts of which the same rows are planned again: they share much of the work."""
    groups: dict[bytes, list[str]] = {}
    for account, mask in masks.items():
        groups.setdefault(mask.tobytes(), []).append(account)
    return list(groups.values())
