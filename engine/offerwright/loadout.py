"""A linked repository as one value, and what it plans. Reading one is `pipeline`'s."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from offerwright.expressions.parse import microseconds

if TYPE_CHECKING:
    from offerwright.evaluate.partitions import Partitions
    from offerwright.evaluate.run import Executor
    from offerwright.facts.schema import FactSchema
    from offerwright.facts.shop import Shop
    from offerwright.guards.plan import GuardSet
    from offerwright.guards.sources import Sources
    from offerwright.guards.stops import Stop
    from offerwright.marketplaces.marketplace import Marketplace
    from offerwright.rules.changes import Change
    from offerwright.rules.document import FeesDocument
    from offerwright.rules.lifecycle_table import Lifecycle
    from offerwright.rules.plan import RuleSet
    from offerwright.rules.routing_plan import RoutingSet
    from offerwright.source.document import Document
    from offerwright.source.located import Loaded
    from offerwright.source.repository import Repository
    from offerwright.sync.catalogue import Ledger, Planner
    from offerwright.sync.delta import Doubt
    from offerwright.sync.known import Known
    from offerwright.sync.plan import Basis, SyncPlan
    from offerwright.sync.rows import Planning

# What of a marketplace's folder decides what it is told, and not only how.
TOLD = ("marketplace.yaml", "payloads/", "contract/")
# What is said of orders, and of no offer.
OF_ORDERS = ("lifecycle", "routing")


def _no_routing() -> RoutingSet:
    from offerwright.rules.routing_plan import NO_ROUTING

    return NO_ROUTING


@dataclass(frozen=True, slots=True)
class Revision:
    """One document by what it means: `revision` changes when that does."""

    kind: str
    name: str
    file: str
    revision: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a bundle says of the documents that it was made of."""

    digest: str
    revisions: tuple[Revision, ...]
    store: str
    """Where the ledger lies, so that a command that only reads it need not read the shop."""


@dataclass(frozen=True)
class Loadout:
    """Everything a repository says, linked: ready to be evaluated."""

    repository: Repository
    shop: Shop
    schema: FactSchema
    rules: RuleSet
    guards: GuardSet
    marketplaces: Mapping[str, Marketplace]
    documents: tuple[Loaded[Document], ...]
    lifecycles: Mapping[str, Lifecycle] = field(default_factory=dict)
    routing: RoutingSet = field(default_factory=_no_routing)
    own_fees: tuple[Loaded[FeesDocument], ...] = ()
    """The schedules that marketplaces' own folders bring."""
    stamp: Stamp | None = None
    """Of what comes from a bundle, which has no `documents`."""

    @property
    def store(self) -> str:
        """Where the shop says that its ledger lies."""
        return self.shop.document.store if self.stamp is None else self.stamp.store

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """All documents by what they mean, in their order."""
        if self.stamp is not None:
            return self.stamp.revisions
        return tuple(
            Revision(one.document.kind, one.name, one.file, one.revision) for one in self.documents
        )

    @property
    def digest(self) -> str:
        """One hash of all that a plan stands on: rules, facts, guards, approvals, payloads."""
        if self.stamp is not None:
            return self.stamp.digest
        lines = [
            f"{one.kind} {one.name} {one.revision}"
            for one in self.revisions
            if one.kind not in OF_ORDERS
        ]
        used = {plan.account.marketplace for plan in self.rules.plans}
        lines += [line for name in used for line in self._told(name)]
        text = "\n".join([self.rules.digest, *sorted(lines)])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def told_of(self, marketplace: str) -> str:
        """A hash of what a marketplace's folder says of payloads and limits."""
        return hashlib.sha256("\n".join(sorted(self._told(marketplace))).encode()).hexdigest()

    def _told(self, marketplace: str) -> list[str]:
        folder = f"marketplaces/{marketplace}/"
        return [
            f"{file} {hashlib.sha256(body).hexdigest()}"
            for file, body in self.repository.files.items()
            if file.startswith(folder) and file.removeprefix(folder).startswith(TOLD)
        ]


def next_changes(
    loadout: Loadout, after: datetime, accounts: Collection[str] | None = None
) -> tuple[Change, ...]:
    """
    What changes by itself at the first moment after this one; nothing where nothing does.

    With `accounts` only what touches one of them; a rate touches all.
    """
    from offerwright.guards.changes import all_changes

    found = [
        change
        for change in all_changes(loadout.rules, loadout.guards, microseconds(after) + 1)
        if accounts is None or not change.accounts or not set(accounts).isdisjoint(change.accounts)
    ]
    return tuple(change for change in found if change.at == found[0].at)


