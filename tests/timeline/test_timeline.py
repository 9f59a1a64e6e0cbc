"""What changes by itself is listed, and between two listed moments nothing changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine_under_test import marketplace_files, offers_of, shop_files, sound, told
from hypothesis import given, settings
from hypothesis import strategies as st
from typed_rows import frame_from_rows

from offerwright.expressions.parse import microseconds
from offerwright.loadout import Loadout
from offerwright.timeline.coverage import stretches
from offerwright.timeline.moments import TimeSpan, moment_of, moments
from offerwright.timeline.periods import Asked, periods
from offerwright.timeline.stretch import FOREVER
from offerwright.timeline.turns import Catalogue, turns

ZONE = ZoneInfo("America/Sao_Paulo")
FACTS = (
    "kind: facts\nname: facts\nfacts:\n  cost: {type: money, from: catalogue.cost}\n"
    "  since: {type: datetime, from: catalogue.since}\n"
)
BASE = "kind: pricing\nname: base\nsteps: [{id: b, phase: base, set: {price: cost}}]\n"
ROWS = [
    {"sku": "A", "cost": 100, "since": "2026-01-01T03:00:00+00:00"},
    {"sku": "B", "cost": 200, "since": None},
]
YEAR = TimeSpan(datetime(2026, 1, 1, tzinfo=ZONE), datetime(2027, 1, 1, tzinfo=ZONE))


def shop(**files: str) -> Loadout:
    named = {f"rules/{name}.yaml": text for name, text in files.items()}
    return sound(
        {**shop_files("catalogue", "stock", accounts={"a": "alpha", "b": "alpha"}),
         **marketplace_files("alpha"), "rules/facts.yaml": FACTS, "rules/base.yaml": BASE, **named}
    )  # fmt: skip


def sale(name: str, valid: str, off: str = "10%", for_: str = "") -> str:
    return (
        f"kind: pricing\nname: {name}\n{for_}valid: {valid}\n"
        f"steps: [{{id: {name}, phase: adjust, set: {{sale_price: price * (1 - {off})}}}}]\n"
    )


NARROW = "for: {marketplace: alpha}\n"
"""Campaigns of one scope that set the same thing at once are an error; of two they are not."""


def day(text: str) -> int:
    return microseconds(datetime.fromisoformat(text).replace(tzinfo=ZONE))


def price(amount: object) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def seen(rules: Loadout, span: TimeSpan = YEAR, *skus: str) -> list[tuple[Any, ...]]:
    facts = frame_from_rows(rules.schema, ROWS)
    found = periods(rules, facts, Asked(span, skus or ("A",), ("a",)), {})
    return [
        (
            moment_of(p.start, ZONE).date().isoformat(), price(p.told["price"]),
            price(p.told["sale_price"]), [f"{c.what} {c.happens}" for c in p.changes],
        )
        for p in found
    ]  # fmt: skip


def test_an_offer_has_a_period_before_during_and_after_a_sale() -> None:
    rules = shop(sale=sale("summer", "{from: 2026-06-01, before: 2026-06-08}"))

    assert seen(rules) == [
        ("2026-01-01", "100.00", None, []),
        ("2026-06-01", "100.00", "90.00", ["pricing summer begins"]),
        ("2026-06-08", "100.00", None, ["pricing summer ends"]),
    ]


def test_a_change_that_changes_no_offer_is_no_period() -> None:
    nothing = sale("nothing", "{from: 2026-06-01, before: 2026-06-08}", "0%")
    same = nothing.replace("set: {sale_price: price * (1 - 0%)}", "set: {price: price}")

    assert seen(shop(sale=same)) == [("2026-01-01", "100.00", None, [])]


def test_a_price_that_is_computed_from_the_date_changes_at_midnight() -> None:
    rules = shop(
        late=(
            "kind: pricing\nname: late\nsteps:\n  - id: late\n    phase: adjust\n"
            "    set: {price: price * (1 + days(as_of - since) * 0.01)}\n"
        )
    )
    span = TimeSpan(datetime(2026, 1, 1, tzinfo=ZONE), datetime(2026, 1, 4, tzinfo=ZONE))

    assert seen(rules, span) == [
        ("2026-01-01", "100.00", None, []),
        ("2026-01-02", "101.00", None, []),
        ("2026-01-03", "102.00", None, []),
    ]


def test_each_moment_says_how_many_offers_of_which_account_turn() -> None:
    rules = shop(
        sale=sale("one", "{from: 2026-06-01, before: 2026-06-08}", for_="for: {account: a}\n")
    )
    facts = frame_from_rows(rules.schema, ROWS)
    found = list(
        turns(
            Catalogue(rules, facts, ("a", "b")), microseconds(YEAR.start), moments(rules, YEAR), 1
        )
    )

    assert [one.moment.at for one in found] == [day("2026-06-01"), day("2026-06-08")]
    assert found[0].changed == {"a": {"offers": 2, "price": 2, "stock": 0, "content": 0}}
    assert found[1].changed is None


def bounds(found: object, *names: str) -> list[tuple[str, int, int, tuple[str, ...]]]:
    assert isinstance(found, tuple)
    return [(s.kind, s.start, s.end, s.accounts) for s in found if any(n in s.what for n in names)]


def test_two_campaigns_at_once_overlap_and_a_day_between_two_is_a_gap() -> None:
    rules = shop(
        one=sale("one", "{from: 2026-06-01, before: 2026-06-08}"),
        two=sale("two", "{from: 2026-06-05, before: 2026-06-10}", for_=NARROW),
        three=sale("three", "{from: 2026-06-11, before: 2026-06-20}"),
    )
    found = stretches(rules, microseconds(YEAR.start), microseconds(YEAR.end))

    assert bounds(found, "sale_price") == [
        ("overlap", day("2026-06-05"), day("2026-06-08"), ("a", "b")),
        ("gap", day("2026-06-10"), day("2026-06-11"), ("a", "b")),
    ]


def test_weeks_between_two_campaigns_are_no_gap() -> None:
    rules = shop(
        one=sale("one", "{from: 2026-06-01, before: 2026-06-08}"),
        two=sale("two", "{from: 2026-07-01, before: 2026-07-10}"),
    )

    assert stretches(rules, microseconds(YEAR.start), microseconds(YEAR.end)) == ()


def test_rates_and_fees_have_gaps_where_none_counts_and_after_the_last() -> None:
    rules = shop(
        fx=(
            "kind: lists\nname: fx\nrates:\n"
            "  - {from: USD, to: BRL, rate: 5.10, valid: {from: 2026-02-01, before: 2026-03-01}}\n"
            "  - {from: USD, to: BRL, rate: 5.20, valid: {from: 2026-03-05, before: 2026-04-01}}\n"
        ),
        fees=(
            "kind: fees\nname: fees\nfor: {marketplace: alpha}\nvalid: {before: 2026-10-01}\n"
            "fees: [{id: commission, otherwise: {rate: 12%}}]\n"
        ),
    )
    found = stretches(rules, microseconds(YEAR.start), microseconds(YEAR.end))

    assert bounds(found, "rate from USD") == [
        ("gap", day("2026-03-01"), day("2026-03-05"), ()),
        ("gap", day("2026-04-01"), FOREVER, ()),
    ]
    assert bounds(found, "commission") == [("gap", day("2026-10-01"), FOREVER, ("a", "b"))]


def test_only_what_reaches_into_the_time_is_told() -> None:
    rules = shop(
        one=sale("one", "{from: 2026-06-01, before: 2026-06-08}"),
        two=sale("two", "{from: 2026-06-05, before: 2026-06-10}", for_=NARROW),
    )

    assert stretches(rules, day("2026-06-08"), day("2026-07-01")) == ()
    assert len(stretches(rules, day("2026-06-07"), day("2026-07-01"))) == 1


SCOPES = ("", NARROW, "for: {account: a}\n")
WINDOWS = st.tuples(st.integers(0, 20), st.integers(1, 8), st.integers(1, 50))


@settings(max_examples=15)
@given(st.lists(WINDOWS, min_size=1, max_size=3))
def test_between_two_periods_nothing_changes(windows: list[tuple[int, int, int]]) -> None:
    """Held against an evaluation of every day and of the moment before it."""
    start = datetime(2026, 3, 1, tzinfo=ZONE)
    files = {}
    for number, (begins, length, off) in enumerate(windows):
        first, last = (start + timedelta(days=n) for n in (begins, begins + length))
        valid = f"{{from: {first.date()}, before: {last.date()}}}"
        text = sale(f"s{number}", valid, f"{off}%", SCOPES[number])
        files[f"s{number}"] = text.replace("sale_price:", "price:")
    rules = shop(**files)
    span = TimeSpan(start, start + timedelta(days=30))
    found = periods(rules, frame_from_rows(rules.schema, ROWS), Asked(span, ("A", "B"), ("a",)), {})

    for hours in range(0, 30 * 24, 24):
        for moment in (start + timedelta(hours=hours), start + timedelta(hours=hours, seconds=-1)):
            if moment >= start:
                assert _told_by(found, moment) == _evaluated(rules, moment)


def _told_by(found: Any, moment: datetime) -> Mapping[str, Any]:
    at = microseconds(moment)
    return {p.sku: price(p.told["price"]) for p in found if p.start <= at < p.end}


def _evaluated(rules: Loadout, moment: datetime) -> Mapping[str, Any]:
    offers = told(offers_of(rules, ROWS, moment.astimezone(UTC))["a"])
    return {row["sku"]: price(told_["price"]) for row, told_ in zip(ROWS, offers, strict=True)}
