"""Held against an evaluation of every second hour, where the clocks are put forward on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from engine_under_test import marketplace_files, offers_of, shop_files, sound, told
from hypothesis import given, settings
from hypothesis import strategies as st
from timeline.test_timeline import BASE, FACTS, ROWS
from typed_rows import frame_from_rows

from offerwright.expressions.parse import microseconds
from offerwright.loadout import Loadout
from offerwright.timeline.moments import TimeSpan, moments
from offerwright.timeline.periods import Asked, periods
from offerwright.timeline.turns import Catalogue, turns

ZONE = ZoneInfo("Europe/Berlin")
START = datetime(2026, 3, 27, 12, tzinfo=ZONE)
SPAN = TimeSpan(START, START + timedelta(days=4))
"""At two in the morning of the 29th it is three."""
HOURS = [SPAN.start.astimezone(UTC) + timedelta(hours=n) for n in range(0, 4 * 24 - 1, 2)]
SCOPES = ("", "for: {marketplace: alpha}\n", "for: {account: a}\noverride: true\n")
AGE = FACTS + "derive: {age: hours(as_of - since)}\n"
OLD = (
    "kind: pricing\nname: old\nsteps:\n"
    "  - {id: old, phase: bounds, when: {age: '>= 2100'}, at_most: [\"cost * 0.5\"]}\n"
)
"""Since 1 January, three in the morning UTC, 2,100 hours: on 29 March at three in the afternoon."""


@st.composite
def windows(draw: st.DrawFn) -> str:
    """A window between two whole hours of local time, of which one may not exist."""
    first, length = draw(st.integers(0, 60)), draw(st.integers(1, 40))
    begins = START.replace(tzinfo=None) + timedelta(hours=2 + first)
    return (
        f"{{from: {begins.isoformat()}, before: {(begins + timedelta(hours=length)).isoformat()}}}"
    )


@st.composite
def shops(draw: st.DrawFn) -> Mapping[str, str]:
    """Two documents of different scopes, a table of rows with windows, a price by age."""
    files = {"facts": AGE, "base": BASE}
    for number in range(draw(st.integers(0, 3))):
        files[f"s{number}"] = (
            f"kind: pricing\nname: s{number}\n{SCOPES[number]}valid: {draw(windows())}\n"
            f"steps: [{{id: s, phase: adjust, set: {{price: price * 0.{5 + number}}}}}]\n"
        )
    rows = "".join(
        f"      - {{id: r{n}, valid: {draw(windows())}, when: {{sku: {draw(st.sampled_from('AB'))}}},"
        f" then: {{off: 1{n}%}}}}\n"
        for n in range(draw(st.integers(1, 3)))
    )
    files["table"] = (
        "kind: pricing\nname: table\nsteps:\n  - id: t\n    phase: round\n    hit: first\n"
        f"    rules:\n{rows}    otherwise: {{off: 0%}}\n    set: {{sale_price: price * (1 - off)}}\n"
    ).replace("phase: round", "phase: competitor")
    if draw(st.booleans()):
        files["old"] = OLD
    return files


def shop(files: Mapping[str, str]) -> Loadout:
    written = shop_files("catalogue", accounts={"a": "alpha", "b": "beta"})
    written["offerwright.yaml"] = written["offerwright.yaml"].replace(
        "America/Sao_Paulo", "Europe/Berlin"
    )
    named = {f"rules/{name}.yaml": text for name, text in files.items()}
    return sound({**written, **marketplace_files("alpha", "beta"), **named})


def by_offer(rules: Loadout, moment: datetime) -> dict[tuple[str, str], Any]:
    """What is told of every offer at a moment, by an evaluation of that moment alone."""
    return {
        (account, row["sku"]): (row.get("price"), row.get("sale_price"))
        for account, offers in offers_of(rules, ROWS, moment).items()
        for row in told(offers)
    }


@settings(max_examples=4, deadline=None)
@given(shops())
def test_every_moment_lies_in_a_period_that_tells_what_an_evaluation_tells(
    files: Mapping[str, str],
) -> None:
    rules = shop(files)
    facts = frame_from_rows(rules.schema, ROWS)
    found = periods(rules, facts, Asked(SPAN, ("A", "B"), ("a", "b")), {})

    for one, other in pairwise(found):
        assert one.offer != other.offer or one.end == other.start
    for hour in HOURS:
        at = microseconds(hour)
        by_period = {
            p.offer: (p.told["price"], p.told["sale_price"]) for p in found if p.start <= at < p.end
        }
        assert by_period == by_offer(rules, hour)


@settings(max_examples=4, deadline=None)
@given(shops())
def test_turns_count_what_two_evaluations_around_the_moment_count(files: Mapping[str, str]) -> None:
    rules = shop(files)
    facts = frame_from_rows(rules.schema, ROWS)
    catalogue = Catalogue(rules, facts, ("a", "b"))

    for one in turns(catalogue, microseconds(SPAN.start), moments(rules, SPAN), 99):
        at = datetime.fromtimestamp(one.moment.at // 1_000_000, UTC)
        before, after = (by_offer(rules, m) for m in (at - timedelta(microseconds=1), at))
        changed = Counter(
            account for account, sku in after if after[account, sku] != before[account, sku]
        )
        assert {name: n["offers"] for name, n in (one.changed or {}).items()} == changed


def test_a_window_that_begins_in_an_hour_that_does_not_exist_begins_when_the_clocks_are_put_on() -> (
    None
):
    rules = shop(
        {
            "facts": AGE,
            "base": BASE,
            "s": (
                "kind: pricing\nname: s\n"
                "valid: {from: 2026-03-29T02:30:00, before: 2026-03-29T05:00:00}\n"
                "steps: [{id: s, phase: adjust, set: {price: price * 0.5}}]\n"
            ),
        }
    )
    begins, ends = (one.at for one in moments(rules, SPAN))

    # Half past two by the winter clock is half past three by the summer clock, 01:30 UTC.
    assert begins == microseconds(datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
    assert ends == microseconds(datetime(2026, 3, 29, 3, 0, tzinfo=UTC))
