"""The files of a run that its commit does not have, kept once each under their hash."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from offerwright.facts.manifest import sha256
from offerwright.runs.record import RunRefused

KEPT_FILES = "files"
"""The folder of the bytes, below that of the runs."""


def keep_files(folder: Path, files: Mapping[str, bytes], committed: Mapping[str, bytes]) -> str:
    """
    Keep what differs from a commit; gives the name of the list, which is kept in the same way.

    The list maps a file to the hash of its bytes, or to null where the commit has it and the run
    had not. Files of marketplaces that ship with the engine are in no commit, so they are among it.
    """
    changed: dict[str, str | None] = dict.fromkeys(committed.keys() - files.keys())
    for file, body in files.items():
        if committed.get(file) != body:
            changed[file] = _keep(folder, body)
    return _keep(folder, json.dumps(changed, sort_keys=True).encode())


def kept_changes(folder: Path, name: str) -> dict[str, bytes | None]:
    """What `keep_files` kept under this name. Raises `RunRefused` where it is gone or damaged."""
    listed = json.loads(_kept(folder, name))
    return {file: None if one is None else _kept(folder, one) for file, one in listed.items()}


def drop_files(folder: Path, lists: Iterable[str]) -> None:
    """Drop what none of these lists names. Nobody else may be keeping files meanwhile."""
    home = folder / KEPT_FILES
    wanted = {name for name in lists if (home / name).is_file()}
    wanted |= {one for name in list(wanted) for one in json.loads(_kept(folder, name)).values()}
    for path in home.iterdir() if home.is_dir() else ():
        if path.name not in wanted:
            path.unlink(missing_ok=True)


def _keep(folder: Path, body: bytes) -> str:
    name = sha256(body)
    path = folder / KEPT_FILES / name
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, fresh = tempfile.mkstemp(prefix="new-", dir=path.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(body)
            stream.flush()
            os.fsync(stream.fileno())
        Path(fresh).replace(path)
    return name


def _kept(folder: Path, name: str) -> bytes:
    path = folder / KEPT_FILES / name
    try:
        body = path.read_bytes()
    except OSError as problem:
        raise RunRefused(f"{path} is gone, and the run stands on it") from problem
    if sha256(body) != name:
        raise RunRefused(f"{path} is not what was kept: its hash is another")
    return body
