"""What was paid day by day, in every store: what guards on many small moves look at."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store.builders import OWNER, create, end, price, stock

from offerwright.marketplaces.operation import Operation, Outcome
from offerwright.store import Store, open_store
from offerwright.store.protocol import DAY_S, PRICE_DAYS_KEPT

CONFIRMED = Outcome("confirmed")


@pytest.fixture
def led(store: Store) -> Store:
    store.lead(OWNER, now=0, lease_s=10**9)
    return store


def told(store: Store, operation: Operation, at: float, outcome: Outcome = CONFIRMED) -> None:
    """Queue, send and settle one operation."""
    store.enqueue([operation], f"{operation.sku} {operation.values} {at}", now=at)
    (claim,) = store.claim(operation.account, OWNER, now=at, lease_s=60, limit=10)
    store.begin(claim, now=at, lease_s=60)
    store.record(claim, outcome, now=at, due=at)


def days(store: Store, since: int = 0, skus: pl.Series | None = None) -> list[tuple[object, ...]]:
    with store.reading() as one, store.reading(much=True) as other:
        found = one.price_days("meli", skus, since=since)
        assert found.equals(store.price_days("meli", skus, since=since))
        assert found.equals(other.price_days("meli", skus, since=since))
    return found.rows()


def test_a_day_holds_its_lowest_and_highest_and_what_stood_before(led: Store) -> None:
    told(led, price("A", "20.00"), 1 * DAY_S)
    told(led, price("A", "9.00"), 3 * DAY_S)
    told(led, price("A", "11.00"), 3 * DAY_S + 60)
    told(led, price("A", "15.00", sale="10.00"), 4 * DAY_S)

    assert days(led) == [
        ("A", 1, "20.00", "20.00"),
        ("A", 3, "9.00", "20.00"),
        ("A", 4, "10.00", "11.00"),
    ]


def test_days_are_read_from_one_on_and_of_some_skus(led: Store) -> None:
    for sku in ("A", "B"):
        told(led, price(sku, "20.00"), 1 * DAY_S)
        told(led, price(sku, "10.00"), 2 * DAY_S)

    assert days(led, 2) == [("A", 2, "10.00", "20.00"), ("B", 2, "10.00", "20.00")]
    assert days(led, 2, pl.Series(["B", "nobody"])) == [("B", 2, "10.00", "20.00")]
    assert days(led, 3) == []


def test_only_a_confirmed_price_is_noted(led: Store) -> None:
    told(led, stock("A", 3), 1 * DAY_S)
    told(led, price("A", "20.00"), 1 * DAY_S, Outcome("rejected"))
    led.enqueue([price("B", "20.00")], "queued", now=1 * DAY_S)

    assert days(led) == []


def test_a_listing_that_is_made_and_ended_keeps_its_days(led: Store) -> None:
    told(led, create("A", "20.00", 3), 1 * DAY_S, Outcome("confirmed", external_id="X"))
    told(led, end("A"), 2 * DAY_S)

    assert days(led) == [("A", 1, "20.00", "20.00")]


def test_days_that_no_window_reaches_go_with_the_next_confirmation(led: Store) -> None:
    told(led, price("A", "20.00"), 1 * DAY_S)
    told(led, price("A", "19.00"), (PRICE_DAYS_KEPT + 1) * DAY_S)
    kept = days(led)
    told(led, price("A", "18.00"), (PRICE_DAYS_KEPT + 2) * DAY_S)

    assert [day for _, day, _, _ in kept] == [1, PRICE_DAYS_KEPT + 1]
    assert [day for _, day, _, _ in days(led)] == [PRICE_DAYS_KEPT + 1, PRICE_DAYS_KEPT + 2]


def test_another_currency_begins_anew(led: Store) -> None:
    told(led, price("A", "100.00"), 1 * DAY_S)
    other = price("A", "18.00")
    told(led, replace(other, values=replace(other.values, currency="USD")), 2 * DAY_S)

    assert days(led) == [("A", 2, "18.00", "18.00")]


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 500)), min_size=1, max_size=6))
def test_what_is_kept_is_what_a_list_of_all_prices_says(moves: list[tuple[int, int]]) -> None:
    at = DAY_S
    history: list[tuple[int, Decimal]] = []
    with tempfile.TemporaryDirectory() as folder:
        store = open_store("sqlite:///state.db", Path(folder))
        store.lead(OWNER, now=0, lease_s=10**9)
        for later, cents in moves:
            at += later * DAY_S + 1
            told(store, price("A", f"{cents // 100}.{cents % 100:02d}"), at)
            history.append((at // DAY_S, Decimal(cents) / 100))
        found = store.price_days("meli", since=0).rows()
        store.close()

    expected: dict[int, tuple[Decimal, Decimal]] = {}
    for number, (day, amount) in enumerate(history):
        stood = [amount] if number == 0 else [amount, history[number - 1][1]]
        before = expected.get(day, (amount, amount))
        expected[day] = (min(*stood, *before), max(*stood, *before))
    assert {d: (Decimal(low), Decimal(high)) for _, d, low, high in found} == expected
