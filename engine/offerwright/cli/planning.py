"""The plan of now: over the newest snapshot, or over the sources as they are, part by part."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from offerwright import __version__
from offerwright.cli.commit import commit_of
from offerwright.cli.following import Work, planned_again
from offerwright.cli.live import Live
from offerwright.cli.options import STATE, known_accounts, moment
from offerwright.cli.report import tell
from offerwright.cli.snapshot import current_snapshot, sources_seen, take_snapshot
from offerwright.evaluate.partitions import partitions
from offerwright.guards.sources import written
from offerwright.guards.stops import Stop
from offerwright.loadout import Loadout, PlanRequest, doubt_of
from offerwright.store.protocol import Store
from offerwright.sync.plan import Basis, SyncPlan

PLANNED = "planned"
"""The folder of what `--incremental` knows, by target."""
LIVE, SANDBOX = "marketplaces", "sandbox"
PARTS_IN_MEMORY = 4
"""A plan of more parts lies on disk while it is made."""
WORKERS = 2
"""Parts at a time: one is computed while the ledger of the next is read."""


@dataclass(frozen=True)
class Wanted:
    """What a command asks of a plan; `anew`: the sources are read first."""

    data: Path | None
    as_of: str | None
    accounts: tuple[str, ...]
    first_publication: bool
    anew: bool = False
    incremental: bool = False


@contextmanager
def planned(world: Live, home: Path, wanted: Wanted) -> Iterator[SyncPlan]:
    """The plan of now, not sealed yet; what it says is there as long as the context is."""
    loadout = world.loadout
    names = known_accounts(wanted.accounts, [p.account.name for p in loadout.rules.plans])
    snapshot = (take_snapshot if wanted.anew else current_snapshot)(loadout, home, wanted.data)
    at = moment(wanted.as_of, loadout.rules.time_zone)
    sources = sources_seen(home, snapshot.id, at)
    looking = [g for name in names for g in loadout.guards.by_account[name]]
    basis = Basis(
        commit=commit_of(home),
        rules=loadout.digest,
        snapshot=snapshot.id,
        as_of=at.isoformat(),
        engine=__version__,
        target=target_of(world.sandbox),
        first_publication=wanted.first_publication,
        sources=written(sources, looking),
    )
    stops = holds_of(world.store, at, world.clock.now())
    asked = PlanRequest(tuple(names), at, basis, doubt_of(snapshot.manifest), stops, sources)
    parts = partitions(loadout.rules, snapshot.facts)
    _tell_unmapped(loadout, names)
    with tempfile.TemporaryDirectory(prefix="plan-", dir=home / STATE) as spilled:
        is_large = len(parts) > PARTS_IN_MEMORY
        work = Work(loadout, parts, asked, Path(spilled) if is_large else None, WORKERS)
        if wanted.incremental:
            yield planned_again(world.store, work, home / STATE / PLANNED / basis.target)
        else:
            with world.store.reading(much=is_large) as reading:
                made = work.plan(reading)
            yield made


def holds_of(store: Store, as_of: datetime, now: float) -> dict[str, tuple[Stop, ...]]:
    """
    What operators hold back, by account.

    It is what stands now, whatever the plan's moment: only one that is over by then holds nothing.
    """
    found: dict[str, tuple[Stop, ...]] = {}
    for one in store.holds():
        wish = one.wish
        if one.counts(now) and one.counts(as_of.timestamp()):
            stop = Stop("HELD", str(one), "", wish.aspects, wish.sku, wish.rule)
            found[wish.account] = (*found.get(wish.account, ()), stop)
    return found


def _tell_unmapped(loadout: Loadout, accounts: Sequence[str]) -> None:
    """Say where nothing can be listed for want of a mapping: it may be meant, or forgotten."""
    for name in accounts:
        plan = loadout.rules.plan(name)
        if loadout.marketplaces[plan.account.marketplace].document.create and not plan.mappings:
            tell(
                f"note: {name} has no mapping, so nothing is listed there; "
                "prices and stock go to listings that exist already"
            )


def target_of(sandbox: str | None) -> str:
    """Whose listings a plan speaks of: each has a ledger of its own."""
    return LIVE if sandbox is None else SANDBOX
