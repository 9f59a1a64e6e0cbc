"""A plan into the outbox, at most once, and the last look at the bytes before they leave."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from guards.catalogue import shop
from store.builders import OWNER
from sync.book import NOW, Book, first_of, product, with_bytes, words

from offerwright.errors import StalePlan
from offerwright.marketplaces.operation import Operation, Problem, Values
from offerwright.store import open_store
from offerwright.sync.batch import BatchTally, Standing
from offerwright.sync.look import said_by
from offerwright.sync.plan_file import PlanFile
from offerwright.sync.submit import submit

GUARDS: list[dict[str, Any]] = [
    {"id": "positive", "check": "positive", "else": "block"},
    {"id": "currency", "check": "currency", "else": "block"},
    {"id": "floor", "check": "price_at_least", "bound": "cost * 1.05", "else": "block"},
    {"id": "ceiling", "check": "price_at_most", "bound": "list_price", "else": "block"},
    {"id": "step", "check": "step_from_live", "down": "30%", "up": "50%", "else": "needs_approval"},
]
APPROVES = [
    {
        "guard": "step", "select": {"brand": "Acme"}, "down": "60%", "reason": "agreed",
        "approver": "maria", "expires": "2026-11-27",
    }
]  # fmt: skip
A = product("A", "100.00", 3, cost="70.00", list_price="160.00")
CHEAPER = product("A", "90.00", 3, cost="70.00", list_price="160.00")


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    store = open_store("sqlite:///state.db", tmp_path)
    store.lead(OWNER, now=0, lease_s=1000)
    yield Book(shop(GUARDS, APPROVES, content=True), store, tmp_path)
    store.close()


def changed(**said: Any) -> Callable[[bytes], bytes]:
    """The body with other values; None takes one out."""

    def change(body: bytes) -> bytes:
        held = {**json.loads(body), **said}
        return json.dumps({k: v for k, v in held.items() if v is not None}).encode()

    return change


def queued(book: Book, *rows: dict[str, Any]) -> dict[str, Operation]:
    """The operations that wait in the outbox, by aspect."""
    book.submitted(book.plan(*rows))
    return {claim.operation.aspect: claim.operation for claim in book.claims()}


def test_a_plan_is_queued_with_what_its_bytes_say(book: Book) -> None:
    done = book.submitted(book.plan(A))
    (claim,) = book.claims()

    assert (done.enqueued.queued, done.moved, done.refused) == (1, (), ())
    assert (str(claim.operation.values.price), claim.operation.values.quantity) == ("100.00", 3)
    assert claim.operation.values.currency == "BRL"


def test_a_plan_is_applied_at_most_once(book: Book) -> None:
    plan = book.plan(A)
    book.submitted(plan)
    again = book.submitted(plan)

    assert (again.enqueued.already_applied, again.enqueued.queued, again.moved) == (True, 0, ())
    assert len(book.claims()) == 1


def test_a_plan_that_the_ledger_has_left_behind_is_stale_however_often_it_is_tried(
    book: Book,
) -> None:
    old = book.plan(A)
    book.sync(CHEAPER)

    for _ in range(2):
        with pytest.raises(StalePlan):
            book.submitted(old)
    assert book.claims() == []


def test_what_has_moved_is_left_out_and_the_rest_goes_on(book: Book) -> None:
    other = product("B", "100.00", 1, cost="70.00")
    book.sync(A, other)
    both = book.plan(CHEAPER, {**other, "asked": "95.00"})
    book.sync({**A, "asked": "91.00"}, other)
    done = book.submitted(both)

    assert [(o.sku, o.aspect) for o in done.moved] == [("A", "price")]
    assert [(c.operation.sku, c.operation.aspect) for c in book.claims()] == [("B", "price")]


def lain(book: Book, *rows: dict[str, Any]) -> PlanFile:
    """A plan that was made when its source was fresh, and is applied a day later."""
    file = book.opened(book.plan(*rows))
    seen = {"all": {"modified": int(NOW) - 25 * 3600, "rows": 9, "rows_before": 9}}
    return replace(file, head={**file.head, "sources": seen})


def test_under_a_source_that_grew_old_meanwhile_only_less_stock_goes(tmp_path: Path) -> None:
    store = open_store("sqlite:///state.db", tmp_path)
    store.lead(OWNER, now=0, lease_s=1000)
    fresh = {"id": "fresh", "check": "source_age", "at_most": "24 hours", "else": "block"}
    book = Book(shop([fresh], content=True), store, tmp_path)
    # Units before and after.
    units = {"A": (5, 4), "B": (5, 0), "C": (5, 6), "D": (0, 1)}
    book.sync(*(product(sku, "10.00", before) for sku, (before, _) in units.items()), first=True)
    told = [product(sku, "11.00", after) for sku, (_, after) in units.items()]
    done = book.submitted(lain(book, *told, product("E", "10.00", 0)))

    assert sorted(book.settle()) == ["A stock", "B stock"]
    assert sorted((o.sku, o.aspect) for o, _ in done.refused) == [
        ("A", "price"), ("B", "price"), ("C", "price"), ("C", "stock"), ("D", "price"),
        ("D", "stock"), ("E", "content"),
    ]  # fmt: skip
    assert {reason for _, reason in done.refused} == {
        "guard fresh: all is 25 hours old; at most 24 hours"
    }
    store.close()


@pytest.mark.parametrize(
    ("currency", "quantity", "at_stake"),
    [("BRL", 3, (30, 0)), ("BRL", None, (0, 1)), ("USD", 3, (0, 1))],
)
def test_what_a_fall_in_a_batch_puts_at_stake(
    book: Book, currency: str, quantity: int | None, at_stake: tuple[Any, int]
) -> None:
    """From 100.00 to 90.00: nobody knows it without a stock, or of another currency."""
    book.sync(A)
    fall = first_of(book.opened(book.plan(CHEAPER)), "price")
    said = said_by(fall, book.loadout.marketplaces["example-market"], "BRL")
    assert isinstance(said, Values)
    tally = BatchTally("BRL", ())
    price = {"price": "100.00", "currency": currency, "confirmed_generation": 1}
    tally.add(fall, said, Standing(True, price, {} if quantity is None else {"quantity": quantity}))
    with book.store.reading() as reading:
        moves = tally.moves(reading, "market")

    assert (moves.exposure, moves.unvalued) == at_stake


def test_an_empty_plan_is_not_stale(book: Book) -> None:
    book.sync(A)

    assert book.submitted(book.plan(A)).enqueued.queued == 0


def test_bytes_that_cannot_be_read_back_are_not_queued(book: Book) -> None:
    file = book.opened(book.plan(A))
    broken = replace(first_of(file, "content"), parts=(("body", b'{"sku": "A"'),))
    done = book.submitted(replace(file, operations=(broken,)))

    assert done.enqueued.queued == 0
    assert [(o.sku, bool(reason)) for o, reason in done.refused] == [("A", True)]


def test_what_was_planned_may_leave(book: Book) -> None:
    queue = queued(book, A)

    assert book.guard()([queue["content"]]) == [None]


PRICE_BYTES = {
    "a tenth of the price": (changed(price_cents=900), "guard floor"),
    "ten times the price": (changed(price_cents=90000), "guard ceiling"),
    "another currency": (changed(currency="USD"), "guard currency"),
    "the price of nothing": (changed(price_cents=0), ""),
    "a negative price": (changed(price_cents=-9000), ""),
    "a sale above the price": (changed(sale_cents=9500), "guard positive"),
    "a sale below the floor": (changed(sale_cents=5000), "guard floor"),
    "a price with a fraction of a cent": (changed(price_cents=9000.5), ""),
    "a price in text": (changed(price_cents="9000"), ""),
    "no price": (changed(price_cents=None), ""),
    "no currency": (changed(currency=None), ""),
    "another SKU": (changed(sku="B"), "the body speaks of the SKU B, not of A"),
    "no SKU": (changed(sku=None), ""),
    "half a body": (lambda body: body[: len(body) // 2], ""),
    "no body": (lambda body: b"", ""),
    "a key twice": (lambda body: body[:-1] + b',"price_cents":1}', ""),
    "no JSON at all": (lambda body: b"\xff\x00", ""),
}


@pytest.mark.parametrize(("change", "because"), list(PRICE_BYTES.values()), ids=list(PRICE_BYTES))
def test_bytes_that_were_changed_after_the_plan_do_not_leave(
    book: Book, change: Callable[[bytes], bytes], because: str
) -> None:
    book.sync(A)
    operation = queued(book, CHEAPER)["price"]
    (reason,) = book.guard()([with_bytes(operation, change)])

    assert reason is not None
    assert reason.startswith(because)


@pytest.mark.parametrize("units", [-1, "3", 1.5, None, 10_000])
def test_units_that_make_no_sense_do_not_leave(book: Book, units: object) -> None:
    book.sync(A)
    operation = queued(book, {**A, "units": {"sp": 2}})["stock"]
    (reason,) = book.guard()([with_bytes(operation, changed(units=units))])

    assert reason is not None


INPUTS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "nothing": lambda held: "",
    "no JSON": lambda held: "{",
    "an empty object": lambda held: {},
    "a list": lambda held: [],
    "another version": lambda held: {**held, "version": held["version"] + 1},
    "no version": lambda held: {k: v for k, v in held.items() if k != "version"},
    "no guards": lambda held: {k: v for k, v in held.items() if k != "guards"},
    "guards that are words": lambda held: {**held, "guards": ["floor"]},
    "no currency": lambda held: {k: v for k, v in held.items() if k != "currency"},
    "an unknown check": lambda held: with_guard(held, check="price_at_mots"),
    "a check that is none": lambda held: with_guard(held, check=None),
    "no bound": lambda held: with_guard(held, inputs={}),
    "a blank bound": lambda held: with_guard(held, inputs={"bound": None}),
    "a bound that is no number": lambda held: with_guard(held, inputs={"bound": "NaN"}),
    "a bound in exponents": lambda held: with_guard(held, inputs={"bound": "1e-9"}),
    "a bound that is a float": lambda held: with_guard(held, inputs={"bound": 0.1}),
    "no severity": lambda held: with_guard(held, **{"else": None}),
    "approvals that are none": lambda held: with_guard(held, approvals=[1]),
    "no approvals": lambda held: with_guard(held, approvals=None),
}


def with_guard(held: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The inputs with the guard `floor` changed."""
    guards = [{**g, **changes} if g["id"] == "floor" else g for g in held["guards"]]
    return {**held, "guards": guards}


