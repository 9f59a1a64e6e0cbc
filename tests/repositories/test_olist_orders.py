"""The 8,000 Olist orders over 3,095 sellers: every one has an answer, and both engines agree."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from repositories.documents import OLIST, ROOT, SHARED_OLIST
from repositories.preparation import PREPARE_ORDERS

from offerwright.facts.snapshot import build_snapshot
from offerwright.orders.decision import Decision
from offerwright.orders.engines import matcher_of
from offerwright.orders.inputs import read_nodes
from offerwright.orders.lots import World
from offerwright.orders.read import read_orders
from offerwright.orders.route import Settings, route, rows_of
from offerwright.orders.twin import Twin
from offerwright.orders.validate import Known, OrderBook, validate
from offerwright.pipeline import load

MUNICIPALITIES = ROOT.parent / "shared" / "data" / "br-municipalities"
pytestmark = pytest.mark.skipif(
    not (SHARED_OLIST.is_dir() and MUNICIPALITIES.is_dir()),
    reason="the Olist data and the postal prefixes are not beside the repository",
)


@pytest.fixture(scope="module")
def folder(olist_sources: Path) -> Iterator[Path]:
    PREPARE_ORDERS.prepare(SHARED_OLIST, MUNICIPALITIES, olist_sources)
    yield olist_sources


@pytest.fixture(scope="module")
def world(folder: Path) -> World:
    loadout = load(OLIST)
    snapshot = build_snapshot(loadout.schema, loadout.shop.document, OLIST, data_root=folder)
    return World(
        loadout.routing,
        [plan.account for plan in loadout.rules.plans],
        read_nodes(loadout.routing.entities, OLIST, folder),
        snapshot.frame,
        datetime(2018, 9, 1, tzinfo=ZoneInfo("America/Sao_Paulo")),
        ZoneInfo("America/Sao_Paulo"),
    )


@pytest.fixture(scope="module")
def book(folder: Path, world: World) -> OrderBook:
    entities = world.routing.entities
    known = Known(
        frozenset(world.skus["sku"].to_list()), world.accounts, entities.facts("order"),
        entities.facts("line"), world.plan, "America/Sao_Paulo",
    )  # fmt: skip
    return validate(read_orders(folder / "orders.jsonl"), known)


@pytest.fixture(scope="module")
def decisions(book: OrderBook, world: World) -> tuple[Decision, ...]:
    return route(book, world, Settings(Twin))


def test_every_order_has_one_answer(decisions: tuple[Decision, ...]) -> None:
    codes = Counter(one.code for one in decisions)

    assert len({one.order for one in decisions}) == len(decisions) == 8_000
    # 68 orders have no items; 21 of them are among the 60 cancelled ones.
    assert codes["ORDER_CANCELLED"] == 60
    assert codes["NO_ITEMS"] == 68 - 21
    # One was placed in the hour that the end of summer time repeats.
    assert codes["LOCAL_TIME_UNCLEAR"] == 1
    # A node has what its seller sold in all orders, so something is left for everybody.
    assert codes["ROUTED"] == 8_000 - 60 - 47 - 1


def test_every_line_of_the_file_is_a_row(folder: Path, decisions: tuple[Decision, ...]) -> None:
    with (folder / "orders.jsonl").open(encoding="utf-8") as file:
        written = [json.loads(line) for line in file]
    expected = Counter((one["id"], line["id"]) for one in written for line in one["lines"])
    rows = [(row["order"], row["line"]) for row in rows_of(decisions)]

    assert Counter(row for row in rows if row[1] is not None) == expected
    assert len(expected) == 9_116


def test_nothing_is_given_twice(
    book: OrderBook, world: World, decisions: tuple[Decision, ...]
) -> None:
    sku = {(o.id, x.id): x.sku for o in book.orders if hasattr(o, "placed_at") for x in o.lines}
    given = Counter[tuple[str, str]]()
    for one in decisions:
        for part in one.parts:
            given[part.node, sku[one.order, part.line]] += part.units
    has = world.nodes.units["on_hand"]

    assert [key for key, units in given.items() if units > has[key]] == []


def test_what_the_data_broke_is_mended_visibly(
    world: World, decisions: tuple[Decision, ...]
) -> None:
    notes = Counter(note for one in decisions for note in one.notes)
    located = world.nodes.located((5, 8))

    assert located.repaired == 1_027
    assert located.unknown > 0
    assert 0 < notes["DISTANCE_ASSUMED"] < notes["ZIP_REPAIRED"] <= 1_917


def test_both_engines_decide_alike(
    book: OrderBook, world: World, decisions: tuple[Decision, ...]
) -> None:
    pytest.importorskip("durable_rules_engine", reason="durable-rules is not installed")
    matcher, _ = matcher_of("durable")

    assert route(book, world, Settings(matcher)) == decisions
