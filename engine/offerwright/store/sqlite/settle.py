"""Outcomes -> outbox row and ledger, inside one transaction; a stale fence writes nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from decimal import Decimal

from offerwright.marketplaces.operation import Operation, Outcome, Problem, Values
from offerwright.store.protocol import ATTEMPTS_KEPT, Claim
from offerwright.store.sqlite.enqueue import covered
from offerwright.store.sqlite.states import FREE, drop, mark

_BEFORE = {"send": "queued", "poll": "submitted", "read_back": "in_doubt"}
_WAITING = {"accepted": "submitted", "retry": "queued", "in_doubt": "in_doubt"}

_CONFIRM = """UPDATE ledger SET confirmed_generation = :generation, confirmed_hash = :hash,
    price = :price, sale_price = :sale_price, quantity = :quantity, currency = :currency,
    state = CASE WHEN desired_generation = :generation THEN 'confirmed' ELSE state END,
    rejected_hash = CASE WHEN desired_generation = :generation THEN NULL ELSE rejected_hash END,
    problems = CASE WHEN desired_generation = :generation THEN :problems ELSE problems END,
    sent_generation = max(sent_generation, :generation), updated_at = :now
    WHERE account = :account AND sku = :sku AND aspect = :aspect
    AND confirmed_generation < :generation"""
_REFUSE = """UPDATE ledger SET state = :state, rejected_hash = :hash, problems = :problems,
    updated_at = :now WHERE account = :account AND sku = :sku AND aspect = :aspect
    AND desired_generation = :generation"""
_LISTING = """INSERT INTO listings VALUES (:account, :sku, :external_id, :state, :now)
    ON CONFLICT (account, sku) DO UPDATE SET state = excluded.state,
    external_id = coalesce(excluded.external_id, external_id), updated_at = excluded.updated_at"""
_OBSERVE = """UPDATE ledger SET observed_price = :price, observed_sale_price = :sale_price,
    observed_quantity = :quantity, observed_currency = :currency, observed_at = :now
    WHERE account = :account AND sku = :sku AND aspect = :aspect"""


def amount_text(value: Decimal | None) -> str | None:
    """Exact digits without an exponent."""
    return None if value is None else format(value, "f")


def problems_text(problems: Sequence[Problem]) -> str:
    """The JSON kept in the ledger: a list of {code, message, field, severity}."""
    return json.dumps(
        [
            {"code": p.code, "message": p.message, "field": p.field, "severity": p.severity}
            for p in problems
        ],
        ensure_ascii=False,
    )


def holds(connection: sqlite3.Connection, claim: Claim) -> bool:
    """Whether the claim's fence is still the row's."""
    found = connection.execute("SELECT fence FROM outbox WHERE row = ?", (claim.row,)).fetchone()
    return found is not None and found[0] == claim.fence


def begin(connection: sqlite3.Connection, claim: Claim, now: float, lease_s: float) -> bool:
    """See `Store.begin`."""
    changed = connection.execute(
        "UPDATE outbox SET sent_at = ?, lease_until = ? WHERE row = ? AND fence = ?"
        " AND status = 'queued'",
        (now, now + lease_s, claim.row, claim.fence),
    ).rowcount
    if not changed:
        return False
    mark(connection, claim.row, "sending", now)
    operation = claim.operation
    connection.executemany(
        "UPDATE ledger SET sent_generation = max(sent_generation, ?)"
        " WHERE account = ? AND sku = ? AND aspect = ?",
        [
            (operation.generation, operation.account, operation.sku, aspect)
            for aspect in covered(operation)
        ],
    )
    return True


def record(
    connection: sqlite3.Connection,
    claim: Claim,
    outcome: Outcome,
    *,
    now: float,
    due: float,
    failed: bool,
) -> bool:
    """See `Store.record`."""
    if not holds(connection, claim):
        return False
    operation = claim.operation
    _log(connection, claim, outcome.kind, outcome.status, outcome.problems, now)
    if outcome.kind == "confirmed":
        _confirm(connection, claim, outcome, now)
    elif outcome.kind == "rejected":
        _refuse(connection, claim, "rejected", outcome.problems, now)
    else:
        status = _WAITING.get(outcome.kind, _BEFORE[claim.step])
        _wait(connection, claim, outcome, due, failed)
        mark(connection, claim.row, status, now)
    if outcome.observed is not None:
        observe(connection, operation.account, operation.sku, outcome.observed, now)
    return True


def release(connection: sqlite3.Connection, claim: Claim, due: float) -> bool:
    """See `Store.release`."""
    changed = connection.execute(
        f"UPDATE outbox SET due = ?, {FREE} WHERE row = ? AND fence = ? AND status <> 'sending'",
        (due, claim.row, claim.fence),
    )
    return changed.rowcount == 1


def quarantine(
    connection: sqlite3.Connection, claim: Claim, problems: Sequence[Problem], now: float
) -> bool:
    """See `Store.quarantine`."""
    if not holds(connection, claim):
        return False
    _log(connection, claim, "quarantined", None, problems, now)
    _refuse(connection, claim, "quarantined", problems, now)
    return True


def withdraw(
    connection: sqlite3.Connection, claim: Claim, external_id: str | None, now: float
) -> bool:
    """See `Store.withdraw`."""
    if not holds(connection, claim):
        return False
    operation = claim.operation
    _log(connection, claim, "withdrawn", None, (), now)
    save_listing(connection, operation.account, operation.sku, external_id, "live", now)
    drop(connection, claim.row, now)
    return True


def save_listing(
    connection: sqlite3.Connection,
    account: str,
    sku: str,
    external_id: str | None,
    state: str,
    now: float,
) -> None:
    """Insert or update a listing; a known external id is never forgotten."""
    connection.execute(
        _LISTING,
        {"account": account, "sku": sku, "external_id": external_id, "state": state, "now": now},
    )


def observe(
    connection: sqlite3.Connection, account: str, sku: str, values: Values, now: float
) -> None:
    """Split what was seen over the aspects: money to price, quantity to stock."""
    for aspect in ("price", "stock"):
        seen = _of_aspect(values, aspect)
        if any(value is not None for value in seen.values()):
            connection.execute(
                _OBSERVE, {**seen, "account": account, "sku": sku, "aspect": aspect, "now": now}
            )


def _of_aspect(values: Values, aspect: str) -> dict[str, str | int | None]:
    money, stock = aspect == "price", aspect == "stock"
    return {
        "price": amount_text(values.price) if money else None,
        "sale_price": amount_text(values.sale_price) if money else None,
        "currency": values.currency if money else None,
        "quantity": values.quantity if stock else None,
    }


def _confirm(connection: sqlite3.Connection, claim: Claim, outcome: Outcome, now: float) -> None:
    operation = claim.operation
    key = {"account": operation.account, "sku": operation.sku, "now": now}
    settled = {"generation": operation.generation, "problems": problems_text(outcome.problems)}
    for aspect, desired in covered(operation).items():
        connection.execute(
            _CONFIRM,
            {**key, **settled, **_of_aspect(operation.values, aspect)}
            | {"aspect": aspect, "hash": desired},
        )
    external_id = outcome.external_id or claim.external_id
    if operation.action == "end":
        _end(connection, operation, now)
    elif operation.action == "create" or outcome.external_id is not None:
        save_listing(connection, operation.account, operation.sku, external_id, "live", now)
    connection.execute("DELETE FROM outbox WHERE row = ?", (claim.row,))


def _end(connection: sqlite3.Connection, operation: Operation, now: float) -> None:
    """The listing is gone: its hashes say nothing any more; its last values stay for the guards."""
    connection.execute(
        "UPDATE ledger SET confirmed_hash = NULL, updated_at = ? WHERE account = ? AND sku = ?"
        " AND confirmed_generation <= ?",
        (now, operation.account, operation.sku, operation.generation),
    )
    save_listing(connection, operation.account, operation.sku, None, "ended", now)


def _refuse(
    connection: sqlite3.Connection,
    claim: Claim,
    state: str,
    problems: Sequence[Problem],
    now: float,
) -> None:
    operation = claim.operation
    connection.executemany(
        _REFUSE,
        [
            {"account": operation.account, "sku": operation.sku, "aspect": aspect}
            | {"generation": operation.generation, "hash": desired, "state": state}
            | {"problems": problems_text(problems), "now": now}
            for aspect, desired in covered(operation).items()
        ],
    )
    connection.execute("DELETE FROM outbox WHERE row = ?", (claim.row,))
    if operation.action == "create":
        _drop_followers(connection, operation, now)


def _drop_followers(connection: sqlite3.Connection, operation: Operation, now: float) -> None:
    """Updates queued behind a refused create have no listing to go to."""
    rows = connection.execute(
        "SELECT row FROM outbox WHERE account = ? AND sku = ? AND status = 'queued'"
        " AND action = 'update'",
        (operation.account, operation.sku),
    ).fetchall()
    for (row,) in rows:
        drop(connection, row, now)


def _wait(
    connection: sqlite3.Connection, claim: Claim, outcome: Outcome, due: float, failed: bool
) -> None:
    connection.execute(
        f"""UPDATE outbox SET due = ?, failures = failures + ?,
        handle = coalesce(?, handle), external_id = coalesce(?, external_id), {FREE}
        WHERE row = ?""",
        (due, int(failed), outcome.handle, outcome.external_id, claim.row),
    )


def _log(
    connection: sqlite3.Connection,
    claim: Claim,
    kind: str,
    status: int | None,
    problems: Sequence[Problem],
    now: float,
) -> None:
    """One row of the attempts log; only the newest `ATTEMPTS_KEPT` of an aspect stay."""
    operation = claim.operation
    offer = (operation.account, operation.sku, operation.aspect)
    codes = ",".join(dict.fromkeys(p.code for p in problems))
    connection.execute(
        """INSERT INTO attempts (at, account, sku, aspect, generation, step, kind, status, codes,
        plan_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (now, *offer, operation.generation, claim.step, kind, status, codes, operation.plan_id),
    )
    connection.execute(
        """DELETE FROM attempts WHERE account = ? AND sku = ? AND aspect = ? AND id <= (
        SELECT id FROM attempts WHERE account = ? AND sku = ? AND aspect = ?
        ORDER BY id DESC LIMIT 1 OFFSET ?)""",
        (*offer, *offer, ATTEMPTS_KEPT),
    )
