"""Snapshots on disk: a folder per content hash, written whole or not at all, checked when read."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from offerwright.errors import SnapshotRefused
from offerwright.facts.manifest import Manifest, manifest_from_json, manifest_json, sha256
from offerwright.facts.rejects import rejects_csv, rejects_from_csv

FACTS, REJECTS, LABEL, NEWEST = "facts.parquet", "rejects.csv", "manifest.json", "newest"
ROW_GROUP = 65_536
"""Rows of a row group: whoever reads a part of a snapshot reads little beside it."""


@dataclass(frozen=True)
class Snapshot:
    """The inputs of a computation: `frames.SNAPSHOT`, its manifest, and `frames.REJECTS`."""

    frame: pl.DataFrame
    manifest: Manifest
    rejects: pl.DataFrame

    @property
    def id(self) -> str:
        return self.manifest.id


@dataclass(frozen=True)
class StoredSnapshot:
    """A snapshot on disk, whose hashes were verified: its rows are read when they are asked for."""

    folder: Path
    manifest: Manifest
    rejects: pl.DataFrame

    @property
    def id(self) -> str:
        return self.manifest.id

    @property
    def facts(self) -> Path:
        """The Parquet file with `frames.SNAPSHOT`."""
        return self.folder / FACTS

    @property
    def columns(self) -> list[str]:
        return [column.name for column in self.manifest.columns]

    @cached_property
    def frame(self) -> pl.DataFrame:
        """All rows, in memory."""
        return pl.read_parquet(self.facts, glob=False)

    def skus(self) -> pl.Series:
        """The SKUs alone."""
        return pl.read_parquet(self.facts, columns=["sku"], glob=False)["sku"]


def write_snapshot(snapshot: Snapshot, folder: Path) -> Path:
    """Write a snapshot below `folder` and make it the newest; its place is named by its id.

    A crash at any moment leaves the earlier newest one in force and never a half-written folder
    under an id. Raises SnapshotRefused when the disk does not take it.
    """
    try:
        return _write(snapshot, folder)
    except OSError as exc:
        raise SnapshotRefused(f"The snapshot cannot be written to {folder}: {exc}.") from exc


def _write(snapshot: Snapshot, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / snapshot.id
    if not _is_sound(target):
        files = _files(snapshot)
        _replace_folder(target, files)
    replace_file(folder / NEWEST, f"{snapshot.id}\n".encode())
    return target


def _files(snapshot: Snapshot) -> dict[str, bytes]:
    buffer = io.BytesIO()
    snapshot.frame.write_parquet(buffer, row_group_size=ROW_GROUP)
    outputs = {FACTS: buffer.getvalue(), REJECTS: rejects_csv(snapshot.rejects)}
    hashes = {name: sha256(content) for name, content in outputs.items()}
    return {**outputs, LABEL: manifest_json(replace(snapshot.manifest, outputs=hashes))}


def _is_sound(target: Path) -> bool:
    try:
        open_snapshot(target)
    except SnapshotRefused:
        return False
    return True


def _replace_folder(target: Path, files: Mapping[str, bytes]) -> None:
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        fresh.chmod(0o755)
        for name, content in files.items():
            _write_synced(fresh / name, content)
        _sync_folder(fresh)
        _put_in_place(fresh, target)
        _sync_folder(target.parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def put_snapshot(folder: Path, manifest: Manifest, rejects: pl.DataFrame, facts: Path) -> Path:
    """
    Write a snapshot whose rows lie in a Parquet file already, which is moved into it.

    Like `write_snapshot`; `facts` is on the disk of `folder`. Raises SnapshotRefused when the disk
    does not take it.
    """
    target = folder / manifest.id
    refused = rejects_csv(rejects)
    try:
        if not _is_sound(target):
            hashes = {FACTS: _hash_of(facts), REJECTS: sha256(refused)}
            fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=folder))
            try:
                fresh.chmod(0o755)
                facts.rename(fresh / FACTS)
                _write_synced(fresh / REJECTS, refused)
                _write_synced(fresh / LABEL, manifest_json(replace(manifest, outputs=hashes)))
                _sync_folder(fresh)
                _put_in_place(fresh, target)
                _sync_folder(folder)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
        replace_file(folder / NEWEST, f"{manifest.id}\n".encode())
    except OSError as exc:
        raise SnapshotRefused(f"The snapshot cannot be written to {folder}: {exc}.") from exc
    return target


def _put_in_place(fresh: Path, target: Path) -> None:
    if target.exists():  # damaged, or it would not be written again
        damaged = Path(tempfile.mkdtemp(prefix=".damaged.", dir=target.parent))
        target.rename(damaged / target.name)
        shutil.rmtree(damaged)
    try:
        fresh.rename(target)
    except OSError:
        if not _is_sound(target):  # else another run wrote the same content just now
            raise


def replace_file(target: Path, content: bytes) -> None:
    """Write a file anew in one step; a crash leaves the one before."""
    handle, fresh = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    os.close(handle)
    _write_synced(Path(fresh), content)
    Path(fresh).replace(target)
    _sync_folder(target.parent)


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def load_manifest(folder: Path) -> Manifest:
    """
    The manifest alone: what the next snapshot is held against.

    Raises SnapshotRefused when it cannot be read: what a source lost would not be noticed.
    """
    try:
        return manifest_from_json((folder / LABEL).read_bytes())
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise SnapshotRefused(
            f"{folder} has no manifest that can be read ({exc}), so nobody can tell what sources "
            f"lost since. If they are whole, delete {folder.parent / NEWEST} and try again"
        ) from exc


def load_snapshot(folder: Path) -> Snapshot:
    """Read a snapshot back and verify every hash.

    Raises SnapshotRefused when a file is absent, or is not what was written.
    """
    found = open_snapshot(folder)
    try:
        return Snapshot(found.frame, found.manifest, found.rejects)
    except PolarsError as exc:
        raise SnapshotRefused(f"{found.facts} cannot be read: {exc}.") from exc


def open_snapshot(folder: Path) -> StoredSnapshot:
    """Verify every hash of a snapshot, in little memory whatever its size.

    Raises SnapshotRefused when a file is absent, or is not what was written.
    """
    try:
        manifest = manifest_from_json((folder / LABEL).read_bytes())
        hashes = {name: _hash_of(folder / name) for name in (FACTS, REJECTS)}
        rejects = (folder / REJECTS).read_bytes()
    except FileNotFoundError as exc:
        raise SnapshotRefused(
            f"{folder} is no snapshot: it has no {Path(exc.filename).name}."
        ) from exc
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise SnapshotRefused(f"{folder} is no snapshot ({exc}).") from exc
    for name, found in hashes.items():
        if found != manifest.outputs.get(name):
            raise SnapshotRefused(
                f"{folder / name} is not what was written: its hash differs from the manifest's."
            )
    return StoredSnapshot(folder, manifest, rejects_from_csv(rejects))


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def newest_snapshot(folder: Path) -> Path | None:
    """The place of the snapshot that was written last below `folder`; None if there is none.

    The age of the file `newest` is the age of that snapshot.
    """
    try:
        name = (folder / NEWEST).read_text().strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as exc:
        raise SnapshotRefused(f"{folder / NEWEST} cannot be read: {exc}.") from exc
    return folder / name
