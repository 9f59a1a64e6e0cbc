"""The state word of an outbox row and of the ledger rows that it stands for."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

FREE = "owner = NULL, fence = 0, lease_until = 0"
"""The assignments that end a claim."""

_LEDGER = """UPDATE ledger SET state = ?, updated_at = ? FROM outbox AS o
    JOIN outbox_covers AS c ON c.row = o.row
    WHERE {which} AND ledger.account = o.account AND ledger.sku = o.sku
    AND ledger.aspect = c.aspect AND ledger.desired_generation = o.generation"""
_LISTED = """INSERT INTO listings
    SELECT o.account, o.sku, o.external_id, 'live', ? FROM outbox AS o
    WHERE {which} AND o.action = 'create' AND o.external_id IS NOT NULL
    ON CONFLICT (account, sku) DO UPDATE SET state = 'live', external_id = excluded.external_id,
    updated_at = excluded.updated_at"""
_DELETE = "DELETE FROM outbox AS o WHERE {which}"
_ROW = "o.row = ?"
_ROWS = "o.row IN (SELECT value FROM json_each(?))"
_QUEUED = "o.account = ? AND o.status = 'queued'"


def mark(connection: sqlite3.Connection, row: int, status: str, now: float) -> None:
    """Give a row and the ledger rows of its generation the same word."""
    connection.execute("UPDATE outbox SET status = ? WHERE row = ?", (status, row))
    connection.execute(_LEDGER.format(which=_ROW), (status, now, row))


def drop(connection: sqlite3.Connection, row: int, now: float) -> None:
    """
    Delete one row; what its generation wanted is no longer under way.

    A create that has an id already leaves a listing behind, which must not be forgotten.
    """
    _drop(connection, _ROW, row, now)


def drop_rows(connection: sqlite3.Connection, rows: Iterable[int], now: float) -> None:
    """Delete some rows, as `drop` does each."""
    _drop(connection, _ROWS, json.dumps(list(rows)), now)


def drop_queued(connection: sqlite3.Connection, account: str, now: float) -> int:
    """Delete all queued rows of an account, as `drop` does each; returns how many there were."""
    return _drop(connection, _QUEUED, account, now)


def _drop(connection: sqlite3.Connection, which: str, value: object, now: float) -> int:
    connection.execute(_LISTED.format(which=which), (now, value))
    connection.execute(_LEDGER.format(which=which), ("none", now, value))
    return connection.execute(_DELETE.format(which=which), (value,)).rowcount
