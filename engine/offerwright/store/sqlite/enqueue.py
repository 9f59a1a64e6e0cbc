"""A plan's operations -> outbox rows and raised generations, inside one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from offerwright.frames import Aspect
from offerwright.marketplaces.operation import Operation, Values
from offerwright.store.protocol import Enqueued
from offerwright.store.sqlite.standing import Open, Standing, read_standing
from offerwright.store.sqlite.states import drop_queued, drop_rows

BLOCK = 2_000
"""Operations at a time: one question for all of them."""
BLOCK_BYTES = 8 << 20
"""Bytes of bodies at a time, about; two blocks are in memory while the next one is read."""

# Ends and decreases first: they stop overselling. Raises last: nothing is lost by waiting.
_RANK_DECREASE, _RANK_CREATE, _RANK_UPDATE, _RANK_RAISE = range(4)

_INSERT = """INSERT INTO outbox (row, account, marketplace, sku, aspect, action, generation,
    payload, lane, "values", guard_inputs, plan_id, rank, stock_change, status, due, queued_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'queued', 0, ?)"""
_PART = "INSERT INTO outbox_parts VALUES (?, ?, ?, ?)"
_COVER = "INSERT INTO outbox_covers VALUES (?, ?, ?)"
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
    tiers = "".join(
        f"{', ' if at else ''}[{quantity}, {_amount(price)}]"
        for at, (quantity, price) in enumerate(values.tiers)
    )
    return (
        f'{{"sku": {_text(values.sku)}, "price": {_amount(values.price)}, '
        f'"sale_price": {_amount(values.sale_price)}, '
        f'"quantity": {"null" if values.quantity is None else values.quantity}, '
        f'"currency": {_text(values.currency)}{tiers and f", {_TIERS}: [{tiers}]"}}}'
    )


# Written out: an encoder for any value takes four times as long for these few.
_TIERS = '"tiers"'


def _text(text: str | None) -> str:
    return "null" if text is None else encode_basestring(text)


def _amount(amount: Decimal | None) -> str:
    return "null" if amount is None else f'"{amount:f}"'


@dataclass
class _Pending:
    """Rows that are still to be deleted and written, many with one statement."""

    gone: list[int] = field(default_factory=list)
    outbox: list[tuple[Any, ...]] = field(default_factory=list)
    parts: list[tuple[Any, ...]] = field(default_factory=list)
    covers: list[tuple[Any, ...]] = field(default_factory=list)
    ledger: list[tuple[Any, ...]] = field(default_factory=list)

    def holds(self, row: int) -> bool:
        """Whether the row is not written yet."""
        return bool(self.outbox) and row >= self.outbox[0][0]

    def write(self, connection: sqlite3.Connection, now: float) -> None:
        """Delete and write them; nothing is pending any more."""
        if self.gone:
            drop_rows(connection, self.gone, now)
            self.gone.clear()
        for statement, rows in (
            (_INSERT, self.outbox), (_PART, self.parts), (_COVER, self.covers),
            (_RAISE, self.ledger),
        ):  # fmt: skip
            connection.executemany(statement, rows)
            rows.clear()


@dataclass
class _Queue:
    """One `enqueue` on its way; the caller holds the transaction."""

    connection: sqlite3.Connection
    plan_id: str
    now: float
    row: int
    """The last row that the outbox has ever had."""
    pending: _Pending = field(default_factory=_Pending)
    queued: int = 0
    superseded: int = 0
    held: list[str] = field(default_factory=list)

    def add(self, block: Sequence[Operation]) -> None:
        """Queue a block of operations, one after the other."""
        standing = read_standing(self.connection, block)
        for operation in block:
            rows = standing.open.setdefault((operation.account, operation.sku), {})
            if operation.action == "create" and _create_is_open(rows):
                self.held.append(operation.id)
                continue
            if rows:
                self._supersede(operation, rows)
            self._put(operation, standing)
        self.pending.write(self.connection, self.now)

    def _supersede(self, operation: Operation, rows: dict[int, Open]) -> None:
        """Delete queued rows that the operation makes pointless: all of the offer's for an end."""
        gone = [row for row, older in rows.items() if _is_pointless(older, operation)]
        if any(self.pending.holds(row) for row in gone):
            self.pending.write(self.connection, self.now)
        for row in gone:
            del rows[row]
        self.pending.gone.extend(gone)
        self.superseded += len(gone)

    def _put(self, operation: Operation, standing: Standing) -> None:
        account, sku = offer = (operation.account, operation.sku)
        aspects = covered(operation)
        generation = standing.next_generation(offer, aspects)
        change = _stock_change(operation, standing.quantities.get(offer))
        since = standing.waiting.get(offer, self.now) if change < 0 else self.now
        self.row = row = self.row + 1
        self.queued += 1
        standing.open[offer][row] = Open(operation.action, True, set(aspects))
        to_write, plan, now = self.pending, self.plan_id, self.now
        to_write.outbox.append((
            row, account, operation.marketplace, sku, operation.aspect, operation.action,
            generation, operation.payload, lane_of(operation), values_text(operation.values),
            operation.guard_inputs, plan, _rank(operation, change), change, since,
        ))  # fmt: skip
        for at, (name, body) in enumerate(operation.parts):
            to_write.parts.append((row, at, name, body))
        for aspect, desired in aspects.items():
            to_write.covers.append((row, aspect, desired))
            to_write.ledger.append((account, sku, aspect, desired, generation, plan, now))


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
    with _waiting_decreases(connection):
        emptied = sum(drop_queued(connection, account, now) for account in replacing)
        queue = _Queue(connection, plan_id, now, _last_row(connection), superseded=emptied)
        for block in _blocks(operations):
            queue.add(block)
    connection.execute("INSERT INTO plans VALUES (?, ?, ?)", (plan_id, queue.queued, now))
    return Enqueued(queued=queue.queued, superseded=queue.superseded, held=tuple(queue.held))


