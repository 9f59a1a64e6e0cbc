"""One state of a store, read for as long as it takes: a few SKUs, or a whole ledger as Arrow."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import polars as pl
import pyarrow as pa

from offerwright.errors import StoreRefused
from offerwright.store.adbc import (
    SQLITE,
    Query,
    framed,
    is_bookmark_query,
    ledger_query,
    listings_query,
    live_query,
    price_days_query,
    totals_query,
    touched_query,
)
from offerwright.store.sqlite import bookmarks, bulk, prices

Fetch = Callable[[Query], pl.DataFrame]
_READER = "offerwright.store.sqlite.reader"


class SqliteReading:
    """`Reading` over a connection that stands in one transaction; several threads may ask."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    def ledger_frame(self, account: str, skus: pl.Series | None = None) -> pl.DataFrame:
        with self._lock:
            return bulk.ledger_frame(self._connection, account, skus)

    def listings_frame(self, account: str, skus: pl.Series | None = None) -> pl.DataFrame:
        with self._lock:
            return bulk.listings_frame(self._connection, account, skus)

    def live_skus(self, account: str) -> pl.Series:
        with self._lock:
            return bulk.live_skus(self._connection, account)

    def live_totals(self, account: str) -> tuple[int, int]:
        with self._lock:
            return bulk.live_totals(self._connection, account)

    def price_days(
        self, account: str, skus: pl.Series | None = None, *, since: int
    ) -> pl.DataFrame:
        with self._lock:
            return prices.price_days(self._connection, account, skus, since)

    def touched(self, account: str, token: str) -> pl.Series | None:
        with self._lock:
            return bookmarks.touched(self._connection, account, token)


class ArrowReading:
    """`Reading` whose rows another process reads; they come in half the time, and beside ours."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    def ledger_frame(self, account: str, skus: pl.Series | None = None) -> pl.DataFrame:
        return self._fetch(ledger_query(SQLITE, account, skus))

    def listings_frame(self, account: str, skus: pl.Series | None = None) -> pl.DataFrame:
        return self._fetch(listings_query(SQLITE, account, skus))

    def live_skus(self, account: str) -> pl.Series:
        return self._fetch(live_query(SQLITE, account))["sku"]

    def live_totals(self, account: str) -> tuple[int, int]:
        confirmed, stocked = self._fetch(totals_query(account)).row(0)
        return confirmed, stocked

    def price_days(
        self, account: str, skus: pl.Series | None = None, *, since: int
    ) -> pl.DataFrame:
        return self._fetch(price_days_query(SQLITE, account, skus, since))

    def touched(self, account: str, token: str) -> pl.Series | None:
        if not self._fetch(is_bookmark_query(token)).height:
            return None
        return self._fetch(touched_query(SQLITE, account, token))["sku"]


@contextmanager
def reading_apart(path: Path) -> Iterator[Fetch]:
    """
    Statements to `store.sqlite.reader`, one after the other, whichever thread asks.

    Its state is that of the first statement. Raises `StoreRefused` when it ends before its time.
    """
    # -P: nothing that lies in the working directory is run. A session of its own: Ctrl-C of a
    # terminal is ours to answer.
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", _READER, str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    lock = threading.Lock()

    def fetch(query: Query) -> pl.DataFrame:
        with lock:
            try:
                table = _answer(process, query)
            except (OSError, ValueError) as problem:
                raise StoreRefused(f"{path.name} could not be read to its end: {problem}") from (
                    problem
                )
        return framed(table, query.schema, SQLITE)

    try:
        yield fetch
    except BaseException:
        process.kill()
        raise
    finally:
        _part(process)


def _answer(process: subprocess.Popen[bytes], query: Query) -> pa.Table:
    """One question and its answer. Raises `OSError` or `ValueError` where it is not whole."""
    assert process.stdin is not None and process.stdout is not None
    asked = {"sql": query.sql, "parameters": list(query.parameters)}
    process.stdin.write(f"{json.dumps(asked)}\n".encode())
    process.stdin.flush()
    with pa.ipc.open_stream(process.stdout) as stream:
        table = stream.read_all()
    # Arrow takes a stream that breaks off between two batches for a whole one.
    if process.stdout.readline() != b"%d\n" % table.num_rows:
        raise ValueError("the answer breaks off")
    return table


def _part(process: subprocess.Popen[bytes]) -> None:
    """Let the reader end, and wait until it has."""
    assert process.stdin is not None and process.stdout is not None
    # A question that a dead reader did not take is still to be written.
    with suppress(OSError):
        process.stdin.close()
    process.stdout.close()
    process.wait()
