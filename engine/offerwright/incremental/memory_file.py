"""A remembered run on disk: offers as Parquet, hashes as Arrow, and a head that names both."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from offerwright import __version__
from offerwright.compare.listing_file import ListingFile
from offerwright.compare.offer_state import StateRefused
from offerwright.incremental.affected import Standing
from offerwright.incremental.arrow_bytes import arrow_bytes
from offerwright.incremental.footing import SIDES, Side
from offerwright.incremental.memory import (
    AccountMemory,
    Mask,
    Memory,
    Places,
    Stood,
    blocked_sides,
    stood,
)
from offerwright.incremental.patches import MOST_FILES, PatchedListing, Pointers, used
from offerwright.incremental.run import Fresh, Incremental, PartOfRun

FORMAT = 1
NEWEST, HEAD, INPUTS = "newest", "memory.json", "inputs.arrow"


class MemoryWriter:
    """
    Keeps a run while it is computed. What was remembered before stays until all of this is there;
    then everything else in the folder goes, so one at a time writes there.

    Only offers that were computed are written; the files of earlier runs with the others are linked
    (`patches`). `engine` names what computes: another one remembers nothing of this. Use it in a
    `with`; a run that fails, or that was not `finished`, leaves nothing behind.
    """

    def __init__(self, folder: Path, engine: str, found: Incremental) -> None:
        self.folder, self.engine, self.found = folder, engine, found
        folder.mkdir(parents=True, exist_ok=True)
        self._fresh = Path(tempfile.mkdtemp(prefix=".", dir=folder))
        self._kept = {account: _Kept.of(found, account) for account in found.asked.wanted}
        self._writers: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> MemoryWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()
        shutil.rmtree(self._fresh, ignore_errors=True)

    def add(self, part: PartOfRun) -> None:
        """Keep the offers of one part: a row group for each account that has some."""
        for account, one in part.fresh.items():
            kept = self._kept[account]
            everything = np.ones_like(one.computed)
            mask, frame = (one.computed, one.offers) if kept.files else (everything, one.listing())
            kept.add(one, mask, frame)
            table = frame.to_arrow()
            writer = self._writers.get(account)
            if writer is None:
                writer = self._writers[account] = pq.ParquetWriter(
                    self._fresh / f"new-{len(self._writers)}.parquet", table.schema,
                    compression="lz4", write_page_checksum=True,
                )  # fmt: skip
            if len(table):
                writer.write_table(table.cast(writer.schema), row_group_size=len(table))

    def finish(self) -> None:
        """Make it the run that the next one begins with."""
        self._close()
        now = self.found.standing
        accounts = list(self._writers)
        columns = {"key": pa.array(now.keys), "family": pa.array(now.families)}
        files: list[list[str]] = []
        for number, account in enumerate(accounts):
            pointers = self._kept[account].pointers(self._fresh / f"new-{number}.parquet")
            files.append(self._linked(number, pointers.files))
            columns |= _columns(number, now, account, self._kept[account].bits, pointers)
        content = arrow_bytes(columns)
        head = _head(now, list(zip(accounts, files, strict=True)), self.engine, content)
        (self._fresh / INPUTS).write_bytes(content)
        (self._fresh / HEAD).write_bytes(head.encode())
        self._put_in_place(_name(head.encode()))

    def _linked(self, number: int, files: Sequence[Path]) -> list[str]:
        """The files of an account under their names of now; the same bytes, not copied."""
        names = [f"offers-{number}-{place}.parquet" for place in range(len(files))]
        for file, name in zip(files, names, strict=True):
            try:
                os.link(file, self._fresh / name)
            except OSError:  # a disk that has no links
                shutil.copyfile(file, self._fresh / name)
        (self._fresh / f"new-{number}.parquet").unlink()
        return names

    def _put_in_place(self, name: str) -> None:
        target = self.folder / name
        if self.found.memory is None:  # what is there then is damaged
            shutil.rmtree(target, ignore_errors=True)
        if not target.exists():  # else it is the same run again
            self._fresh.rename(target)
        fresh = self.folder / f".{NEWEST}"
        fresh.write_text(f"{name}\n", encoding="utf-8")
        os.replace(fresh, self.folder / NEWEST)
        for other in self.folder.iterdir():
            if other.is_dir() and other != target:
                shutil.rmtree(other, ignore_errors=True)

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()


@dataclass
class _Kept:
    """Where the offers of one account stand; `files` are those of earlier runs."""

    files: tuple[Path, ...]
    before: AccountMemory | None
    file: list[NDArray[np.uint8]] = field(default_factory=list)
    at: list[Places] = field(default_factory=list)
    blocked: list[NDArray[np.uint8]] = field(default_factory=list)
    written: int = 0

    @staticmethod
    def of(found: Incremental, account: str) -> _Kept:
        """Empty where all offers are to be written into one file."""
        held = None if found.memory is None else found.memory.accounts.get(account)
        listing = None if held is None else held.listing
        if not isinstance(listing, PatchedListing) or len(listing.files) >= MOST_FILES:
            return _Kept((), held)
        return _Kept(tuple(one.path for one in listing.files), held)

    def add(self, one: Fresh, mask: Mask, frame: pl.DataFrame) -> None:
        """The rows of one part; those of the mask were written."""
        size, new = len(mask), len(frame)
        file = np.full(size, len(self.files), dtype=np.uint8)
        at = np.zeros(size, dtype=np.int64)
        bits = np.zeros(size, dtype=np.uint8)
        at[mask] = np.arange(self.written, self.written + new)
        bits[mask] = _bits(blocked_sides(frame))
        if not mask.all():
            assert self.before is not None and isinstance(self.before.listing, PatchedListing)
            old, listing = one.old[~mask], self.before.listing
            file[~mask], at[~mask] = listing.file[old], listing.at[old]
            bits[~mask] = _bits({side: held[old] for side, held in self.before.blocked.items()})
        self.file.append(file)
        self.at.append(at)
        self.blocked.append(bits)
        self.written += new

    @property
    def bits(self) -> NDArray[np.uint8]:
        return np.concatenate(self.blocked)

    def pointers(self, new: Path) -> Pointers:
        return used(
            Pointers((*self.files, new), np.concatenate(self.file), np.concatenate(self.at))
        )


def _bits(blocked: Mapping[Side, Mask]) -> NDArray[np.uint8]:
    """A bit for each half of an offer that is withheld."""
    found = [blocked[side].astype(np.uint8) << np.uint8(bit) for bit, side in enumerate(SIDES)]
    return np.asarray(found[0] | found[1], dtype=np.uint8)


def _columns(
    number: int, now: Standing, account: str, bits: NDArray[np.uint8], pointers: Pointers
) -> dict[str, pa.Array]:
    """Row by row of one account: hashes of inputs, what is withheld, where the offer stands."""
    return {
        **{f"{number}.{side}": pa.array(now.inputs[account][side]) for side in SIDES},
        f"{number}.blocked": pa.array(bits),
        f"{number}.file": pa.array(pointers.file),
        f"{number}.at": pa.array(pointers.at.astype(np.uint32)),
    }


def _name(head: bytes) -> str:
    """What the folder with this head is called."""
    return hashlib.sha256(head).hexdigest()[:32]


def _head(
    now: Standing, accounts: Sequence[tuple[str, list[str]]], engine: str, inputs: bytes
) -> str:
    said = {
        "format": FORMAT,
        "engine": [__version__, engine],
        "inputs": hashlib.sha256(inputs).hexdigest(),
        "files": now.files,
        "accounts": [
            {
                "account": account,
                "offers": files,
                "documents": dict(now.documents[account]),
                "footings": {
                    side: [one.meaning, one.places, one.clock]
                    for side, one in stood(now.footings[account]).items()
                },
            }
            for account, files in accounts
        ],
    }
    return json.dumps(said, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def read_memory(folder: Path, engine: str) -> tuple[Memory | None, str]:
    """
    The run that was remembered last, or why there is none.

    Offers are read when they are asked for. A memory that is damaged is as good as none.
    """
    newest = folder / NEWEST
    if not newest.is_file():
        return None, "nothing was remembered"
    try:
        place = folder / Path(newest.read_text(encoding="utf-8").strip()).name
        content = (place / HEAD).read_bytes()
        if _name(content) != place.name:
            raise ValueError(f"{HEAD} is damaged")
        head = json.loads(content)
        if head["format"] != FORMAT or head["engine"] != [__version__, engine]:
            return None, "another version of the engine has run since"
        return _memory(place, head), ""
    except (OSError, ValueError, KeyError, TypeError, StateRefused, pa.ArrowException) as problem:
        return None, f"what was remembered cannot be read: {problem}"


def _memory(place: Path, head: Mapping[str, Any]) -> Memory:
    content = (place / INPUTS).read_bytes()
    if hashlib.sha256(content).hexdigest() != head["inputs"]:
        raise ValueError(f"{INPUTS} is damaged")
    table = pa.ipc.open_file(pa.BufferReader(content)).read_all()
    columns = {name: table.column(name).to_numpy() for name in table.column_names}
    accounts = {
        one["account"]: _account(number, one, place, columns)
        for number, one in enumerate(head["accounts"])
    }
    return Memory(columns["key"], columns["family"], accounts, head["files"])


def _account(
    number: int, head: Mapping[str, Any], place: Path, columns: Mapping[str, Any]
) -> AccountMemory:
    files = tuple(ListingFile(place / Path(f).name, checks_pages=True) for f in head["offers"])
    file, at = columns[f"{number}.file"], columns[f"{number}.at"].astype(np.int64)
    heights = np.array([one.height for one in files], dtype=np.int64)
    if not (at < heights[file]).all():
        raise ValueError(f"{head['offers']} are damaged")
    bits = columns[f"{number}.blocked"]
    return AccountMemory(
        account=head["account"],
        footings={side: Stood(*head["footings"][side]) for side in SIDES},
        inputs={side: columns[f"{number}.{side}"] for side in SIDES},
        blocked={side: (bits >> np.uint8(bit) & 1).astype(bool) for bit, side in enumerate(SIDES)},
        listing=PatchedListing(files, file, at),
        documents=head["documents"],
    )
