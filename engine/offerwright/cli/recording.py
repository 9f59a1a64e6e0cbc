"""What `plan`, `apply` and `sync` put on record of themselves; the clock is read here."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from offerwright.cli.live import SANDBOX_STORE, Live
from offerwright.cli.options import STATE
from offerwright.cli.report import tell
from offerwright.errors import ConfigError, OfferwrightError, StoreRefused
from offerwright.facts.document import ShopDocument
from offerwright.profile import staged
from offerwright.runs.record import DIRTY, Kind, RunRecord, RunRefused, stored
from offerwright.source.history import repository_at
from offerwright.source.load import load_one
from offerwright.source.repository import SHOP_FILE, read_repository
from offerwright.store.open import open_store
from offerwright.store.protocol import Store
from offerwright.store.sqlite.locks import file_lock

if TYPE_CHECKING:
    import polars as pl

    from offerwright.sync.plan import SyncPlan

RUNS, LOCK = "runs", "lock"
LOCK_WAIT_S = 30.0
BLOCK = 5_000
"""Lines of a plan file at a time."""
INTERRUPTED = 130
SHORT = 12
"""So much of an id is shown; so much of it names the run."""


def runs_folder(home: Path, target: str) -> Path:
    """Where runs of a target are kept: each target has a store of its own, so a folder too."""
    return home / STATE / RUNS / target


@contextmanager
def recording_store(home: Path, sandbox: str | None) -> Iterator[Store]:
    """
    The store with the runs of a target, to read; rules with errors are no obstacle.

    Raises `RunRefused` where nothing was ever recorded there.
    """
    repository, unread = read_repository(home, None)
    shop, wrong = load_one(repository, SHOP_FILE, ShopDocument)
    if shop is None:
        raise ConfigError([*unread, *wrong])
    url = shop.document.store if sandbox is None else SANDBOX_STORE
    try:
        store = open_store(url, home, read_only=True)
    except StoreRefused as problem:
        raise RunRefused(f"no run is recorded here yet: {problem}") from problem
    try:
        yield store
    finally:
        store.close()


@dataclass(frozen=True)
class Doing:
    """What a command does: which plan, for whom, since when."""

    kind: Kind
    head: Mapping[str, Any]
    plan: str
    accounts: tuple[str, ...]
    started: float
    returns_to: str = ""


@dataclass
class Ending:
    """How a command ends, as far as it is known."""

    code: int = field(default=0)


@contextmanager
def on_record(
    world: Live, home: Path, doing: Doing, lines: Iterable[pl.Series]
) -> Iterator[Ending]:
    """
    Put a run on record before anything of it is sent, and how it ended after.

    One that is killed stays on record without an end.
    """
    record = _begun(world, home, doing, lines)
    ending = Ending()
    try:
        yield ending
    except OfferwrightError as problem:
        ending.code = problem.exit_code
        raise
    except (KeyboardInterrupt, click.Abort):
        ending.code = INTERRUPTED
        raise
    except BaseException:
        ending.code = 2
        raise
    finally:
        world.store.record_run(stored(replace(record, ended=time.time(), exit_code=ending.code)))


@staged("run record")
def _begun(world: Live, home: Path, doing: Doing, lines: Iterable[pl.Series]) -> RunRecord:
    from offerwright.runs.files import keep_files
    from offerwright.runs.folder import kept_now, write_kept
    from offerwright.runs.keeping import drop_unnamed_files, prune
    from offerwright.runs.said import all_said

    head, store = doing.head, world.store
    folder = runs_folder(home, head["target"])
    folder.mkdir(parents=True, exist_ok=True)
    said = all_said(lines)
    with store.reading() as reading:
        kept = kept_now(said, sorted(doing.accounts), reading)
    commit = str(head["commit"]).removesuffix(DIRTY)
    files = world.loadout.repository.files
    committed = repository_at(home, commit, whole=True).files if commit else {}
    run = uuid.uuid4().hex
    with file_lock(folder / LOCK, LOCK_WAIT_S) as is_ours:
        if not is_ours:
            raise OfferwrightError(f"{folder} has been locked by another run for {LOCK_WAIT_S:g} s")
        record = RunRecord(
            id=run, kind=doing.kind, commit=commit,
            is_dirty=str(head["commit"]).endswith(DIRTY),
            rules=head["rules"], snapshot=head["snapshot"], as_of=head["as_of"],
            engine=head["engine"], plan=doing.plan, target=head["target"],
            accounts=tuple(sorted(doing.accounts)),
            first_publication=bool(head["first_publication"]), operations=len(said),
            digest=write_kept(folder, run, kept),
            files=keep_files(folder, files, committed), started=doing.started,
            returns_to=doing.returns_to,
        )  # fmt: skip
        store.record_run(stored(record))
        if prune(store, folder, record.target):
            drop_unnamed_files(store, folder)
    tell(f"Run {run[:SHORT]}")
    return record


def doing(kind: Kind, made: SyncPlan, began: float) -> Doing:
    """What a command does that has made a plan itself."""
    accounts = tuple(part.account for part in made.parts)
    return Doing(kind, made.basis.said, made.id, accounts, began, made.basis.returns_to)


def plan_lines(made: SyncPlan) -> Iterator[pl.Series]:
    """The lines of the operations of a plan, block by block."""
    return (rows["line"] for part in made.parts for rows in part.operations())


def file_lines(path: Path) -> Iterator[pl.Series]:
    """The lines of the operations of a plan file, many at a time."""
    import polars as pl

    from offerwright.sync.plan_file import lines_of_operations

    rest = lines_of_operations(path)
    while block := list(islice(rest, BLOCK)):
        yield pl.Series(block, dtype=pl.String)
