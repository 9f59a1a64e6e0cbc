"""What operators hold back: rows that are never deleted, and the condition that claims obey."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from offerwright.frames import ASPECTS
from offerwright.store.holds import Hold, Wish

_COLUMNS = """id, account, sku, rule, aspects, reason, by, until, since, released_by, released_at,
    released_why"""
_PUT = """INSERT INTO holds (account, sku, rule, aspects, reason, by, until, since)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_LIFT = """UPDATE holds SET released_by = ?, released_at = ?, released_why = ?
    WHERE id = ? AND released_at IS NULL"""
IS_HELD = """EXISTS (SELECT 1 FROM holds AS h WHERE h.account = o.account
    AND h.released_at IS NULL AND (h.until IS NULL OR h.until > :now)
    AND (h.sku = '' OR h.sku = o.sku)
    AND (h.rule = '' OR instr(o.guard_inputs, '"' || h.rule || '"') > 0
        OR instr(o.guard_inputs, '"rules":[') = 0)
    AND o.action <> 'end' AND o.stock_change >= 0
    AND EXISTS (SELECT 1 FROM outbox_covers AS hc
        WHERE hc.row = o.row AND instr(h.aspects, hc.aspect) > 0))"""
"""Whether a row `o` of the outbox is held back at `:now`. One that does not say which rules made
its price, because an older engine has queued it, is held by a hold of any rule."""


def put(connection: sqlite3.Connection, wishes: Iterable[Wish], now: float) -> list[int]:
    """See `Store.put_holds`; the caller holds the transaction."""
    return [
        int(connection.execute(_PUT, (
            one.account, one.sku, one.rule, ",".join(a for a in ASPECTS if a in one.aspects),
            one.reason, one.by, one.until, now,
        )).lastrowid or 0)
        for one in wishes
    ]  # fmt: skip


def lift(connection: sqlite3.Connection, ids: Iterable[int], by: str, why: str, now: float) -> int:
    """See `Store.lift_holds`; the caller holds the transaction."""
    return sum(connection.execute(_LIFT, (by, now, why, one)).rowcount for one in ids)


def holds(connection: sqlite3.Connection) -> list[Hold]:
    """See `Store.holds`."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM holds ORDER BY id")
    return [
        Hold(
            id=row[0],
            wish=Wish(
                account=row[1], sku=row[2], rule=row[3],
                aspects=tuple(a for a in ASPECTS if a in row[4].split(",")),
                reason=row[5], by=row[6], until=row[7],
            ),
            since=row[8],
            released_by=row[9],
            released_at=row[10],
            released_why=row[11],
        )
        for row in rows
    ]  # fmt: skip


def held_count(connection: sqlite3.Connection, account: str, now: float) -> int:
    """See `Store.held_count`."""
    found = connection.execute(
        f"SELECT count(*) FROM outbox AS o WHERE o.account = :account AND o.status = 'queued'"
        f" AND {IS_HELD}",
        {"account": account, "now": now},
    )
    return int(found.fetchone()[0])


def is_held(connection: sqlite3.Connection, row: int, now: float) -> bool:
    """Whether a row of the outbox is held back."""
    found = connection.execute(
        f"SELECT 1 FROM outbox AS o WHERE o.row = :row AND {IS_HELD}", {"row": row, "now": now}
    )
    return found.fetchone() is not None
