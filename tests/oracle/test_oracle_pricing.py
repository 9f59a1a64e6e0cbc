"""The oracle's pricing phases against cases worked out by hand."""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction
from typing import Any

import pytest

from oracle.rounding import grid_of, within
from oracle.small_shop import band, fees, offer, pricing

CENT = Fraction(1, 100)
COST: dict[str, Any] = {"phase": "base", "set": {"price": "cost"}}
NO_FEES = fees({"otherwise": {"rate": "0%"}})
COMMISSION: dict[str, Any] = {"otherwise": {"rate": "15%"}}


def priced(*steps: dict[str, Any], live: Any = None, **facts: Any) -> tuple[Any, Any, Any]:
    """(price, sale price, blocks and notes) of one offer; facts are written as numbers in text."""
    values = {name: None if value is None else D(value) for name, value in facts.items()}
    found = offer([pricing(*steps), NO_FEES], values, live)
    return (found["price"], found["sale_price"], {c for _, c in found["blocks"]} | found["notes"])


# --- base, adjust, competitor -----------------------------------------------------------------


def test_a_markup_is_rounded_half_away_in_the_round_phase() -> None:
    assert priced({"phase": "base", "set": {"price": "cost * 1.15"}}, cost="51.50")[0] == D("59.23")


def test_a_table_gives_names_to_its_set() -> None:
    table = {
        "phase": "base",
        "rules": [{"id": "a", "when": {"cost": "0..500"}, "then": {"markup": "18%", "plus": D(4)}}],
        "otherwise": {"markup": "22%", "plus": D(2)},
        "set": {"price": "cost * (1 + markup) + plus"},
    }

    assert priced(table, cost="100")[0] == D("122.00")
    assert priced(table, cost="500")[0] == D("612.00")


NOTHING = {
    "phase": "base",
    "rules": [{"id": "a", "when": {"cost": "< 0"}, "then": {"price": D(1)}}],
}
NO_OTHERWISE = {**NOTHING, "otherwise": {"price": "gone"}}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([NOTHING], {"NO_RULE_MATCHES"}),
        ([NO_OTHERWISE], {"NO_RULE_MATCHES"}),
        ([{"phase": "base", "set": {"price": "gone"}}], {"NO_PRICE"}),
        ([{"phase": "base", "when": {"gone": "present"}, "set": {"price": "gone"}}], {"NO_PRICE"}),
        ([NOTHING, {"phase": "base", "set": {"price": "gone"}}], {"NO_RULE_MATCHES", "NO_PRICE"}),
        # Nothing that follows from the missing price is a reason of its own.
        ([NOTHING, {"phase": "adjust", "set": {"price": "price * 2"}}], {"NO_RULE_MATCHES"}),
        ([COST, {"phase": "adjust", "set": {"sale_price": "gone"}}], {"MISSING_VALUE"}),
        ([COST, {"phase": "base", "set": {"price": "1 / zero"}}, COST], {"DIVISION_BY_ZERO"}),
    ],
)
def test_a_price_that_cannot_be_made_is_blocked(
    steps: list[dict[str, Any]], expected: set[str]
) -> None:
    assert priced(*steps, cost="10", zero="0") == (None, None, expected)


@pytest.mark.parametrize(
    "first", [NOTHING, NO_OTHERWISE, {"phase": "base", "set": {"price": "gone"}}]
)
def test_a_later_base_step_that_sets_the_price_lifts_the_block(first: dict[str, Any]) -> None:
    assert priced(first, COST, cost="10") == (D("10.00"), None, set())


def test_an_adjust_table_without_a_match_does_nothing() -> None:
    step = {**NOTHING, "phase": "adjust"}

    assert priced(COST, step, cost="10") == (D("10.00"), None, set())


def test_the_greatest_discount_of_all_campaigns_counts() -> None:
    rows = [
        {"id": "a", "then": {"off": "10%"}},
        {"id": "b", "then": {"off": "25%"}, "valid": {"before": "2026-12-01"}},
        {"id": "c", "then": {"off": "40%"}, "valid": {"from": "2026-12-01"}},
    ]
    sale = {"phase": "adjust", "hit": "collect", "take": "max", "rules": rows,
            "set": {"sale_price": "price * (1 - off)"}}  # fmt: skip

    assert priced(COST, sale, cost="80") == (D("80.00"), D("60.00"), set())


def test_the_expressions_of_one_set_see_the_values_from_before_the_step() -> None:
    step = {"phase": "adjust", "set": {"price": "price * 2", "sale_price": "price - 1"}}

    assert priced(COST, step, cost="10") == (D("20.00"), D("9.00"), set())


