"""Generated orders: nothing is lost, nothing is given twice, and the best set is the best set."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle.routing import best
from orders.small_world import checked, order, routed, world_of
from typed_rows import frame_from_rows

from offerwright.facts.schema import FactSchema
from offerwright.orders.decision import Decision
from offerwright.orders.engines import matcher_of
from offerwright.orders.lots import World
from offerwright.orders.route import Settings
from offerwright.orders.twin import Twin

NODES = ("n1", "n2", "n3", "n4", "n5")
# Tenths of a kilometre from where the orders go; n5 has no place.
DISTANCES = {"n1": 0, "n2": 556, "n3": 2224, "n4": 556, "n5": None}
NODES_CSV = """\
node,open,zone,zip,latitude,longitude,cut_off,capacity,priority
n1,true,br,,-23.5,-46.6,,,1
n2,true,br,,-24.0,-46.6,,,2
n3,true,br,,-25.5,-46.6,,,3
n4,true,br,,-23.0,-46.6,,,4
n5,true,br,,,,,,5
"""
ROUTING = """\
kind: routing
name: routing
attempts:
  - id: split
    rank: [{by: parcels}, {by: distance_km}, {by: node.id}]
    split: {max_parcels: 3, min_value: 15.00, keep_together: [kit], among: 4}
otherwise: {queue: manual}
"""

lines = st.lists(
    st.fixed_dictionaries(
        {
            "sku": st.sampled_from(["A", "B", "C"]),
            "quantity": st.integers(1, 4),
            "price": st.sampled_from(["4.00", "7.50", "20.00"]),
            "kit": st.sampled_from([None, None, None, "K", "L"]),
        }
    ),
    min_size=1,
    max_size=4,
)
stocks = st.fixed_dictionaries(
    {sku: st.dictionaries(st.sampled_from(NODES), st.integers(0, 4)) for sku in "ABC"}
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    skus = [{"sku": sku, "stock": {"n1": 1}} for sku in "ABC"]
    return world_of(tmp_path_factory.mktemp("world"), ROUTING, skus, nodes=NODES_CSV)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("orders")


@cache
def schema() -> FactSchema:
    loadout, _ = checked({})
    assert loadout is not None
    return loadout.schema


def with_stock(world: World, stock: dict[str, dict[str, int]]) -> World:
    """The world with other units; every node has a column, whatever stands in it."""
    rows = [{"sku": sku, "stock": dict.fromkeys(NODES, 0) | held} for sku, held in stock.items()]
    return replace(world, skus=frame_from_rows(schema(), rows))


def numbered(generated: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": str(n), **line} for n, line in enumerate(generated, start=1)]


def parts_of(decision: Decision) -> dict[tuple[str, str], int]:
    return {(part.line, part.node): part.units for part in decision.parts}


@settings(max_examples=40)
@given(lines, stocks)
def test_the_best_set_is_that_of_trying_everything(
    world: World, folder: Path, generated: list[dict[str, Any]], stock: dict[str, dict[str, int]]
) -> None:
    written = numbered(generated)
    (decision,) = routed(folder, with_stock(world, stock), [order("x", *written)])
    held = {node: {sku: units.get(node, 0) for sku, units in stock.items()} for node in NODES}
    wanted = {line["sku"] for line in written}
    having = [n for n in NODES if any(held[n][sku] for sku in wanted)]
    expected = best(
        [{**line, "units": line["quantity"]} for line in written],
        sorted(having, key=lambda n: (DISTANCES[n] is None, DISTANCES[n] or 0, n)),
        held,
        most=3,
        among=4,
        least_value=Decimal("15.00"),
        distance=DISTANCES,
    )

    assert parts_of(decision) == (expected or {})


orders = st.lists(
    st.tuples(lines, st.integers(0, 3)), min_size=1, max_size=5
).map(
    lambda held: [
        order(f"o{n}", *numbered(one), placed_at=f"2026-12-01T09:0{minute}:00-03:00")
        for n, (one, minute) in enumerate(held)
    ]
)  # fmt: skip


@settings(max_examples=25)
@given(orders, stocks)
def test_what_is_routed_is_what_was_ordered_and_no_node_gives_more_than_it_has(
    world: World, folder: Path, generated: list[dict[str, Any]], stock: dict[str, dict[str, int]]
) -> None:
    decisions = routed(folder, with_stock(world, stock), generated)

    given_away: Counter[tuple[str, str]] = Counter()
    for one, decision in zip(generated, decisions, strict=True):
        asked = {line["id"]: line["quantity"] for line in one["lines"]}
        sku = {line["id"]: line["sku"] for line in one["lines"]}
        routed_units: Counter[str] = Counter()
        for part in decision.parts:
            routed_units[part.line] += part.units
            given_away[part.node, sku[part.line]] += part.units
        assert dict(routed_units) == (asked if decision.code == "ROUTED" else {})
        assert len({part.node for part in decision.parts}) <= 3
    assert all(units <= stock[sku].get(node, 0) for (node, sku), units in given_away.items())


@settings(max_examples=20)
@given(orders, stocks, st.randoms(use_true_random=False))
def test_the_order_of_orders_and_lines_in_the_file_changes_nothing(
    world: World,
    folder: Path,
    generated: list[dict[str, Any]],
    stock: dict[str, dict[str, int]],
    shuffled: random.Random,
) -> None:
    there = with_stock(world, stock)
    first = {one.order: parts_of(one) for one in routed(folder, there, generated)}
    mixed = [
        {**one, "lines": shuffled.sample(one["lines"], len(one["lines"]))} for one in generated
    ]
    shuffled.shuffle(mixed)

    assert {one.order: parts_of(one) for one in routed(folder, there, mixed)} == first


def test_the_order_of_the_nodes_in_their_file_changes_nothing(tmp_path: Path) -> None:
    head, *rows = NODES_CSV.splitlines()
    skus = [{"sku": sku, "stock": dict.fromkeys(NODES, 2)} for sku in "ABC"]
    written = [order(f"o{n}", ("A", 1 + n % 3), ("B", 2)) for n in range(6)]
    found = []
    for turned in (rows, rows[::-1]):
        world = world_of(tmp_path, ROUTING, skus, nodes="\n".join([head, *turned]) + "\n")
        found.append([parts_of(one) for one in routed(tmp_path, world, written)])

    assert found[0] == found[1]


@settings(max_examples=15)
@given(orders, stocks)
def test_both_engines_decide_alike(
    world: World, folder: Path, generated: list[dict[str, Any]], stock: dict[str, dict[str, int]]
) -> None:
    there = with_stock(world, stock)
    matcher, _ = matcher_of("auto")
    by_twin = routed(folder, there, generated, Settings(Twin, trace=True))

    assert routed(folder, there, generated, Settings(matcher, trace=True)) == by_twin


def test_without_consuming_every_order_finds_all_units(world: World, folder: Path) -> None:
    there = with_stock(world, {"A": {"n1": 2}, "B": {}, "C": {}})
    asked = [order(f"o{n}", ("A", 2)) for n in range(3)]

    assert [one.code for one in routed(folder, there, asked)] == ["ROUTED", "NO_NODE", "NO_NODE"]
    kept = routed(folder, there, asked, Settings(Twin, consume=False))
    assert [one.code for one in kept] == ["ROUTED"] * 3
