"""
What a command found before, kept by the hash of all that it looked at, in a folder of the user's.

An entry is data behind a hash, never code. A folder that others may write to, or that lies in the
checked repository, is not used: whoever may change it could make findings disappear.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import TZPATH

from offerwright import __version__

FOLDER_VARIABLE = "OFFERWRIGHT_CACHE_DIR"
MAX_ENTRIES = 512
MAX_BYTES = 64 << 20
MAX_ENTRY = 8 << 20
_DIGEST = 64  # hexadecimal digits


@dataclass(frozen=True)
class Room:
    """One kind of entries, in a folder of its own: how many, how many bytes in all and each."""

    name: str
    ending: str
    entries: int
    total: int
    entry: int


FINDINGS = Room("check", ".json", MAX_ENTRIES, MAX_BYTES, MAX_ENTRY)
BUNDLES = Room("bundles", ".bundle", 32, 512 << 20, 128 << 20)
HISTORY = Room("history", ".bundle", 1024, 512 << 20, 128 << 20)


@dataclass(frozen=True)
class Cache:
    """Entries by key. One that is damaged, or that the disk refuses, is as if it were not there."""

    folder: Path
    room: Room = FINDINGS

    def read(self, key: str) -> Any:
        """The JSON value kept under a key; None if there is none that is whole."""
        content = self.read_bytes(key)
        try:
            return None if content is None else json.loads(content)
        except (ValueError, RecursionError):
            return None

    def write(self, key: str, value: Any) -> None:
        """Keep a JSON value. One that is too large, or that the disk refuses, is not kept."""
        self.write_bytes(key, json.dumps(value, separators=(",", ":")).encode())

    def read_bytes(self, key: str) -> bytes | None:
        """What is kept under a key; None if there is nothing that is whole."""
        limit = self.room.entry
        try:
            handle = os.open(self._path(key), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            with os.fdopen(handle, "rb") as stream:
                digest, body = stream.read(_DIGEST), stream.read(limit + 1 - _DIGEST)
            if len(body) + _DIGEST > limit or digest != _digest(key, body):
                return None
        except OSError:
            return None
        # What is used stays; where the folder is read-only, nothing goes.
        with suppress(OSError):
            os.utime(self._path(key))
        return body

    def write_bytes(self, key: str, body: bytes) -> None:
        """Keep bytes. Too many, or what the disk refuses, are not kept."""
        if len(body) + _DIGEST > self.room.entry:
            return
        with suppress(OSError):
            handle, fresh = tempfile.mkstemp(dir=self.folder, suffix=".new")
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(_digest(key, body))
                    stream.write(body)
                os.replace(fresh, self._path(key))
            except BaseException:
                os.unlink(fresh)
                raise
            self._bound()

    def _bound(self) -> None:
        """Delete what was used longest ago, until the folder is as small as it must be."""
        entries = sorted(
            ((e.stat().st_mtime_ns, e.stat().st_size, e.path) for e in os.scandir(self.folder)),
            reverse=True,
        )
        total = 0
        for number, (_, size, path) in enumerate(entries):
            total += size
            if number >= self.room.entries or total > self.room.total:
                with suppress(FileNotFoundError):
                    os.unlink(path)

    def _path(self, key: str) -> Path:
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()}{self.room.ending}"


def open_cache(
    root: Path, environment: Mapping[str, str], room: Room = FINDINGS
) -> tuple[Cache | None, str]:
    """
    The cache for a repository, or why there is none (the empty text where nobody wants one).

    `OFFERWRIGHT_CACHE_DIR` names the folder, empty for none; else it is `offerwright` in
    `XDG_CACHE_HOME`, else in `~/.cache`. It is made with the mode 0700.
    """
    place = _place(environment)
    if place is None:
        return None, ""
    folder = Path(os.path.realpath(place)) / room.name
    if folder.is_relative_to(_worktree(Path(os.path.realpath(root)))):
        return None, f"{place} lies in the repository, where a pull request could write"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError as problem:
        return None, f"{place}: {problem.strerror or problem}"
    if not stat.S_ISDIR(status.st_mode):
        return None, f"{folder} is no folder"
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:
        return None, f"others may write or read {folder}; give it the mode 0700"
    return Cache(folder, room), ""


def _place(environment: Mapping[str, str]) -> str | None:
    named = environment.get(FOLDER_VARIABLE)
    if named is not None:
        return os.path.abspath(named) if named else None
    base = environment.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # so says the XDG specification
        home = environment.get("HOME", "")
        base = os.path.join(home, ".cache") if os.path.isabs(home) else ""
    return os.path.join(base, "offerwright") if base else None


def _worktree(root: Path) -> Path:
    """The Git working tree that a folder lies in, else the folder: what one checkout writes."""
    return next((f for f in (root, *root.parents) if (f / ".git").exists()), root)


def key_of(files: Mapping[str, bytes], *more: str) -> str:
    """One hash of the names and bytes of files, of more texts, and of the engine that read them."""
    digest = hashlib.sha256("\n".join((*_engine(), *more)).encode())
    for name, content in sorted(files.items()):
        digest.update(f"\n{name}\n{hashlib.sha256(content).hexdigest()}".encode())
    return digest.hexdigest()


def engine_id() -> str:
    """One hash of the engine that computes."""
    return hashlib.sha256("\n".join(_engine()).encode()).hexdigest()


def _engine() -> list[str]:
    """What decides how files are read: this version, its source files, Python, its packages, and
    what the system says of time zones, which dates in rules become moments by."""
    package = Path(__file__).parent.parent
    found = [__version__, sys.version]
    for folder, _, names in sorted(os.walk(package)):
        for name in sorted(names):
            if name.endswith((".py", ".yaml")):
                status = os.stat(os.path.join(folder, name))
                found.append(f"{folder}/{name} {status.st_size} {status.st_mtime_ns}")
    for folder in sys.path:
        with suppress(OSError):
            found += sorted(n for n in os.listdir(folder or ".") if n.endswith(".dist-info"))
    return [*found, *_time_zones()]


def _time_zones() -> Iterator[str]:
    """An update of the zones replaces files, so their folders change, which are a few dozen."""
    for place in TZPATH:
        with suppress(OSError):
            inside = sorted(one.path for one in os.scandir(place))
            for path in (place, *inside):
                yield f"{path} {os.stat(path).st_mtime_ns}"


def _digest(key: str, body: bytes) -> bytes:
    digest = hashlib.sha256(key.encode() + b"\n")
    digest.update(body)
    return digest.hexdigest().encode()