@pytest.mark.parametrize("change", list(INPUTS.values()), ids=list(INPUTS))
def test_bytes_whose_guard_inputs_are_not_whole_do_not_leave(
    book: Book, change: Callable[[dict[str, Any]], Any]
) -> None:
    operation = queued(book, A)["content"]
    text = change(json.loads(operation.guard_inputs))
    spoiled = replace(operation, guard_inputs=text if isinstance(text, str) else json.dumps(text))
    reasons = book.guard()([spoiled, operation])

    assert reasons[0] is not None
    assert reasons[1] is None


def test_two_plans_whose_guards_share_a_name_are_judged_each_by_its_own(book: Book) -> None:
    """An outbox may hold operations of two plans, between which a guard became another check."""
    operation = queued(book, A)["content"]
    held = json.loads(operation.guard_inputs)
    only = [g for g in held["guards"] if g["id"] == "floor"]
    below = {**only[0], "inputs": {"bound": "100.01"}}
    above = {**only[0], "check": "price_at_most", "inputs": {"bound": "100.00"}}
    twins = [
        replace(operation, guard_inputs=json.dumps({**held, "guards": [g]}))
        for g in (above, below, above)
    ]
    reasons = book.guard()(twins)

    assert [r is None for r in reasons] == [True, False, True]


