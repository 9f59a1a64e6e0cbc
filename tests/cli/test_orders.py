"""`orders route` over the reference shop: every order has an answer, and it is the same answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli.shop import Shop, reference_shop
from cli.test_output_schemas import faults, schema
from jsonschema import Draft202012Validator

ORDERS = "data/orders.jsonl"
AS_OF = "2026-11-27T16:00:00-03:00"

# Worked out by hand from data/nodes.csv, data/places.csv, data/stock.csv and rules/routing/orders.yaml.
ROWS = [
    # In the west of São Paulo, before 16:00: sp-1, 26 km away.
    ("CA-1001", "1", "sp-1", 1, "today-from-nearby", "ROUTED"),
    # Rio: both lines are in rj-1.
    ("CA-1002", "1", "rj-1", 1, "today-from-nearby", "ROUTED"),
    ("CA-1002", "2", "rj-1", 1, "today-from-nearby", "ROUTED"),
    # After the cut-off of rj-1 (14:00), still the cheapest.
    ("CA-1003", "1", "rj-1", 1, "one-parcel", "ROUTED"),
    # Porto Alegre is far from sp-1, which alone has it.
    ("CA-1004", "1", "sp-1", 1, "one-parcel", "ROUTED"),
    # One line in sp-1 only, the other in rj-1 only; both parcels are worth more than 50.00.
    ("CA-1005", "1", "sp-1", 1, "two-parcels", "ROUTED"),
    ("CA-1005", "2", "rj-1", 2, "two-parcels", "ROUTED"),
    # The same, but a kit is not torn apart …
    ("CA-1006", "1", None, None, None, "NO_NODE"),
    ("CA-1006", "2", None, None, None, "NO_NODE"),
    # … and a parcel of 19.90 is not worth its freight.
    ("CA-1007", "1", None, None, None, "NO_NODE"),
    ("CA-1007", "2", None, None, None, "NO_NODE"),
    ("CA-1008", "1", "sp-1", 1, "today-from-nearby", "ROUTED"),
    # Manaus is not among the places: 1,000 km to every node, so the id decides.
    ("CA-1009", "1", "rj-1", 1, "one-parcel", "ROUTED"),
    ("CA-1010", "1", None, None, None, "NO_NODE"),
    ("CA-1011", "1", None, None, None, "ORDER_CANCELLED"),
    ("CA-1012", None, None, None, None, "NO_ITEMS"),
    ("CA-1013", "1", None, None, None, "NOT_WHOLE"),
]


def route(shop: Shop, *more: str) -> Any:
    return shop("orders", "route", str(shop.root / ORDERS), "--as-of", AS_OF, *more)


def records(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


@pytest.mark.parametrize("engine", ["auto", "twin"])
def test_the_orders_of_the_reference_shop(reference: Shop, engine: str) -> None:
    done = route(reference, "-o", "jsonl", "--engine", engine)
    rows = records(done.out)
    keys = ("order", "line", "node", "parcel", "attempt", "reason")

    assert done.code == 0
    assert [tuple(row[key] for key in keys) for row in rows] == ROWS
    notes = {row["order"]: row["notes"] for row in rows if row["notes"]}
    assert notes == {"CA-1008": ["ZIP_REPAIRED"], "CA-1009": ["DISTANCE_ASSUMED"]}
    waiting = {row["cancel_at"] for row in rows if row["order"] == "CA-1010"}
    assert waiting == {"2026-11-29T09:15:00-03:00"}


def test_the_rows_and_the_record_keep_their_schema(reference: Shop) -> None:
    done = route(reference, "-o", "json")
    rows = records(route(reference, "-o", "jsonl", "--trace").out)
    validator = Draft202012Validator(
        {**schema("orders")["$defs"]["row"], "$defs": schema("orders")["$defs"]}
    )

    assert faults("orders", done.json) == []
    assert [error.message for row in rows for error in validator.iter_errors(row)] == []
    assert done.json["counts"] == {
        "NOT_WHOLE": 1, "NO_ITEMS": 1, "NO_NODE": 3, "ORDER_CANCELLED": 1,
        "one-parcel": 3, "today-from-nearby": 3, "two-parcels": 1,
    }  # fmt: skip


def test_the_trace_says_why_every_node_was_dropped(reference: Shop) -> None:
    done = route(reference, "--order", "CA-1005", "--order", "CA-1007")

    assert done.code == 0
    assert "sp-1  dropped: no stock for line 2\n" in done.out
    far = "rj-1  dropped: distance_km 384.40, needs at most 300.00; no stock for line 1\n"
    assert far in done.out
    assert "2 parcels: optimal within N = 2, k = 2 (1 set)\n" in done.out
    assert "1 set that cannot keep to parcels of at least 50.00" in done.out
    assert "rules/routing/orders.yaml:" in done.out
    assert "CA-1001" not in done.out
    assert "routed: 7 of 13 orders, in 8 parcels\n" in done.out
    assert "notes: DISTANCE_ASSUMED on 1 order, ZIP_REPAIRED on 1 order\n" in done.out


@pytest.mark.parametrize(
    ("fail_on", "code"), [("refused", 1), ("unrouted", 1)]
)  # fmt: skip
def test_the_exit_code_is_what_was_asked_for(reference: Shop, fail_on: str, code: int) -> None:
    assert route(reference, "--fail-on", fail_on).code == code


def test_an_engine_that_is_not_there_is_said(reference: Shop) -> None:
    done = route(reference, "--engine", "other")

    assert done.code == 2
    assert "'auto', 'durable', 'twin'" in done.err


def test_a_repository_without_routing_refuses_every_order(shop: Shop) -> None:
    shop.write("orders.jsonl", json.dumps({
        "id": "x", "account": "market", "placed_at": "2026-11-27T08:00:00-03:00",
        "lines": [{"id": "1", "sku": "AU-1", "quantity": 1, "price": "1.00"}],
    }) + "\n")  # fmt: skip
    done = shop("orders", "route", str(shop.root / "orders.jsonl"), "-o", "jsonl")

    assert [row["reason"] for row in records(done.out)] == ["NO_ROUTING"]


def test_what_is_wrong_with_the_nodes_is_said_in_the_singular_too(tmp_path: Path) -> None:
    shop = reference_shop(tmp_path)
    nodes = (shop.root / "data" / "nodes.csv").read_text(encoding="utf-8")
    shop.write("data/nodes.csv", nodes.replace("rj-1,", ",", 1))
    done = route(shop)

    assert done.code == 0
    assert "warning: 1 row of nodes refused; the first: data/nodes.csv:3 BLANK_SKU" in done.err
    assert "1 node has stock and no row among the nodes, and ships nothing: rj-1" in done.err


def test_an_order_that_is_not_in_the_file_is_said(reference: Shop) -> None:
    done = route(reference, "--order", "CA-1001", "--order", "CA-9999")

    assert "no order `CA-9999` in the file" in done.err
    assert done.code == 2