def _blocks(operations: Iterable[Operation]) -> Iterator[list[Operation]]:
    block: list[Operation] = []
    size = 0
    for operation in operations:
        block.append(operation)
        size += sum(len(body) for _, body in operation.parts)
        if len(block) == BLOCK or size >= BLOCK_BYTES:
            yield block
            block, size = [], 0
    if block:
        yield block


@contextmanager
def _waiting_decreases(connection: sqlite3.Connection) -> Iterator[None]:
    """
    A table `waiting` inside: since when decreases of stock wait. One that is queued anew goes on
    waiting: raises elsewhere are held back for a while, and not for as long as plans are made.
    """
    connection.execute(
        "CREATE TEMPORARY TABLE waiting (account TEXT, sku TEXT, since REAL,"
        " PRIMARY KEY (account, sku)) WITHOUT ROWID"
    )
    connection.execute(
        "INSERT INTO waiting SELECT account, sku, min(queued_at) FROM outbox"
        " WHERE stock_change < 0 AND status = 'queued' GROUP BY account, sku"
    )
    yield
    connection.execute("DROP TABLE waiting")


def _last_row(connection: sqlite3.Connection) -> int:
    """Rows are numbered here: what many rows refer to is known before they are written."""
    found = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
    return int(found[0]) if found else 0


def is_applied(connection: sqlite3.Connection, plan_id: str) -> bool:
    """See `Store.is_applied`."""
    found = connection.execute("SELECT 1 FROM plans WHERE id = ?", (plan_id,))
    return found.fetchone() is not None


def _create_is_open(rows: Mapping[int, Open]) -> bool:
    """Whether a create has left the queue and is not settled."""
    return any(older.action == "create" and not older.is_queued for older in rows.values())


def _is_pointless(older: Open, operation: Operation) -> bool:
    """Whether an open row need not be sent before the operation."""
    if not older.is_queued or operation.action == "end":
        return older.is_queued
    # An update never replaces a queued create or end: it goes after it.
    if older.action != "update" and operation.action == "update":
        return False
    return older.aspects <= covered(operation).keys()


def _stock_change(operation: Operation, confirmed: int | None) -> int:
    """-1, 0 or 1 against the confirmed quantity; an unknown one counts as a raise, zero never."""
    quantity = operation.values.quantity
    if operation.action == "create":
        return 1 if quantity else 0
    if operation.action == "end" or quantity == 0:
        return -1
    if quantity is None:
        return 0
    if confirmed is None:
        return 1
    return (quantity > confirmed) - (quantity < confirmed)


def _rank(operation: Operation, change: int) -> int:
    if operation.action == "create":
        return _RANK_CREATE
    return {-1: _RANK_DECREASE, 0: _RANK_UPDATE, 1: _RANK_RAISE}[change]
