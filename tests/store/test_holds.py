"""What an operator holds back stays queued; it goes when it is released, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from store.builders import OWNER, content, create, end, price, stock

from offerwright.marketplaces.operation import Operation, Outcome
from offerwright.store import Hold, Store, Wish

CONFIRMED = Outcome("confirmed", status=200)
ALL = ("price", "stock", "content")


@pytest.fixture
def led(store: Store) -> Store:
    store.lead(OWNER, now=0, lease_s=1000)
    return store


def wish(**said: object) -> Wish:
    return Wish(**{"account": "meli", "reason": "wrong ERP prices", "by": "maria", **said})  # type: ignore[arg-type]


def sent(store: Store, now: float) -> list[str]:
    """Claim and confirm whatever may go: `SKU aspect`, in the order in which it went."""
    done = []
    while claims := store.claim("meli", OWNER, now=now, lease_s=60, limit=50):
        for claim in claims:
            if store.begin(claim, now=now, lease_s=60):
                assert store.record(claim, CONFIRMED, now=now)
                done.append(f"{claim.operation.sku} {claim.operation.aspect}")
    return done


def of_rule(operation: Operation, *rules: str) -> Operation:
    names = ",".join(f'"{rule}"' for rule in rules)
    inputs = f'{{"currency":"BRL","guards":[],"rules":[{names}],"version":1}}'
    return replace(operation, guard_inputs=inputs)


def test_a_held_account_sends_no_price_and_no_content_but_its_stock(led: Store) -> None:
    led.put_holds([wish()], now=1)
    led.enqueue([price("A", "9"), content("A", "x"), stock("A", 5)], "p", now=2)

    assert sent(led, 3) == ["A stock"]
    assert led.held_count("meli", now=3) == 2
    assert led.open_counts("meli") == {"queued": 2}
    assert led.next_due("meli", now=3) is None


def test_what_was_held_goes_once_when_it_is_released(led: Store) -> None:
    (number,) = led.put_holds([wish()], now=1)
    led.enqueue([price("A", "9")], "p", now=2)
    before = sent(led, 3)
    lifted = led.lift_holds([number], "joao", "mended", now=4)

    assert (before, lifted) == ([], 1)
    assert (sent(led, 5), sent(led, 6)) == (["A price"], [])
    assert led.lift_holds([number], "ana", "again", now=7) == 0


def test_a_hold_of_another_account_or_sku_holds_nothing_here(led: Store) -> None:
    led.put_holds([wish(account="vtex"), wish(sku="B")], now=1)
    led.enqueue([price("A", "9"), price("B", "9")], "p", now=2)

    assert sent(led, 3) == ["A price"]


def test_a_hold_ends_by_itself(led: Store) -> None:
    led.put_holds([wish(until=10.0)], now=1)
    led.enqueue([price("A", "9")], "p", now=2)

    assert (sent(led, 9.9), sent(led, 10.0)) == ([], ["A price"])


def test_a_hold_of_a_rule_holds_what_the_rule_had_a_hand_in(led: Store) -> None:
    led.put_holds([wish(rule="campaigns/friday")], now=1)
    of_friday = of_rule(price("A", "9"), "shop/markups", "campaigns/friday")
    of_other = of_rule(price("B", "9"), "campaigns/friday-late")
    led.enqueue([of_friday, of_other], "p", now=2)

    assert sent(led, 3) == ["B price"]


def test_what_does_not_say_its_rules_is_held_by_a_hold_of_any_rule(led: Store) -> None:
    led.put_holds([wish(rule="campaigns/friday")], now=1)
    led.enqueue([price("A", "9")], "p", now=2)

    assert sent(led, 3) == []


@pytest.mark.parametrize(
    ("operation", "goes"),
    [
        (lambda: stock("A", 4), True),
        (lambda: stock("A", 0), True),
        (lambda: stock("A", 6), False),
        (lambda: end("A"), True),
        (lambda: create("B", "9", 1), False),
    ],
    ids=["less stock", "no stock", "more stock", "an end", "a new listing"],
)
def test_nothing_holds_back_what_takes_stock_away(
    led: Store, operation: Callable[[], Operation], goes: bool
) -> None:
    led.enqueue([stock("A", 5)], "before", now=1)
    assert sent(led, 1) == ["A stock"]
    led.put_holds([wish(aspects=ALL)], now=2)
    led.enqueue([operation()], "p", now=3)

    assert bool(sent(led, 4)) is goes


def test_a_hold_that_comes_between_claim_and_send_stops_it(led: Store) -> None:
    led.enqueue([price("A", "9")], "p", now=1)
    (claim,) = led.claim("meli", OWNER, now=2, lease_s=60, limit=1)
    (number,) = led.put_holds([wish()], now=3)

    assert not led.begin(claim, now=4, lease_s=60)
    assert (led.open_counts("meli"), led.held_count("meli", now=4)) == ({"queued": 1}, 1)
    led.lift_holds([number], "maria", "", now=5)
    assert sent(led, 6) == ["A price"]


def test_what_is_under_way_is_settled_under_a_hold(led: Store) -> None:
    led.enqueue([price("A", "9")], "p", now=1)
    (claim,) = led.claim("meli", OWNER, now=2, lease_s=60, limit=1)
    assert led.begin(claim, now=2, lease_s=60)
    led.put_holds([wish()], now=3)

    assert led.record(claim, Outcome("accepted", status=202, handle="h"), now=4)
    (poll,) = led.claim("meli", OWNER, now=5, lease_s=60, limit=1)
    assert poll.step == "poll"


def test_a_new_plan_replaces_what_is_held(led: Store) -> None:
    led.put_holds([wish()], now=1)
    led.enqueue([price("A", "9")], "p", now=2)
    led.enqueue([], "q", now=3, replacing=["meli"])

    assert led.open_counts("meli") == {}


def test_holds_are_kept_with_who_and_why(led: Store, reopen: Callable[[], Store]) -> None:
    first, second = led.put_holds([wish(sku="A"), wish(aspects=("stock",), until=9.0)], now=1)
    led.lift_holds([first], "joao", "mended", now=4)

    assert reopen().holds() == [
        Hold(first, wish(sku="A"), 1, "joao", 4, "mended"),
        Hold(second, wish(aspects=("stock",), until=9.0), 1),
    ]
    assert [one.counts(8.9) for one in led.holds()] == [False, True]
    assert [one.counts(9.0) for one in led.holds()] == [False, False]