def test_a_payload_that_is_no_more_is_not_sent(book: Book) -> None:
    operation = replace(queued(book, A)["content"], payload="gone")
    (reason,) = book.guard()([operation])

    assert reason == "example-market has no payload gone any more; plan again"


def test_an_approval_that_ends_between_plan_and_send_no_longer_counts(book: Book) -> None:
    acme = {**A, "brand": "Acme", "cost": "20.00"}
    book.sync(acme)
    operation = queued(book, {**acme, "asked": "50.00"})["price"]

    assert book.guard("2026-11-27T23:59:59-03:00")([operation]) == [None]
    assert book.guard("2026-11-28T00:00:00-03:00")([operation]) != [None]


def test_a_price_that_has_moved_since_the_plan_is_measured_anew(book: Book) -> None:
    """The step from the live price counts from what is live when the bytes leave."""
    book.sync({**A, "cost": "20.00"})
    operation = queued(book, {**A, "cost": "20.00", "asked": "70.00"})["price"]
    assert book.guard()([operation]) == [None]
    book.settle()
    book.sync({**A, "cost": "20.00", "asked": "101.00"})
    (reason,) = book.guard()([operation])

    assert reason == "guard step (step_from_live) refuses what the bytes say"


def test_no_operations_are_judged_without_a_word(book: Book) -> None:
    assert book.guard()([]) == []


def test_what_a_guard_refused_at_send_is_planned_again_and_judged_again(book: Book) -> None:
    """An approval that ran out on the way may be given again: nobody has to change the price."""
    acme = {**A, "brand": "Acme", "cost": "20.00"}
    cheap = {**acme, "asked": "50.00"}
    book.sync(acme)
    book.submitted(book.plan(cheap))
    (claim,) = book.claims()
    (reason,) = book.guard("2026-11-28T00:00:00-03:00")([claim.operation])
    book.store.quarantine(claim, [Problem("GUARD_REFUSED", str(reason))], now=NOW)
    late = book.plan(cheap, at="2026-11-28T00:00:00-03:00")

    assert words(late) == []
    assert [(w.sku, w.code) for w in late.parts[0].withheld] == [("A", "NEEDS_APPROVAL")]
    assert words(book.plan(cheap)) == ["A price"]


def test_what_failed_too_often_is_not_planned_again(book: Book) -> None:
    book.sync(A)
    book.submitted(book.plan(CHEAPER))
    (claim,) = book.claims()
    book.store.quarantine(claim, [Problem("TOO_MANY_FAILURES", "10 attempts failed")], now=NOW)
    plan = book.plan(CHEAPER)

    assert words(plan) == []
    assert [(w.sku, w.code, w.reason) for w in plan.parts[0].withheld] == [
        ("A", "QUARANTINED", "refused before: TOO_MANY_FAILURES 10 attempts failed")
    ]


def test_an_account_that_could_not_send_gets_its_part_of_the_plan_later(book: Book) -> None:
    file = book.opened(book.plan(A))
    marketplaces, guards = book.loadout.marketplaces, book.loadout.guards.by_account
    before = submit(file, book.store, marketplaces, {}, guards, now=NOW)
    after = book.submitted(file)
    again = book.submitted(file)

    assert (before.enqueued.queued, before.moved) == (0, ())
    assert (after.enqueued.queued, after.enqueued.already_applied) == (1, False)
    assert again.enqueued.already_applied
