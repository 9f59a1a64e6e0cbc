"""
The send loop against scripted answers, on a clock that only moves when somebody waits.

Longer than the house rule: every outcome meets every step of one loop, and the cases share a script.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from store.builders import OTHER, OWNER, content, create, end, price, stock
from sync.clocks import SteppedClock, SystemClock
from sync.scripted import (
    ABSENT,
    CONFIRMED,
    NO_ANSWER,
    REFUSED,
    SERVER_ERROR,
    UNREACHABLE,
    Scripted,
    allow,
)

from offerwright.errors import CredentialsRefused, MarketplaceAway, StoreLocked
from offerwright.marketplaces.operation import Operation, Outcome, Problem, Values
from offerwright.store import LEDGER_COLUMNS, Store, open_store
from offerwright.sync.apply import AccountJob, apply_accounts, apply_outbox, leading
from offerwright.sync.ports import Guard, Limits
from offerwright.sync.report import ApplyReport, exit_code


class Bench:
    """A led store, a scripted marketplace and a stepped clock."""

    def __init__(self, folder: Path) -> None:
        self.store: Store = open_store("sqlite:///.offerwright/state.db", folder)
        self.clock = SteppedClock()
        self.market = Scripted(now=self.clock.now)
        self.plans = 0
        self.store.lead(OWNER, now=self.clock.now(), lease_s=60)

    def plan(self, *operations: Operation) -> None:
        self.plans += 1
        self.store.enqueue(operations, f"p{self.plans}", now=self.clock.now())

    def apply(self, guard: Guard = allow, account: str = "meli", **bounds: Any) -> ApplyReport:
        # A new run leads anew, as after hours without one.
        self.store.lead(OWNER, now=self.clock.now(), lease_s=60)
        return apply_outbox(
            self.store,
            self.market,
            guard,
            account=account,
            owner=OWNER,
            clock=self.clock,
            limits=Limits(**bounds),
        )

    def row(self, sku: str, aspect: str = "price") -> dict[str, Any]:
        rows = [dict(zip(LEDGER_COLUMNS, r, strict=True)) for r in self.store.ledger("meli")]
        (found,) = [row for row in rows if (row["sku"], row["aspect"]) == (sku, aspect)]
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.store.close()


def seen(amount: str | None = None, **values: Any) -> Outcome:
    found = Values(price=None if amount is None else Decimal(amount), **values)
    return Outcome("confirmed", status=200, observed=found)


def test_what_is_confirmed_is_not_sent_again(bench: Bench) -> None:
    bench.plan(price("A", "10"), stock("A", 3))
    first = bench.apply()
    second = bench.apply()

    assert (first.sent, first.confirmed, first.left, first.ended) == (2, 2, {}, "done")
    assert (second.sent, second.polled, second.read_back) == (0, 0, 0)
    assert exit_code([first]) == 0
    assert bench.clock.slept == 0


def test_a_rejected_operation_is_named_with_all_reasons_and_not_sent_again(bench: Bench) -> None:
    bench.plan(price("A", "10"), price("B", "11"))
    bench.market.sends["A"] = [REFUSED]
    report = bench.apply()
    bench.apply()

    (refused,) = report.refused
    assert (refused.sku, refused.state, refused.problems) == ("A", "rejected", REFUSED.problems)
    assert (bench.row("A")["state"], bench.row("B")["state"]) == ("rejected", "confirmed")
    assert (bench.market.steps("A"), exit_code([report])) == (["send"], 4)


def test_a_refused_create_that_left_a_listing_is_read_once(bench: Bench) -> None:
    bench.plan(create("A", "10", 2))
    bench.market.sends["A"] = [Outcome("rejected", (Problem("HTML", "no"),), external_id="X1")]
    bench.market.reads["A"] = [seen("10.00", quantity=2)]
    report = bench.apply()

    assert bench.market.steps("A") == ["send", "read_back"]
    assert ([r.sku for r in report.refused], report.read_back) == (["A"], 1)
    assert bench.store.listings("meli") == [("A", "X1", "live")]
    assert (bench.row("A")["price"], bench.row("A")["observed_price"]) == (None, "10.00")
    assert bench.row("A", "stock")["observed_quantity"] == 2


def test_accepted_is_polled_until_it_is_live(bench: Bench) -> None:
    bench.plan(price("A", "10"))
    bench.market.sends["A"] = [Outcome("accepted", status=202, handle="h")]
    bench.market.polls["A"] = [Outcome("accepted", status=200)] * 2
    report = bench.apply()

    assert bench.market.steps("A") == ["send", "poll", "poll", "poll"]
    assert (report.accepted, report.confirmed, bench.row("A")["state"]) == (1, 1, "confirmed")


def test_a_run_does_not_wait_long_for_an_acceptance_and_the_next_one_polls_without_a_write(
    bench: Bench,
) -> None:
    bench.plan(price("A", "10"))
    bench.market.sends["A"] = [Outcome("accepted", status=202, handle="h")]
    bench.market.always["poll"] = Outcome("accepted", status=200)
    first = bench.apply(settle_s=30)
    assert (first.ended, first.left, bench.clock.slept < 30) == ("done", {"submitted": 1}, True)
    assert exit_code([first]) == 0

    bench.clock.time += 100
    bench.market.always["poll"] = REFUSED
    second = bench.apply()
    assert (second.sent, second.polled, bench.row("A")["state"]) == (0, 1, "rejected")


def test_an_acceptance_that_never_ends_is_read_back(bench: Bench) -> None:
    bench.plan(price("A", "10"), price("B", "11"))
    bench.market.always["send"] = Outcome("accepted", status=202, handle="h")
    bench.market.always["poll"] = Outcome("accepted", status=200)
    bench.apply()
    bench.clock.time += 1000
    bench.market.always["send"] = CONFIRMED
    bench.market.reads = {"A": [seen("10")], "B": [seen("9.50")]}
    bench.apply()

    assert bench.market.steps("A")[-2:] == ["poll", "read_back"]
    assert bench.market.steps("B")[-3:] == ["poll", "read_back", "send"]
    assert (bench.row("A")["state"], bench.row("A")["confirmed_generation"]) == ("confirmed", 1)


def test_a_poll_that_sees_the_old_value_is_not_yet_a_confirmation(bench: Bench) -> None:
    bench.plan(price("A", "10"))
    bench.market.sends["A"] = [Outcome("accepted", status=202, handle="h")]
    bench.market.polls["A"] = [ABSENT, seen("9.50"), seen("10.00")]
    report = bench.apply()

    assert (report.polled, bench.row("A")["state"]) == (3, "confirmed")
    assert bench.row("A")["observed_price"] == "10.00"


def test_a_sale_that_should_be_over_and_is_still_seen_is_not_confirmed(bench: Bench) -> None:
    on_sale = seen("10.00", sale_price=Decimal("8.00"), currency="BRL")
    bench.plan(price("A", "10"), price("B", "10"))
    bench.market.sends = {
        "A": [Outcome("accepted", status=202, handle="h")],
        "B": [NO_ANSWER],
    }
    bench.market.polls["A"] = [on_sale, seen("10.00", currency="BRL")]
    bench.market.reads["B"] = [on_sale]
    bench.apply()

    assert bench.market.steps("A") == ["send", "poll", "poll"]
    assert bench.market.steps("B") == ["send", "read_back", "send"]
    assert [bench.row(sku)["state"] for sku in "AB"] == ["confirmed", "confirmed"]


def test_a_lost_answer_after_the_effect_is_read_back_and_not_sent_again(bench: Bench) -> None:
    bench.plan(price("A", "10"), create("B", "20", 2))
    bench.market.sends = {"A": [NO_ANSWER], "B": [NO_ANSWER]}
    bench.market.reads = {
        "A": [seen("10.00", currency="BRL")],
        "B": [Outcome("confirmed", external_id="X9", observed=Values("B", Decimal("20.0")))],
    }
    report = bench.apply()

    assert bench.market.steps("A") == bench.market.steps("B") == ["send", "read_back"]
    assert (report.confirmed, bench.row("B", "stock")["quantity"]) == (2, 2)
    assert bench.store.listings("meli") == [("B", "X9", "live")]


def test_a_lost_answer_without_effect_is_sent_again_with_the_same_generation(bench: Bench) -> None:
    bench.plan(price("A", "10"))
    bench.market.sends["A"] = [NO_ANSWER]
    bench.market.reads["A"] = [seen("9.50")]
    bench.apply()

    assert bench.market.steps("A") == ["send", "read_back", "send"]
    assert [o.generation for o in bench.market.seen] == [1, 1]
    assert bench.row("A")["state"] == "confirmed"


def test_a_sale_price_that_cannot_be_seen_is_sent_again(bench: Bench) -> None:
    bench.plan(price("A", "350", sale="327"))
    bench.market.sends["A"] = [NO_ANSWER]
    bench.market.reads["A"] = [seen("350")]
    bench.apply()

    assert bench.market.steps("A") == ["send", "read_back", "send"]


def test_a_text_that_cannot_be_compared_is_sent_again(bench: Bench) -> None:
    bench.plan(content("A", "title"))
    bench.market.sends["A"] = [NO_ANSWER]
    bench.market.reads["A"] = [seen("350")]
    bench.apply()

    assert bench.market.steps("A") == ["send", "read_back", "send"]


def test_a_listing_that_is_there_but_shows_no_values_settles_a_create_only(bench: Bench) -> None:
    bench.plan(create("A", "10", 1), price("B", "10"))
    bench.market.sends = {"A": [NO_ANSWER], "B": [NO_ANSWER]}
    bench.apply()

    assert bench.market.steps("A") == ["send", "read_back"]
    assert bench.market.steps("B") == ["send", "read_back", "send"]


def test_a_create_that_cannot_be_seen_is_sent_again_only_after_a_while(bench: Bench) -> None:
    bench.plan(create("A", "10", 1))
    bench.market.sends["A"] = [NO_ANSWER]
    bench.market.always["read_back"] = ABSENT
    bench.apply(create_doubt_s=30)

    first, second = bench.market.times["A/content"]
    assert 30 <= second - first < 70
    assert bench.market.steps("A").count("read_back") > 1


def test_a_create_that_appears_late_is_not_made_twice(bench: Bench) -> None:
    bench.plan(create("A", "10", 1))
    bench.market.sends["A"] = [NO_ANSWER]
    bench.market.reads["A"] = [ABSENT, ABSENT, seen("10", quantity=1)]
    bench.apply()

    assert bench.market.steps("A") == ["send", "read_back", "read_back", "read_back"]


def test_a_create_whose_listing_has_other_values_is_left_to_the_next_plan(bench: Bench) -> None:
    bench.plan(create("A", "10", 1))
    bench.market.sends["A"] = [NO_ANSWER]
    bench.market.reads["A"] = [
        Outcome("confirmed", external_id="X", observed=Values("A", Decimal(12), quantity=1))
    ]
    report = bench.apply()

    assert (report.withdrawn, bench.row("A")["state"]) == (1, "none")
    assert bench.store.listings("meli") == [("A", "X", "live")]


def test_an_end_without_an_answer_is_done_when_the_listing_is_gone(bench: Bench) -> None:
    bench.plan(create("A", "10", 1), create("B", "10", 1))
    bench.apply()
    bench.plan(end("A"), end("B"))
    bench.market.sends = {"A": [NO_ANSWER], "B": [NO_ANSWER]}
    bench.market.reads = {"A": [ABSENT], "B": [seen("10")]}
    bench.apply()

    assert bench.market.steps("A") == ["send", "send", "read_back"]
    assert bench.market.steps("B") == ["send", "send", "read_back", "send"]
    assert [state for _, _, state in bench.store.listings("meli")] == ["ended", "ended"]


def test_an_update_without_a_listing_is_rejected(bench: Bench) -> None:
    bench.plan(price("A", "10"))
    bench.market.sends["A"] = [NO_ANSWER]
    bench.market.reads["A"] = [ABSENT]
    report = bench.apply()

    assert [p.code for p in report.refused[0].problems] == ["LISTING_NOT_FOUND"]


def test_a_read_of_another_sku_proves_nothing(bench: Bench) -> None:
    bench.plan(price("A", "10"))
    bench.market.sends["A"] = [NO_ANSWER]
    bench.market.reads["A"] = [seen("10", sku="B"), seen("10", sku="A")]
    bench.apply()

    assert bench.market.steps("A") == ["send", "read_back", "read_back"]


@pytest.mark.parametrize(
    ("asked", "waits"),
    [(7.0, 7.0), (None, 1.0), (-3.0, 1.0), (0.0, 0.0), (86400.0, 3600.0)],
)
def test_a_429_is_waited_for_and_is_no_failure(
    bench: Bench, asked: float | None, waits: float
) -> None:
    bench.plan(price("A", "10"))
    bench.market.sends["A"] = [Outcome("retry", status=429, retry_after_s=asked)]
    report = bench.apply(deadline_s=10_000)

    first, second = bench.market.times["A/price"]
    assert (second - first, report.throttled, report.failed) == (waits, 1, 0)
    assert bench.row("A")["state"] == "confirmed"


def test_a_429_stops_only_its_own_kind_of_operation(bench: Bench) -> None:
    bench.plan(price("A", "10"), price("B", "11"), stock("A", 0), stock("C", 4))
    bench.market.sends["A"] = [CONFIRMED, Outcome("retry", status=429, retry_after_s=20)]
    bench.apply()

    assert bench.market.log == [
        ("send", "A"),
        ("send", "A"),
        ("send", "C"),
        ("send", "A"),
        ("send", "B"),
    ]
    assert bench.market.times["C/stock"] == [1000.0]
    assert bench.market.times["B/price"] == [1020.0]


def test_a_pause_holds_over_a_restart(bench: Bench) -> None:
    bench.plan(price("A", "10"))
    bench.market.sends["A"] = [Outcome("retry", status=429, retry_after_s=300)]
    first = bench.apply(deadline_s=60)
    second = bench.apply(deadline_s=60)

    assert (first.sent, second.sent, bench.clock.slept) == (1, 0, 0)
    assert isinstance(first.error, MarketplaceAway)
    assert str(first.error) == "meli: throttled for 300 s more; run again after that"
    assert exit_code([first]) == 7


def test_repeated_429_without_a_time_back_off(bench: Bench) -> None:
    bench.plan(price("A", "10"))
    bench.market.sends["A"] = [Outcome("retry", status=429)] * 9
    bench.apply()

    times = bench.market.times["A/price"]
    gaps = [b - a for a, b in pairwise(times)]
    assert gaps == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_our_own_rate_limit_is_no_failure_either(bench: Bench) -> None:
    bench.plan(price("A", "10"))
    own = Outcome("retry", (Problem("RATE_LIMITED", "used up"),), retry_after_s=3)
    bench.market.sends["A"] = [own] * 7
    report = bench.apply()

    assert (report.failed, report.throttled, bench.row("A")["state"]) == (0, 7, "confirmed")


def test_an_edit_that_is_still_processing_is_tried_later_with_the_newest_state(
    bench: Bench,
) -> None:
    bench.plan(price("A", "10"))
    bench.market.sends["A"] = [Outcome("retry", status=409)]
    bench.apply(deadline_s=0.5)
    bench.plan(price("A", "11"))
    bench.apply()

    assert [str(o.values.price) for o in bench.market.seen] == ["10", "11"]


def test_a_poison_item_holds_nobody_and_is_parked(bench: Bench) -> None:
    others = [price(f"S{n:02}", "10") for n in range(20)]
    bench.plan(price("POISON", "10"), *others)
    bench.market.always["send POISON"] = SERVER_ERROR
    bench.market.always["read_back POISON"] = seen("9")
    report = bench.apply(park_after=4)

    assert report.confirmed == 20
    assert {bench.market.times[f"S{n:02}/price"][0] for n in range(20)} <= {1000.0, 1001.0}
    assert bench.market.steps("POISON").count("send") == 4
    (refused,) = report.refused
    assert (refused.state, refused.problems[0].code) == ("quarantined", "TOO_MANY_FAILURES")
    assert bench.row("POISON")["state"] == "quarantined"
    assert bench.apply().sent == 0


def test_a_marketplace_that_is_away_parks_nothing(bench: Bench) -> None:
    bench.plan(*[price(f"S{n}", "10") for n in range(3)])
    bench.market.always["send"] = UNREACHABLE
    for _ in range(10):
        report = bench.apply(away_after=5)
        bench.clock.time += 100

    assert isinstance(report.error, MarketplaceAway)
    assert "no answer 5 times in a row. UNREACHABLE: connection refused" in str(report.error)
    assert (report.sent, report.left, exit_code([report])) == (5, {"queued": 3}, 7)
    bench.market.always.clear()
    assert bench.apply().confirmed == 3


def test_a_marketplace_that_is_away_is_not_hammered(bench: Bench) -> None:
    bench.plan(*[price(f"S{n}", "10") for n in range(50)])
    bench.market.always["send"] = UNREACHABLE
    bench.apply(away_after=5)

    assert len(bench.market.log) == 5
    assert bench.clock.slept == 1 + 2 + 4 + 8


def test_refused_credentials_stop_the_account_at_once(bench: Bench) -> None:
    bench.plan(*[price(f"S{n}", "10") for n in range(9)])
    bench.market.always["send"] = Outcome(
        "auth", (Problem("INVALID_GRANT", "revoked"),), status=401
    )
    report = bench.apply()

    assert isinstance(report.error, CredentialsRefused)
    assert (report.sent, report.left, exit_code([report])) == (1, {"queued": 9}, 8)
    assert bench.row("S0")["state"] == "queued"
    bench.market.always.clear()
    assert bench.apply().confirmed == 9


def test_a_wrong_request_stops_the_account(bench: Bench) -> None:
    bench.plan(price("A", "10"), price("B", "10"))
    bench.market.always["send"] = Outcome("config", (Problem("NOT_FOUND", "/v2"),), status=404)
    report = bench.apply()

    assert (report.sent, report.left, exit_code([report])) == (1, {"queued": 2}, 2)


def test_bytes_that_a_guard_refuses_never_leave(bench: Bench) -> None:
    bodies: list[bytes] = []

    def guard(operations: Sequence[Operation]) -> list[str | None]:
        bodies.extend(o.parts[0][1] for o in operations)
        return ["below the floor 12.00" if o.sku == "A" else None for o in operations]

    bench.plan(price("A", "10"), price("B", "11"))
    report = bench.apply(guard)
    bench.apply(guard)

    assert [o.sku for o in bench.market.seen] == ["B"]
    assert bodies == [o.parts[0][1] for o in (price("A", "10"), price("B", "11"))]
    assert (report.refused[0].state, bench.row("A")["state"]) == ("quarantined", "quarantined")
    assert bench.row("A")["sent_generation"] == 0
    bench.plan(price("A", "13"))
    bench.apply()
    assert bench.row("A")["state"] == "confirmed"


def test_a_guard_sees_an_operation_again_before_it_is_sent_again(bench: Bench) -> None:
    asked: list[str] = []

    def guard(operations: Sequence[Operation]) -> list[str | None]:
        asked.extend(o.sku for o in operations)
        return [None if len(asked) == 1 else "the floor has risen" for _ in operations]

    bench.plan(price("A", "10"))
    bench.market.sends["A"] = [Outcome("retry", status=429)]
    bench.apply(guard)

    assert (asked, bench.market.steps("A")) == (["A", "A"], ["send"])


def test_too_many_refusals_stop_the_run(bench: Bench) -> None:
    bench.plan(*[price(f"S{n}", "10") for n in range(9)])
    bench.market.always["send"] = REFUSED
    report = bench.apply(max_failures=3)

    assert (report.sent, report.ended, report.left) == (3, "max_failures", {"queued": 6})


def test_the_deadline_ends_the_run(bench: Bench) -> None:
    class Slow(Scripted):
        def send(self, operation: Operation, external_id: str | None = None) -> Outcome:
            bench.clock.time += 10
            return super().send(operation, external_id)

    bench.market = Slow(now=bench.clock.now)
    bench.plan(*[price(f"S{n}", "10") for n in range(9)])
    report = bench.apply(deadline_s=35)

    assert (report.sent, report.ended, report.left) == (4, "deadline", {"queued": 5})
    assert exit_code([report]) == 4


def test_the_lead_is_renewed_during_long_waits(bench: Bench) -> None:
    bench.plan(price("A", "10"))
    bench.market.sends["A"] = [Outcome("retry", status=429, retry_after_s=600)]
    bench.apply()

    with pytest.raises(StoreLocked):
        bench.store.lead(OTHER, now=bench.clock.now(), lease_s=60)


def test_a_raise_that_is_held_elsewhere_ends_the_run_after_a_while(bench: Bench) -> None:
    bench.plan(stock("A", 0, account="amazon"), stock("A", 5))
    report = bench.apply(held_wait_s=30)

    assert (report.sent, report.ended, report.left) == (0, "held", {"queued": 1})
    assert 30 <= bench.clock.slept < 31
    bench.apply(account="amazon")
    assert bench.apply().confirmed == 1


def test_a_decrease_on_one_account_is_sent_before_the_raise_on_another(tmp_path: Path) -> None:
    store = open_store("sqlite:///.offerwright/state.db", tmp_path)
    clock = SystemClock()
    raised, lowered = Scripted(now=time.monotonic), Scripted(now=time.monotonic)
    jobs = {"meli": AccountJob(raised, allow), "amazon": AccountJob(lowered, allow)}
    with leading(store, OWNER, clock):
        plan = [stock("A", 5), stock("A", 0, account="amazon")]
        store.enqueue(plan, "p", now=clock.now())
        reports = apply_accounts(store, jobs, owner=OWNER, clock=clock)
    store.close()

    assert [report.confirmed for report in reports.values()] == [1, 1]
    assert lowered.times["A/stock"][0] < raised.times["A/stock"][0]


def test_an_account_that_waits_delays_no_other(tmp_path: Path) -> None:
    store = open_store("sqlite:///.offerwright/state.db", tmp_path)
    slow, quick = Scripted(), Scripted()
    slow.sends["A"] = [Outcome("retry", status=429, retry_after_s=1.0)]
    clock = SystemClock()
    quick.now = slow.now = time.monotonic
    with leading(store, OWNER, clock):
        store.enqueue(
            [price("A", "1")] + [price(f"S{n}", "1", account="amazon") for n in range(20)],
            "p",
            now=clock.now(),
        )
        began = time.monotonic()
        jobs = {"meli": AccountJob(slow, allow), "amazon": AccountJob(quick, allow)}
        reports = apply_accounts(store, jobs, owner=OWNER, clock=clock)
        took = time.monotonic() - began
    store.close()

    assert (reports["meli"].confirmed, reports["amazon"].confirmed) == (1, 20)
    assert max(at for times in quick.times.values() for at in times) - began < 0.9
    assert 1.0 <= took < 5.0


def test_a_request_that_never_ends_is_left_in_doubt(tmp_path: Path) -> None:
    store = open_store("sqlite:///.offerwright/state.db", tmp_path)
    asked, hang = threading.Event(), threading.Event()

    class Hanging(Scripted):
        def send(self, operation: Operation, external_id: str | None = None) -> Outcome:
            asked.set()
            hang.wait(10)
            return CONFIRMED

    clock = SystemClock()
    with leading(store, OWNER, clock):
        store.enqueue([price("A", "1"), price("B", "1")], "p", now=clock.now())
        reports = apply_accounts(
            store,
            {"meli": AccountJob(Hanging(), allow)},
            owner=OWNER,
            clock=clock,
            limits=Limits(grace_s=0.2),
            stop=asked.is_set,
        )

    assert reports["meli"].ended == "stopped"
    assert store.open_counts("meli") == {"in_doubt": 1, "queued": 1}
    hang.set()
    time.sleep(0.2)
    assert store.open_counts("meli") == {"in_doubt": 1, "queued": 1}
    store.close()


def test_a_fault_of_our_own_is_raised_after_the_others_have_ended(tmp_path: Path) -> None:
    store = open_store("sqlite:///.offerwright/state.db", tmp_path)

    def broken(operations: Sequence[Operation]) -> list[str | None]:
        raise ZeroDivisionError("a fault")

    clock = SystemClock()
    with leading(store, OWNER, clock), pytest.raises(ZeroDivisionError):
        store.enqueue([price("A", "1"), price("B", "1", account="amazon")], "p", now=clock.now())
        jobs = {"meli": AccountJob(Scripted(), broken), "amazon": AccountJob(Scripted(), allow)}
        apply_accounts(store, jobs, owner=OWNER, clock=clock)

    assert store.open_counts("amazon") == {}
    assert store.open_counts("meli") == {"queued": 1}
    store.close()
