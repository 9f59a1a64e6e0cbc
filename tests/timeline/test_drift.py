"""What is computed from the clock: seen at its own moments, and counted at no other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
from timeline.test_timeline import BASE, FACTS, ZONE, sale, shop
from typed_rows import frame_from_rows

from offerwright.expressions.parse import microseconds
from offerwright.loadout import Loadout
from offerwright.timeline.flips import flips
from offerwright.timeline.moments import TimeSpan, moment_of, moments
from offerwright.timeline.periods import Asked, periods
from offerwright.timeline.turns import Catalogue, turns

ROWS = [
    {"sku": "A", "cost": 100, "since": "2026-01-01T17:30:00+00:00"},
    {"sku": "B", "cost": 200, "since": None},
]
"""A: listed at half past two in the afternoon, by the clock of the shop."""
DAYS = TimeSpan(datetime(2026, 1, 1, tzinfo=ZONE), datetime(2026, 1, 4, tzinfo=ZONE))
AGE = FACTS + "derive: {age: days(as_of - since)}\n"
OLDER = (
    "kind: pricing\nname: older\nsteps:\n"
    "  - {id: older, phase: adjust, set: {price: price * (1 + age * 0.01)}}\n"
)
TWO_DAYS = (
    "kind: pricing\nname: two\nsteps:\n"
    "  - {id: two, phase: adjust, when: {age: '>= 2'}, set: {price: price * 2}}\n"
)
EARLY_JANUARY = sale("promo", "{from: 2026-01-03, before: 2026-01-05}", for_="for: {account: a}\n")


def seen(
    rules: Loadout, column: str = "price", live: Any = None, **more: Any
) -> list[tuple[str, Any]]:
    facts = frame_from_rows(rules.schema, [{**row, **more} for row in ROWS])
    found = periods(rules, facts, Asked(DAYS, ("A",), ("a",)), live or {})
    return [(moment_of(p.start, ZONE).isoformat(" ")[5:-6], p.told[column]) for p in found]


def counts(rules: Loadout) -> list[Any]:
    catalogue = Catalogue(rules, frame_from_rows(rules.schema, ROWS), ("a",))
    found = turns(catalogue, microseconds(DAYS.start), moments(rules, DAYS), 9)
    return [{name: n["offers"] for name, n in (one.changed or {}).items()} for one in found]


def test_a_derived_age_changes_a_price_at_its_own_minute() -> None:
    prices = [(at, f"{price:.2f}") for at, price in seen(shop(facts=AGE, older=OLDER))]

    # Rounded down, the age before the first afternoon is -1.
    assert prices == [
        ("01-01 00:00:00", "99.00"), ("01-01 14:30:00", "100.00"), ("01-02 14:30:00", "101.00"),
        ("01-03 14:30:00", "102.00"),
    ]  # fmt: skip


def test_a_condition_on_a_derived_age_changes_a_price_at_its_own_minute() -> None:
    prices = [(at, f"{price:.2f}") for at, price in seen(shop(facts=AGE, two=TWO_DAYS))]

    assert prices == [("01-01 00:00:00", "100.00"), ("01-03 14:30:00", "200.00")]


def test_what_the_clock_changes_in_between_is_counted_at_no_listed_moment() -> None:
    """A costs more every afternoon; the sale begins at midnight for an account that has none."""
    other = EARLY_JANUARY.replace("account: a", "account: b")
    rules = shop(facts=AGE, older=OLDER, promo=other)

    assert counts(rules) == [{}]


def test_a_sale_counts_what_turns_at_its_beginning() -> None:
    # B has no age, and so no price to begin with.
    assert counts(shop(facts=AGE, older=OLDER, promo=EARLY_JANUARY)) == [{"a": 1}]


def test_a_rate_turns_offers_that_a_derived_fact_converts() -> None:
    facts = FACTS.replace("type: money", "type: money, currency: USD")
    rules = shop(
        facts=facts + "derive: {own: 'convert(cost, \"BRL\")'}\n",
        base=BASE.replace("price: cost", "price: own"),
        fx=(
            "kind: lists\nname: fx\nrates:\n"
            "  - {from: USD, to: BRL, rate: 5, valid: {from: 2025-01-01, before: 2026-01-02}}\n"
            "  - {from: USD, to: BRL, rate: 6, valid: {from: 2026-01-02, before: 2027-01-01}}\n"
        ),
    )

    assert counts(rules) == [{"a": 2}]


def test_flips_are_found_to_the_microsecond_and_not_at_the_points_themselves() -> None:
    day = 86_400 * 1_000_000
    edges = [day, day + 52_200_000_001, 2 * day + 52_200_000_001, 3 * day - 1]
    looked: set[int] = set()

    def look(at: int) -> int:
        looked.add(at)
        return sum(edge <= at for edge in edges)

    assert list(flips(look, [0, day, 2 * day, 3 * day])) == edges[1:]
    assert len(looked) < 200


def test_an_offer_that_is_told_less_once_orders_are_unread_has_a_period_of_its_own() -> None:
    """Orders were read at 14:30; half an hour later the stock is not raised any more."""
    rules = shop(
        facts=FACTS + "  stock: {type: map of integer, from: stock.on_hand, key: node}\n",
        stock=(
            "kind: inventory\nname: stock\npool: {on_hand: stock}\nallocate:\n  method: shared\n"
            "  marketplaces:\n"
            "    - {account: a, raise_needs: {orders_read: since, within: 30 minutes}}\n"
            "    - {account: b}\n"
        ),
    )
    live = {"a": pl.DataFrame({"sku": ["A"], "live_quantity": [4]}).with_columns(
        live_price=pl.lit(None, pl.Decimal(38, 2))
    )}  # fmt: skip
    at = datetime(2026, 1, 1, 15, tzinfo=ZONE) + timedelta(microseconds=1)

    assert seen(rules, "quantity", live, stock={"sp": 9}) == [
        ("01-01 00:00:00", 9), (at.isoformat(" ")[5:-6], 4),
    ]  # fmt: skip
