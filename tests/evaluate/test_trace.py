"""The trace of one offer: every change of a price stands in the row of exactly one step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from engine_under_test import offers_of, shop_files, sound

from offerwright.evaluate.trace import Trace, trace

FACTS = """\
kind: facts
name: facts
facts:
  cost: {type: money, from: catalogue.cost}
  least: {type: money, from: catalogue.least}
  most: {type: money, from: catalogue.most}
"""
BASE = "  - {id: b, phase: base, set: {price: cost, sale_price: cost * 0.9}}\n"
TWO_BOUNDS = (
    "  - {id: low, phase: bounds, at_least: [least]}\n"
    "  - {id: high, phase: bounds, when: {most: present}, at_most: [most]}\n"
)
ENDING = "  - {id: e, phase: round, ending: 0.99, mode: down}\n"
AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
Move = tuple[str, str | None, str | None, str | None, str | None]


def traced(steps: str, row: Mapping[str, Any]) -> Trace:
    """The trace of one offer that these steps price."""
    files = {
        **shop_files("catalogue", accounts={"a": "alpha"}),
        "rules/facts.yaml": FACTS,
        "rules/p.yaml": f"kind: pricing\nname: p\nsteps:\n{steps}",
    }
    return trace(offers_of(sound(files), [{"sku": "A", **row}], AT)["a"], 0)


def moves(steps: str, row: Mapping[str, Any]) -> list[Move]:
    """By step: the step, the price before and after, the sale before and after."""
    return [
        (s.step, _text(s.before), _text(s.after), _text(s.sale_before), _text(s.sale_after))
        for s in traced(steps, row).steps
    ]


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"


def test_a_bound_that_cuts_shows_the_cut_in_its_own_row() -> None:
    found = moves(BASE + TWO_BOUNDS + ENDING, {"cost": Decimal(200), "most": Decimal("149.90")})

    assert found == [
        ("p/b", None, "200", None, "180"),
        ("p/low", "200", "200", "180", "180"),
        ("p/high", "200", "149.9", "180", "149.9"),
        ("p/e", "149.9", "148.99", "149.9", None),
    ]


def test_each_of_two_bounds_shows_what_it_moves() -> None:
    row = {"cost": Decimal(100), "least": Decimal(95), "most": Decimal(98)}

    assert moves(BASE + TWO_BOUNDS, row) == [
        ("p/b", None, "100", None, "90"),
        ("p/low", "100", "100", "90", "95"),
        ("p/high", "100", "98", "95", "95"),
    ]


def test_bounds_read_the_price_from_before_their_phase() -> None:
    steps = (
        BASE
        + "  - {id: low, phase: bounds, at_least: [least]}\n"
        + "  - {id: high, phase: bounds, at_most: [price * 2]}\n"
    )

    # The second bound is 2 × 100, not 2 × 150.
    assert moves(steps, {"cost": Decimal(100), "least": Decimal(150)})[1:] == [
        ("p/low", "100", "150", "90", "150"),
        ("p/high", "150", "150", "150", "150"),
        ("round", "150", "150", "150", None),
    ]


def test_rounding_without_a_step_has_a_row_where_it_changes_something() -> None:
    assert moves(BASE, {"cost": Decimal("10.02")}) == [
        ("p/b", None, "10.02", None, "9.018"),
        ("round", "10.02", "10.02", "9.018", "9.02"),
    ]
    assert moves(BASE, {"cost": Decimal(10)}) == [("p/b", None, "10", None, "9")]


@pytest.mark.parametrize(("rounding", "step"), [("", "round"), (ENDING, "p/e")])
def test_a_dropped_sale_is_noted_in_the_row_of_rounding(rounding: str, step: str) -> None:
    last = traced(BASE + TWO_BOUNDS + rounding, {"cost": Decimal(90), "most": Decimal(50)}).steps[
        -1
    ]

    assert (last.step, last.sale_after, last.notes) == (step, None, ("SALE_NOT_BELOW_PRICE",))


@pytest.mark.parametrize("most", ["20", "99.99", "150", "400"])
@pytest.mark.parametrize("ending", ["", ENDING])
def test_every_step_begins_where_the_one_before_it_ended(most: str, ending: str) -> None:
    row = {"cost": Decimal("123.456"), "least": Decimal("19.95"), "most": Decimal(most)}
    found = moves(BASE + TWO_BOUNDS + ending, row)

    assert [(s[1], s[3]) for s in found[1:]] == [(s[2], s[4]) for s in found[:-1]]


def test_a_price_below_zero_is_blocked_at_the_step_that_brought_it_there() -> None:
    steps = (
        BASE
        + "  - {id: off, phase: adjust, set: {sale_price: sale_price - 200}}\n"
        + "  - {id: more, phase: adjust, set: {sale_price: sale_price - 1}}\n"
        + "  - {id: low, phase: bounds, at_least: [least]}\n"
    )
    found = traced(steps, {"cost": Decimal(100), "least": Decimal(50)})

    assert [(b.code, b.rule, b.span.line if b.span else None) for b in found.blocked] == [
        ("PRICE_BELOW_ZERO", "p/off", 5)
    ]
