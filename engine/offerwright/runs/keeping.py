"""Which records of runs stay: the newest, and every one that said what is still live."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from offerwright.frames import ASPECTS
from offerwright.runs.files import drop_files
from offerwright.runs.folder import drop_kept, read_kept
from offerwright.runs.record import RunRecord, RunRefused, recorded
from offerwright.store.protocol import Reading, Store

ALL = 1_000_000


def all_runs(store: Store, target: str) -> list[RunRecord]:
    """Every run of a target that is recorded, the newest first."""
    found = (recorded(run) for run in store.runs(ALL))
    return [one for one in found if one.target in ("", target)]


@dataclass(frozen=True)
class Bounds:
    """How many runs stay whatever they said; `slack` more may lie there before anybody looks."""

    sent: int = 200
    planned: int = 50
    slack: int = 20


def prune(store: Store, folder: Path, target: str, bounds: Bounds = Bounds()) -> tuple[str, ...]:
    """
    Drop the records that nobody needs, with what is kept of them; gives their ids.

    Needed are the newest that sent and the newest that only planned, and older ones that said a
    value which is live now: without them nobody could say again what is there. The caller holds
    the lock on the folder.
    """
    runs = all_runs(store, target)
    dropped = tuple(one.id for one in _needless(runs, store, folder, bounds))
    store.forget_runs(dropped)
    left = [one for one in runs if one.id not in dropped]
    drop_kept(folder, dict.fromkeys(one.id for one in left))
    return dropped


def drop_unnamed_files(store: Store, folder: Path) -> None:
    """Drop the files of runs that no record of this store names any more."""
    drop_files(folder, (recorded(run).files for run in store.runs(ALL)))


def _needless(
    runs: Sequence[RunRecord], store: Store, folder: Path, bounds: Bounds
) -> Iterator[RunRecord]:
    sent = [one for one in runs if one.sends]
    planned = [one for one in runs if not one.sends]
    if len(planned) > bounds.planned + bounds.slack:
        yield from planned[bounds.planned :]
    if len(sent) > bounds.sent + bounds.slack:
        with store.reading() as reading:
            for one in sent[bounds.sent :]:
                if not _stands(one, folder, reading):
                    yield one


def _stands(run: RunRecord, folder: Path, reading: Reading) -> bool:
    """Whether anything that it said is confirmed now. One that cannot be read says nothing."""
    try:
        said = read_kept(folder, run).said
    except RunRefused:
        return False
    for (account,), part in said.group_by("account", maintain_order=True):
        ledger = reading.ledger_frame(str(account), part["sku"].unique().sort())
        for aspect in ASPECTS:
            live = ledger.filter(pl.col("aspect") == aspect).select("sku", "confirmed_hash")
            both = part.join(live, on="sku", how="inner")
            if both.select((pl.col(f"covers.{aspect}") == pl.col("confirmed_hash")).any()).item():
                return True
    return False