@pytest.mark.parametrize(
    ("competitor", "live", "expected"),
    [
        ("80", "100", "92.00"),
        ("120", "100", "105.00"),
        ("95", "100", "94.90"),
        ("10", None, "46.00"),
    ],
)
def test_a_change_is_held_near_the_live_price_or_the_price_before_the_phase(
    competitor: str, live: str | None, expected: str
) -> None:
    step = {
        "phase": "competitor",
        "set": {"price": "competitor_price - 0.10"},
        "change_at_most": {"down": "8%", "up": "5%", "from": "live"},
    }
    known = {"price": D(live)} if live else None
    found = priced(COST, step, live=known, cost="50", competitor_price=competitor)

    assert found[0] == D(expected)


def test_names_set_by_one_document_are_seen_by_a_later_one() -> None:
    wide = pricing({"phase": "base", "set": {"price": "cost", "floor": "cost * 2"}})
    own = {"marketplace": "mercadolibre"}
    narrow = pricing({"phase": "bounds", "at_least": ["floor"]}, name="meli", **{"for": own})
    found = offer([narrow, wide], {"cost": D(10)})

    assert (found["price"], found["names"]) == (D("20.00"), {"floor": D(20)})


def test_an_override_replaces_the_steps_of_wider_documents_in_its_phases_only() -> None:
    wide = pricing(COST, {"phase": "adjust", "set": {"price": "price + 1"}})
    own = {"for": {"account": "meli"}, "override": True}
    narrow = pricing({"phase": "base", "set": {"price": "7"}}, name="own", **own)

    assert offer([wide, narrow], {"cost": D(10)})["price"] == D("8.00")


def test_a_document_counts_only_where_and_while_it_applies() -> None:
    other = pricing(COST, name="a", **{"for": {"marketplace": "amazon"}})
    ended = pricing(COST, name="b", valid={"before": "2026-11-30"})
    found = offer([other, ended], {"cost": D(10)})

    assert (found["price"], found["blocks"]) == (None, set())


def test_what_fired_is_told_by_document_and_step() -> None:
    found = offer([pricing({**NOTHING, "otherwise": {"price": "9"}}, COST)], {"cost": D(10)})

    assert found["fired"] == {"prices/step0": "otherwise", "prices/step1": None}


# --- bounds and round -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "price", "expected"),
    [
        ({"ending": D("0.99"), "mode": "up"}, "10.00", "10.99"),
        ({"ending": D("0.99"), "mode": "up"}, "10.99", "10.99"),
        ({"ending": D("0.99"), "mode": "up"}, "11.00", "11.99"),
        ({"ending": D("0.99"), "mode": "down"}, "10.98", "9.99"),
        ({"ending": D("0.99")}, "10.48", "9.99"),
        ({"ending": D("0.99")}, "10.49", "10.99"),
        ({"ending": D("9.90"), "mode": "up"}, "12.00", "19.90"),
        ({"ending": D("9.90"), "mode": "down"}, "12.00", "9.90"),
        ({"ending": D("9.90"), "mode": "nearest"}, "14.89", "9.90"),
        ({"ending": D("9.90"), "mode": "nearest"}, "14.90", "19.90"),
        ({"ending": D("0"), "mode": "up"}, "4.01", "5"),
        ({"ending": D("1"), "mode": "up"}, "2", "11"),
        ({"to": D("0.05")}, "10.025", "10.05"),
        ({"to": D("0.05"), "mode": "half_even"}, "10.025", "10.00"),
        ({"to": D("0.05"), "mode": "half_even"}, "10.075", "10.10"),
        ({"to": D("0.05"), "mode": "up"}, "10.001", "10.05"),
        ({"to": D("0.05"), "mode": "down"}, "10.049", "10.00"),
        ({"to": D("0.01")}, "-59.225", "-59.23"),
    ],
)
def test_a_price_goes_to_its_point(step: dict[str, Any], price: str, expected: str) -> None:
    assert grid_of(step, CENT).point(Fraction(price)) == Fraction(expected)


