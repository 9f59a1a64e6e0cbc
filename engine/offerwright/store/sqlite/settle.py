"""Outcomes -> outbox row and ledger, inside one transaction; a stale fence writes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from offerwright.marketplaces.operation import Operation, Outcome, Problem
from offerwright.store.protocol import ATTEMPTS_KEPT, Claim
from offerwright.store.sqlite.enqueue import covered
from offerwright.store.sqlite.holds import is_held
from offerwright.store.sqlite.live import (
    confirm_end,
    confirm_live,
    observe,
    problems_text,
    save_listing,
)
from offerwright.store.sqlite.states import FREE, drop, mark

_BEFORE = {"send": "queued", "poll": "submitted", "read_back": "in_doubt"}
_WAITING = {"accepted": "submitted", "retry": "queued", "in_doubt": "in_doubt"}

_REFUSE = """UPDATE ledger SET state = :state, rejected_hash = :hash, problems = :problems,
    updated_at = :now WHERE account = :account AND sku = :sku AND aspect = :aspect
    AND desired_generation = :generation"""


def holds(connection: sqlite3.Connection, claim: Claim) -> bool:
    """Whether the claim's fence is still the row's."""
    found = connection.execute("SELECT fence FROM outbox WHERE row = ?", (claim.row,)).fetchone()
    return found is not None and found[0] == claim.fence


def begin(connection: sqlite3.Connection, claim: Claim, now: float, lease_s: float) -> bool:
    """See `Store.begin`."""
    if is_held(connection, claim.row, now):
        release(connection, claim, 0.0)
        return False
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
        _refuse(connection, claim, "rejected", outcome.problems, now, outcome.external_id)
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
    _refuse(connection, claim, "quarantined", problems, now, claim.external_id)
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


def _confirm(connection: sqlite3.Connection, claim: Claim, outcome: Outcome, now: float) -> None:
    operation = claim.operation
    if operation.action == "end":
        confirm_end(connection, operation, now)
    else:
        confirm_live(connection, operation, outcome.problems, now)
    if operation.action == "create" or outcome.external_id is not None:
        external_id = outcome.external_id or claim.external_id
        state = "ended" if operation.action == "end" else "live"
        save_listing(connection, operation.account, operation.sku, external_id, state, now)
    connection.execute("DELETE FROM outbox WHERE row = ?", (claim.row,))


def _refuse(
    connection: sqlite3.Connection,
    claim: Claim,
    state: str,
    problems: Sequence[Problem],
    now: float,
    external_id: str | None,
) -> None:
    """Remember the refusal; a create that left a listing behind is refused in its content alone."""
    operation = claim.operation
    is_listed = operation.action == "create" and external_id is not None
    if is_listed:
        save_listing(connection, operation.account, operation.sku, external_id, "live", now)
        drop(connection, claim.row, now)
    else:
        connection.execute("DELETE FROM outbox WHERE row = ?", (claim.row,))
    connection.executemany(
        _REFUSE,
        [
            {"account": operation.account, "sku": operation.sku, "aspect": aspect}
            | {"generation": operation.generation, "hash": desired, "state": state}
            | {"problems": problems_text(problems), "now": now}
            for aspect, desired in covered(operation).items()
            if aspect == operation.aspect or not is_listed
        ],
    )
    if operation.action == "create" and not is_listed:
        _drop_followers(connection, operation, now)


def _drop_followers(connection: sqlite3.Connection, operation: Operation, now: float) -> None:
    """Updates queued behind a create that left no listing have nothing to go to."""
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
    # A create is only sent again after a read-back that did not find it: it has no id any more.
    not_found = (claim.step, claim.operation.action) == ("read_back", "create")
    not_found = not_found and outcome.kind == "retry"
    connection.execute(
        f"""UPDATE outbox SET due = ?, failures = failures + ?, handle = coalesce(?, handle),
        external_id = CASE WHEN ? THEN NULL ELSE coalesce(?, external_id) END, {FREE}
        WHERE row = ?""",
        (due, int(failed), outcome.handle, not_found, outcome.external_id, claim.row),
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
