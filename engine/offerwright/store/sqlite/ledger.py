"""Readings of the store: ledger, listings, open operations, attempts."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from offerwright.store.protocol import (
    ATTEMPT_COLUMNS,
    LEDGER_COLUMNS,
    LISTING_COLUMNS,
    OPEN_COLUMNS,
)


def ledger(connection: sqlite3.Connection, account: str) -> list[tuple[Any, ...]]:
    """See `Store.ledger`."""
    return connection.execute(
        f"SELECT {', '.join(LEDGER_COLUMNS)} FROM ledger WHERE account = ? ORDER BY sku, aspect",
        (account,),
    ).fetchall()


def ledger_of(
    connection: sqlite3.Connection, account: str, skus: Sequence[str]
) -> list[tuple[Any, ...]]:
    """The rows of some SKUs, which come sorted."""
    found = (
        connection.execute(
            f"SELECT {', '.join(LEDGER_COLUMNS)} FROM ledger WHERE account = ? AND sku = ?"
            " ORDER BY aspect",
            (account, sku),
        )
        for sku in skus
    )
    return [row for rows in found for row in rows]


def listings(connection: sqlite3.Connection, account: str) -> list[tuple[str, str | None, str]]:
    """See `Store.listings`."""
    return connection.execute(
        f"SELECT {', '.join(LISTING_COLUMNS)} FROM listings WHERE account = ? ORDER BY sku",
        (account,),
    ).fetchall()


def external_id(connection: sqlite3.Connection, account: str, sku: str) -> str | None:
    """See `Store.external_id`."""
    found = connection.execute(
        "SELECT external_id FROM listings WHERE account = ? AND sku = ? AND state = 'live'",
        (account, sku),
    ).fetchone()
    return None if found is None else found[0]


def open_counts(connection: sqlite3.Connection, account: str) -> dict[str, int]:
    """See `Store.open_counts`."""
    rows = connection.execute(
        "SELECT status, count(*) FROM outbox WHERE account = ? GROUP BY status ORDER BY status",
        (account,),
    )
    return dict(rows.fetchall())


def open_operations(connection: sqlite3.Connection, account: str) -> list[tuple[Any, ...]]:
    """See `Store.open_operations`."""
    return connection.execute(
        f"SELECT {', '.join(OPEN_COLUMNS)} FROM outbox WHERE account = ? ORDER BY row", (account,)
    ).fetchall()


def attempts(connection: sqlite3.Connection, account: str, sku: str) -> list[tuple[Any, ...]]:
    """See `Store.attempts`."""
    return connection.execute(
        f"SELECT {', '.join(ATTEMPT_COLUMNS)} FROM attempts WHERE account = ? AND sku = ?"
        " ORDER BY id",
        (account, sku),
    ).fetchall()
