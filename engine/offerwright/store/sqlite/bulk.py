"""Ledger and listings in bulk: whole accounts or many SKUs at once, as columns."""

from __future__ import annotations

import json
import sqlite3

import polars as pl

from offerwright.errors import StoreRefused
from offerwright.store.columns import LEDGER, LISTINGS, Schema, frame_of
from offerwright.store.live import LIVE, TOTALS
from offerwright.store.sqlite.bookmarks import unnoted


def ledger_frame(
    connection: sqlite3.Connection, account: str, skus: pl.Series | None
) -> pl.DataFrame:
    """See `Reading.ledger_frame`."""
    return _read(connection, "ledger", LEDGER, account, skus)


def listings_frame(
    connection: sqlite3.Connection, account: str, skus: pl.Series | None
) -> pl.DataFrame:
    """See `Reading.listings_frame`."""
    return _read(connection, "listings", LISTINGS, account, skus)


def live_skus(connection: sqlite3.Connection, account: str) -> pl.Series:
    """See `Reading.live_skus`."""
    found = connection.execute(LIVE, {"account": account})
    return frame_of(found, {"sku": pl.String})["sku"]


def live_totals(connection: sqlite3.Connection, account: str) -> tuple[int, int]:
    """See `Reading.live_totals`."""
    found: tuple[int, int] = connection.execute(TOTALS, {"account": account}).fetchone()
    return found


def _read(
    connection: sqlite3.Connection,
    table: str,
    schema: Schema,
    account: str,
    skus: pl.Series | None,
) -> pl.DataFrame:
    order = ", aspect" if table == "ledger" else ""
    columns = ", ".join(f"{table}.{name}" for name in schema)
    if skus is None:
        found = connection.execute(
            f"SELECT {columns} FROM {table} WHERE account = ? ORDER BY sku{order}", (account,)
        )
        return frame_of(found, schema)
    # The wanted SKUs drive the join, ascending: neighbours of the key lie on the same page.
    wanted = json.dumps(skus.unique().sort().to_list(), ensure_ascii=False)
    found = connection.execute(
        f"SELECT {columns} FROM json_each(?) AS wanted CROSS JOIN {table}"
        f" ON {table}.account = ? AND {table}.sku = wanted.value",
        (wanted, account),
    )
    return frame_of(found, schema)


def write(
    connection: sqlite3.Connection,
    account: str,
    ledger: pl.DataFrame,
    listings: pl.DataFrame,
    now: float,
) -> None:
    """See `Store.write_frames`; the caller holds the transaction."""
    for table in ("ledger", "listings"):
        held = connection.execute(f"SELECT 1 FROM {table} WHERE account = ? LIMIT 1", (account,))
        if held.fetchone() is not None:
            raise StoreRefused(
                f"the store knows offers of {account} already; give an account that has none"
            )
    with unnoted(connection):
        _insert(connection, "ledger", account, ledger.select(LEDGER.keys()), now)
        _insert(connection, "listings", account, listings.select(LISTINGS.keys()), now)


def _insert(
    connection: sqlite3.Connection, table: str, account: str, frame: pl.DataFrame, now: float
) -> None:
    names = ("account", *frame.columns, "updated_at")
    marks = ", ".join("?" * len(names))
    columns = frame.sort("sku").select(
        pl.lit(account).alias("account"), pl.all(), pl.lit(now).alias("updated_at")
    )
    connection.executemany(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", columns.iter_rows()
    )
