"""Files of orders: what is wrong becomes a reason, what a spreadsheet broke is mended visibly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from orders.small_world import book_of, known_to, order, routed, world_of

from offerwright.orders.lots import World
from offerwright.orders.order import Order, RefusedOrder
from offerwright.orders.read import OrdersUnreadable, read_orders
from offerwright.orders.route import Settings, route, rows_of
from offerwright.orders.twin import Twin
from offerwright.orders.validate import validate

ROUTING = """\
kind: routing
name: routing
for: {account: a}
distance: {unknown_km: 1000, zip_digits: [5, 8]}
attempts: [{id: one, rank: [{by: distance_km}, {by: node.id}]}]
otherwise: {queue: manual, cancel_after: 2 days}
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    skus = [{"sku": "A", "stock": {"n1": 9}}, {"sku": "B", "stock": {"n2": 9}}]
    return world_of(tmp_path_factory.mktemp("world"), ROUTING, skus)


def line(**more: Any) -> dict[str, Any]:
    return {"id": "1", "sku": "A", "quantity": 1, "price": "10.00", **more}


def without(key: str) -> dict[str, Any]:
    return {k: v for k, v in order("x", ("A", 1)).items() if k != key}


@pytest.mark.parametrize(
    ("written", "code", "says"),
    [
        (order("x"), "NO_ITEMS", "no lines"),
        ({**order("x"), "lines": None}, "NO_ITEMS", "no lines"),
        (order("x", ("A", 1), status="canceled"), "ORDER_CANCELLED", "cancelled"),
        (order("x", ("A", 1), status=" Cancelled "), "ORDER_CANCELLED", "cancelled"),
        (order("x", line(quantity=0)), "BELOW_MINIMUM", "line `1`: `quantity` is '0'"),
        (order("x", line(quantity=-1)), "BELOW_MINIMUM", "at least 1"),
        (order("x", line(quantity=1.5)), "NOT_WHOLE", "write a whole number"),
        (order("x", line(quantity="two")), "NOT_A_NUMBER", "write a whole number"),
        (order("x", line(quantity=None)), "MISSING_VALUE", "line `1` has no `quantity`"),
        (order("x", line(price=-1)), "BELOW_MINIMUM", "`price` is '-1'"),
        (order("x", line(price="1e3")), "NOT_A_NUMBER", "exponent"),
        (order("x", line(price=None)), "MISSING_VALUE", "no `price`"),
        (order("x", line(sku="Z")), "UNKNOWN_SKU", "no SKU `Z`"),
        (order("x", line(), line()), "DUPLICATE_LINE", "the line `1` stands there twice"),
        (order("x", ("A", 1), account="c"), "UNKNOWN_ACCOUNT", "no account `c`; it has a, b"),
        (order("x", ("A", 1), marketplace="beta"), "UNKNOWN_ACCOUNT", "sells on alpha, not on beta"),
        (
            {**without("account"), "marketplace": "gamma"}, "UNKNOWN_ACCOUNT",
            "no account on the marketplace `gamma`",
        ),
        (order("x", ("A", 1), currency="USD"), "WRONG_CURRENCY", "sells in BRL"),
        (order("x", ("A", 1), account="b"), "NO_ROUTING", "account `b`"),
        (without("account"), "MISSING_VALUE", "names no `account`"),
        (without("placed_at"), "MISSING_VALUE", "no `placed_at`"),
        (order("x", ("A", 1), placed_at="yesterday"), "NOT_A_DATETIME", "`placed_at` is"),
        (order("x", ("A", 1), placed_at="0001-01-01T00:00:00Z"), "NOT_A_DATETIME", "1970 and 2999"),
        (order("x", ("A", 1), placed_at="9999-12-31T23:59:59Z"), "NOT_A_DATETIME", "1970 and 2999"),
        (order("x", ("A", 1), destination={"zip": "123"}), "BAD_ZIP", "`123` is no postal code"),
        (order("x", ("A", 1), destination={"zip": "SW1A 1AA"}), "BAD_ZIP", "of 5 or 8 digits"),
        (order("x", ("A", 1), destination={"latitude": 91, "longitude": 0}), "ABOVE_MAXIMUM", "90"),
        (order("x", ("A", 1), destination={"latitude": 1}), "MISSING_VALUE", "and `longitude`"),
        (order("x", ("A", 1), priority="fast"), "UNKNOWN_WORD", "express, standard"),
        (order("", ("A", 1)), "MISSING_ID", "has no `id`"),
        ("{", "BAD_JSON", "not JSON"),
        ('{"id": "x", "id": "y"}', "BAD_JSON", "twice"),
        ('{"id": "x", "lines": [{"quantity": NaN}]}', "BAD_JSON", "NaN is not a number"),
        ("[" * 100_000, "BAD_JSON", ""),
        ('["x"]', "BAD_JSON", "per line"),
        ('{"id": "x", "lines": {}}', "WRONG_JSON_VALUE", "`lines` is a list"),
        ('{"id": "x", "placed_at": [1]}', "WRONG_JSON_VALUE", "`placed_at` holds a list"),
        ('{"id": "x", "destination": "01310"}', "WRONG_JSON_VALUE", "`destination` is an object"),
    ],
)  # fmt: skip
def test_an_order_that_cannot_be_routed_says_why(
    written: Any, code: str, says: str, world: World, tmp_path: Path
) -> None:
    (one,) = book_of(tmp_path, world, [written]).orders

    assert isinstance(one, RefusedOrder)
    assert one.code == code
    assert says in one.detail


