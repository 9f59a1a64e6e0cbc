"""Rendering in bulk says the same as building every body on its own, byte for byte."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marketplaces.shipped import RICH, account, bodies, marketplaces, offers, payload
from marketplaces.slow_render import slow_body

from offerwright.marketplaces.nodes import Source
from offerwright.marketplaces.render import FEW, ROW, render
from offerwright.source.yaml import read_yaml

HOSTILE = "".join(map(chr, range(0x20))) + '"\\/\x7f\x85\u2028\u2029é中\U0001f600{{ sku }}</script>'
SETTINGS = {
    "seller_id": 'A"1\n',
    "shop_id": "casa\\aurora\u2028",
    "trade_policy": "2",
    "warehouse_id": "sp-1",
    "lead_time": "01.00:00:00",
    "stock_source": "external",
    "lead_time_days": "2",
}
ALL = [(m, p) for m in ("mercadolibre", "amazon", "vtex", "example-market")
       for p in ("create", "content", "price", "stock", "end")]  # fmt: skip
ALL = [(m, p) for m, p in ALL if m != "vtex" or p in ("price", "stock")]

texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12) | st.sampled_from(
    [HOSTILE, '"', "\\", "\n", "null", "true", "1.50", "-0.1", "007", "1e5"]
)
maybe = st.none() | texts
amounts = st.decimals(0, 10**9, places=2).map(lambda d: d.quantize(Decimal("0.01")))
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
rows = st.fixed_dictionaries(
    {
        "sku": texts,
        "currency": st.just("BRL"),
        "price": amounts,
        "sale_price": st.none() | amounts,
        "list_price": st.none() | amounts,
        "quantity": st.integers(0, 10**6),
        "node_stock": st.integers(0, 10**6),
        "category": maybe,
        "title": maybe,
        "description": maybe,
        "sale_from": st.none() | moments,
        "sale_before": st.none() | moments,
        "tiers": st.none()
        | st.lists(
            st.fixed_dictionaries({"quantity": st.integers(2, 99), "price": amounts}), max_size=3
        ),
        "images": st.none() | st.lists(texts, max_size=3),
        "attribute.BRAND": maybe,
        "attribute.brand": maybe,
        "attribute.gtin": maybe,
        "attribute.number_of_items": maybe,
        "attribute.batteries_required": maybe,
        "attribute.bullet_point": maybe,
        "attribute.bullet_point_2": maybe,
        "attribute.z": maybe,
    }
)


def site_of(marketplace: str) -> str | None:
    return {"mercadolibre": "MLB", "amazon": "BR", "example-market": "BR"}.get(marketplace)


def slow_parts(marketplace: str, name: str, row: dict[str, Any]) -> dict[str, str | None]:
    from marketplaces.shipped import files

    file = f"marketplaces/{marketplace}/payloads/{name}.yaml"
    located, _ = read_yaml(files()[file], file)
    assert located is not None
    known = account(marketplace, site_of(marketplace), **SETTINGS)
    data = located.data
    used = {k: known[k] for k in [*data.get("needs", []), *data.get("optional", [])] if k in known}
    return {part: slow_body(body, row, used) for part, body in data["parts"].items()}


@pytest.mark.parametrize(("marketplace", "name"), ALL)
@settings(max_examples=15, deadline=None)
@given(table=st.lists(rows, min_size=1, max_size=8))
def test_bulk_bodies_equal_those_built_one_by_one(
    marketplace: str, name: str, table: list[dict[str, Any]]
) -> None:
    known = account(marketplace, site_of(marketplace), **SETTINGS)

    few = render(payload(marketplace, name), offers(table), known)
    # Often enough that they are many, and are written by the frame library.
    times = FEW // len(table) + 1
    many = render(payload(marketplace, name), offers(table * times), known)

    expected = [slow_parts(marketplace, name, row) for row in table]
    assert few.drop(ROW).rows(named=True) == expected
    assert many.drop(ROW).rows(named=True) == expected * times


@pytest.mark.parametrize("field", ["title", "description", "sku", "category", "attribute.COLOR"])
def test_hostile_text_is_escaped_as_orjson_does(field: str) -> None:
    sent = bodies(
        payload("mercadolibre", "create"), {**RICH, field: HOSTILE}, account("mercadolibre")
    )

    assert sent is not None
    whole = b"".join(body for _, body in sent)
    assert orjson.dumps(HOSTILE) in whole
    assert [json.loads(body) for _, body in sent] == [orjson.loads(body) for _, body in sent]


def test_money_keeps_the_digits_of_its_currency() -> None:
    brl = bodies(payload("mercadolibre", "price"), {**RICH, "price": Decimal("79.9")}, {})
    clp = bodies(
        payload("mercadolibre", "price"), {**RICH, "currency": "CLP", "price": Decimal(19990)}, {}
    )

    assert brl == [("body", b'{"price":79.90}')]
    assert clp == [("body", b'{"price":19990}')]


def test_a_price_that_is_missing_is_not_told() -> None:
    known = account("mercadolibre")
    table = offers([RICH, {**RICH, "price": None}, {**RICH, "quantity": None}])

    assert render(payload("mercadolibre", "price"), table, known)["row"].to_list() == [0, 2]
    assert render(payload("mercadolibre", "stock"), table, known)["row"].to_list() == [0, 1]
    assert render(payload("mercadolibre", "create"), table, known)["row"].to_list() == [0]


def test_columns_of_the_result_are_row_and_the_parts() -> None:
    written = render(payload("mercadolibre", "create"), offers([RICH]), account("mercadolibre"))

    assert dict(written.schema) == {
        "row": pl.UInt32(), "body": pl.String(), "description": pl.String(),
    }  # fmt: skip


def test_a_frame_without_rows_gives_no_bodies() -> None:
    written = render(
        payload("mercadolibre", "create"), offers([RICH]).clear(), account("mercadolibre")
    )

    assert written.shape == (0, 3)


def test_the_order_of_attribute_columns_does_not_change_the_bytes() -> None:
    table = offers([RICH])
    turned = table.select(reversed(table.columns))
    known = account("mercadolibre")

    assert render(payload("mercadolibre", "create"), table, known).equals(
        render(payload("mercadolibre", "create"), turned, known)
    )


def test_null_elements_of_a_list_are_left_out() -> None:
    row = {**RICH, "images": [None, "https://cdn.example/2.jpg", None]}

    sent = bodies(payload("example-market", "content"), row, account("example-market", shop_id="a"))

    assert sent is not None
    assert json.loads(sent[0][1])["pictures"] == ["https://cdn.example/2.jpg"]


def test_a_needed_setting_that_the_account_lacks_is_named() -> None:
    with pytest.raises(KeyError, match="trade_policy"):
        render(payload("vtex", "price"), offers([RICH]), account("vtex"))


def test_every_payload_requires_the_numbers_it_writes() -> None:
    required = {
        f"{m}/{p.name}": [n for n in p.requires.present if not isinstance(n, Source)]
        for m, found in marketplaces().items()
        for p in found.payloads.values()
        if p.requires.present
    }

    assert required == {
        "amazon/create": ["price", "quantity"],
        "amazon/price": ["price"],
        "amazon/stock": ["quantity"],
        "example-market/create": ["price", "quantity"],
        "example-market/price": ["price"],
        "example-market/stock": ["quantity"],
        "mercadolibre/create": ["price", "quantity"],
        "mercadolibre/price": ["price"],
        "mercadolibre/stock": ["quantity"],
        "vtex/price": ["price"],
        "vtex/stock": ["node_stock"],
    }