@pytest.mark.parametrize(
    ("mode", "lower", "upper", "expected"),
    [
        ("up", None, "10.60", ("9.99", False)),
        ("down", "10.20", None, ("10.99", False)),
        ("up", "10.20", "10.605", ("10.60", True)),
        ("down", "10.195", "10.60", ("10.20", True)),
    ],
)
def test_rounding_respects_the_bounds(
    mode: str, lower: str | None, upper: str | None, expected: tuple[str, bool]
) -> None:
    grid = grid_of({"ending": D("0.99"), "mode": mode}, CENT)
    low, high = (None if bound is None else Fraction(bound) for bound in (lower, upper))

    assert within(grid, Fraction("10.40"), low, high, CENT) == (Fraction(expected[0]), expected[1])


CHARM = {"phase": "round", "ending": D("0.99"), "mode": "up"}


def bounds(at_least: list[Any], at_most: list[Any]) -> dict[str, Any]:
    return {"phase": "bounds", "at_least": at_least, "at_most": at_most}


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([bounds([D(12)], [])], ("12.00", set())),
        ([bounds([], [D(8)])], ("8.00", set())),
        ([bounds(["gone", D(11)], ["gone"])], ("11.00", set())),
        ([bounds([D(11), D(13)], []), bounds([D(12)], [D(14)])], ("13.00", set())),
        ([bounds([D(11)], []), bounds([], [D("10.99")])], (None, {"BOUNDS_CROSS"})),
        ([bounds([D("10.20")], [D("10.60")]), CHARM], ("10.60", {"ENDING_DROPPED"})),
        ([bounds([], [D("10.60")]), CHARM], ("9.99", set())),
        ([CHARM, {**CHARM, "ending": D("9.90")}], ("19.90", set())),
        ([CHARM, {**CHARM, "ending": D("9.90"), "when": {"cost": "> 99"}}], ("10.99", set())),
        ([{**CHARM, "ending": D("10.50"), "mode": "down"}], (None, {"PRICE_NOT_POSITIVE"})),
    ],
)
def test_bounds_and_endings(steps: list[dict[str, Any]], expected: tuple[str, set[str]]) -> None:
    price, _, codes = priced(COST, *steps, cost="10")

    assert (price, codes) == (expected[0] and D(expected[0]), expected[1])


def test_a_sale_that_does_not_end_below_the_price_is_dropped() -> None:
    sale = {"phase": "adjust", "set": {"sale_price": "price - 0.40"}}

    assert priced(COST, sale, CHARM, cost="10.50") == (D("10.99"), None, {"SALE_NOT_BELOW_PRICE"})
    assert priced(COST, sale, CHARM, cost="11.10") == (D("11.99"), D("10.99"), set())


def test_the_sale_price_is_brought_inside_the_bounds_too() -> None:
    sale = {"phase": "adjust", "set": {"sale_price": "4"}}

    assert priced(COST, sale, bounds([D(8)], []), cost="10") == (D("10.00"), D("8.00"), set())


# --- the margin after rounding ----------------------------------------------------------------

DOWN = {**CHARM, "mode": "down"}
MARGIN = {"phase": "fees", "margin": "15%"}


def with_margin(*steps: dict[str, Any], **facts: Any) -> tuple[Any, set[str]]:
    found = offer([pricing(COST, MARGIN, *steps), fees(COMMISSION)], facts)
    return found["price"], found["notes"]


def test_a_rounded_price_that_misses_the_margin_goes_one_point_up() -> None:
    # 70 / 0.70 = 100.00; 99.99 × 0.70 = 69.993 misses; 100.99 does not.
    assert with_margin(DOWN, cost=D(70)) == (D("100.99"), set())


def test_it_never_goes_above_the_upper_bound() -> None:
    bound = bounds([], [D("100.50")])

    assert with_margin(bound, DOWN, cost=D(70)) == (D("99.99"), {"MARGIN_MISSED"})


def test_a_price_that_a_bound_or_a_competitor_lowered_is_not_checked_again() -> None:
    follow = {"phase": "competitor", "set": {"price": "price - 1"}}

    assert with_margin(bounds([], [D("99.50")]), DOWN, cost=D(70)) == (D("98.99"), set())
    assert with_margin(follow, DOWN, cost=D(70)) == (D("98.99"), set())


def test_a_rounded_price_past_a_rising_fee_goes_up_to_the_point_that_meets_the_margin() -> None:
    # 55 / 0.70 = 78.58 below the edge; 79.90, 89.90, 99.90 leave 45.93, 52.93, 59.93 of 55.
    rising = {"rules": [band("< 79", "0"), band(">= 79", "10")]}
    ending = {**CHARM, "ending": D("9.90")}
    found = offer([pricing(COST, MARGIN, ending), fees(COMMISSION, rising)], {"cost": D(55)})

    assert (found["price"], found["notes"]) == (D("99.90"), set())
