"""
One SQLite file, opened safely: mode, WAL, full durability, bounded waiting, errors as sentences.

SQLite before 3.51.3 can damage a WAL file when two connections write or checkpoint at the same
instant (the WAL-reset bug). Every write transaction here, with the checkpoint that its commit may
start, runs under a kernel lock on `<file>-gate`: one writer and one checkpointer at a time over
all processes, which makes older libraries safe too. `notices` says so once, when the
file is made.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from offerwright.errors import OfferwrightError, StoreLocked, StoreRefused
from offerwright.store.sqlite.locks import file_lock
from offerwright.store.sqlite.schema import MIGRATIONS, migrate, refuse_unfit, schema_version

WAL_RESET_FIXED = (3, 51, 3)

_REFUSED = {
    sqlite3.SQLITE_FULL: "{name}: the disk is full; free some space and run again, nothing is lost",
    sqlite3.SQLITE_READONLY: "{name} is read-only; give this user write permission",
    sqlite3.SQLITE_CORRUPT: "{name} is damaged; restore a backup and run again",
    sqlite3.SQLITE_NOTADB: "{name} is not a SQLite database; name another file under `store:`",
    sqlite3.SQLITE_CANTOPEN: "{name} cannot be opened; look at the folder and its permissions",
    sqlite3.SQLITE_IOERR: "{name}: the disk reports an error; stop and check the disk",
    sqlite3.SQLITE_PERM: "{name} may not be used by this user; look at the file's permissions",
}


def translate(error: sqlite3.Error, name: str) -> OfferwrightError | None:
    """The user's exception for an error of the library; None: it is a fault of our own."""
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreLocked(f"{name} is locked by another program; wait until it ends, or stop it")
    if primary in _REFUSED:
        return StoreRefused(_REFUSED[primary].format(name=name))
    return None


class Connection:
    """The one connection of a process: a lock for its threads, a gate for other processes."""

    def __init__(self, path: Path, *, busy_s: float, read_only: bool) -> None:
        self.path = path
        self.busy_s = busy_s
        self.read_only = read_only
        self._thread_lock = threading.RLock()
        self._broken: OfferwrightError | None = None
        is_new = not path.exists()
        notices = [] if read_only else _prepare_file(path)
        if is_new and sqlite3.sqlite_version_info < WAL_RESET_FIXED:
            notices.append(
                f"SQLite {sqlite3.sqlite_version} has the WAL-reset bug (fixed in 3.51.3): "
                "let no other program write to the store"
            )
        self.notices = tuple(notices)
        with self._translated():
            self._raw = self._open()

    def _open(self) -> sqlite3.Connection:
        raw = self._connected("ro" if self.read_only else "rw")
        try:
            self._set_up(raw)
        except BaseException:
            raw.close()
            raise
        return raw

    def _connected(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self.path.resolve().as_uri()}?mode={mode}",
            uri=True,
            timeout=self.busy_s,
            isolation_level=None,
            check_same_thread=False,
        )

    def _set_up(self, raw: sqlite3.Connection) -> None:
        raw.execute("PRAGMA foreign_keys = ON")
        refuse_unfit(raw, self.path.name)
        if self.read_only:
            if schema_version(raw) < len(MIGRATIONS):
                raise StoreRefused(f"{self.path.name} is older than this engine; run `apply` once")
            return
        with self._gate():
            raw.execute("PRAGMA journal_mode = WAL")
            raw.execute("PRAGMA synchronous = FULL")
            if schema_version(raw) < len(MIGRATIONS):
                with _immediate(raw):
                    migrate(raw)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write inside; committed and on disk at the end, rolled back by any exception."""
        with self._thread_lock, self._translated(), self._gate(), _immediate(self._raw):
            yield self._raw

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read inside, from one state of the file."""
        with self._thread_lock, self._translated():
            self._raw.execute("BEGIN")
            try:
                yield self._raw
            finally:
                if self._raw.in_transaction:
                    self._raw.execute("ROLLBACK")

    @contextmanager
    def moment(self) -> Iterator[sqlite3.Connection]:
        """
        Read inside, from one state of the file, on a connection of its own.

        It writes nothing, and so needs no gate; the log of the file grows while it is open.
        """
        with self._translated():
            raw = self._connected("ro")
            try:
                raw.execute("BEGIN")
                raw.execute("SELECT 1 FROM ledger LIMIT 1").fetchone()
                yield raw
            finally:
                raw.close()

    def close(self) -> None:
        with self._thread_lock:
            if self.read_only:
                self._raw.close()
                return
            # The last one to close checkpoints; without the gate it leaves that to the next one.
            with self.beside("gate", self.busy_s):
                self._raw.close()

    @contextmanager
    def beside(self, name: str, wait_s: float) -> Iterator[bool]:
        """The kernel lock on the file `<store>-<name>`."""
        with file_lock(self.lock_path(name), wait_s) as held:
            yield held

    def lock_path(self, name: str) -> Path:
        return self.path.with_name(f"{self.path.name}-{name}")

    @contextmanager
    def _gate(self) -> Iterator[None]:
        with self.beside("gate", self.busy_s) as held:
            if not held:
                raise StoreLocked(
                    f"{self.path.name} is being written by another run for more than "
                    f"{self.busy_s:g} s; wait until it ends, or stop it"
                )
            yield

    @contextmanager
    def _translated(self) -> Iterator[None]:
        if self._broken is not None:
            raise self._broken
        try:
            yield
        except sqlite3.Error as error:
            known = translate(error, self.path.name)
            if known is None:
                raise
            # After a failed fsync the page cache may lie: nothing more is read or written.
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_IOERR:
                self._broken = known
            raise known from error


@contextmanager
def _immediate(raw: sqlite3.Connection) -> Iterator[None]:
    raw.execute("BEGIN IMMEDIATE")
    try:
        yield
        raw.execute("COMMIT")
    except BaseException:
        if raw.in_transaction:
            raw.execute("ROLLBACK")
        raise


def _prepare_file(path: Path) -> list[str]:
    """Create the file with mode 0600, or look at the one that is there; returns notices."""
    if not path.parent.is_dir():
        raise StoreRefused(f"the folder {path.parent} of the store does not exist; create it first")
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return _refuse_unwritable(path)
    except OSError as error:
        raise StoreRefused(f"{path} cannot be created: {error.strerror}") from error
    return []


def _refuse_unwritable(path: Path) -> list[str]:
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise StoreRefused(f"{path.name} is not a file; name another one under `store:`")
    if not found.st_mode & 0o222 or not os.access(path, os.R_OK | os.W_OK):
        raise StoreRefused(f"{path.name} is read-only; give this user write permission")
    if not found.st_mode & 0o077:
        return []
    os.chmod(path, 0o600)
    return [f"{path.name} could be read by other users and holds tokens: its mode is 0600 now"]
