"""
What buyers paid day by day, as far as it was confirmed: the memory of guards on many small moves.

One row per offer and UTC day on which its price was confirmed, with the lowest and the highest that
stood on that day, the one from before included. A day without a row is one on which nothing moved.
"""

from __future__ import annotations

import json
import sqlite3
from decimal import Decimal

import polars as pl

from offerwright.store.columns import PRICE_DAYS, frame_of
from offerwright.store.protocol import DAY_S, PRICE_DAYS_KEPT

_OFFER = "account = :account AND sku = :sku"
_LAST = f"SELECT sale_price, price, currency FROM ledger WHERE {_OFFER} AND aspect = 'price'"
_TODAY = f"SELECT lowest, highest FROM price_days WHERE {_OFFER} AND day = :day"
_PUT = """INSERT INTO price_days VALUES (:account, :sku, :day, :lowest, :highest)
    ON CONFLICT (account, sku, day)
    DO UPDATE SET lowest = excluded.lowest, highest = excluded.highest"""
_FORGET = f"DELETE FROM price_days WHERE {_OFFER} AND (day < :oldest OR :all)"
_READ = f"SELECT {', '.join(f'price_days.{name}' for name in PRICE_DAYS)} FROM "

Paid = tuple[str | None, str | None]
"""What was paid, as exact text, and its currency."""


def paid_now(connection: sqlite3.Connection, account: str, sku: str) -> Paid:
    """What the ledger has as confirmed."""
    found = connection.execute(_LAST, {"account": account, "sku": sku}).fetchone()
    sale, price, currency = found or (None, None, None)
    return sale or price, currency


def keep_day(
    connection: sqlite3.Connection, account: str, sku: str, before: Paid, now: float
) -> None:
    """
    Note that another price was confirmed; `before` is what the ledger had.

    Days that no guard can look at go. Amounts of another currency cannot be compared: they all go.
    """
    (paid, currency), day = paid_now(connection, account, sku), int(now // DAY_S)
    if paid is None:
        return
    offer = {"account": account, "sku": sku}
    is_other = None not in (currency, before[1]) and currency != before[1]
    connection.execute(_FORGET, {**offer, "oldest": day - PRICE_DAYS_KEPT, "all": is_other})
    today = connection.execute(_TODAY, {**offer, "day": day}).fetchone() or ()
    earlier = () if is_other or before[0] is None else (before[0],)
    every = [Decimal(text) for text in (paid, *earlier, *today)]
    lowest, highest = (format(one, "f") for one in (min(every), max(every)))
    connection.execute(_PUT, {**offer, "day": day, "lowest": lowest, "highest": highest})


def price_days(
    connection: sqlite3.Connection, account: str, skus: pl.Series | None, since: int
) -> pl.DataFrame:
    """See `Reading.price_days`."""
    if skus is None:
        sql = f"{_READ}price_days WHERE account = ? AND day >= ? ORDER BY sku, day"
        return frame_of(connection.execute(sql, (account, since)), PRICE_DAYS)
    wanted = json.dumps(skus.unique().sort().to_list(), ensure_ascii=False)
    sql = (
        f"{_READ}json_each(?) AS wanted CROSS JOIN price_days ON price_days.account = ?"
        " AND price_days.sku = wanted.value AND price_days.day >= ?"
    )
    return frame_of(connection.execute(sql, (wanted, account, since)), PRICE_DAYS)
