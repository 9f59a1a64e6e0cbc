"""What differs from the ledger, run after run: created once, updated when changed, ended when gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from guards.catalogue import INVENTORY, shop
from store.builders import OWNER
from sync.book import Book, product, words

from offerwright.marketplaces.operation import Outcome, Problem
from offerwright.pipeline import Loadout
from offerwright.store import Store, open_store

A, B = product("A", "10.00", 3), product("B", "20.00", 2)
REFUSED = Outcome("rejected", (Problem("BAD", "no"),), status=400)
HOLD = INVENTORY.replace("market}", "example-market}") + "on_block: hold\n"


def opened(tmp_path: Path, loadout: Loadout) -> Book:
    store = open_store("sqlite:///state.db", tmp_path)
    store.lead(OWNER, now=0, lease_s=1000)
    return Book(loadout, store, tmp_path)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """A shop that creates its listings."""
    one = opened(tmp_path, shop([], content=True))
    yield one
    one.store.close()


@pytest.fixture
def priced(tmp_path: Path) -> Iterator[Book]:
    """A shop that tells listings of others their price and stock."""
    one = opened(tmp_path, shop([]))
    yield one
    one.store.close()


def listed(book: Book) -> Store:
    assert book.sync(A, B) == ["A create", "B create"]
    return book.store


def test_a_new_product_is_created_once_with_all_it_has(book: Book) -> None:
    listed(book)

    assert words(book.plan(A, B)) == []
    assert book.plan(A, B).parts[0].unchanged == 6


def test_only_the_aspect_that_changed_is_told(book: Book) -> None:
    listed(book)

    plan = book.plan(product("A", "11.00", 3), product("B", "20.00", 1))

    assert words(plan) == ["A price", "B stock"]


def test_what_is_queued_is_planned_anew_and_sent_once(book: Book) -> None:
    """So that it is judged by the guards of now; the plan that is applied replaces it."""
    listed(book)
    dearer = product("A", "11.00", 3)
    book.submitted(book.plan(dearer, B))
    again = book.plan(dearer, B)

    assert words(again) == ["A price"]
    book.submitted(again)
    assert book.settle() == ["A price"]


def test_a_value_that_goes_back_before_it_was_sent_is_not_sent(book: Book) -> None:
    """10 -> 11 -> 10: what waits is taken back, and a later 11 is a change as any other."""
    listed(book)
    book.submitted(book.plan(product("A", "11.00", 3), B))
    book.submitted(book.plan(A, B))

    assert book.settle() == []
    assert book.sync(product("A", "11.00", 3), B) == ["A price"]


def test_a_value_that_goes_back_after_it_was_sent_is_told(book: Book) -> None:
    """350 -> 327 -> 350: the last change must not be lost because its value was sent once."""
    listed(book)
    sent = [book.sync(product("A", amount, 3), B) for amount in ("11.00", "10.00", "11.00")]

    assert sent == [["A price"]] * 3


def test_a_product_that_leaves_the_catalogue_is_ended_once(book: Book) -> None:
    listed(book)

    assert words(book.plan(A)) == ["B end"]
    assert book.sync(A) == ["B end"]
    assert words(book.plan(A)) == []


def test_a_product_that_comes_back_is_listed_again(book: Book) -> None:
    listed(book)
    book.sync(A)

    assert book.sync(A, B) == ["B create"]
    assert words(book.plan(A, B)) == []


def test_a_product_that_was_never_listed_is_not_ended(book: Book) -> None:
    book.sync(A, product("C", None, 1))

    assert words(book.plan(A)) == []


def test_without_a_price_nothing_is_created_and_the_plan_says_why(book: Book) -> None:
    plan = book.plan(product("C", None, 1))

    assert words(plan) == []
    assert plan.parts[0].waiting == 1
    assert [(w.sku, w.aspect, w.code) for w in plan.parts[0].withheld] == [
        ("C", "price", "NO_PRICE")
    ]


def test_a_listing_that_loses_its_price_keeps_the_old_one_and_its_stock_moves(book: Book) -> None:
    listed(book)

    assert words(book.plan(product("A", None, 1), B)) == ["A stock"]


def test_stock_that_is_not_known_goes_to_zero_on_a_live_listing(book: Book) -> None:
    listed(book)

    plan = book.plan(product("A", "10.00", None), B)
    (change,) = plan.changes()

    assert words(plan) == ["A stock"]
    assert (change.quantity_before, change.quantity_after) == (3, 0)
    assert b'"units":0' in change.change.parts[0][1]


def test_stock_that_is_not_known_stays_where_the_document_says_hold(tmp_path: Path) -> None:
    book = opened(tmp_path, shop([], content=True, inventory=HOLD))
    listed(book)

    assert words(book.plan(product("A", "10.00", None), B)) == []
    book.store.close()


def test_a_refused_price_is_not_told_again_until_it_changes(book: Book) -> None:
    listed(book)
    book.submitted(book.plan(product("A", "11.00", 3), B))
    book.settle(REFUSED)

    assert words(book.plan(product("A", "11.00", 3), B)) == []
    assert words(book.plan(product("A", "11.01", 3), B)) == ["A price"]


def test_a_refused_creation_is_tried_again_when_any_part_of_it_changes(book: Book) -> None:
    book.submitted(book.plan(A))
    book.settle(REFUSED)

    assert words(book.plan(A)) == []
    assert words(book.plan(product("A", "10.00", 4))) == ["A create"]


def test_after_a_refusal_the_live_value_is_told_again(book: Book) -> None:
    """It heals what a refusal may have left, and a later return to the refused price is tried."""
    listed(book)
    book.submitted(book.plan(product("A", "11.00", 3), B))
    book.settle(REFUSED)

    assert book.sync(A, B) == ["A price"]
    assert words(book.plan(product("A", "11.00", 3), B)) == ["A price"]


def test_listings_of_others_are_told_price_and_stock(priced: Book) -> None:
    assert priced.sync(A) == ["A price", "A stock"]
    assert words(priced.plan(A)) == []


def test_stock_that_is_not_known_goes_to_zero_also_on_listings_of_others(priced: Book) -> None:
    priced.sync(A)

    assert words(priced.plan(product("A", "10.00", None))) == ["A stock"]


def test_what_was_only_told_its_price_is_not_listed_a_second_time(
    priced: Book, tmp_path: Path
) -> None:
    priced.sync(A)
    grown = Book(shop([], content=True), priced.store, tmp_path)

    assert words(grown.plan(A)) == ["A content"]


def test_what_was_refused_is_withheld_with_the_reason_and_not_in_step(book: Book) -> None:
    listed(book)
    dearer = product("A", "11.00", 3)
    book.submitted(book.plan(dearer, B))
    book.settle(REFUSED)
    (part,) = book.plan(dearer, B).parts

    assert [(w.sku, w.aspect, w.code, w.reason) for w in part.withheld] == [
        ("A", "price", "REJECTED", "refused before: BAD no")
    ]
    assert part.unchanged == 5


def test_a_refused_creation_is_withheld_once_with_the_reason(book: Book) -> None:
    book.submitted(book.plan(A))
    book.settle(REFUSED)
    (part,) = book.plan(A).parts

    assert [(w.sku, w.aspect, w.code) for w in part.withheld] == [("A", "content", "REJECTED")]
    assert part.unchanged == 0
