"""`plan --incremental`: a plan that follows the one before, and what it says of itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from offerwright.cli.cache import engine_id
from offerwright.cli.remembered import LOCK, files_of
from offerwright.cli.report import tell
from offerwright.evaluate.partitions import Partitions
from offerwright.incremental.standing import Asked
from offerwright.loadout import Loadout, PlanRequest, plan_parts
from offerwright.profile import stage
from offerwright.replan.grounds import Said
from offerwright.replan.memory_file import PlanWriter, Remembered, read_plans
from offerwright.replan.run import Following, Prepared, prepared
from offerwright.store.protocol import Reading, Store
from offerwright.store.sqlite.locks import file_lock
from offerwright.sync.catalogue import Catalogue, Keep, Planner, StoredLedger
from offerwright.sync.plan import PlanRows, SyncPlan

BOOKMARK = "plan"


@dataclass(frozen=True)
class Work:
    """What is to be planned, and how; `folder` is where operations are kept meanwhile."""

    loadout: Loadout
    parts: Partitions
    asked: PlanRequest
    folder: Path | None
    workers: int

    def plan(self, reading: Reading, planner: Planner | None = None) -> SyncPlan:
        """The plan, against the ledger as it is read."""
        return plan_parts(
            self.loadout, self.parts, StoredLedger(reading), self.asked,
            folder=self.folder, workers=self.workers, planner=planner,
        )  # fmt: skip


def planned_again(store: Store, work: Work, folder: Path) -> SyncPlan:
    """
    Plan what a change can reach since the plan in this folder, and remember this one there.

    Of two at once the second reads and remembers nothing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with file_lock(folder / LOCK, 0) as is_ours:
        with stage("memory"):
            memory = read_plans(folder, engine_id())
            bookmark = store.bookmark(BOOKMARK, keeping=memory.bookmarks) if is_ours else ""
            before = _prepared(work, memory)
        if not is_ours:
            tell("Another plan is being remembered now; this one is not")
        is_much = work.folder is not None and before.is_much
        with store.reading(much=is_much) as reading:
            following = before.with_ledger(reading, bookmark)
            for line in said(following, memory.why):
                tell(line)
            writer = PlanWriter(folder, engine_id(), memory) if is_ours else nullcontext()
            with writer as kept:
                made = work.plan(reading, _planner(following, kept))
                if kept is not None:
                    with stage("memory"):
                        kept.finish(following)
    return made


def _prepared(work: Work, memory: Remembered) -> Prepared:
    loadout, asked = work.loadout, work.asked
    accounts = {plan.account.name: plan.account for plan in loadout.rules.plans}
    said = Said(
        loadout.guards.by_account,
        {name: loadout.told_of(account.marketplace) for name, account in accounts.items()},
    )
    wanted = Asked(
        loadout.rules, work.parts.source, asked.as_of, accounts=asked.accounts,
        files=files_of(loadout),
    )  # fmt: skip
    return prepared(wanted, said, memory.plans)


def _planner(following: Following, writer: PlanWriter | None) -> Planner:
    def plan(catalogue: Catalogue, keep: Keep) -> None:
        def kept(account: str, rows: PlanRows) -> None:
            keep(account, rows)
            if writer is not None:
                writer.add(account, rows)

        following.plan(catalogue, kept)

    return plan


def said(found: Following, why: str) -> Iterator[str]:
    """How much is planned again, and why it is everything where it is."""
    counts = found.counts
    size = len(found.prepared.standing.keys)
    yield f"Planned again: {sum(counts.values()):,} of {size * len(counts):,} offers"
    if why:
        yield f"  everything, because {why}"
        return
    accounts: dict[str, list[str]] = defaultdict(list)
    for account, one in found.reached.items():
        for reason in one.why:
            accounts[reason].append(account)
    for reason, names in accounts.items():
        yield f"  all of {', '.join(names)}: {reason}"
