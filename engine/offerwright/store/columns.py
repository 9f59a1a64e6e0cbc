"""The ledger and the listings as columns: schemas, and rows of a cursor → frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import polars as pl

Schema = Mapping[str, type[pl.DataType]]

LEDGER: Schema = {
    "sku": pl.String,
    "aspect": pl.String,
    "state": pl.String,
    "desired_hash": pl.String,
    "desired_generation": pl.Int64,
    "sent_generation": pl.Int64,
    "confirmed_generation": pl.Int64,
    "confirmed_hash": pl.String,
    "price": pl.String,
    "sale_price": pl.String,
    "quantity": pl.Int64,
    "currency": pl.String,
    "observed_price": pl.String,
    "observed_sale_price": pl.String,
    "rejected_hash": pl.String,
    "problems": pl.String,
}
"""`Reading.ledger_frame`: of `LEDGER_COLUMNS` those that say what is to be told. The rest of a row
is for people, and at millions of rows every column costs."""
LISTINGS: Schema = {"sku": pl.String, "external_id": pl.String, "state": pl.String}
"""`Reading.listings_frame`."""
PRICE_DAYS: Schema = {
    "sku": pl.String,
    "day": pl.Int64,
    "lowest": pl.String,
    "highest": pl.String,
}
"""`Reading.price_days`."""
BLOCK = 50_000
"""Rows taken from a cursor at a time: as tuples they are ten times what they are as columns."""


class Cursor(Protocol):
    """What of a database cursor is needed; `sqlite3` and ADBC have it."""

    def fetchmany(self, size: int) -> Sequence[Sequence[Any]]: ...


def frame_of(cursor: Cursor, schema: Schema) -> pl.DataFrame:
    """All rows of a cursor whose columns are those of the schema, in their order."""
    blocks = list(_blocks(cursor, schema))
    return pl.concat(blocks) if blocks else pl.DataFrame(schema=schema)


def _blocks(cursor: Cursor, schema: Schema) -> Iterator[pl.DataFrame]:
    while rows := cursor.fetchmany(BLOCK):
        values = zip(*rows, strict=True)
        yield pl.DataFrame([
            pl.Series(name, column, dtype=dtype)
            for (name, dtype), column in zip(schema.items(), values, strict=True)
        ])  # fmt: skip
