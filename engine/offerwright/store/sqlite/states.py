"""The state word of an outbox row and of the ledger rows that it stands for."""

from __future__ import annotations

import sqlite3

FREE = "owner = NULL, fence = 0, lease_until = 0"
"""The assignments that end a claim."""

_LEDGER = """UPDATE ledger SET state = ?, updated_at = ? FROM outbox AS o
    JOIN outbox_covers AS c ON c.row = o.row
    WHERE o.row = ? AND ledger.account = o.account AND ledger.sku = o.sku
    AND ledger.aspect = c.aspect AND ledger.desired_generation = o.generation"""

_LISTED = """INSERT INTO listings SELECT account, sku, external_id, 'live', ? FROM outbox
    WHERE row = ? AND action = 'create' AND external_id IS NOT NULL
    ON CONFLICT (account, sku) DO UPDATE SET state = 'live', external_id = excluded.external_id,
    updated_at = excluded.updated_at"""


def mark(connection: sqlite3.Connection, row: int, status: str, now: float) -> None:
    """Give a row and the ledger rows of its generation the same word."""
    connection.execute("UPDATE outbox SET status = ? WHERE row = ?", (status, row))
    connection.execute(_LEDGER, (status, now, row))


def drop(connection: sqlite3.Connection, row: int, now: float) -> None:
    """
    Delete one row; what its generation wanted is no longer under way.

    A create that has an id already leaves a listing behind, which must not be forgotten.
    """
    connection.execute(_LISTED, (now, row))
    connection.execute(_LEDGER, ("none", now, row))
    connection.execute("DELETE FROM outbox WHERE row = ?", (row,))
