"""The state word of an outbox row and of the ledger rows that it stands for."""

from __future__ import annotations

import sqlite3

FREE = "owner = NULL, fence = 0, lease_until = 0"
"""The assignments that end a claim."""

_LEDGER = """UPDATE ledger SET state = ?, updated_at = ? FROM outbox AS o
    JOIN outbox_covers AS c ON c.row = o.row
    WHERE o.row = ? AND ledger.account = o.account AND ledger.sku = o.sku
    AND ledger.aspect = c.aspect AND ledger.desired_generation = o.generation"""


def mark(connection: sqlite3.Connection, row: int, status: str, now: float) -> None:
    """Give a row and the ledger rows of its generation the same word."""
    connection.execute("UPDATE outbox SET status = ? WHERE row = ?", (status, row))
    connection.execute(_LEDGER, (status, now, row))


def drop(connection: sqlite3.Connection, row: int, now: float) -> None:
    """Delete one row; what its generation wanted is no longer under way."""
    connection.execute(_LEDGER, ("none", now, row))
    connection.execute("DELETE FROM outbox WHERE row = ?", (row,))