@pytest.mark.parametrize(
    ("written", "digits", "notes"),
    [
        ("01310-100", "01310100", ()),
        ("1310100", "01310100", ("ZIP_REPAIRED",)),
        (1310100, "01310100", ("ZIP_REPAIRED",)),
        ("9790", "09790", ("ZIP_REPAIRED",)),
        ("01.310-100", "01310100", ()),
    ],
)
def test_a_postal_code_gets_the_zero_back_that_it_lost(
    written: object, digits: str, notes: tuple[str, ...], world: World, tmp_path: Path
) -> None:
    (one,) = book_of(tmp_path, world, [order("x", ("A", 1), destination={"zip": written})]).orders

    assert isinstance(one, Order)
    assert (one.zip, one.notes) == (digits, notes)


def test_a_marketplace_names_the_account_where_there_is_one(world: World, tmp_path: Path) -> None:
    (one,) = book_of(
        tmp_path, world, [{**without("account"), "marketplace": "alpha"}]
    ).orders  # fmt: skip

    assert isinstance(one, Order) and one.account == "a"


def test_of_equal_orders_one_is_routed_and_of_different_ones_none(
    world: World, tmp_path: Path
) -> None:
    same, other = order("x", ("A", 1)), order("y", ("A", 1))
    book = book_of(tmp_path, world, [same, other, same, {**other, "status": "paid"}])

    codes = [one.code if isinstance(one, RefusedOrder) else "" for one in book.orders]
    assert codes == ["", "DUPLICATE_ORDER", "DUPLICATE_ORDER", "DUPLICATE_ORDER"]


def test_two_marketplaces_may_use_one_id_for_two_orders(world: World, tmp_path: Path) -> None:
    written = [order("x", ("A", 1)), order("x", ("B", 1), account="b")]
    found = routed(tmp_path, world, written)

    assert [(one.account, one.code) for one in found] == [("a", "ROUTED"), ("b", "NO_ROUTING")]


def test_one_account_named_in_two_ways_is_one_account(world: World, tmp_path: Path) -> None:
    by_marketplace = {**without("account"), "marketplace": "alpha"}
    book = book_of(tmp_path, world, [order("x", ("A", 1)), by_marketplace, order("y", ("A", 1))])

    codes = [one.code if isinstance(one, RefusedOrder) else "" for one in book.orders]
    assert codes == ["DUPLICATE_ORDER", "DUPLICATE_ORDER", ""]


def test_a_blank_behind_an_id_makes_no_other_order(world: World, tmp_path: Path) -> None:
    book = book_of(tmp_path, world, [order("x", ("A", 1)), order("x ", ("A", 1))])

    codes = [one.code for one in book.orders if isinstance(one, RefusedOrder)]
    assert codes == ["DUPLICATE_ORDER", "DUPLICATE_ORDER"]


def test_an_order_with_a_list_for_a_value_keeps_all_its_lines(world: World, tmp_path: Path) -> None:
    (one,) = book_of(tmp_path, world, [order("x", line(), line(id="2", quantity=[1]))]).orders

    assert isinstance(one, RefusedOrder) and one.code == "WRONG_JSON_VALUE"
    assert (one.account, one.lines) == ("a", (("1", 1), ("2", None)))


