"""Bookmarks in the ledger: which SKUs were written since, from every kind of reading."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from store.builders import OWNER, create, end, price, stock

from offerwright.marketplaces.operation import Operation, Outcome, Problem, Values
from offerwright.store import Store
from offerwright.store.sqlite.schema import APPLICATION_ID, MIGRATIONS
from offerwright.store.sqlite.store import SqliteStore

CONFIRMED = Outcome("confirmed", status=200)
REFUSED = Outcome("rejected", (Problem("BAD", "no"),), status=400)


@pytest.fixture
def led(store: Store) -> Store:
    store.lead(OWNER, now=0, lease_s=1000)
    return store


def touched(store: Store, token: str, account: str = "meli") -> list[str] | None:
    """What each kind of reading says, which is the same."""
    with store.reading() as few, store.reading(much=True) as much:
        found = [one.touched(account, token) for one in (store, few, much)]
    texts = [None if one is None else one.to_list() for one in found]
    assert texts[0] == texts[1] == texts[2]
    return texts[0]


def settle(store: Store, outcome: Outcome) -> None:
    while claims := store.claim("meli", OWNER, now=2, lease_s=60, limit=50):
        for claim in claims:
            assert store.begin(claim, now=2, lease_s=60)
            assert store.record(claim, outcome, now=2)


def test_nothing_was_written_since_a_bookmark_that_was_just_made(led: Store) -> None:
    led.enqueue([price("A", "1.00")], "1", now=1)

    assert touched(led, led.bookmark("plan")) == []


def test_every_step_of_an_operation_touches_its_sku(led: Store) -> None:
    led.enqueue([price("A", "1.00"), price("B", "1.00")], "1", now=1)
    queued = led.bookmark("plan")
    (first, second) = led.claim("meli", OWNER, now=2, lease_s=60, limit=2)
    assert touched(led, queued) == []
    led.begin(first, now=2, lease_s=60)
    assert touched(led, queued) == ["A"]
    sent = led.bookmark("plan", keeping=[queued])
    led.record(first, CONFIRMED, now=2)
    led.quarantine(second, (Problem("GUARD_REFUSED", "no"),), now=2)

    assert touched(led, sent) == ["A", "B"]


@pytest.mark.parametrize("outcome", [CONFIRMED, REFUSED, Outcome("accepted", handle="h")])
def test_whatever_becomes_of_a_create_touches_its_sku(led: Store, outcome: Outcome) -> None:
    led.enqueue([create("é", "1.00", 3)], "1", now=1)
    (claim,) = led.claim("meli", OWNER, now=2, lease_s=60, limit=1)
    led.begin(claim, now=2, lease_s=60)
    token = led.bookmark("plan")
    led.record(claim, outcome, now=2, due=9)

    assert touched(led, token) == ["é"]


def test_an_end_an_observation_and_a_listing_touch_their_skus(led: Store) -> None:
    led.enqueue([create("A", "1.00", 3), price("B", "2.00")], "1", now=1)
    settle(led, CONFIRMED)
    token = led.bookmark("plan")
    led.enqueue([end("A")], "2", now=3)
    settle(led, CONFIRMED)
    led.observe("meli", "B", Values(sku="B", quantity=None, currency="BRL"), now=3)
    led.save_listing("meli", "C", "id", now=3)

    assert touched(led, token) == ["A", "B", "C"]


def test_what_a_new_plan_takes_out_of_the_queue_is_touched(led: Store) -> None:
    led.enqueue([price("A", "1.00"), stock("B", 3)], "1", now=1)
    token = led.bookmark("plan")
    led.enqueue([price("C", "1.00")], "2", now=2, replacing=["meli"])

    assert touched(led, token) == ["A", "B", "C"]


def test_accounts_are_told_apart(led: Store) -> None:
    token = led.bookmark("plan")
    led.enqueue([price("A", "1.00"), price("B", "1.00", account="other")], "1", now=1)

    assert (touched(led, token), touched(led, token, "other")) == (["A"], ["B"])
    assert touched(led, token, "nobody") == []


def test_a_bookmark_that_nobody_made_is_not_known(led: Store) -> None:
    led.bookmark("plan")

    assert touched(led, "0" * 32) is None


def test_of_one_name_only_what_is_kept_stays(led: Store) -> None:
    other = led.bookmark("other")
    first = led.bookmark("plan")
    led.enqueue([price("A", "1.00")], "1", now=1)
    second = led.bookmark("plan", keeping=[first, "gone"])
    led.enqueue([price("B", "1.00")], "2", now=1)
    assert (touched(led, first), touched(led, second)) == (["A", "B"], ["B"])
    third = led.bookmark("plan", keeping=[second])

    assert [touched(led, token) for token in (first, second, third)] == [None, ["B"], []]
    assert touched(led, other) == ["A", "B"]


def test_a_transaction_that_fails_touches_nothing(led: Store) -> None:
    token = led.bookmark("plan")

    def broken() -> Iterator[Operation]:
        yield price("A", "1.00")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        led.enqueue(broken(), "1", now=1)

    assert touched(led, token) == []


def test_a_reading_knows_what_was_written_until_it_began(led: Store) -> None:
    token = led.bookmark("plan")
    led.save_listing("meli", "A", None, now=1)
    with led.reading() as reading:
        led.save_listing("meli", "B", None, now=1)
        found = reading.touched("meli", token)

    assert found is not None
    assert found.to_list() == ["A"]


def test_another_process_knows_the_bookmark(led: Store, reopen: Callable[[], Store]) -> None:
    token = led.bookmark("plan")
    reopen().save_listing("meli", "A", None, now=1)

    assert touched(led, token) == ["A"]


def test_filling_an_account_in_bulk_forgets_all_bookmarks(led: Store) -> None:
    led.enqueue([price("A", "1.00")], "1", now=1)
    token = led.bookmark("plan")
    led.write_frames("moved", led.ledger_frame("meli"), led.listings_frame("meli"), now=4)

    assert touched(led, token) is None
    fresh = led.bookmark("plan")
    assert touched(led, fresh) == []
    led.enqueue([price("B", "1.00")], "2", now=5)

    assert touched(led, fresh) == ["B"]


def test_a_bulk_filling_that_fails_leaves_the_bookmarks(led: Store) -> None:
    led.enqueue([price("A", "1.00")], "1", now=1)
    token = led.bookmark("plan")
    led.enqueue([price("B", "1.00")], "2", now=1)
    twice = pl.concat([led.ledger_frame("meli")] * 2)
    with pytest.raises(sqlite3.IntegrityError):
        led.write_frames("moved", twice, led.listings_frame("meli"), now=4)

    assert touched(led, token) == ["B"]


def test_a_file_of_the_version_before_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for statement in MIGRATIONS[0]:
        raw.execute(statement)
    raw.execute("PRAGMA user_version = 1")
    raw.execute("INSERT INTO listings VALUES ('meli', 'A', 'id', 'live', 0)")
    raw.commit()
    raw.close()
    store = SqliteStore(path)
    token = store.bookmark("plan")
    store.save_listing("meli", "B", None, now=1)

    assert store.listings("meli") == [("A", "id", "live"), ("B", None, "live")]
    assert touched(store, token) == ["B"]
    store.close()
