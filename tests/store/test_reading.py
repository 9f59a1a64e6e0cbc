"""Ledger and listings as columns: the same from SQLite's own driver, from ADBC, from PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import adbc_driver_postgresql.dbapi as postgresql
import polars as pl
import pytest
from adbc_driver_manager.dbapi import Connection
from store.builders import OWNER, content, create, end, price, stock
from store.postgres import server

from offerwright.errors import StoreRefused
from offerwright.marketplaces.operation import Outcome, Problem
from offerwright.store import LEDGER_COLUMNS, Store
from offerwright.store.adbc import (
    POSTGRESQL,
    Query,
    fetched,
    is_bookmark_query,
    ledger_query,
    listings_query,
    live_query,
    totals_query,
    touched_query,
)
from offerwright.store.columns import LEDGER
from offerwright.store.protocol import Reading
from offerwright.store.sqlite.moment import reading_apart

REFUSED = Outcome("rejected", (Problem("BAD", "não"),), status=400)
CONFIRMED = Outcome("confirmed", status=200)


@pytest.fixture
def used(store: Store) -> Store:
    """B and é are listed, C was ended, D has a price told only, E was refused, F waits."""
    store.lead(OWNER, now=0, lease_s=1000)
    for name, *operations in (
        ("1", create("B", "10.00", 3), create("C", "20.00", 0), create("é", "7.10", 5)),
        ("2", price("D", "12.50", sale="11.00"), content("B", "new")),
        ("3", end("C"), stock("é", 4)),
    ):
        store.enqueue(operations, name, now=1)
        _settle(store, CONFIRMED)
    store.enqueue([create("E", "1.00", 1)], "4", now=1)
    _settle(store, REFUSED)
    store.enqueue([price("F", "3.00"), create("A", "1.00", 1, account="other")], "5", now=1)
    return store


def _settle(store: Store, outcome: Outcome) -> None:
    while claims := store.claim("meli", OWNER, now=2, lease_s=60, limit=50):
        for claim in claims:
            assert store.begin(claim, now=2, lease_s=60)
            assert store.record(claim, outcome, now=2)


@pytest.fixture(params=["few", "much", "the store"])
def reading(request: pytest.FixtureRequest, used: Store) -> Iterator[Reading]:
    if request.param == "the store":
        yield used
        return
    with used.reading(much=request.param == "much") as one:
        yield one


def rows(store: Store) -> list[tuple[object, ...]]:
    places = [LEDGER_COLUMNS.index(name) for name in LEDGER]
    return [tuple(row[place] for place in places) for row in store.ledger("meli")]


def test_columns_say_what_rows_say(used: Store, reading: Reading) -> None:
    assert reading.ledger_frame("meli").rows() == rows(used)
    assert reading.listings_frame("meli").rows() == used.listings("meli")
    assert dict(reading.ledger_frame("meli").schema) == dict(LEDGER)


def test_some_skus_are_read_alone_however_they_are_asked_for(reading: Reading) -> None:
    wanted = pl.Series(["é", "B", "nobody", "é", "C"])
    ledger = reading.ledger_frame("meli", wanted)

    assert ledger.equals(reading.ledger_frame("meli").filter(pl.col("sku").is_in(["B", "C", "é"])))
    assert reading.listings_frame("meli", wanted)["sku"].to_list() == ["B", "C", "é"]


def test_an_account_without_rows_has_columns_of_the_same_types(reading: Reading) -> None:
    assert reading.ledger_frame("nobody").schema == reading.ledger_frame("meli").schema
    assert reading.listings_frame("nobody", pl.Series(["A"])).height == 0


def test_live_is_what_was_listed_or_confirmed_and_not_ended(reading: Reading) -> None:
    assert reading.live_skus("meli").to_list() == ["B", "D", "é"]
    # B, D and é have a price; of B and é the stock is above zero.
    assert reading.live_totals("meli") == (3, 2)
    assert reading.live_totals("nobody") == (0, 0)


@pytest.mark.parametrize("much", [False, True])
def test_a_reading_stays_at_its_moment(used: Store, much: bool) -> None:
    with used.reading(much=much) as reading:
        before = reading.ledger_frame("meli")
        used.enqueue([price("G", "1.00")], "6", now=3)

        assert reading.ledger_frame("meli").equals(before)
        assert "G" in used.ledger_frame("meli")["sku"]


def test_a_reading_that_breaks_off_leaves_nobody_waiting(used: Store) -> None:
    with pytest.raises(KeyError), used.reading(much=True) as reading:
        reading.live_skus("meli")
        raise KeyError


def test_a_file_that_cannot_be_read_is_said(used: Store) -> None:
    with pytest.raises(StoreRefused), used.reading(much=True) as reading:
        reading.ledger_frame("meli\ud800")


def test_a_reader_that_has_died_is_said_at_every_question(used: Store) -> None:
    with pytest.raises(StoreRefused, match="to its end"), used.reading(much=True) as reading:
        with pytest.raises(StoreRefused, match="to its end"):
            reading.ledger_frame("meli\ud800")
        reading.ledger_frame("meli")


def test_what_breaks_off_between_two_batches_is_no_answer(used: Store, tmp_path: Path) -> None:
    """Half a ledger would be told again, and what is listed would be listed twice."""
    numbers = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 70000)"
    sql = f"{numbers} SELECT CASE WHEN n <= 65536 THEN n ELSE 'x' END AS n FROM c"
    path = next(tmp_path.rglob("state.db"))
    with pytest.raises(StoreRefused, match="to its end"), reading_apart(path) as fetch:
        fetch(Query(sql, (), {"n": pl.Int64}))


def test_a_reader_runs_nothing_that_lies_in_the_folder_of_the_rules(
    used: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "adbc_driver_sqlite.py").write_text("raise SystemExit(1)")
    monkeypatch.chdir(tmp_path)
    with used.reading(much=True) as reading:
        assert reading.live_skus("meli").to_list() == ["B", "D", "é"]


INTERRUPTED = """
import sys
from pathlib import Path
from offerwright.store.adbc import live_query, SQLITE
from offerwright.store.sqlite.moment import reading_apart
try:
    with reading_apart(Path(sys.argv[1])) as fetch:
        fetch(live_query(SQLITE, "meli"))
        print("ready", flush=True)
        sys.stdin.read()
