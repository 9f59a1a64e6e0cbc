"""A state of offers as a file: Arrow IPC, a record batch an account, mapped into memory to read."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from offerwright.compare.offer_state import VERSION, AccountState, OfferState, StateRefused
from offerwright.frames import ASPECTS

MAGIC = b"ARROW1"
_FORMAT = b"offerwright.offer_state"
_COLUMNS = ("key", *ASPECTS)


def write_state(state: OfferState, file: Path, basis: Mapping[str, str] | None = None) -> None:
    """
    Write a state; a file of that name is replaced at once or not at all.

    `basis` says what it stands on (`rules`, `snapshot`, `as_of`), for whoever reads it.
    """
    head = {
        "version": VERSION,
        "digest": state.digest,
        "accounts": [one.account for one in state.accounts],
        "basis": dict(basis or {}),
    }
    schema = pa.schema(
        [pa.field(name, pa.uint64(), nullable=False) for name in _COLUMNS],
        metadata={_FORMAT: json.dumps(head, sort_keys=True).encode()},
    )
    fresh = file.with_name(f".{file.name}.new")
    with pa.OSFile(str(fresh), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for one in state.accounts:
            arrays = [pa.array(column) for column in (one.keys, *one.aspects)]
            writer.write_batch(pa.record_batch(arrays, schema=schema))
    os.replace(fresh, file)


def read_state(file: Path) -> OfferState:
    """The state that `write_state` wrote. Raises `StateRefused` for anything else."""
    try:
        reader = pa.ipc.open_file(pa.memory_map(str(file)))
        head = json.loads((reader.schema.metadata or {}).get(_FORMAT, b"{}"))
        _check_head(head, reader, file)
        batches = [reader.get_batch(n) for n in range(reader.num_record_batches)]
        pairs = zip(head["accounts"], batches, strict=True)
        state = OfferState(tuple(_account(name, batch) for name, batch in pairs))
    except (pa.ArrowException, OSError, ValueError, KeyError) as problem:
        if isinstance(problem, FileNotFoundError):
            raise
        raise StateRefused(f"{file} cannot be read: {problem}") from problem
    rising = all((one.keys[1:] > one.keys[:-1]).all() for one in state.accounts)
    if not rising or state.digest != head["digest"]:
        raise StateRefused(f"{file} is damaged: it does not have the digest that it says")
    return state


def _check_head(head: Mapping[str, Any], reader: Any, file: Path) -> None:
    if not head:
        raise StateRefused(f"{file} is no state of offers")
    if head["version"] != VERSION:
        raise StateRefused(
            f"{file} has version {head['version']} of states, this engine reads {VERSION}; "
            "write it anew with `offerwright offers --state`"
        )
    if reader.num_record_batches != len(head["accounts"]):
        raise StateRefused(f"{file} is damaged: an account is missing")


def _account(name: str, batch: pa.RecordBatch) -> AccountState:
    columns = [batch.column(n).to_numpy() for n in _COLUMNS]
    return AccountState(name, columns[0], np.stack(columns[1:]))
