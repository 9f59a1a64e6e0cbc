"""Who leads, and which outbox rows a worker may take now, inside one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from offerwright.errors import StoreLocked
from offerwright.marketplaces.operation import Operation, Values
from offerwright.store.protocol import HOLD_RAISES_S, Claim, Owner, Step
from offerwright.store.sqlite.holds import IS_HELD
from offerwright.store.sqlite.states import FREE, mark

_STEPS: dict[str, Step] = {
    "queued": "send",
    "submitted": "poll",
    "in_doubt": "read_back",
    "sending": "read_back",
}

# A throttled poll must not stop sends, nor the other way round: each step has a lane of its own.
_LANE = """o.lane || CASE o.status WHEN 'queued' THEN '' WHEN 'submitted' THEN ' poll'
    ELSE ' read_back' END"""
_OPEN = f"""FROM outbox AS o LEFT JOIN pauses AS p
    ON p.account = o.account AND p.lane = {_LANE} WHERE o.account = :account"""
_MAY_GO = f"(o.status <> 'queued' OR NOT {IS_HELD})"
_DUE = f"""SELECT o.row {_OPEN} AND o.due <= :now AND o.lease_until <= :now
    AND coalesce(p.until, 0) <= :now AND {_MAY_GO}
    AND (o.status <> 'queued' OR NOT EXISTS (
        SELECT 1 FROM outbox AS e WHERE e.account = o.account AND e.sku = o.sku AND e.row < o.row
        AND (e.action <> 'update' OR o.action <> 'update' OR EXISTS (
            SELECT 1 FROM outbox_covers AS a JOIN outbox_covers AS b ON a.aspect = b.aspect
            WHERE a.row = e.row AND b.row = o.row))))
    AND (o.status <> 'queued' OR o.stock_change <= 0 OR NOT EXISTS (
        SELECT 1 FROM outbox AS d WHERE d.sku = o.sku AND d.stock_change < 0
        AND d.account <> o.account AND d.queued_at > :now - {HOLD_RAISES_S}))
    ORDER BY o.rank, o.row LIMIT :limit"""
_READ = f"""SELECT o.row, o.status, {_LANE}, o.account, o.marketplace, o.sku, o.aspect, o.action,
    o.generation, o.payload, o."values", o.guard_inputs, o.plan_id,
    coalesce(o.external_id, CASE WHEN l.state = 'live' THEN l.external_id END),
    o.handle, o.failures, o.sent_at
    FROM outbox AS o LEFT JOIN listings AS l ON l.account = o.account AND l.sku = o.sku
    WHERE o.row = ?"""


def next_due(connection: sqlite3.Connection, account: str, now: float) -> float | None:
    """See `Store.next_due`: the earliest moment at which a row neither waits nor is leased."""
    found = connection.execute(
        f"SELECT min(max(o.due, o.lease_until, coalesce(p.until, 0))) {_OPEN} AND {_MAY_GO}",
        {"account": account, "now": now},
    ).fetchone()[0]
    return None if found is None else float(found)


def refuse_follower(connection: sqlite3.Connection, owner: Owner) -> None:
    """Raise `StoreLocked` unless `owner` leads."""
    found = connection.execute("SELECT owner FROM writer").fetchone()
    if found is None or found[0] != owner.id:
        raise StoreLocked("another run has taken over the store; this one stops here")


def lead(
    connection: sqlite3.Connection, owner: Owner, now: float, lease_s: float, *, alone: bool
) -> int:
    """
    See `Store.lead`. `alone`: this process holds the kernel lock, so a holder on this host is dead.
    """
    found = connection.execute("SELECT owner, host, pid, since, lease_until FROM writer").fetchone()
    if found is None or found[0] is None:
        free = alone
    else:
        _, host, _, _, lease_until = found
        free = lease_until <= now or found[0] == owner.id or (alone and host == owner.host)
    if not free:
        raise StoreLocked(_held_by(found, now))
    connection.execute(
        "INSERT OR REPLACE INTO writer VALUES (1, ?, ?, ?, ?, ?)",
        (owner.id, owner.host, owner.pid, now, now + lease_s),
    )
    return free_claims(connection, now)


def _held_by(found: Sequence[Any] | None, now: float) -> str:
    if found is None or found[0] is None:
        return "another run is starting on this store; try again in a moment"
    _, host, pid, since, _ = found
    return (
        f"another run sends from this store: process {pid} on {host}, "
        f"for {max(0, now - since):.0f} s; wait until it ends, or stop it"
    )


def yield_lead(connection: sqlite3.Connection, owner: Owner, now: float) -> None:
    """See `Store.yield_lead`."""
    changed = connection.execute("UPDATE writer SET owner = NULL WHERE owner = ?", (owner.id,))
    if changed.rowcount:
        free_claims(connection, now)


def free_claims(connection: sqlite3.Connection, now: float) -> int:
    """End every claim; what was being sent is in doubt. Returns how many that were."""
    rows = connection.execute("SELECT row FROM outbox WHERE status = 'sending'").fetchall()
    for (row,) in rows:
        mark(connection, row, "in_doubt", now)
    connection.execute(f"UPDATE outbox SET {FREE} WHERE fence > 0")
    return len(rows)


def claim(
    connection: sqlite3.Connection,
    account: str,
    owner: Owner,
    *,
    now: float,
    lease_s: float,
    limit: int,
) -> list[Claim]:
    """See `Store.claim`; the caller holds the transaction."""
    refuse_follower(connection, owner)
    rows = connection.execute(_DUE, {"account": account, "now": now, "limit": limit}).fetchall()
    if not rows:
        return []
    connection.execute("UPDATE fences SET last = last + 1")
    fence = int(connection.execute("SELECT last FROM fences").fetchone()[0])
    return [_take(connection, row, fence, owner, now, now + lease_s) for (row,) in rows]


def _take(
    connection: sqlite3.Connection, row: int, fence: int, owner: Owner, now: float, until: float
) -> Claim:
    connection.execute(
        "UPDATE outbox SET owner = ?, fence = ?, lease_until = ? WHERE row = ?",
        (owner.id, fence, until, row),
    )
    found = connection.execute(_READ, (row,)).fetchone()
    if found[1] == "sending":
        mark(connection, row, "in_doubt", now)
    return Claim(
        row=row,
        fence=fence,
        step=_STEPS[found[1]],
        operation=_operation(connection, found),
        lane=found[2],
        external_id=found[13],
        handle=found[14],
        failures=found[15],
        sent_at=found[16],
    )


def _operation(connection: sqlite3.Connection, found: Sequence[Any]) -> Operation:
    row = found[0]
    parts = connection.execute(
        "SELECT name, body FROM outbox_parts WHERE row = ? ORDER BY position", (row,)
    ).fetchall()
    covers = connection.execute(
        "SELECT aspect, desired_hash FROM outbox_covers WHERE row = ? ORDER BY aspect", (row,)
    ).fetchall()
    return Operation(
        account=found[3],
        marketplace=found[4],
        sku=found[5],
        aspect=found[6],
        action=found[7],
        generation=found[8],
        payload=found[9],
        parts=tuple(parts),
        covers=dict(covers),
        values=read_values(found[10]),
        guard_inputs=found[11],
        plan_id=found[12],
    )


def read_values(text: str) -> Values:
    """The inverse of `enqueue.values_text`."""
    found = json.loads(text)
    price, sale = found["price"], found["sale_price"]
    return Values(
        sku=found["sku"],
        price=None if price is None else Decimal(price),
        sale_price=None if sale is None else Decimal(sale),
        quantity=found["quantity"],
        currency=found["currency"],
        tiers=tuple((quantity, Decimal(price)) for quantity, price in found.get("tiers", ())),
    )
