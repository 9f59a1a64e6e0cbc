"""Rounding, shares and gross-up: the columns against exact fractions, one by one."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from engine_under_test import document_files, marketplace_files, offers_of, sound, told
from evaluate.generated_pricing import Drawn
from evaluate.generated_pricing import fees as drawn_fees
from evaluate.generated_shop import AS_OF, LISTS, Pick
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import world_of_offer
from oracle.fees import Target, least_price_by_search, schedule_of
from oracle.inventory import largest_remainder
from oracle.rounding import Grid

from offerwright.evaluate.columns import Decimals, decimal_at, measured
from offerwright.evaluate.rounding import Points, rounded_to
from offerwright.evaluate.share_out import partition
from offerwright.money import scaled

EXAMPLES = 4 * settings().max_examples
amounts = st.decimals(-(10**6), 10**6, places=4) | st.decimals(-(10**24), 10**24, places=8)
multiples = st.tuples(
    st.sampled_from([("0.05", "0"), ("0.01", "0"), ("1", "0"), ("2.50", "0")]),
    st.sampled_from(["half_up", "half_even", "up", "down"]),
)
endings = st.tuples(
    st.sampled_from([("1", "0.99"), ("10", "9.90"), ("1", "0.5"), ("1", "0")]),
    st.sampled_from(["nearest", "up", "down"]),
)


@settings(max_examples=EXAMPLES)
@given(st.lists(amounts, min_size=1, max_size=6), multiples | endings)
def test_prices_go_to_their_points(
    prices: list[Decimal], grid: tuple[tuple[str, str], str]
) -> None:
    (step, ending), mode = (Decimal(grid[0][0]), Decimal(grid[0][1])), grid[1]
    # Not `scaleb`, which rounds to the 28 digits of the decimal context.
    integers = [number * 10 ** (8 - scale) for number, scale in map(scaled, prices)]
    column = measured(Decimals(np.array(integers, dtype=object), 8))
    found = rounded_to(column, Points(step, ending, mode))

    oracle = Grid(Fraction(step), Fraction(ending), mode)
    expected = [oracle.point(Fraction(price)) for price in prices]
    assert [Fraction(decimal_at(found, row) or 0) for row in range(len(prices))] == expected


@st.composite
def shares(draw: Any) -> list[Decimal]:
    """Shares of at most 100 % together."""
    places = draw(st.sampled_from([2, 4, 8, 10]))
    cuts = sorted(draw(st.lists(st.integers(0, 10**places), min_size=1, max_size=5)))
    return [Decimal(b - a).scaleb(-places) for a, b in zip([0, *cuts], cuts, strict=False)]


@settings(max_examples=EXAMPLES)
@given(st.lists(st.integers(0, 200) | st.integers(0, 10**12), min_size=1, max_size=6), shares())
def test_a_partition_never_exceeds_the_pool(pools: list[int], parts: list[Decimal]) -> None:
    found = partition(np.array(pools, dtype=np.int64), parts)

    rest = Fraction(1 - sum(parts))
    expected = [largest_remainder(pool, [*map(Fraction, parts), rest])[:-1] for pool in pools]
    assert [[int(part[row]) for part in found] for row in range(len(pools))] == expected
    assert all(sum(int(part[row]) for part in found) <= pool for row, pool in enumerate(pools))


# --- gross-up ---------------------------------------------------------------------------------

SHOP = """\
kind: shop
name: shop
time_zone: America/Sao_Paulo
currency: CLP
accounts: {a: {marketplace: alpha}}
sources: {catalogue: {file: c.csv}}
"""
FACTS = {
    "kind": "facts", "name": "facts",
    "facts": {
        name: {"type": type_, "from": f"catalogue.{name}"}
        for name, type_ in (
            ("cost", "money"), ("brand", "text"), ("category", "path"), ("mass", "weight"),
            ("fragile", "boolean"), ("discount", "percent"),
        )
    },
}  # fmt: skip
ACCOUNT = {"name": "a", "marketplace": "alpha", "currency": "CLP"}
BELOW = Fraction(700)


@st.composite
def schedules(draw: Any) -> list[dict[str, Any]]:
    """One schedule of one to three fees, in pesos, which have no cents."""
    (own, *_) = drawn_fees(Pick(draw), Drawn())
    return [{**own, "name": "fees", "for": {}}]


@settings(max_examples=EXAMPLES // 2)
@given(schedules(), st.lists(st.integers(1, 200), min_size=1, max_size=4),
       st.sampled_from(["15%", "0%", "40%"]))  # fmt: skip
def test_the_price_is_the_least_that_a_search_finds(
    documents: list[dict[str, Any]], costs: list[int], margin: str
) -> None:
    step = {"id": "f", "phase": "fees", "margin": margin}
    pricing = {"kind": "pricing", "name": "p", "steps": [step]}
    files = document_files([FACTS, *LISTS, pricing, *documents])
    loadout = sound({"offerwright.yaml": SHOP, **marketplace_files("alpha"), **files})
    table = [
        {"sku": f"S{i}", "cost": Decimal(cost), "brand": "Acme", "category": "phones",
         "mass": Decimal("0.5"), "fragile": True, "discount": Decimal("0.05")}
        for i, cost in enumerate(costs)
    ]  # fmt: skip
    offers = told(offers_of(loadout, table, AS_OF)["a"])

    for row, offer in zip(table, offers, strict=True):
        world = world_of_offer(
            [FACTS, *LISTS], {}, row, ACCOUNT, {}, AS_OF, "America/Sao_Paulo", None
        )
        schedule = schedule_of(documents, world, Fraction(1))
        target = Target(Fraction(row["cost"]), Fraction(Decimal(margin[:-1]) / 100))
        found = least_price_by_search(schedule, target, BELOW)
        if found is not None or (offer["price"] is not None and offer["price"] < BELOW):
            assert offer["price"] == found, offer
