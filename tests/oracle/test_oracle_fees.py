"""The oracle's fees and gross-up: cases worked out by hand, and a search cent by cent as a judge."""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction
from typing import Any

import pytest

from oracle.fees import Target, least_price, least_price_by_search, meets, schedule_of
from oracle.small_shop import band, fees, offer, pricing, world
from oracle.values import Fault

CENT = Fraction(1, 100)
COST: dict[str, Any] = {"phase": "base", "set": {"price": "cost"}}
COMMISSION: dict[str, Any] = {"otherwise": {"rate": "15%"}}
FIXED_BELOW_79 = {"rules": [band("0..79", "6.25"), band(">= 79", "0")]}


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        ("49.00", "78.93"),  # (49 + 6.25) / 0.70 = 78.9286, below 79
        (
            "49.05",
            "79.00",
        ),  # (49.05 + 6.25) / 0.70 = 79 exactly, not below: the high bracket's edge
        ("52.00", "79.00"),  # 83.2143 is not below 79; 52 / 0.70 = 74.2857 rises to the edge
        ("53.00", "79.00"),  # 84.6429; 75.7143
        ("54.00", "79.00"),  # 86.0714; 77.1429
        ("55.00", "79.00"),  # 87.5; 78.5714
        ("56.00", "80.00"),  # 56 / 0.70
        ("56.01", "80.02"),  # 80.0143
    ],
)
def test_the_gross_up_jumps_over_the_hole_at_a_fee_edge(cost: str, expected: str) -> None:
    steps = [COST, {"phase": "fees", "margin": "15%"}]
    found = offer([pricing(*steps), fees(COMMISSION, FIXED_BELOW_79)], {"cost": D(cost)})

    assert (found["price"], found["blocks"]) == (D(expected), set())


def test_a_solution_at_the_edge_belongs_to_the_next_bracket() -> None:
    rising = {"rules": [band("< 79", "0"), band(">= 79", "10")]}
    documents = [pricing(COST, {"phase": "fees", "margin": "15%"}), fees(COMMISSION, rising)]

    # 55.30 / 0.70 = 79 exactly, where the fee is 10 already: 65.30 / 0.70 = 93.2857.
    assert offer(documents, {"cost": D("55.30")})["price"] == D("93.29")
    assert offer(documents, {"cost": D("55.29")})["price"] == D("78.99")


def test_keeping_the_price_leaves_it_after_fees_for_the_sale_too() -> None:
    steps = [
        COST,
        {"phase": "adjust", "set": {"sale_price": "40"}},
        {"phase": "fees", "keep": "price"},
    ]
    found = offer([pricing(*steps), fees({"otherwise": {"rate": "12%"}})], {"cost": D(50)})

    # 50 / 0.88 = 56.8182 and 40 / 0.88 = 45.4545, up to the next cent.
    assert (found["price"], found["sale_price"]) == (D("56.82"), D("45.46"))


def test_a_running_sale_keeps_its_ratio_when_a_margin_is_reached() -> None:
    steps = [
        COST,
        {"phase": "adjust", "set": {"sale_price": "price * 0.9"}},
        {"phase": "fees", "margin": "15%"},
    ]
    found = offer([pricing(*steps), fees(COMMISSION)], {"cost": D(70)})

    # 70 / 0.70 = 100; 63 × 100 / 70 = 90.
    assert (found["price"], found["sale_price"]) == (D("100.00"), D("90.00"))


def test_freight_counts_where_the_shop_has_it() -> None:
    documents = [pricing(COST, {"phase": "fees", "margin": "15%"}), fees(COMMISSION)]
    types = {"freight": "money"}

    assert offer(documents, {"cost": D(70), "freight": D(7)}, types=types)["price"] == D("110.00")
    assert offer(documents, {"cost": D(70)}, types=types)["blocks"] == {("price", "MISSING_VALUE")}


@pytest.mark.parametrize(
    ("schedule", "cost", "expected"),
    [
        ([COMMISSION], None, "NO_PRICE"),
        ([{"otherwise": {"rate": "85%"}}], "10", "NO_PRICE_MEETS_MARGIN"),
        ([{"rules": [{"id": "a", "when": {"cost": "< 0"}, "then": {"rate": "1%"}}]}], "10", "NO_FEE"),
        ([{"otherwise": {"rate": "gone"}}], "10", "MISSING_VALUE"),
        ([COMMISSION, {"rules": [{"id": "a", "when": {"price": "< 5"}, "then": {"fee": D(9)}}]}], "1", "NO_FEE"),
    ],
)  # fmt: skip
def test_a_gross_up_without_an_answer_is_blocked(
    schedule: list[dict[str, Any]], cost: str | None, expected: str
) -> None:
    steps = [COST, {"phase": "fees", "margin": "15%"}]
    facts = {"cost": None if cost is None else D(cost)}

    assert offer([pricing(*steps), fees(*schedule)], facts)["blocks"] == {("price", expected)}


def test_a_sellers_schedule_replaces_the_marketplaces_own() -> None:
    own = {"marketplace": "mercadolibre"}
    shipped = fees(COMMISSION, name="mercadolibre-br", own=True, **{"for": own})
    seller = fees({"otherwise": {"rate": "5%"}}, name="ours", override=True, **{"for": own})
    documents = [pricing(COST, {"phase": "fees", "margin": "15%"}), shipped, seller]

    assert offer(documents, {"cost": D(80)})["price"] == D("100.00")


SCHEDULES = {
    "falling fee": [band("0..10", "3.10"), band(">= 10", "0")],
    "rising fee": [band("< 12.34", "0"), band(">= 12.34", "2.50")],
    "closed ends": [
        band("[0..10]", "1"),
        band("(10..20)", "4", "7.5%"),
        band(">= 20", "0.33", "3%"),
    ],
    "one price": [band({"not": D("9.99")}, "2"), band(D("9.99"), "0")],
}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("margin", ["0", "0.15"])
def test_the_bracket_solution_is_what_a_search_cent_by_cent_finds(name: str, margin: str) -> None:
    rules = {"rules": SCHEDULES[name]}
    schedule = schedule_of([fees(rules, {"otherwise": {"rate": "13%"}})], world({}), CENT)
    for cents in range(1, 1500, 187):
        target = Target(Fraction(cents, 100), Fraction(D(margin)))
        found = least_price(schedule, target)

        assert least_price_by_search(schedule, target, Fraction(30)) == found
        assert meets(schedule, found, target)


def test_a_price_below_the_least_one_misses_the_target() -> None:
    schedule = schedule_of([fees(COMMISSION, FIXED_BELOW_79)], world({}), CENT)

    assert not meets(schedule, Fraction("78.99"), Target(Fraction(52), Fraction("0.15")))
    assert meets(schedule, Fraction("79.00"), Target(Fraction(52), Fraction("0.15")))


def test_a_bracket_whose_fees_overlap_holds_no_price() -> None:
    rules = {"rules": [band("0..10", "1"), band("5..20", "2")]}
    schedule = schedule_of([fees(rules)], world({}), CENT)
    with pytest.raises(Fault) as raised:
        least_price(schedule, Target(Fraction(100), Fraction(0)))

    assert least_price(schedule, Target(Fraction(4), Fraction(0))) == 10
    assert raised.value.codes == {"TABLE_OVERLAP", "NO_FEE"}