except KeyboardInterrupt:
    print("stopped")
"""


def test_ctrl_c_ends_a_reader_without_a_word_of_its_own(used: Store, tmp_path: Path) -> None:
    """A terminal interrupts all processes of its group."""
    path, pipe = next(tmp_path.rglob("state.db")), subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(path)],
        stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        os.killpg(process.pid, signal.SIGINT)
        said, complaints = process.communicate(timeout=20)

    assert (said, complaints) == (b"stopped\n", b"")


def test_a_ledger_moves_to_another_account_in_bulk(used: Store) -> None:
    ledger, listings = used.ledger_frame("meli"), used.listings_frame("meli")
    used.write_frames("moved", ledger, listings, now=4)

    assert used.ledger_frame("moved").equals(ledger)
    assert used.listings_frame("moved").equals(listings)


def test_an_account_that_has_rows_is_not_written_over(used: Store) -> None:
    ledger, listings = used.ledger_frame("meli"), used.listings_frame("meli")
    with pytest.raises(StoreRefused, match="knows offers of meli already"):
        used.write_frames("meli", ledger, listings, now=4)

    assert used.ledger_frame("meli").equals(ledger)


TABLES = (
    """CREATE TABLE ledger (account TEXT, sku TEXT, aspect TEXT, state TEXT, desired_hash TEXT,
    desired_generation BIGINT, sent_generation BIGINT, confirmed_generation BIGINT,
    confirmed_hash TEXT, price TEXT, sale_price TEXT, quantity BIGINT, currency TEXT,
    observed_price TEXT,
    observed_sale_price TEXT, rejected_hash TEXT, problems TEXT,
    PRIMARY KEY (account, sku, aspect))""",
    """CREATE TABLE listings (account TEXT, sku TEXT, external_id TEXT, state TEXT,
    PRIMARY KEY (account, sku))""",
    "CREATE TABLE bookmarks (token TEXT PRIMARY KEY, name TEXT, revision BIGINT)",
    """CREATE TABLE touched (account TEXT, sku TEXT, revision BIGINT,
    PRIMARY KEY (account, sku))""",
    "INSERT INTO bookmarks VALUES ('one', 'plan', 1), ('two', 'plan', 2)",
    "INSERT INTO touched VALUES ('meli', 'é', 2), ('meli', 'B', 2), ('meli', 'C', 1)",
)


@pytest.fixture(scope="module")
def database() -> Iterator[Connection]:
    with server() as uri, postgresql.connect(uri) as connection:
        with connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(table)
        connection.commit()
        yield connection


def test_postgresql_takes_and_gives_the_same_columns(used: Store, database: Connection) -> None:
    ledger, listings = used.ledger_frame("meli"), used.listings_frame("meli")
    with database.cursor() as cursor:
        for name, frame in (("ledger", ledger), ("listings", listings)):
            whole = frame.select(pl.lit("meli").alias("account"), pl.all()).to_arrow(
                compat_level=pl.CompatLevel.oldest()
            )
            cursor.adbc_ingest(name, whole, mode="append")

        def read(query: Query) -> pl.DataFrame:
            return fetched(cursor, query, POSTGRESQL)

        few = pl.Series(["é", "B", "nobody"])
        assert read(ledger_query(POSTGRESQL, "meli", None)).equals(ledger)
        assert read(listings_query(POSTGRESQL, "meli", None)).equals(listings)
        assert read(ledger_query(POSTGRESQL, "meli", few)).equals(used.ledger_frame("meli", few))
        assert read(live_query(POSTGRESQL, "meli"))["sku"].equals(used.live_skus("meli"))
        assert read(totals_query("meli")).row(0) == used.live_totals("meli")
        assert read(is_bookmark_query("none")).height == 0
        assert read(is_bookmark_query("two"))["revision"].to_list() == [2]
        assert read(touched_query(POSTGRESQL, "meli", "two"))["sku"].to_list() == ["B", "é"]
        assert read(touched_query(POSTGRESQL, "meli", "one"))["sku"].to_list() == ["B", "C", "é"]
