"""What the marketplace has: listings, confirmed values and observed ones."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from decimal import Decimal

from offerwright.marketplaces.operation import Operation, Problem, Values
from offerwright.store.sqlite.enqueue import covered
from offerwright.store.sqlite.prices import keep_day, paid_now

_CONFIRM = """UPDATE ledger SET confirmed_generation = :generation, confirmed_hash = :hash,
    price = :price, sale_price = :sale_price, quantity = :quantity, currency = :currency,
    state = CASE WHEN desired_generation = :generation THEN 'confirmed' ELSE state END,
    rejected_hash = CASE WHEN desired_generation = :generation THEN NULL ELSE rejected_hash END,
    problems = CASE WHEN desired_generation = :generation THEN :problems ELSE problems END,
    sent_generation = max(sent_generation, :generation), updated_at = :now
    WHERE account = :account AND sku = :sku AND aspect = :aspect
    AND confirmed_generation < :generation"""
_ENDED = """UPDATE ledger SET confirmed_hash = NULL, updated_at = :now,
    state = CASE WHEN state = 'confirmed' THEN 'none' ELSE state END
    WHERE account = :account AND sku = :sku"""
_CONFIRM_END = """UPDATE ledger SET confirmed_generation = :generation, confirmed_hash = :hash,
    state = CASE WHEN desired_generation = :generation THEN 'confirmed' ELSE state END
    WHERE account = :account AND sku = :sku AND aspect = :aspect
    AND confirmed_generation < :generation"""
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


def confirm_live(
    connection: sqlite3.Connection, operation: Operation, problems: Sequence[Problem], now: float
) -> None:
    """The values of a create or update are what the marketplace has, if none is newer."""
    key = {"account": operation.account, "sku": operation.sku, "now": now}
    settled = {"generation": operation.generation, "problems": problems_text(problems)}
    before = paid_now(connection, operation.account, operation.sku)
    for aspect, desired in covered(operation).items():
        values = _of_aspect(operation.values, aspect)
        changed = connection.execute(
            _CONFIRM, {**key, **settled, **values, "aspect": aspect, "hash": desired}
        )
        if aspect == "price" and changed.rowcount:
            keep_day(connection, operation.account, operation.sku, before, now)


def confirm_end(connection: sqlite3.Connection, operation: Operation, now: float) -> None:
    """The listing is gone: nothing is confirmed any more; its last values stay for the guards."""
    key = {"account": operation.account, "sku": operation.sku, "now": now}
    # All older operations of the offer are settled and all newer ones wait for this one; the
    # generations of different aspects cannot be compared.
    connection.execute(_ENDED, key)
    for aspect, desired in covered(operation).items():
        settled = {"generation": operation.generation, "hash": desired, "aspect": aspect}
        connection.execute(_CONFIRM_END, {**key, **settled})
    save_listing(connection, operation.account, operation.sku, None, "ended", now)


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
