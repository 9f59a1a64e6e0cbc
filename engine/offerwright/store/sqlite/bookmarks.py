"""
Places in the history of the ledger, and which SKUs were written since.

A revision is the time between two bookmarks: the triggers of the schema note by SKU in which one it
was written last. A token stands in the file itself, so a backup from before it does not know it.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import polars as pl

from offerwright.store.columns import frame_of
from offerwright.store.live import IS_BOOKMARK, TOUCHED
from offerwright.store.sqlite.schema import TRIGGERS


def bookmark(connection: sqlite3.Connection, name: str, keeping: Iterable[str]) -> str:
    """See `Store.bookmark`; the caller holds the transaction."""
    (last,) = connection.execute("SELECT coalesce(max(revision), 0) FROM bookmarks").fetchone()
    connection.execute(
        "DELETE FROM bookmarks WHERE name = ? AND token NOT IN (SELECT value FROM json_each(?))",
        (name, json.dumps(sorted(set(keeping)))),
    )
    token = secrets.token_hex(16)
    connection.execute("INSERT INTO bookmarks VALUES (?, ?, ?)", (token, name, last + 1))
    connection.execute("DELETE FROM touched WHERE revision < (SELECT min(revision) FROM bookmarks)")
    return token


@contextmanager
def unnoted(connection: sqlite3.Connection) -> Iterator[None]:
    """
    Write in bulk inside: all bookmarks are forgotten, so whoever has one must read everything.

    Triggers that note nothing would still cost a sixth of such a write. The caller holds the
    transaction, which takes back all of this where it fails.
    """
    connection.execute("DELETE FROM bookmarks")
    connection.execute("DELETE FROM touched")
    for name in TRIGGERS:
        connection.execute(f"DROP TRIGGER {name}")
    yield
    for trigger in TRIGGERS.values():
        connection.execute(trigger)


def touched(connection: sqlite3.Connection, account: str, token: str) -> pl.Series | None:
    """See `Reading.touched`."""
    if connection.execute(IS_BOOKMARK, {"token": token}).fetchone() is None:
        return None
    found = connection.execute(TOUCHED, {"account": account, "token": token})
    return frame_of(found, {"sku": pl.String})["sku"]
