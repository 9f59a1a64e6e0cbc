"""What the guards see: values read back from the final bytes, exact."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marketplaces.shipped import RICH, account, bodies, marketplaces, offers, payload

from offerwright.errors import Diagnostic
from offerwright.marketplaces.load import load_marketplaces
from offerwright.marketplaces.operation import Values
from offerwright.marketplaces.payload import CompiledPayload
from offerwright.marketplaces.readback import ReadbackFailed, read_back
from offerwright.marketplaces.render import render

MANIFEST = """
kind: marketplace
name: m
title: M
aspects: [price, stock]
create: false
"""
PAYLOAD = """
kind: payload
name: price
aspect: price
action: update
covers: [stock]
parts:
  body:
    price: {{$value: price, $as: {encoding}}}
    sale: {{$value: sale_price, $as: {encoding}, $optional: true}}
    units: {{$value: quantity, $as: {units}}}
    money: {{$value: currency}}
contract: {{body: any.schema.json}}
readback:
  sku: {{constant: FIXED}}
  price: body#/price
  sale_price: body#/sale
  quantity: body#/units
  currency: body#/money
"""


def invented(encoding: str, units: str = "number") -> CompiledPayload:
    loaded, found = load_marketplaces(
        {
            "marketplaces/m/marketplace.yaml": MANIFEST.encode(),
            "marketplaces/m/payloads/p.yaml": PAYLOAD.format(
                encoding=encoding, units=units
            ).encode(),
            "marketplaces/m/contract/any.schema.json": b"{}",
        }
    )
    assert found == list[Diagnostic]()
    return loaded["m"].payloads["price"]


OFFER = {
    "sku": "A",
    "currency": "BRL",
    "price": Decimal("4.10"),
    "sale_price": Decimal("0.05"),
    "quantity": 3,
}


@pytest.mark.parametrize(
    ("encoding", "price", "sale"),
    [
        ("number", "4.10", "0.05"),
        ("string", '"4.10"', '"0.05"'),
        ("cents", "410", "5"),
        ("micros", '"4100000"', '"50000"'),
        ("comma", '"4,10"', '"0,05"'),
    ],
)
def test_an_amount_comes_back_as_it_went(encoding: str, price: str, sale: str) -> None:
    what = invented(encoding)

    sent = bodies(what, OFFER, {})

    assert sent == [("body", f'{{"price":{price},"sale":{sale},"units":3,"money":"BRL"}}'.encode())]
    assert read_back(what, sent, sku="A", currency="BRL") == Values(
        "FIXED", Decimal("4.10"), Decimal("0.05"), 3, "BRL"
    )


@given(
    st.sampled_from(["number", "string", "cents", "micros", "comma"]),
    st.sampled_from([("BRL", 2), ("CLP", 0)]),
    st.integers(0, 10**12),
    st.none() | st.integers(0, 10**12),
    st.integers(0, 10**9),
    st.sampled_from(["number", "string"]),
)
def test_every_amount_comes_back_as_it_went(
    encoding: str, money: tuple[str, int], price: int, sale: int | None, units: int, how: str
) -> None:
    currency, digits = money
    row = {
        "sku": "A",
        "currency": currency,
        "price": Decimal(price).scaleb(-digits),
        "sale_price": None if sale is None else Decimal(sale).scaleb(-digits),
        "quantity": units,
    }
    what = ENCODED[encoding, how]

    [body] = render(what, offers([row]), {})["body"].to_list()

    found = read_back(what, [("body", body.encode())], sku="A", currency=currency)
    assert found == Values("FIXED", row["price"], row["sale_price"], units, currency)


ENCODED = {
    (encoding, how): invented(encoding, how)
    for encoding in ("number", "string", "cents", "micros", "comma")
    for how in ("number", "string")
}


@pytest.mark.parametrize(
    ("encoding", "body", "words"),
    [
        ("number", '{"price":"4.10","units":3,"money":"BRL"}', "`price` is '4.10', not a number"),
        ("number", '{"price":true,"units":3,"money":"BRL"}', "`price` is True, not a number"),
        ("number", '{"price":null,"units":3,"money":"BRL"}', "`price` is not in the bytes"),
        ("number", '{"units":3,"money":"BRL"}', "`price` is not in the bytes"),
        ("number", '[{"price":4.10}]', "`price` is not in the bytes"),
        ("number", '{"price":4.10,"units":3.5,"money":"BRL"}', "`quantity` is"),
        ("number", '{"price":4.10,"units":3,"money":7}', "`currency` is 7, not a text"),
        ("number", '{"price":NaN,"units":3,"money":"BRL"}', "NaN is no number"),
        ("number", '{"price":1,"price":4.10,"units":3,"money":"BRL"}', "stands there twice"),
        ("cents", '{"price":410.5,"units":3,"money":"BRL"}', "not a whole number"),
        ("cents", '{"price":"410","units":3,"money":"BRL"}', "not a whole number"),
        ("string", '{"price":4.10,"units":3,"money":"BRL"}', "not a number in text"),
        ("string", '{"price":"4,10","units":3,"money":"BRL"}', "not a number in text"),
        ("string", '{"price":"٤","units":3,"money":"BRL"}', "not a number in text"),
        ("comma", '{"price":"4.10","units":3,"money":"BRL"}', "not a number in text"),
        ("micros", '{"price":"4.1","units":3,"money":"BRL"}', "not a number in text"),
        ("micros", '{"price":"4100000', "this is no JSON"),
    ],
)
def test_bytes_that_do_not_say_what_they_should_are_refused(
    encoding: str, body: str, words: str
) -> None:
    with pytest.raises(ReadbackFailed) as refused:
        read_back(invented(encoding), [("body", body.encode())], sku="A", currency="BRL")

    assert words in str(refused.value)


def test_a_changed_price_is_seen() -> None:
    what = payload("amazon", "price")
    sent = bodies(what, RICH, account("amazon", "BR"))
    assert sent is not None
    tampered = [(name, body.replace(b"79.90", b"7.99")) for name, body in sent]

    assert read_back(what, tampered, sku="A", currency="BRL").price == Decimal("7.99")


def row_values(row: dict[str, Any]) -> tuple[Any, ...]:
    return (row["price"] if row["sale_price"] is None else row["sale_price"], row["quantity"])


@pytest.mark.parametrize("marketplace", ["mercadolibre", "amazon", "example-market"])
@pytest.mark.parametrize("sale", [None, Decimal("71.91")])
def test_what_a_buyer_pays_reads_back_from_every_new_listing(
    marketplace: str, sale: Decimal | None
) -> None:
    row = {**RICH, "sale_price": sale}
    site = {"mercadolibre": "MLB", "amazon": "BR"}.get(marketplace)
    known = account(marketplace, site, shop_id="a")

    sent = bodies(payload(marketplace, "create"), row, known)
    assert sent is not None
    found = read_back(payload(marketplace, "create"), sent, sku=row["sku"], currency="BRL")

    assert (found.sale_price or found.price, found.quantity) == row_values(row)
    assert (found.sku, found.currency) == (row["sku"], "BRL")


def test_every_price_or_stock_payload_reads_them_back() -> None:
    from offerwright.marketplaces.pointer import Fixed

    silent = [
        f"{m}/{p.name}"
        for m, found in marketplaces().items()
        for p in found.payloads.values()
        if p.action != "end"
        and (
            ("price" in p.covers and isinstance(p.readback.price, Fixed))
            or ("stock" in p.covers and isinstance(p.readback.quantity, Fixed))
        )
    ]

    assert silent == []


def test_values_survive_another_layout_of_the_same_body() -> None:
    what = payload("mercadolibre", "create")
    sent = bodies(what, RICH, account("mercadolibre", "MLB"))
    assert sent is not None
    spread = [(name, json.dumps(json.loads(body), indent=2).encode()) for name, body in sent]

    assert read_back(what, spread, sku="A", currency="BRL") == read_back(
        what, sent, sku="A", currency="BRL"
    )
