"""A store's URL -> the store; the table of kinds stands here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from offerwright.errors import StoreRefused
from offerwright.store.protocol import Store
from offerwright.store.sqlite.store import SqliteStore


def _open_sqlite(location: str, root: Path, busy_s: float, read_only: bool) -> Store:
    """`/relative/to/root.db` or `//absolute/path.db`, as SQLAlchemy writes them."""
    if not location.strip("/"):
        raise StoreRefused("`store:` names no file; write sqlite:///.offerwright/state.db")
    if location.startswith("//"):
        return SqliteStore(Path(location[1:]), busy_s=busy_s, read_only=read_only)
    path = (root / location.removeprefix("/")).resolve()
    if root.resolve() not in path.parents:
        raise StoreRefused(
            f"the store {location[1:]} lies outside the repository; "
            f"write the whole path: sqlite:///{path}"
        )
    if not read_only:
        # Inside the repository a first run makes the folder; elsewhere a missing folder may be a
        # volume that is not mounted, and an empty ledger would send everything again.
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return SqliteStore(path, busy_s=busy_s, read_only=read_only)


STORES: dict[str, Callable[[str, Path, float, bool], Store]] = {"sqlite": _open_sqlite}
"""URL scheme -> how to open it from what follows `scheme://`."""


def open_store(url: str, root: Path, *, busy_s: float = 5.0, read_only: bool = False) -> Store:
    """
    Open the store that `store:` of the shop names; a new SQLite file is made where none is.

    `busy_s` bounds the wait for another program's lock. Raises `StoreRefused`, `StoreLocked`.
    """
    scheme, separator, location = url.partition("://")
    if not separator or scheme not in STORES:
        raise StoreRefused(
            f"unknown store {scheme!r}; known: {', '.join(sorted(STORES))}; "
            "write sqlite:///.offerwright/state.db"
        )
    return STORES[scheme](location, root, busy_s, read_only)
