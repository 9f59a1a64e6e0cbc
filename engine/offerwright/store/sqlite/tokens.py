"""Tokens and run records."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from offerwright.store.protocol import Run, Token


def token(connection: sqlite3.Connection, account: str) -> Token | None:
    """See `Store.token`."""
    found = connection.execute(
        "SELECT access, refresh, expires_at, details FROM tokens WHERE account = ?", (account,)
    ).fetchone()
    return None if found is None else Token(found[0], found[1], found[2], json.loads(found[3]))


def save_token(connection: sqlite3.Connection, account: str, new: Token, now: float) -> None:
    """See `Store.save_token`."""
    connection.execute(
        "INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?, ?, ?)",
        (account, new.access, new.refresh, new.expires_at, json.dumps(dict(new.details)), now),
    )


def record_run(connection: sqlite3.Connection, run: Run) -> None:
    """See `Store.record_run`; the same id again replaces the record."""
    connection.execute(
        "INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            run.id,
            run.commit,
            run.snapshot_id,
            run.as_of,
            run.engine_version,
            run.plan_hash,
            run.started_at,
            json.dumps(dict(run.details)),
        ),
    )


def runs(connection: sqlite3.Connection, limit: int) -> list[Run]:
    """See `Store.runs`."""
    rows: list[tuple[Any, ...]] = connection.execute(
        """SELECT id, "commit", snapshot_id, as_of, engine_version, plan_hash, started_at, details
        FROM runs ORDER BY started_at DESC, id DESC LIMIT ?""",
        (limit,),
    ).fetchall()
    return [
        Run(
            id=row[0],
            commit=row[1],
            snapshot_id=row[2],
            as_of=row[3],
            engine_version=row[4],
            plan_hash=row[5],
            started_at=row[6],
            details=json.loads(row[7]),
        )
        for row in rows
    ]


def forget_runs(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    """See `Store.forget_runs`."""
    connection.executemany("DELETE FROM runs WHERE id = ?", ((one,) for one in ids))
