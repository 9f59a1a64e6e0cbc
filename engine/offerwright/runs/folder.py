"""What is kept of a run beside its record: hashes of what it said, and the ledger as it was."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from offerwright.runs.files import KEPT_FILES
from offerwright.runs.record import RunRecord, RunRefused
from offerwright.store.columns import LEDGER, LISTINGS
from offerwright.store.protocol import Reading
from offerwright.sync.known import Known, known_of

SAID_FILE, LEDGER_FILE, LISTINGS_FILE = "operations.parquet", "ledger.parquet", "listings.parquet"
FILES = (SAID_FILE, LEDGER_FILE, LISTINGS_FILE)
_ACCOUNT = {"account": pl.String}


@dataclass(frozen=True)
class Kept:
    """
    What a run said and what was known of it before.

    `said` is `said.SAID`; `ledger` and `listings` are those of the store, with `account` before, of
    the SKUs that have an operation, on all accounts of the run, as they were before it.
    """

    said: pl.DataFrame
    ledger: pl.DataFrame
    listings: pl.DataFrame

    def known(self, accounts: Iterable[str]) -> dict[str, Known]:
        """What was known, by account."""
        return {
            name: known_of(*(_of(one, name) for one in (self.ledger, self.listings)))
            for name in accounts
        }


def _of(frame: pl.DataFrame, account: str) -> pl.DataFrame:
    return frame.filter(pl.col("account") == account).drop("account")


def kept_now(said: pl.DataFrame, accounts: Sequence[str], reading: Reading) -> Kept:
    """What is known now of all SKUs that have an operation."""
    skus = said["sku"].unique().sort()
    ledgers = [pl.DataFrame(schema={**_ACCOUNT, **LEDGER})]
    listings = [pl.DataFrame(schema={**_ACCOUNT, **LISTINGS})]
    for name in accounts if len(skus) else ():
        mark = pl.lit(name).alias("account")
        ledgers.append(reading.ledger_frame(name, skus).select(mark, *LEDGER))
        listings.append(reading.listings_frame(name, skus).select(mark, *LISTINGS))
    return Kept(said, pl.concat(ledgers), pl.concat(listings))


def write_kept(folder: Path, run: str, kept: Kept) -> str:
    """Write a run's folder, whole or not at all; gives its digest."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="new-", dir=folder))
    try:
        for name, frame in zip(FILES, (kept.said, kept.ledger, kept.listings), strict=True):
            frame.write_parquet(fresh / name, compression="zstd")
        digest = _digest(fresh)
        fresh.replace(folder / run)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return digest


def read_kept(folder: Path, run: RunRecord) -> Kept:
    """What was kept of a run. Raises `RunRefused` where it is gone, or not what was written."""
    place = folder / run.id
    if not run.digest:
        raise RunRefused(f"nothing was recorded of what run {run.id[:12]} said: it is too old")
    try:
        found = _digest(place)
    except OSError as problem:
        raise RunRefused(f"{place} is gone: what the run said was dropped") from problem
    if found != run.digest:
        raise RunRefused(f"{place} is not what was written when the run was recorded")
    return Kept(*(pl.read_parquet(place / name, glob=False) for name in FILES))


def _digest(place: Path) -> str:
    lines = [hashlib.sha256((place / name).read_bytes()).hexdigest() for name in FILES]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def drop_kept(folder: Path, known: Mapping[str, object]) -> None:
    """Drop the folders of runs that are none of these. Nobody may be recording meanwhile."""
    for place in folder.iterdir() if folder.is_dir() else ():
        if place.is_dir() and place.name not in (*known, KEPT_FILES):
            shutil.rmtree(place, ignore_errors=True)