def test_two_lines_of_one_sku_are_two_rows(world: World, tmp_path: Path) -> None:
    (one,) = routed(tmp_path, world, [order("x", ("A", 4), ("A", 5))])

    assert [(part.line, part.units) for part in one.parts] == [("1", 4), ("2", 5)]


def test_every_line_of_the_file_stands_in_the_answer(world: World, tmp_path: Path) -> None:
    written = [
        order("a", ("A", 1), ("A", 2)),
        order("b", ("A", 1), ("Z", 1)),
        order("c"),
        "{",
        order("d", ("B", 99)),
    ]
    rows = list(rows_of(routed(tmp_path, world, written)))

    assert [(row["order"], row["line"], row["reason"]) for row in rows] == [
        ("a", "1", "ROUTED"),
        ("a", "2", "ROUTED"),
        ("b", "1", "UNKNOWN_SKU"),
        ("b", "2", "UNKNOWN_SKU"),
        ("c", None, "NO_ITEMS"),
        ("", None, "BAD_JSON"),
        ("d", "1", "NO_NODE"),
    ]


def test_an_order_that_waits_says_in_which_queue_and_until_when(
    world: World, tmp_path: Path
) -> None:
    (one,) = routed(tmp_path, world, [order("x", ("B", 10))])

    assert one.code == "NO_NODE"
    assert one.detail == "line 1: all nodes together have 9 of 10 units"
    # 2026-12-01T12:00Z is 1,796,126,400 seconds after 1970; two days are 172,800.
    assert (one.queue, one.cancel_at) == ("manual", (1_796_126_400 + 172_800) * 1_000_000)


def test_a_csv_file_says_the_same_as_json_lines(world: World, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(
        "order,account,placed_at,zip,line,sku,quantity,price,kit\n"
        "x,a,2026-12-01T09:00:00-03:00,01310,1,A,2,10.00,K\n"
        "y,a,2026-12-01T09:00:00-03:00,1310100,1,B,1,10.00,\n"
        "x,a,2026-12-01T09:00:00-03:00,01310,2,A,1,10.00,K\n"
        "z,a,2026-12-01T09:00:00-03:00,01310,,,,,\n",
        encoding="utf-8",
    )
    written = [
        order("x", line(quantity=2, kit="K"), line(id="2", kit="K")),
        order("y", line(sku="B"), destination={"zip": "1310100"}),
        order("z"),
    ]
    book = validate(read_orders(file, ["kit"]), known_to(world))

    decisions = route(book, world, Settings(Twin))
    assert decisions == routed(tmp_path, world, written)
    assert [one.code for one in decisions] == ["ROUTED", "ROUTED", "NO_ITEMS"]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("x,a,2026-12-01,1,A,1,1\nx,b,2026-12-01,2,A,1,1\n", "CONFLICTING_ROWS"),
        ("x,a,2026-12-01\n", "WRONG_CELL_COUNT"),
        (",a,2026-12-01,1,A,1,1\n", "MISSING_ID"),
    ],
)
def test_rows_of_a_csv_file_that_do_not_fit_are_refused(
    rows: str, code: str, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("order,account,placed_at,line,sku,quantity,price\n" + rows, encoding="utf-8")
    (one,) = validate(read_orders(file), known_to(world)).orders

    assert isinstance(one, RefusedOrder) and one.code == code


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("o.csv", b"order,account\n", "has no column `line`"),
        ("o.csv", b'order,line,sku,quantity\nx,1,"A,1\n', "line 2: a broken quote"),
        ("o.csv", b"order;line;sku;quantity\nx;1;A;1\n", "separates its cells with `;`"),
        ("o.csv", b"order\tline\tsku\tquantity\n", "separates its cells with tabs"),
        ("o.csv", b"order,line,sku,quantity\nx,1," + b"A" * 200_000 + b",1\n", "line 2: a cell of"),
        ("o.json", b'[\n{"id": "x"}\n]\n', "one JSON list"),
        ("o.jsonl", b"\xff\xfe{\x00", "is not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_stops_the_run(
    name: str, content: bytes, says: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(OrdersUnreadable, match=says):
        read_orders(tmp_path / name)


def test_half_a_surrogate_pair_is_no_crash(world: World, tmp_path: Path) -> None:
    text = json.dumps(order("x", ("A", 1), status="\ud800"))
    (one,) = book_of(tmp_path, world, [text]).orders

    assert isinstance(one, Order)
