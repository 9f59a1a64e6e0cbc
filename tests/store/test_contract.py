"""
What every store promises; runs against each row of `STORES`.

Longer than the house rule: it is one contract, and whoever writes a store reads it as one list.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from store.builders import OTHER, OWNER, content, create, end, price, stock

from offerwright.errors import StoreLocked
from offerwright.marketplaces.operation import Operation, Outcome, Problem, Values
from offerwright.store import LEDGER_COLUMNS, Claim, Enqueued, Run, Store, Token

CONFIRMED = Outcome("confirmed", status=200)


def rows(store: Store, account: str = "meli") -> dict[tuple[str, str], dict[str, Any]]:
    named = (dict(zip(LEDGER_COLUMNS, row, strict=True)) for row in store.ledger(account))
    return {(str(row["sku"]), str(row["aspect"])): row for row in named}


def claimed(store: Store, now: float, *, account: str = "meli", limit: int = 50) -> list[Claim]:
    return store.claim(account, OWNER, now=now, lease_s=60, limit=limit)


def confirm(store: Store, claim: Claim, now: float) -> None:
    assert store.begin(claim, now=now, lease_s=60)
    assert store.record(claim, CONFIRMED, now=now)


def settle(store: Store, operations: list[Operation], plan: str, now: float) -> None:
    """Enqueue, and confirm all that can be claimed, until nothing is left."""
    store.enqueue(operations, plan, now=now)
    for account in sorted({o.account for o in operations}):
        while claims := claimed(store, now, account=account):
            for claim in claims:
                confirm(store, claim, now)


@pytest.fixture
def led(store: Store) -> Store:
    store.lead(OWNER, now=0, lease_s=1000)
    return store


def test_a_new_store_is_empty(store: Store) -> None:
    assert (store.ledger("meli"), store.listings("meli"), store.open_counts("meli")) == ([], [], {})
    assert store.next_due("meli", now=0) is None


def test_what_was_queued_comes_out_as_it_went_in(led: Store) -> None:
    led.enqueue([price("A", "19.90", sale="17.00")], "p1", now=5)

    (claim,) = claimed(led, 6)

    planned = price("A", "19.90", sale="17.00")
    assert claim.operation.parts == planned.parts
    assert claim.operation.values == planned.values
    assert claim.operation.covers == planned.covers
    assert claim.operation.guard_inputs == '{"floor": "1.00"}'
    assert claim.operation.id == "meli/A/price/1"
    assert (claim.step, claim.lane, claim.operation.plan_id) == ("send", "price/update", "p1")


def test_only_a_confirmation_moves_the_ledger(led: Store) -> None:
    led.enqueue([price("A", "19.90")], "p1", now=5)
    queued = rows(led)["A", "price"]
    (claim,) = claimed(led, 6)
    led.begin(claim, now=7, lease_s=60)
    sending = rows(led)["A", "price"]
    led.record(claim, CONFIRMED, now=8)
    confirmed = rows(led)["A", "price"]

    assert (queued["state"], queued["confirmed_generation"], queued["price"]) == ("queued", 0, None)
    assert (sending["state"], sending["sent_generation"], sending["price"]) == ("sending", 1, None)
    assert (confirmed["state"], confirmed["confirmed_generation"]) == ("confirmed", 1)
    assert (confirmed["price"], confirmed["sale_price"]) == ("19.90", None)
    assert (confirmed["currency"], confirmed["quantity"]) == ("BRL", None)
    assert confirmed["confirmed_hash"] == confirmed["desired_hash"] == "price 19.90 None"
    assert (confirmed["plan_id"], confirmed["updated_at"]) == ("p1", 8.0)


def test_amounts_are_kept_as_exact_text(led: Store) -> None:
    settle(led, [price("A", "0.10"), price("B", "12345678901234567890.12")], "p1", 5)

    found = rows(led)
    assert found["A", "price"]["price"] == "0.10"
    assert found["B", "price"]["price"] == "12345678901234567890.12"


def test_a_few_skus_are_read_alone(led: Store) -> None:
    led.enqueue([price(sku, "1.00") for sku in "DCBA"] + [stock("C", 1)], "p1", now=1)

    found = led.ledger("meli", ["C", "A", "nowhere", "C"])
    assert [row[:2] for row in found] == [("A", "price"), ("C", "price"), ("C", "stock")]
    assert led.ledger("meli", []) == []


def test_a_create_settles_all_that_it_covers_and_keeps_the_id(led: Store) -> None:
    led.enqueue([create("A", "19.90", 7)], "p1", now=5)
    (claim,) = claimed(led, 6)
    led.begin(claim, now=6, lease_s=60)
    led.record(claim, Outcome("confirmed", external_id="MLB1"), now=7)

    found = rows(led)
    assert {aspect: row["state"] for (_, aspect), row in found.items()} == {
        "content": "confirmed",
        "price": "confirmed",
        "stock": "confirmed",
    }
    assert (found["A", "price"]["price"], found["A", "stock"]["quantity"]) == ("19.90", 7)
    assert found["A", "stock"]["price"] is None
    assert led.listings("meli") == [("A", "MLB1", "live")]
    assert led.external_id("meli", "A") == "MLB1"


def test_the_same_plan_twice_changes_nothing(led: Store) -> None:
    first = led.enqueue([price("A", "19.90")], "p1", now=5)
    again = led.enqueue([price("A", "21.00")], "p1", now=6)

    assert first == Enqueued(queued=1)
    assert again == Enqueued(already_applied=True)
    assert [c.operation.values.price for c in claimed(led, 7)] == [Decimal("19.90")]


def test_a_plan_is_known_as_applied_once_it_was_enqueued(
    led: Store, reopen: Callable[[], Store]
) -> None:
    before = led.is_applied("p1")
    led.enqueue([price("A", "19.90")], "p1", now=5)

    assert (before, led.is_applied("p1"), led.is_applied("p2")) == (False, True, False)
    assert reopen().is_applied("p1")


def test_a_queued_older_operation_is_replaced(led: Store) -> None:
    led.enqueue([price("A", "350")], "p1", now=5)
    done = led.enqueue([price("A", "327")], "p2", now=6)

    (claim,) = claimed(led, 7)

    assert done == Enqueued(queued=1, superseded=1)
    assert (claim.operation.generation, claim.operation.values.price) == (2, Decimal("327"))


def test_an_operation_that_was_replaced_after_its_claim_is_not_sent(led: Store) -> None:
    led.enqueue([price("A", "350")], "p1", now=5)
    (old,) = claimed(led, 6)
    led.enqueue([price("A", "327")], "p2", now=7)

    assert led.begin(old, now=8, lease_s=60) is False
    assert [c.operation.generation for c in claimed(led, 9)] == [2]


def test_what_is_being_sent_is_not_replaced_and_goes_first(led: Store) -> None:
    led.enqueue([price("A", "350")], "p1", now=5)
    (old,) = claimed(led, 6)
    led.begin(old, now=6, lease_s=60)
    led.enqueue([price("A", "327")], "p2", now=7)

    assert claimed(led, 8) == []
    led.record(old, CONFIRMED, now=9)
    assert rows(led)["A", "price"]["state"] == "queued"
    assert rows(led)["A", "price"]["price"] == "350"
    (new,) = claimed(led, 10)
    confirm(led, new, 10)
    assert rows(led)["A", "price"]["price"] == "327"
    assert rows(led)["A", "price"]["state"] == "confirmed"


def test_a_value_that_returns_is_sent_again(led: Store) -> None:
    """350 -> 327 -> 350 -> 327: a key made of the value would drop the last change."""
    sent = []
    for at, amount in enumerate(["350", "327", "350", "327"]):
        led.enqueue([price("A", amount)], f"p{at}", now=at)
        (claim,) = claimed(led, at)
        sent.append((claim.operation.generation, str(claim.operation.values.price)))
        confirm(led, claim, at)

    assert sent == [(1, "350"), (2, "327"), (3, "350"), (4, "327")]
    assert rows(led)["A", "price"]["price"] == "327"


def test_a_create_raises_all_aspects_to_one_generation(led: Store) -> None:
    settle(led, [price("A", "10"), stock("A", 3)], "p1", 1)
    settle(led, [price("A", "11")], "p2", 2)
    led.enqueue([create("A", "12", 4)], "p3", now=3)

    assert {aspect: r["desired_generation"] for (_, aspect), r in rows(led).items()} == {
        "content": 3,
        "price": 3,
        "stock": 3,
    }


def test_a_stale_fence_is_refused(led: Store) -> None:
    led.enqueue([price("A", "350")], "p1", now=5)
    (old,) = led.claim("meli", OWNER, now=6, lease_s=10, limit=5)
    led.begin(old, now=6, lease_s=10)
    (new,) = led.claim("meli", OWNER, now=16, lease_s=10, limit=5)

    assert new.fence > old.fence
    assert new.step == "read_back"
    assert led.record(old, CONFIRMED, now=17) is False
    assert led.quarantine(old, [Problem("X", "x")], now=17) is False
    assert led.release(old, due=17) is False
    assert rows(led)["A", "price"]["state"] == "in_doubt"
    assert rows(led)["A", "price"]["confirmed_generation"] == 0


def test_a_claim_that_was_not_begun_is_sent_after_its_lease(led: Store) -> None:
    led.enqueue([price("A", "350")], "p1", now=5)
    (old,) = led.claim("meli", OWNER, now=6, lease_s=10, limit=5)

    assert led.claim("meli", OWNER, now=15, lease_s=10, limit=5) == []
    (new,) = led.claim("meli", OWNER, now=16, lease_s=10, limit=5)
    assert new.step == "send"
    assert led.begin(old, now=17, lease_s=10) is False


def test_a_heartbeat_keeps_the_claim(led: Store) -> None:
    led.enqueue([price("A", "350")], "p1", now=5)
    (claim,) = led.claim("meli", OWNER, now=6, lease_s=10, limit=5)
    led.begin(claim, now=15, lease_s=10)

    assert led.claim("meli", OWNER, now=24, lease_s=10, limit=5) == []
    assert led.record(claim, CONFIRMED, now=24) is True


def test_ends_and_decreases_go_first_and_raises_last(led: Store) -> None:
    settle(led, [stock("A", 5), stock("B", 5), stock("F", 5)], "p1", 1)
    led.enqueue(
        [
            stock("A", 9),
            price("D", "1.00"),
            create("E", "2.00", 1),
            stock("B", 2),
            stock("C", 0),
            end("F"),
        ],
        "p2",
        now=2,
    )

    order = [(c.operation.sku, c.operation.action) for c in claimed(led, 3)]
    assert order == [
        ("B", "update"),
        ("C", "update"),
        ("F", "end"),
        ("E", "create"),
        ("D", "update"),
        ("A", "update"),
    ]


def test_an_update_waits_for_the_create_of_its_offer(led: Store) -> None:
    led.enqueue([create("A", "10", 1)], "p1", now=1)
    led.enqueue([price("A", "11"), price("B", "5")], "p2", now=2)

    first = claimed(led, 3)
    assert [(c.operation.sku, c.operation.action) for c in first] == [
        ("A", "create"),
        ("B", "update"),
    ]
    confirm(led, first[0], 4)
    assert [c.operation.values.price for c in claimed(led, 5)] == [Decimal("11")]


def test_a_stock_raise_waits_for_a_decrease_of_the_sku_elsewhere(led: Store) -> None:
    settle(led, [stock("A", 5), stock("A", 5, account="amazon")], "p1", 1)
    led.enqueue([stock("A", 8), stock("A", 2, account="amazon")], "p2", now=2)

    assert claimed(led, 3) == []
    (decrease,) = claimed(led, 3, account="amazon")
    confirm(led, decrease, 4)
    assert [c.operation.values.quantity for c in claimed(led, 5)] == [8]


def test_a_decrease_that_is_never_sent_holds_raises_for_a_quarter_of_an_hour(led: Store) -> None:
    settle(led, [stock("A", 5), stock("A", 5, account="amazon")], "p1", 1)
    led.enqueue([stock("A", 8), stock("A", 2, account="amazon")], "p2", now=2)

    assert claimed(led, 901) == []
    assert [c.operation.values.quantity for c in claimed(led, 902)] == [8]


def test_aspects_of_one_offer_do_not_wait_for_each_other(led: Store) -> None:
    led.enqueue([price("A", "10")], "p1", now=1)
    (first,) = claimed(led, 1)
    led.begin(first, now=1, lease_s=60)
    led.record(first, Outcome("accepted", handle="h1"), now=2, due=500)
    led.enqueue([stock("A", 0)], "p2", now=3)

    assert [c.operation.aspect for c in claimed(led, 4)] == ["stock"]


def test_accepted_is_not_confirmed(led: Store) -> None:
    led.enqueue([create("A", "10", 1)], "p1", now=1)
    (claim,) = claimed(led, 1)
    led.begin(claim, now=1, lease_s=60)
    led.record(claim, Outcome("accepted", handle="feed-7", external_id="X1"), now=2, due=10)

    assert rows(led)["A", "price"]["state"] == "submitted"
    assert (led.listings("meli"), claimed(led, 9)) == ([], [])
    (poll,) = claimed(led, 10)
    assert (poll.step, poll.handle, poll.external_id) == ("poll", "feed-7", "X1")
    assert (poll.sent_at, poll.lane) == (1.0, "content/create poll")
    led.record(poll, CONFIRMED, now=11)
    assert led.listings("meli") == [("A", "X1", "live")]


def test_a_late_rejection_is_remembered_by_its_hash(led: Store) -> None:
    led.enqueue([price("A", "10")], "p1", now=1)
    (claim,) = claimed(led, 1)
    led.begin(claim, now=1, lease_s=60)
    led.record(claim, Outcome("accepted", handle="h"), now=2, due=2)
    (poll,) = claimed(led, 3)
    led.record(poll, Outcome("rejected", (Problem("LOW", "too low", "price"),)), now=4)

    row = rows(led)["A", "price"]
    assert (row["state"], row["rejected_hash"]) == ("rejected", "price 10 None")
    assert json.loads(row["problems"]) == [
        {"code": "LOW", "message": "too low", "field": "price", "severity": "error"}
    ]
    assert (row["confirmed_generation"], led.open_counts("meli")) == (0, {})


def test_a_newer_wish_survives_the_rejection_of_an_older_one(led: Store) -> None:
    led.enqueue([price("A", "10")], "p1", now=1)
    (claim,) = claimed(led, 1)
    led.begin(claim, now=1, lease_s=60)
    led.enqueue([price("A", "11")], "p2", now=2)
    led.record(claim, Outcome("rejected", (Problem("LOW", "too low"),)), now=3)

    assert rows(led)["A", "price"]["state"] == "queued"
    assert [c.operation.values.price for c in claimed(led, 4)] == [Decimal("11")]


def test_updates_behind_a_refused_create_are_dropped(led: Store) -> None:
    led.enqueue([create("A", "10", 1)], "p1", now=1)
    (claim,) = claimed(led, 1)
    led.begin(claim, now=1, lease_s=60)
    led.enqueue([price("A", "11")], "p2", now=2)
    led.record(claim, Outcome("rejected", (Problem("NO", "no"),)), now=3)

    found = rows(led)
    assert (found["A", "price"]["state"], found["A", "stock"]["state"]) == ("none", "rejected")
    assert led.open_counts("meli") == {}


def test_a_refused_create_that_left_a_listing_is_refused_in_its_content_alone(led: Store) -> None:
    led.enqueue([create("A", "10", 1)], "p1", now=1)
    (claim,) = claimed(led, 1)
    led.begin(claim, now=1, lease_s=60)
    led.enqueue([price("A", "11")], "p2", now=2)
    no = (Problem("HTML", "no HTML"),)
    led.record(claim, Outcome("rejected", no, external_id="MLB1"), now=3)

    found = {aspect: row for (_, aspect), row in rows(led).items()}
    assert led.listings("meli") == [("A", "MLB1", "live")]
    assert {a: row["state"] for a, row in found.items()} == {
        "content": "rejected", "price": "queued", "stock": "none",
    }  # fmt: skip
    assert found["content"]["rejected_hash"] == "content first"
    assert {row["sent_generation"] for row in found.values()} == {1}
    assert {row["confirmed_generation"] for row in found.values()} == {0}
    assert [c.operation.values.price for c in claimed(led, 4)] == [Decimal("11")]


def test_a_quarantined_create_that_left_a_listing_is_live(led: Store) -> None:
    led.enqueue([create("A", "10", 1)], "p1", now=1)
    (claim,) = claimed(led, 1)
    led.begin(claim, now=1, lease_s=60)
    led.record(claim, Outcome("retry", external_id="MLB1"), now=2)
    (again,) = claimed(led, 3)
    led.quarantine(again, [Problem("TOO_MANY_FAILURES", "10 attempts failed")], now=4)

    found = {aspect: row["state"] for (_, aspect), row in rows(led).items()}
    assert led.listings("meli") == [("A", "MLB1", "live")]
    assert found == {"content": "quarantined", "price": "none", "stock": "none"}


def test_a_queued_create_that_left_a_listing_is_not_forgotten_with_its_row(led: Store) -> None:
    led.enqueue([create("A", "10", 1)], "p1", now=1)
    (claim,) = claimed(led, 1)
    led.begin(claim, now=1, lease_s=60)
    led.record(claim, Outcome("retry", external_id="MLB1"), now=2)
    led.enqueue([end("A")], "p2", now=3)

    assert led.listings("meli") == [("A", "MLB1", "live")]


def test_a_create_that_a_read_did_not_find_leaves_nothing(led: Store) -> None:
    led.enqueue([create("A", "10", 1)], "p1", now=1)
    (claim,) = claimed(led, 1)
    led.begin(claim, now=1, lease_s=60)
    led.record(claim, Outcome("in_doubt", external_id="X1"), now=2, due=2)
    (doubt,) = claimed(led, 3)
    led.record(doubt, Outcome("retry"), now=4)
    (again,) = claimed(led, 5)
    led.quarantine(again, [Problem("TOO_MANY_FAILURES", "10 attempts failed")], now=6)

    assert (again.external_id, led.listings("meli")) == (None, [])


def test_a_second_create_is_held_while_the_first_is_not_settled(led: Store) -> None:
    led.enqueue([create("A", "10", 1)], "p1", now=1)
    (claim,) = claimed(led, 1)
    led.begin(claim, now=1, lease_s=60)

    done = led.enqueue([create("A", "12", 1)], "p2", now=2)

    assert done == Enqueued(held=("meli/A/content/0",))
    assert led.open_counts("meli") == {"sending": 1}


def test_an_end_replaces_everything_queued_and_ends_the_listing(led: Store) -> None:
    settle(led, [create("A", "10", 1)], "p1", 1)
    led.enqueue([price("A", "11"), content("A", "x")], "p2", now=2)
    done = led.enqueue([end("A")], "p3", now=3)
    settle(led, [], "p4", 4)
    (claim,) = claimed(led, 5)
    confirm(led, claim, 5)

    found = rows(led)
    assert done == Enqueued(queued=1, superseded=2)
    assert led.listings("meli") == [("A", None, "ended")]
    assert [found["A", aspect]["confirmed_hash"] for aspect in ("content", "price")] == [None, None]
    assert (found["A", "price"]["state"], found["A", "price"]["price"]) == ("none", "10")


def test_after_an_end_nothing_is_confirmed_but_the_last_values_stay(led: Store) -> None:
    settle(led, [create("A", "9", 4)], "p1", 1)
    for at, amount in enumerate(["8", "9", "10"]):
        settle(led, [price("A", amount)], f"p1-{at}", 1)
    settle(led, [end("A")], "p2", 2)

    found = rows(led)
    assert {aspect: row["state"] for (_, aspect), row in found.items()} == {
        "content": "none",
        "price": "none",
        "stock": "confirmed",
    }
    assert (found["A", "stock"]["confirmed_hash"], found["A", "stock"]["quantity"]) == ("ended", 4)
    assert (found["A", "price"]["confirmed_hash"], found["A", "price"]["price"]) == (None, "10")
    settle(led, [create("A", "10", 4)], "p3", 3)
    assert led.listings("meli") == [("A", None, "live")]
    assert {row["state"] for row in rows(led).values()} == {"confirmed"}


def test_the_id_of_an_ended_listing_is_not_given_to_a_new_create(led: Store) -> None:
    led.save_listing("meli", "A", "MLB1", now=1)
    led.enqueue([end("A")], "p1", now=1)
    (ending,) = claimed(led, 1)
    confirm(led, ending, 1)
    led.enqueue([create("A", "10", 4)], "p2", now=2)
    (creating,) = claimed(led, 3)

    assert (ending.external_id, creating.external_id) == ("MLB1", None)
    assert led.external_id("meli", "A") is None
    led.begin(creating, now=3, lease_s=60)
    led.record(creating, Outcome("confirmed", external_id="MLB2"), now=4)
    assert led.external_id("meli", "A") == "MLB2"


def test_a_retry_waits_until_it_is_due_and_counts_failures_only_when_told(led: Store) -> None:
    led.enqueue([price("A", "10")], "p1", now=1)
    (first,) = claimed(led, 1)
    led.begin(first, now=1, lease_s=60)
    led.record(first, Outcome("retry", status=429), now=2, due=30)
    assert (claimed(led, 29), led.next_due("meli", now=29)) == ([], 30.0)
    (second,) = claimed(led, 30)
    led.begin(second, now=30, lease_s=60)
    led.record(second, Outcome("retry", status=409), now=31, due=31, failed=True)
    (third,) = claimed(led, 31)

    assert (first.failures, second.failures, third.failures) == (0, 0, 1)
    assert (second.operation.generation, third.operation.generation) == (1, 1)


def test_an_operation_in_doubt_comes_back_only_to_be_read(led: Store) -> None:
    led.enqueue([price("A", "10")], "p1", now=1)
    (first,) = claimed(led, 1)
    led.begin(first, now=1, lease_s=60)
    led.record(first, Outcome("in_doubt"), now=2, due=2)
    (doubt,) = claimed(led, 3)

    assert (doubt.step, rows(led)["A", "price"]["state"]) == ("read_back", "in_doubt")
    assert led.begin(doubt, now=3, lease_s=60) is False
    led.record(doubt, Outcome("retry"), now=4, due=4)
    (again,) = claimed(led, 5)
    assert (again.step, again.operation.generation) == ("send", 1)


@pytest.mark.parametrize("kind", ["auth", "config"])
def test_refused_credentials_leave_the_operation_queued(led: Store, kind: Any) -> None:
    led.enqueue([price("A", "10")], "p1", now=1)
    (claim,) = claimed(led, 1)
    led.begin(claim, now=1, lease_s=60)
    led.record(claim, Outcome(kind, status=401), now=2)

    assert rows(led)["A", "price"]["state"] == "queued"
    assert [c.failures for c in claimed(led, 3)] == [0]


def test_quarantine_is_remembered_like_a_rejection(led: Store) -> None:
    led.enqueue([price("A", "10")], "p1", now=1)
    (claim,) = claimed(led, 1)
    led.quarantine(claim, [Problem("GUARD_REFUSED", "below the floor")], now=2)

    row = rows(led)["A", "price"]
    assert (row["state"], row["rejected_hash"]) == ("quarantined", "price 10 None")
    assert (row["sent_generation"], led.open_counts("meli")) == (0, {})


def test_a_new_wish_forgets_the_rejection(led: Store) -> None:
    led.enqueue([price("A", "10")], "p1", now=1)
    (claim,) = claimed(led, 1)
    led.quarantine(claim, [Problem("X", "x")], now=2)
    led.enqueue([price("A", "11")], "p2", now=3)

    row = rows(led)["A", "price"]
    assert (row["state"], row["rejected_hash"], row["problems"]) == ("queued", None, "[]")


def test_a_withdrawn_create_leaves_a_live_listing_for_the_next_plan(led: Store) -> None:
    led.enqueue([create("A", "10", 1)], "p1", now=1)
    (first,) = claimed(led, 1)
    led.begin(first, now=1, lease_s=60)
    led.record(first, Outcome("in_doubt"), now=2, due=2)
    (doubt,) = claimed(led, 3)
    led.withdraw(doubt, "MLB9", now=4)

    assert led.listings("meli") == [("A", "MLB9", "live")]
    assert {row["state"] for row in rows(led).values()} == {"none"}
    assert {row["confirmed_hash"] for row in rows(led).values()} == {None}


def test_a_paused_lane_stops_only_its_own_kind_of_request(led: Store) -> None:
    led.enqueue([price("A", "10"), stock("A", 3)], "p1", now=1)
    led.pause("meli", "price/update", 100)

    assert [c.operation.aspect for c in claimed(led, 5)] == ["stock"]
    assert [c.operation.aspect for c in claimed(led, 100)] == ["price", "stock"]


def test_an_observation_moves_nothing_but_itself(led: Store) -> None:
    settle(led, [price("A", "10"), stock("A", 3)], "p1", 1)
    led.observe("meli", "A", Values(price=Decimal("9.50"), quantity=2, currency="BRL"), now=9)

    found = rows(led)
    assert (found["A", "price"]["observed_price"], found["A", "price"]["price"]) == ("9.50", "10")
    assert (found["A", "stock"]["observed_quantity"], found["A", "stock"]["quantity"]) == (2, 3)
    assert found["A", "price"]["observed_at"] == 9.0


def test_the_log_keeps_the_newest_twenty_answers_of_an_aspect(led: Store) -> None:
    led.enqueue([price("A", "10")], "p1", now=0)
    for at in range(25):
        (claim,) = claimed(led, at)
        led.begin(claim, now=at, lease_s=60)
        led.record(claim, Outcome("retry", (Problem("BUSY", "busy"),), status=409), now=at, due=at)

    log = led.attempts("meli", "A")
    assert [row[0] for row in log] == [float(at) for at in range(5, 25)]
    assert log[-1] == (24.0, "A", "price", 1, "send", "retry", 409, "BUSY", "p1")


def test_a_second_run_may_not_lead(led: Store, reopen: Callable[[], Store]) -> None:
    other = reopen()

    with pytest.raises(StoreLocked, match=r"process 101 on host-a, for 7 s"):
        other.lead(OTHER, now=7, lease_s=60)
    with pytest.raises(StoreLocked, match="another run has taken over"):
        other.claim("meli", OTHER, now=7, lease_s=60, limit=5)


def test_a_run_that_ended_makes_room(led: Store, reopen: Callable[[], Store]) -> None:
    led.yield_lead(OWNER, now=5)

    assert reopen().lead(OTHER, now=6, lease_s=60) == 0


def test_a_run_whose_lease_is_over_loses_the_lead(
    store: Store, reopen: Callable[[], Store]
) -> None:
    store.lead(OWNER, now=0, lease_s=10)
    store.enqueue([price("A", "10"), price("B", "11")], "p1", now=1)
    first, second = claimed(store, 1)
    store.begin(first, now=1, lease_s=60)
    other = reopen()

    assert other.lead(OTHER, now=11, lease_s=60) == 1
    with pytest.raises(StoreLocked):
        store.renew_lead(OWNER, now=12, lease_s=10)
    assert store.record(first, CONFIRMED, now=12) is False
    assert store.begin(second, now=12, lease_s=60) is False
    steps = other.claim("meli", OTHER, now=13, lease_s=60, limit=5)
    assert [(c.operation.sku, c.step) for c in steps] == [("A", "read_back"), ("B", "send")]
    store.yield_lead(OWNER, now=14)
    assert other.open_counts("meli") == {"in_doubt": 1, "queued": 1}
    other.renew_lead(OTHER, now=15, lease_s=60)


def test_yielding_frees_claims_and_doubts_what_is_under_way(led: Store) -> None:
    led.enqueue([price("A", "10"), price("B", "11")], "p1", now=1)
    first, _ = claimed(led, 1)
    led.begin(first, now=1, lease_s=60)
    led.yield_lead(OWNER, now=2)
    led.lead(OTHER, now=3, lease_s=60)

    steps = led.claim("meli", OTHER, now=4, lease_s=60, limit=5)
    assert [(c.operation.sku, c.step) for c in steps] == [("A", "read_back"), ("B", "send")]


def test_tokens_are_kept_and_never_shown(store: Store, reopen: Callable[[], Store]) -> None:
    token = Token("secret-access", "secret-refresh", 1800.5, {"scope": "offers"})
    store.save_token("meli", token, now=1)

    assert reopen().token("meli") == token
    assert store.token("amazon") is None
    assert "secret" not in repr(token)


def test_one_account_is_refreshed_by_one_process_at_a_time(
    store: Store, reopen: Callable[[], Store]
) -> None:
    other = reopen()
    with store.refreshing("meli"):
        with pytest.raises(StoreLocked, match="token of meli"), other.refreshing("meli", wait_s=0):
            pass
        with other.refreshing("amazon", wait_s=0):
            pass
    with other.refreshing("meli", wait_s=0):
        pass


def test_runs_are_listed_newest_first(store: Store) -> None:
    old = Run("r1", "abc", "s1", "2026-11-24T06:00:00Z", "0.1.0", "h1", 1.0)
    new = Run("r2", "def", "s2", "2026-11-24T07:00:00Z", "0.1.0", "h2", 2.0, {"verb": "apply"})
    store.record_run(new)
    store.record_run(old)

    assert store.runs() == [new, old]
    assert store.runs(limit=1) == [new]


def test_runs_are_forgotten_by_their_ids(store: Store, reopen: Callable[[], Store]) -> None:
    first, second = (
        Run(f"r{n}", "abc", "s1", "2026-11-24T06:00:00Z", "0.1.0", f"h{n}", float(n))
        for n in (1, 2)
    )
    store.record_run(first)
    store.record_run(second)
    store.forget_runs(["r1", "never there"])

    assert reopen().runs() == [second]


def test_a_hundred_thousand_pending_operations_are_quick_to_read_and_to_take_up(led: Store) -> None:
    led.enqueue((price(f"S{n:06d}", "10.00") for n in range(100_000)), "p1", now=1)

    # Of this process: what others do on the machine is not ours.
    began = time.process_time()
    found = led.ledger("meli")
    read_s = time.process_time() - began
    led.yield_lead(OWNER, now=2)
    led.lead(OWNER, now=2, lease_s=60)
    first = claimed(led, 3, limit=2)
    ready_s = time.process_time() - began - read_s

    assert (len(found), found[0][0], found[-1][0]) == (100_000, "S000000", "S099999")
    assert [c.operation.sku for c in first] == ["S000000", "S000001"]
    assert (read_s < 1.0, ready_s < 3.0) == (True, True)
