"""A remembered run on disk: offers as Parquet, hashes as Arrow, and a head that names both."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from offerwright import __version__
from offerwright.compare.listing_file import ListingFile
from offerwright.compare.offer_state import StateRefused
from offerwright.incremental.affected import Standing
from offerwright.incremental.footing import SIDES, Side
from offerwright.incremental.memory import (
    AccountMemory,
    Mask,
    Memory,
    Stood,
    blocked_sides,
    stood,
)
from offerwright.incremental.run import PartOfRun

FORMAT = 1
NEWEST, HEAD, INPUTS = "newest", "memory.json", "inputs.arrow"


class MemoryWriter:
    """
    Keeps a run while it is computed. What was remembered before stays until all of this is there.

    `engine` names what computes: another one remembers nothing of this. Use it in a `with`; a run
    that fails, or that was not `finished`, leaves nothing behind.
    """

    def __init__(self, folder: Path, engine: str) -> None:
        self.folder, self.engine = folder, engine
        folder.mkdir(parents=True, exist_ok=True)
        self._fresh = Path(tempfile.mkdtemp(prefix=".", dir=folder))
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._blocked: dict[str, list[Mapping[Side, Mask]]] = {}

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
        """Keep the offers of one part: a row group for each account."""
        for account, frame in part.listings.items():
            table = frame.to_arrow()
            writer = self._writers.get(account)
            if writer is None:
                file = self._fresh / _listing(len(self._writers))
                writer = self._writers[account] = pq.ParquetWriter(
                    file, table.schema, compression="lz4", write_page_checksum=True
                )
            writer.write_table(table.cast(writer.schema), row_group_size=max(1, len(table)))
            self._blocked.setdefault(account, []).append(blocked_sides(frame))

    def finish(self, now: Standing) -> None:
        """Make it the run that the next one begins with."""
        self._close()
        accounts = list(self._writers)
        content = _inputs(now, accounts, self._blocked)
        head = _head(now, accounts, self.engine, hashlib.sha256(content).hexdigest())
        (self._fresh / INPUTS).write_bytes(content)
        (self._fresh / HEAD).write_text(head, encoding="utf-8")
        name = hashlib.sha256(head.encode()).hexdigest()[:32]
        target = self.folder / name
        shutil.rmtree(target, ignore_errors=True)
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


def _listing(number: int) -> str:
    return f"offers-{number}.parquet"


def _inputs(
    now: Standing, accounts: list[str], blocked: Mapping[str, list[Mapping[Side, Mask]]]
) -> bytes:
    """Hashes row by row: `key, family`, then of every account `told, stock` and what is blocked."""
    columns: dict[str, pa.Array] = {"key": pa.array(now.keys), "family": pa.array(now.families)}
    for number, account in enumerate(accounts):
        bits = np.zeros(len(now.keys), dtype=np.uint8)
        for bit, side in enumerate(SIDES):
            columns[f"{number}.{side}"] = pa.array(now.inputs[account][side])
            masks = [part[side] for part in blocked[account]]
            bits |= np.concatenate(masks).view(np.uint8) << np.uint8(bit)
        columns[f"{number}.blocked"] = pa.array(bits)
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    held: bytes = sink.getvalue().to_pybytes()
    return held


def _head(now: Standing, accounts: list[str], engine: str, digest: str) -> str:
    said = {
        "format": FORMAT,
        "engine": [__version__, engine],
        "inputs": digest,
        "files": now.files,
        "accounts": [
            {
                "account": account,
                "documents": dict(now.documents[account]),
                "footings": {
                    side: [one.meaning, one.places, one.clock]
                    for side, one in stood(now.footings[account]).items()
                },
            }
            for account in accounts
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
        head = json.loads((place / HEAD).read_text(encoding="utf-8"))
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
    listing = ListingFile(place / _listing(number), checks_pages=True)
    if listing.height != len(columns["key"]):
        raise ValueError(f"{_listing(number)} is damaged")
    bits = columns[f"{number}.blocked"]
    return AccountMemory(
        account=head["account"],
        footings={side: Stood(*head["footings"][side]) for side in SIDES},
        inputs={side: columns[f"{number}.{side}"] for side in SIDES},
        blocked={side: (bits >> np.uint8(bit) & 1).astype(bool) for bit, side in enumerate(SIDES)},
        listing=listing,
        documents=head["documents"],
    )
