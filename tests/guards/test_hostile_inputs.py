"""Inputs that travelled and were cut or changed on the way: the last look refuses them."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from guards.one_offer import AS_OF, judged, moment, values

from offerwright.guards.send import Sending, costs_within, refusals

UNREADABLE = "its guard inputs cannot be read; plan again"
WEEK = {"id": "week", "check": "move_over_window", "days": 7, "down": "30%", "else": "block"}
DEPTH = {"id": "depth", "check": "discount_at_most", "at_most": "60%", "else": "block"}
Change = Callable[[dict[str, Any]], Any]


def without(name: str) -> Change:
    return lambda held: held["guards"][0]["inputs"].pop(name)


def with_days(text: object) -> Change:
    return lambda held: held["guards"][0]["inputs"].update(days=text)


def reason(change: Change) -> str | None:
    found = judged([WEEK, DEPTH], {"asked": "90.00"}, live={"price": "100.00"})
    held = json.loads(found.guard_inputs)
    change(held)
    sending = Sending(json.dumps(held), values({"price": "90.00"}), Decimal(100), True)
    return refusals([sending], moment(AS_OF))[0]


def test_what_was_not_touched_leaves() -> None:
    assert reason(lambda held: None) is None


@pytest.mark.parametrize(
    "change",
    [
        without("days"), without("down"), with_days(None), with_days("0"), with_days("91"),
        with_days("-7"), with_days("7.5"), with_days("7e9"), with_days(7), with_days("٧"),
        lambda held: held["guards"][1]["inputs"].pop("at_most"),
        lambda held: held["guards"][1]["inputs"].pop("reference"),
        lambda held: held.update(costs=[]), lambda held: held.update(costs={"one": None}),
        lambda held: held.update(costs={"one": "1e9"}), lambda held: held.update(costs={"one": 12}),
    ],
)  # fmt: skip
def test_what_was_cut_or_changed_does_not(change: Change) -> None:
    assert reason(change) == UNREADABLE


def test_costs_that_cannot_be_read_are_none() -> None:
    assert costs_within('{"costs":{"one":"12.00"},"guards":[],"version":1}') == {"one": Decimal(12)}
    assert costs_within('{"costs":{"one":"NaN"},"guards":[],"version":1}') == {}
    assert costs_within("") == {}
