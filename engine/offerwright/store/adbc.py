"""
Ledger and listings through ADBC: the same statements for SQLite and PostgreSQL, rows as Arrow.

No value becomes a Python object on the way. The caller brings the connection, and with it the
moment that is read: a transaction of the database.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from offerwright.store.columns import LEDGER, LISTINGS, PRICE_DAYS, Schema
from offerwright.store.live import IS_BOOKMARK, LIVE, TOTALS, TOUCHED


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where the two databases differ: SKUs as rows of a JSON list, and the order of bytes."""

    wanted: str
    collation: str
    is_typed: bool
    """Whether columns have types: SQLite has them by value, and a driver can only guess."""


SQLITE = Dialect("json_each($1) AS wanted", "", False)
POSTGRESQL = Dialect("jsonb_array_elements_text($1::jsonb) AS wanted (value)", ' COLLATE "C"', True)


_OWN = "price_days.account"


@dataclass(frozen=True)
class Query:
    """One statement with its parameters, and the columns that it gives."""

    sql: str
    parameters: Sequence[str]
    schema: Schema


def ledger_query(dialect: Dialect, account: str, skus: pl.Series | None) -> Query:
    """`Reading.ledger_frame` as a statement."""
    return _query(dialect, "ledger", LEDGER, account, skus)


def listings_query(dialect: Dialect, account: str, skus: pl.Series | None) -> Query:
    """`Reading.listings_frame` as a statement."""
    return _query(dialect, "listings", LISTINGS, account, skus)


def live_query(dialect: Dialect, account: str) -> Query:
    """`Reading.live_skus` as a statement; `sku` is its column."""
    sql = f"SELECT sku FROM ({LIVE}) AS live ORDER BY sku{dialect.collation}"
    return Query(sql.replace(":account", "$1"), (account,), {"sku": pl.String})


def price_days_query(dialect: Dialect, account: str, skus: pl.Series | None, since: int) -> Query:
    """`Reading.price_days` as a statement."""
    every = _query(dialect, "price_days", PRICE_DAYS, account, skus)
    # The day is a number of ours, and its place among the parameters differs.
    sql = every.sql.replace(f"{_OWN} = ", f"price_days.day >= {int(since)} AND {_OWN} = ")
    return Query(sql, every.parameters, every.schema)


def totals_query(account: str) -> Query:
    """`Reading.live_totals` as a statement."""
    schema = {"confirmed": pl.Int64, "stocked": pl.Int64}
    return Query(TOTALS.replace(":account", "$1"), (account,), schema)


def is_bookmark_query(token: str) -> Query:
    """A row where a bookmark is known."""
    sql = IS_BOOKMARK.replace(":token", "$1")
    return Query(sql, (token,), {"revision": pl.Int64})


def touched_query(dialect: Dialect, account: str, token: str) -> Query:
    """`Reading.touched` as a statement, for a bookmark that is known; `sku` is its column."""
    sql = f"SELECT sku FROM ({TOUCHED}) AS touched ORDER BY sku{dialect.collation}"
    sql = sql.replace(":account", "$1").replace(":token", "$2")
    return Query(sql, (account, token), {"sku": pl.String})


def _query(
    dialect: Dialect, table: str, schema: Schema, account: str, skus: pl.Series | None
) -> Query:
    columns = ", ".join(_column(dialect, table, name, schema) for name in schema)
    order = f"{table}.sku{dialect.collation}"
    if table == "ledger":
        order += f", {table}.aspect{dialect.collation}"
    if table == "price_days":
        order += ", price_days.day"
    if skus is None:
        sql = f"SELECT {columns} FROM {table} WHERE {table}.account = $1 ORDER BY {order}"
        return Query(sql, (account,), schema)
    wanted = json.dumps(skus.unique().sort().to_list(), ensure_ascii=False)
    # SQLite joins in the order that CROSS JOIN says, so the rows come by SKU without sorting.
    found = f"{dialect.wanted} CROSS JOIN {table} WHERE {table}.sku = wanted.value"
    sql = f"SELECT {columns} FROM {found} AND {table}.account = $2"
    if dialect.is_typed:
        sql += f" ORDER BY {order}"
    return Query(sql, (wanted, account), schema)


def _column(dialect: Dialect, table: str, name: str, schema: Schema) -> str:
    column = f"{table}.{name}"
    # A column whose first rows are all null would be taken for one of integers.
    is_guessed = not dialect.is_typed and schema[name] == pl.String
    return f"coalesce({column}, '') AS {name}" if is_guessed else column


def fetched(cursor: Any, query: Query, dialect: Dialect) -> pl.DataFrame:
    """
    The rows of a query, with the types of its schema.

    `cursor` is one of `adbc_driver_manager.dbapi`, which has no types of its own.
    """
    cursor.execute(query.sql, query.parameters)
    return framed(cursor.fetch_arrow_table(), query.schema, dialect)


def framed(table: Any, schema: Schema, dialect: Dialect) -> pl.DataFrame:
    """An Arrow table as a frame of the schema."""
    frame = pl.DataFrame(table.rename_columns(list(schema)))
    if not dialect.is_typed:
        texts = [name for name, dtype in schema.items() if dtype == pl.String]
        frame = frame.with_columns(pl.col(name).cast(pl.String).replace("", None) for name in texts)
    return frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