def plan_sync(
    loadout: Loadout,
    snapshot: Any,
    known: Mapping[str, Known],
    *,
    as_of: datetime,
    basis: Basis,
    executor: Executor | None = None,
) -> SyncPlan:
    """
    The face of the project: rules and a snapshot in, a guarded plan out. Pure.

    Args:
        loadout: the linked repository.
        snapshot: a `facts` snapshot.
        known: what the ledger knows, for every account that is to be planned.
        as_of: the moment of the computation, with a zone.
        basis: what the plan will say that it stands on.
        executor: one that has run these rules before, to keep what it has learned.
    """
    from offerwright.evaluate.partitions import partitions
    from offerwright.sync.catalogue import HeldLedger
    from offerwright.sync.plan_file import sealed

    asked = PlanRequest(tuple(sorted(known)), as_of, basis, doubt_of(snapshot.manifest))
    parts = partitions(loadout.rules, snapshot.frame)
    return sealed(plan_parts(loadout, parts, HeldLedger(known), asked, executor=executor))


@dataclass(frozen=True)
class PlanRequest:
    """What is to be planned: which accounts, as of when, and what the plan says it stands on."""

    accounts: tuple[str, ...]
    as_of: datetime
    basis: Basis
    doubt: Doubt
    stops: Mapping[str, tuple[Stop, ...]] = field(default_factory=dict)
    """By account, what must not go whatever its values: what operators hold back."""
    sources: Sources | None = None
    """What the snapshot's sources were, for the guards on them; None = nobody looks."""


def doubt_of(manifest: Any) -> Doubt:
    """Which SKUs may be missing from a snapshot only because their rows were refused."""
    from offerwright.sync.delta import Doubt

    return Doubt(frozenset(manifest.doubtful), manifest.nameless > 0)


def plan_parts(
    loadout: Loadout,
    parts: Partitions,
    ledger: Ledger,
    asked: PlanRequest,
    *,
    executor: Executor | None = None,
    folder: Path | None = None,
    workers: int = 1,
    planner: Planner | None = None,
) -> SyncPlan:
    """
    The plan of a snapshot of any size, part by part. Pure but for `folder`; not sealed yet.

    Args:
        loadout: the linked repository.
        parts: of the snapshot.
        ledger: what is known of the accounts.
        asked: what is to be planned.
        executor: one that has run these rules before, to keep what it has learned.
        folder: where the operations are kept until the plan is written; in memory if None.
        workers: threads.
        planner: what plans the catalogue; `sync.catalogue.plan_catalogue` if None.
    """
    from offerwright.evaluate.matched import expected_matches
    from offerwright.evaluate.run import Executor
    from offerwright.guards.matches import match_stops
    from offerwright.guards.sources import Sources
    from offerwright.sync.account_part import Run, account_part
    from offerwright.sync.catalogue import Catalogue, plan_catalogue
    from offerwright.sync.plan import SyncPlan
    from offerwright.sync.spill import Spill

    executor = executor or Executor(loadout.rules)
    moment = microseconds(asked.as_of)
    plannings = _plannings(loadout, asked, executor)
    kept = {account: Spill(account, folder) for account in plannings}
    catalogue = Catalogue(parts, executor, ledger, plannings, asked.as_of, workers)
    (planner or plan_catalogue)(catalogue, lambda account, rows: kept[account].add(rows))
    first, sources = asked.basis.first_publication, asked.sources or Sources()
    counted = expected_matches(loadout.rules, (block.own for block in parts), asked.as_of)
    missed = match_stops(loadout.rules, counted)
    done = tuple(
        account_part(
            name,
            rows,
            Run(
                plannings[name].guards,
                moment,
                first,
                (*asked.stops.get(name, ()), *missed.get(name, ())),
                sources,
            ),
        )
        for name, rows in kept.items()
    )
    return SyncPlan("", asked.basis, done)


def _plannings(loadout: Loadout, asked: PlanRequest, executor: Executor) -> dict[str, Planning]:
    """What each account is planned by: its marketplace, its guards, the moment."""
    from offerwright.sync.rows import Planning

    return {
        plan.account.name: Planning(
            loadout.marketplaces[plan.account.marketplace],
            loadout.guards.by_account[plan.account.name],
            microseconds(asked.as_of),
            executor.walks,
            asked.doubt,
        )
        for plan in loadout.rules.plans
        if plan.account.name in asked.accounts
    }
