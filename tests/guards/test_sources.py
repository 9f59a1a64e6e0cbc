"""Guards on sources at their bounds: how old, how many rows, and of which sources."""

from __future__ import annotations

from typing import Any

import pytest
from guards.one_offer import AS_OF, linked, moment

from offerwright.guards.sources import Seen, Sources, judge_sources, stops_of
from offerwright.guards.whole import RunVerdict

HOUR, NOW = 3_600, 1_000_000


def verdict(guard: dict[str, Any], **seen: Seen) -> RunVerdict:
    loadout, _ = linked([{"id": "g", "else": "block", **guard}])
    assert loadout is not None
    guards = loadout.guards.by_account["market"]
    (found,) = judge_sources(guards, Sources(seen, NOW), moment(AS_OF))
    return found


def aged(seconds: int | None) -> Seen:
    return Seen(10, None if seconds is None else NOW - seconds)


@pytest.mark.parametrize(
    ("age", "is_too_old"),
    [(0, False), (26 * HOUR, False), (26 * HOUR + 1, True), (-5, False), (None, True)],
)
def test_a_source_may_be_as_old_as_the_guard_says(age: int | None, is_too_old: bool) -> None:
    found = verdict({"check": "source_age", "at_most": "26 hours", "source": "all"}, all=aged(age))

    assert found.failed is is_too_old


@pytest.mark.parametrize(
    ("rows", "before", "are_too_few"),
    [(98, 100, False), (97, 100, True), (0, 100, True), (0, 0, False), (5, None, False),
     (200, 100, False)],
)  # fmt: skip
def test_as_many_rows_must_be_left_as_the_guard_says(
    rows: int, before: int | None, are_too_few: bool
) -> None:
    guard = {"check": "source_rows", "at_least": "98%", "source": "all"}

    assert verdict(guard, all=Seen(rows, NOW, before)).failed is are_too_few


def test_without_a_name_every_source_is_looked_at_and_the_wrong_ones_are_named() -> None:
    guard = {"check": "source_age", "at_most": "1 hour"}
    found = verdict(guard, a=aged(0), b=aged(3 * HOUR), c=aged(4 * HOUR))

    assert (
        found.reason == "b is 3 hours old; at most 60 minutes; c is 4 hours old; at most 60 minutes"
    )


def test_a_source_that_the_snapshot_has_not_fails() -> None:
    for guard in ({"check": "source_age", "at_most": "1 hour"},
                  {"check": "source_rows", "at_least": "98%"}):  # fmt: skip
        assert verdict({**guard, "source": "stock"}, all=aged(0)).failed


def test_less_stock_goes_where_a_source_is_old_and_nothing_where_rows_are_lost() -> None:
    old = verdict({"check": "source_age", "at_most": "1 hour"}, a=aged(3 * HOUR))
    lost = verdict({"check": "source_rows", "at_least": "98%"}, a=Seen(1, NOW, 100))

    assert [one.less_goes for one in stops_of((old, lost))] == [True, False]
