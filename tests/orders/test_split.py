"""The search for parcels ends, whatever an order asks for, and says when it did not look at all."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import pytest
from orders.small_world import order, routed, world_of

from offerwright.orders.route import Settings
from offerwright.orders.split import Item, carriers
from offerwright.orders.twin import Twin

ROUTING = """\
kind: routing
name: routing
attempts:
  - {id: split, rank: [{by: node.id}], split: {max_parcels: 3, min_value: 30.00, keep_together: [kit, hazmat]}}
otherwise: {queue: manual}
"""


def items(*lines: tuple[str, int, str]) -> list[Item]:
    return [Item(((n, s, u, Decimal(p)),), False) for n, (s, u, p) in enumerate(lines)]


def test_all_sets_of_a_size_are_found_and_those_without_units_counted() -> None:
    stock = {1: {"A": 1}, 2: {"B": 1}, 3: {"A": 1, "B": 1}, 4: {}}
    found = carriers(items(("A", 1, "1"), ("B", 1, "1")), [1, 2, 3, 4], stock, None, 2)

    # 1+2 and, every node shipping something, 1+3 (B from 3) and 2+3 (A from 3).
    assert [one.nodes for one in found.found] == [(1, 2), (1, 3), (2, 3)]
    # 1+4 and 2+4 have too little. 3+4 has enough, and 4 would ship nothing.
    assert (found.looked_at, found.short, found.is_cut) == (6, 2, False)


def test_a_hopeless_search_ends_and_says_that_it_was_cut() -> None:
    # 40 items of 1.00 in three nodes, each parcel to be worth 14.00: only 42.00 would do, and they
    # are worth 41.00, one item being worth 2.00.
    lines = items(*[(f"S{n:02}", 1, "2" if n == 0 else "1") for n in range(40)])
    stock = {node: {f"S{n:02}": 1 for n in range(40)} for node in range(3)}
    hopeless = carriers(lines, [0, 1, 2], stock, Decimal(14), 3)
    # With 13.66 each it is 40.98, and whole prices cannot be shared out so: 14 + 14 + 13 lacks.
    start = time.perf_counter()
    hard = carriers(lines, [0, 1, 2], stock, Decimal("13.66"), 3)

    assert (hopeless.found, hopeless.is_cut) == ((), False)
    assert (hard.found, hard.is_cut) == ((), True)
    assert time.perf_counter() - start < 20


def test_an_order_of_a_thousand_lines_is_no_crash(tmp_path: Path) -> None:
    skus = [{"sku": f"S{n}", "stock": {"n1" if n % 2 else "n2": 1}} for n in range(1_000)]
    world = world_of(tmp_path, ROUTING, skus)
    (one,) = routed(
        tmp_path, world, [order("x", *((f"S{n}", 1) for n in range(1_000)))], Settings(Twin, trace=True)
    )  # fmt: skip

    assert one.code == "NO_NODE"
    assert one.attempts[0].summary == "not searched: more than 200 items to place"


@pytest.mark.parametrize(
    ("kit", "limits"), [(None, "at least 30.00"), ("K", "at least 30.00 with kit together")]
)
def test_only_what_limits_the_order_is_named(kit: str | None, limits: str, tmp_path: Path) -> None:
    world = world_of(
        tmp_path, ROUTING, [{"sku": "A", "stock": {"n1": 1}}, {"sku": "B", "stock": {"n2": 1}}]
    )
    written = [
        {"id": "1", "sku": "A", "quantity": 1, "price": "5", "kit": kit},
        {"id": "2", "sku": "B", "quantity": 1, "price": "90", "kit": kit},
    ]
    (one,) = routed(tmp_path, world, [order("x", *written)], Settings(Twin, trace=True))

    assert one.attempts[0].summary == (
        f"nothing can carry it within N = 2, k = 3: 1 set that cannot keep to parcels of {limits}"
    )


def test_a_node_that_has_some_units_is_said_to_have_too_little(tmp_path: Path) -> None:
    routing = ROUTING.replace(
        "split: {max_parcels: 3, min_value: 30.00, keep_together: [kit, hazmat]}", "split: never"
    )
    world = world_of(tmp_path, routing, [{"sku": "A", "stock": {"n1": 2}}])
    (one,) = routed(tmp_path, world, [order("x", ("A", 3))], Settings(Twin, trace=True))

    assert one.attempts[0].nodes[0].because == ("too little stock, 2 of 3, for line 1",)


def test_two_words_tie_three_lines_together(tmp_path: Path) -> None:
    # 1 and 2 share the kit, 2 and 3 are dangerous: all three travel from n2.
    skus = [
        {"sku": "A", "stock": {"n1": 1, "n2": 1}},
        {"sku": "B", "hazmat": True, "stock": {"n1": 1, "n2": 1}},
        {"sku": "C", "hazmat": True, "stock": {"n2": 1}},
        {"sku": "D", "stock": {"n1": 1}},
    ]
    written = [
        {"id": "1", "sku": "A", "quantity": 1, "price": "30", "kit": "K"},
        {"id": "2", "sku": "B", "quantity": 1, "price": "30", "kit": "K"},
        {"id": "3", "sku": "C", "quantity": 1, "price": "30"},
        {"id": "4", "sku": "D", "quantity": 1, "price": "30"},
    ]
    (one,) = routed(tmp_path, world_of(tmp_path, ROUTING, skus), [order("x", *written)])

    assert {part.line: part.node for part in one.parts} == {
        "1": "n2",
        "2": "n2",
        "3": "n2",
        "4": "n1",
    }
