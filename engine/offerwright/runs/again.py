"""A recorded run → its rules, its snapshot and its operations, computed again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from offerwright.errors import OfferwrightError, SnapshotRefused
from offerwright.evaluate.partitions import only
from offerwright.facts.snapshot import StoredSnapshot, open_snapshot
from offerwright.loadout import Loadout, PlanRequest, doubt_of, plan_parts
from offerwright.runs.files import kept_changes
from offerwright.runs.record import RunRecord, RunRefused
from offerwright.runs.telling import Telling, teller
from offerwright.source.history import commit_range, repository_at
from offerwright.source.repository import Repository
from offerwright.sync.catalogue import HeldLedger
from offerwright.sync.known import Known
from offerwright.sync.plan import Basis, PlanRows

Compiled = Callable[[Repository], Loadout | None]
"""Compiles the bytes of a repository; None where they have errors."""


@dataclass(frozen=True)
class Places:
    """Where a run is looked for: the repository, the snapshots, and what is kept of runs."""

    root: Path
    snapshots: Path
    runs: Path


@dataclass(frozen=True)
class Again:
    """What a run stood on, there again."""

    record: RunRecord
    loadout: Loadout
    snapshot: StoredSnapshot

    @property
    def as_of(self) -> datetime:
        return datetime.fromisoformat(self.record.as_of)

    @property
    def basis(self) -> Basis:
        """What the plan of the run said that it stood on."""
        one = self.record
        return Basis(
            commit=one.commit, rules=one.rules, snapshot=one.snapshot, as_of=one.as_of,
            engine=one.engine, target=one.target, first_publication=one.first_publication,
        )  # fmt: skip


def again(record: RunRecord, places: Places, compiled: Compiled) -> Again:
    """
    Find all that a run stood on.

    Raises:
        RunRefused: its commit, its snapshot or its files are gone, or its rules compile no more.
    """
    loadout = compiled(Repository(places.root, files_of(record, places)))
    if loadout is None:
        raise RunRefused(
            f"the rules of run {record.id[:12]} are there, but this version of Offerwright "
            f"refuses them; replay it with version {record.engine}"
        )
    return Again(record, loadout, _snapshot(record, places))


def files_of(record: RunRecord, places: Places) -> dict[str, bytes]:
    """The files of a run: those of its commit, with what was different then."""
    files: dict[str, bytes] = {}
    if record.commit:
        try:
            commit = commit_range(places.root, f"{record.commit}..{record.commit}").base
        except OfferwrightError as problem:
            raise RunRefused(
                f"the commit {record.commit[:12]} of run {record.id[:12]} is not in this "
                f"repository (a shallow clone, or history that was rewritten): {problem}"
            ) from problem
        files = dict(repository_at(places.root, commit, whole=True).files)
    if not record.files:
        raise RunRefused(f"nothing was recorded of the files of run {record.id[:12]}")
    for file, body in kept_changes(places.runs, record.files).items():
        if body is None:
            files.pop(file, None)
        else:
            files[file] = body
    return dict(sorted(files.items()))


def _snapshot(record: RunRecord, places: Places) -> StoredSnapshot:
    try:
        return open_snapshot(places.snapshots / record.snapshot)
    except SnapshotRefused as problem:
        raise RunRefused(
            f"the snapshot {record.snapshot[:12]} of run {record.id[:12]} is not there any more, "
            f"so what it said cannot be computed: {problem}"
        ) from problem


def rows_again(
    found: Again, ledgers: Mapping[str, Known], skus: Collection[str], telling: Telling
) -> Iterator[tuple[str, PlanRows]]:
    """
    What rules and guards of a run say of some SKUs, by account, against these ledgers.

    Guards on the whole run are left out: they look at all offers. So are holds of operators and the
    history of prices: they only keep back, and a run did not say what they kept back.
    """
    loadout = found.loadout
    parts = only(loadout.rules, found.snapshot.facts, sorted(skus))
    asked = PlanRequest(tuple(ledgers), found.as_of, found.basis, doubt_of(found.snapshot.manifest))
    wanted = pl.Series(sorted(skus), dtype=pl.String)
    held = HeldLedger({name: known.only(wanted) for name, known in ledgers.items()})
    made = plan_parts(loadout, parts, held, asked, planner=teller(telling))
    for part in made.parts:
        for rows in part.rows:
            yield part.account, rows


def operations_again(
    found: Again, known: Mapping[str, Known], skus: Collection[str]
) -> Iterator[tuple[str, pl.DataFrame]]:
    """The operations of some SKUs against the ledger of then: account and `plan.OPERATIONS`."""
    for account, rows in rows_again(found, known, skus, Telling()):
        yield account, rows.operations.collect()
