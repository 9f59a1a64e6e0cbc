"""A plan's operations -> outbox rows and raised generations, inside one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping

from offerwright.frames import Aspect
from offerwright.marketplaces.operation import Operation, Values
from offerwright.store.protocol import Enqueued
from offerwright.store.sqlite.states import drop

# Ends and decreases first: they stop overselling. Raises last: nothing is lost by waiting.
_RANK_DECREASE, _RANK_CREATE, _RANK_UPDATE, _RANK_RAISE = range(4)

_INSERT = """INSERT INTO outbox (account, marketplace, sku, aspect, action, generation, payload,
    lane, "values", guard_inputs, plan_id, rank, stock_change, status, due, queued_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', 0, ?)"""
_RAISE = """INSERT INTO ledger (account, sku, aspect, state, desired_hash, desired_generation,
    plan_id, updated_at) VALUES (?, ?, ?, 'queued', ?, ?, ?, ?)
    ON CONFLICT (account, sku, aspect) DO UPDATE SET state = 'queued',
    desired_hash = excluded.desired_hash, desired_generation = excluded.desired_generation,
    rejected_hash = NULL, problems = '[]',
    plan_id = excluded.plan_id, updated_at = excluded.updated_at"""


def covered(operation: Operation) -> Mapping[Aspect, str]:
    """The aspects that an operation settles with their desired hashes."""
    return operation.covers or {operation.aspect: ""}


def lane_of(operation: Operation) -> str:
    """The class of requests that one throttling answer speaks for."""
    return f"{operation.payload}/{operation.action}"


def values_text(values: Values) -> str:
    """Canonical JSON; amounts as text. Tiers are written where there are any."""
    tiers = [[quantity, format(price, "f")] for quantity, price in values.tiers]
    return json.dumps(
        {
            "sku": values.sku,
            "price": None if values.price is None else format(values.price, "f"),
            "sale_price": None if values.sale_price is None else format(values.sale_price, "f"),
            "quantity": values.quantity,
            "currency": values.currency,
            **({"tiers": tiers} if tiers else {}),
        },
        ensure_ascii=False,
    )


def enqueue(
    connection: sqlite3.Connection,
    operations: Iterable[Operation],
    plan_id: str,
    now: float,
    replacing: Iterable[str],
) -> Enqueued:
    """See `Store.enqueue`; the caller holds the transaction."""
    if is_applied(connection, plan_id):
        return Enqueued(already_applied=True)
    waiting = _waiting_decreases(connection)
    superseded = sum(_empty_queue(connection, account, now) for account in replacing)
    queued = 0
    held: list[str] = []
    for operation in operations:
        if operation.action == "create" and _create_is_open(connection, operation):
            held.append(operation.id)
            continue
        superseded += _supersede(connection, operation, now)
        since = waiting.get((operation.account, operation.sku), now)
        _queue(connection, operation, plan_id, now, since)
        queued += 1
    connection.execute("INSERT INTO plans VALUES (?, ?, ?)", (plan_id, queued, now))
    return Enqueued(queued=queued, superseded=superseded, held=tuple(held))


def _waiting_decreases(connection: sqlite3.Connection) -> dict[tuple[str, str], float]:
    """
    Since when decreases of stock wait. One that is queued anew goes on waiting: raises elsewhere
    are held back for a while, and not for as long as plans are made.
    """
    found = connection.execute(
        "SELECT account, sku, min(queued_at) FROM outbox"
        " WHERE stock_change < 0 AND status = 'queued' GROUP BY account, sku"
    )
    return {(account, sku): float(since) for account, sku, since in found}


def _empty_queue(connection: sqlite3.Connection, account: str, now: float) -> int:
    """Delete what an account's earlier plans queued and nobody has begun to send."""
    rows = connection.execute(
        "SELECT row FROM outbox WHERE account = ? AND status = 'queued'", (account,)
    ).fetchall()
    for (row,) in rows:
        drop(connection, row, now)
    return len(rows)


def is_applied(connection: sqlite3.Connection, plan_id: str) -> bool:
    """See `Store.is_applied`."""
    found = connection.execute("SELECT 1 FROM plans WHERE id = ?", (plan_id,))
    return found.fetchone() is not None


def _create_is_open(connection: sqlite3.Connection, operation: Operation) -> bool:
    found = connection.execute(
        "SELECT 1 FROM outbox WHERE account = ? AND sku = ? AND action = 'create'"
        " AND status <> 'queued'",
        (operation.account, operation.sku),
    )
    return found.fetchone() is not None


def _supersede(connection: sqlite3.Connection, operation: Operation, now: float) -> int:
    """Delete queued rows that the operation makes pointless: all of the offer's for an end."""
    aspects = covered(operation)
    older = connection.execute(
        "SELECT row, action FROM outbox WHERE account = ? AND sku = ? AND status = 'queued'",
        (operation.account, operation.sku),
    ).fetchall()
    gone = [
        row
        for row, action in older
        if operation.action == "end" or _settles_all(connection, row, action, operation, aspects)
    ]
    for row in gone:
        drop(connection, row, now)
    return len(gone)


def _settles_all(
    connection: sqlite3.Connection,
    row: int,
    action: str,
    operation: Operation,
    aspects: Mapping[Aspect, str],
) -> bool:
    # An update never replaces a queued create or end: it goes after it.
    if action != "update" and operation.action == "update":
        return False
    rows = connection.execute("SELECT aspect FROM outbox_covers WHERE row = ?", (row,))
    return {aspect for (aspect,) in rows} <= set(aspects)


def _queue(
    connection: sqlite3.Connection, operation: Operation, plan_id: str, now: float, since: float
) -> None:
    aspects = covered(operation)
    generation = 1 + max(_desired(connection, operation, aspect) for aspect in aspects)
    change = _stock_change(connection, operation)
    row = connection.execute(
        _INSERT,
        (
            operation.account,
            operation.marketplace,
            operation.sku,
            operation.aspect,
            operation.action,
            generation,
            operation.payload,
            lane_of(operation),
            values_text(operation.values),
            operation.guard_inputs,
            plan_id,
            _rank(operation, change),
            change,
            since if change < 0 else now,
        ),
    ).lastrowid
    connection.executemany(
        "INSERT INTO outbox_parts VALUES (?, ?, ?, ?)",
        [(row, at, name, body) for at, (name, body) in enumerate(operation.parts)],
    )
    connection.executemany(
        "INSERT INTO outbox_covers VALUES (?, ?, ?)", [(row, *item) for item in aspects.items()]
    )
    connection.executemany(
        _RAISE,
        [
            (operation.account, operation.sku, aspect, desired, generation, plan_id, now)
            for aspect, desired in aspects.items()
        ],
    )


def _desired(connection: sqlite3.Connection, operation: Operation, aspect: str) -> int:
    found = connection.execute(
        "SELECT desired_generation FROM ledger WHERE account = ? AND sku = ? AND aspect = ?",
        (operation.account, operation.sku, aspect),
    ).fetchone()
    return int(found[0]) if found else 0


def _stock_change(connection: sqlite3.Connection, operation: Operation) -> int:
    """-1, 0 or 1 against the confirmed quantity; an unknown one counts as a raise, zero never."""
    quantity = operation.values.quantity
    if operation.action == "create":
        return 1 if quantity else 0
    if operation.action == "end" or quantity == 0:
        return -1
    if quantity is None:
        return 0
    found = connection.execute(
        "SELECT quantity FROM ledger WHERE account = ? AND sku = ? AND aspect = 'stock'",
        (operation.account, operation.sku),
    ).fetchone()
    if found is None or found[0] is None:
        return 1
    confirmed = int(found[0])
    return (quantity > confirmed) - (quantity < confirmed)


def _rank(operation: Operation, change: int) -> int:
    if operation.action == "create":
        return _RANK_CREATE
    return {-1: _RANK_DECREASE, 0: _RANK_UPDATE, 1: _RANK_RAISE}[change]
