"""Our bodies against what the marketplaces publish (../shared/specs, read in place)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import jsonschema
import pytest
from marketplaces.shipped import RICH, account, bodies, payload, spec

from offerwright.marketplaces.contract import check_body
from offerwright.marketplaces.exact_json import parse_json
from offerwright.marketplaces.operation import Problem
from offerwright.marketplaces.schema import schema_validator

AMAZON_OFFER: dict[str, Any] = {
    **RICH,
    "sku": "MUG-1",
    "currency": "USD",
    "price": Decimal("19.99"),
    "sale_price": Decimal("14.99"),
    "sale_from": "2026-11-27T08:00:00+00:00",
    "sale_before": "2026-12-01T08:00:00+00:00",
    "list_price": Decimal("24.99"),
    "category": "PRODUCT",
    "title": "Acme Blue Mug",
    "attribute.BRAND": None,
    "attribute.COLOR": None,
    "attribute.brand": "Acme",
    "attribute.bullet_point": "Dishwasher safe",
    "attribute.bullet_point_2": "Holds 300 ml",
    "attribute.color": "Blue",
    "attribute.country_of_origin": "BR",
    "attribute.item_type_keyword": "coffee-mugs",
    "attribute.supplier_declared_dg_hz_regulation": "not_applicable",
    "attribute.gtin": "7891234567895",
    "attribute.batteries_required": "false",
    "attribute.item_package_weight": "0.450",
    "attribute.item_package_length": "12",
    "attribute.item_package_width": "12",
    "attribute.item_package_height": "10.5",
}
US = {"currency": "USD", "merchant_shipping_group": "legacy-template-id", "lead_time_days": "2"}


def body_of(marketplace: str, name: str, row: Mapping[str, Any], known: dict[str, str]) -> bytes:
    sent = bodies(payload(marketplace, name), row, known)
    assert sent is not None
    return dict(sent)["body"]


def meli(name: str, **changes: Any) -> bytes:
    return body_of("mercadolibre", name, {**RICH, **changes}, account("mercadolibre", "MLB"))


def amazon(name: str, **changes: Any) -> bytes:
    return body_of("amazon", name, {**AMAZON_OFFER, **changes}, account("amazon", "US", **US))


def changed(body: bytes, *path: str | int, to: Any) -> bytes:
    """The body with one value replaced: a Decimal as a number, anything else as JSON."""
    data = json.loads(body)
    place = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = "<<new>>"
    new = f"{to}" if isinstance(to, Decimal) else json.dumps(to)
    return json.dumps(data).replace('"<<new>>"', new).encode()


def places(problems: list[Problem]) -> list[str]:
    return sorted({problem.field for problem in problems})


def meli_validator(definition: str) -> Any:
    contract = json.loads(spec("mercadolibre/items.contract.json").read_text())
    return schema_validator({"$ref": f"#/$defs/{definition}", "$defs": contract["$defs"]})


@pytest.mark.parametrize(
    ("name", "definition"),
    [
        ("create", "ItemCreateUserProducts"),
        ("content", "ItemUpdate"),
        ("price", "ItemUpdate"),
        ("stock", "ItemUpdate"),
        ("end", "ItemUpdate"),
    ],
)
def test_mercado_libre_takes_our_items(name: str, definition: str) -> None:
    assert check_body(meli_validator(definition), meli(name)) == []


@pytest.mark.parametrize(
    ("name", "definition", "path", "to"),
    [
        ("create", "ItemCreateUserProducts", ("price",), "79.90"),
        ("create", "ItemCreateUserProducts", ("available_quantity",), 0),
        ("create", "ItemCreateUserProducts", ("pictures",), []),
        ("create", "ItemCreateUserProducts", ("title",), "two titles"),
        ("create", "ItemCreateUserProducts", ("category_id",), None),
        ("price", "ItemUpdate", ("price",), Decimal("0.00")),
        ("stock", "ItemUpdate", ("available_quantity",), -1),
        ("end", "ItemUpdate", ("status",), "gone"),
        ("content", "ItemUpdate", ("pictures", 0, "source"), 7),
    ],
)
def test_a_broken_item_fails_there_and_in_our_own_contract(
    name: str, definition: str, path: tuple[str | int, ...], to: Any
) -> None:
    broken = changed(meli(name), *path, to=to)

    assert check_body(meli_validator(definition), broken) != []
    assert check_body(payload("mercadolibre", name).parts[0].contract.validator, broken) != []


def product_schema() -> dict[str, Any]:
    text = spec("amazon/product-types/PRODUCT.ATVPDKIKX0DER.LISTING.schema.json").read_text()
    schema: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return schema


def attributes(body: bytes) -> bytes:
    """The attributes of a PUT, with the digits they were written in."""
    start = body.index(b'"attributes":') + len(b'"attributes":')
    return body[start:-1]


def test_amazon_takes_our_attributes_for_a_product() -> None:
    assert check_body(schema_validator(product_schema()), attributes(amazon("create"))) == []


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("list_price", 0, "value"), Decimal("24.991")),
        (("purchasable_offer", 0, "our_price", 0, "schedule", 0, "value_with_tax"), "19.99"),
        (("purchasable_offer", 0, "discounted_price", 0, "schedule", 0, "start_at"), "soon"),
        (("fulfillment_availability", 0, "quantity"), Decimal("7.5")),
        (("fulfillment_availability", 0, "fulfillment_channel_code"), "AMAZON_NA"),
        (("externally_assigned_product_identifier",), []),
        (("colour",), [{"value": "Blue"}]),
        (("bullet_point", 0, "value"), "x" * 701),
        (("product_description", 0, "value"), "é" * 5001),
        (
            ("item_name",),
            2 * [{"value": "a", "language_tag": "en_US", "marketplace_id": "ATVPDKIKX0DER"}],
        ),
    ],
)
def test_broken_attributes_fail_at_amazon(path: tuple[str | int, ...], to: Any) -> None:
    broken = changed(attributes(amazon("create")), *path, to=to)

    assert check_body(schema_validator(product_schema()), broken) != []


@pytest.mark.parametrize("left_out", ["brand", "bullet_point", "color", "country_of_origin"])
def test_a_required_attribute_that_the_mapping_leaves_out_fails_at_amazon(left_out: str) -> None:
    body = attributes(amazon("create", **{f"attribute.{left_out}": None}))

    problems = check_body(schema_validator(product_schema()), body)

    assert [p.message for p in problems] == [f"'{left_out}' is a required property"]


def test_patched_attributes_fit_the_product_too() -> None:
    partial = {k: v for k, v in product_schema().items() if k not in ("required", "allOf")}
    validator = schema_validator(partial)
    for name in ("price", "stock", "content"):
        for patch in parse_json(amazon(name))["patches"]:
            assert patch["op"] == "replace"
            attribute = patch["path"].removeprefix("/attributes/")
            value = {attribute: patch["value"]}

            errors = list(validator.iter_errors(value))

            assert errors == []


def amazon_definition(name: str) -> Any:
    model = json.loads(spec("amazon/models/listingsItems_2021-08-01.json").read_text())
    return schema_validator({"$ref": f"#/definitions/{name}", "definitions": model["definitions"]})


@pytest.mark.parametrize(
    ("name", "definition"),
    [
        ("create", "ListingsItemPutRequest"),
        ("content", "ListingsItemPatchRequest"),
        ("price", "ListingsItemPatchRequest"),
        ("stock", "ListingsItemPatchRequest"),
        ("end", "ListingsItemPatchRequest"),
    ],
)
def test_amazon_takes_our_requests(name: str, definition: str) -> None:
    assert check_body(amazon_definition(definition), amazon(name)) == []


@pytest.mark.parametrize(
    ("name", "definition", "path", "to", "field"),
    [
        ("create", "ListingsItemPutRequest", ("requirements",), "ALL", "/requirements"),
        ("create", "ListingsItemPutRequest", ("attributes",), [], "/attributes"),
        ("price", "ListingsItemPatchRequest", ("patches",), [], "/patches"),
        ("price", "ListingsItemPatchRequest", ("patches", 0, "op"), "remove", "/patches/0/op"),
        ("stock", "ListingsItemPatchRequest", ("patches", 0, "value"), 7, "/patches/0/value"),
        ("end", "ListingsItemPatchRequest", ("productType",), None, "/productType"),
    ],
)
def test_a_broken_request_fails_at_amazon_and_in_our_own_contract(
    name: str, definition: str, path: tuple[str | int, ...], to: Any, field: str
) -> None:
    broken = changed(amazon(name), *path, to=to)

    assert places(check_body(amazon_definition(definition), broken)) == [field]
    assert check_body(payload("amazon", name).parts[0].contract.validator, broken) != []


def vtex_validator(file: str, path: str, method: str) -> Any:
    from openapi_schema_validator import OAS30Validator

    api = json.loads(spec(f"vtex/{file}").read_text())
    content = api["paths"][path][method]["requestBody"]["content"]["application/json"]
    return OAS30Validator({**content["schema"], "components": api.get("components", {})})


def vtex(name: str) -> bytes:
    row = {
        "sku": "4711",
        "currency": "BRL",
        "price": Decimal("109.90"),
        "sale_price": Decimal("98.90"),
        "list_price": None,
        "sale_from": "2026-11-27T03:00:00+00:00",
        "sale_before": "2026-11-28T03:00:00+00:00",
        "node_stock": 25,
    }
    known = account("vtex", trade_policy="2", warehouse_id="sp-1", lead_time="02.00:00:00")
    return body_of("vtex", name, row, known)


FIXED = ("pricing-api.json", "/pricing/prices/{itemId}/fixed/{priceTableId}", "post")
INVENTORY = (
    "logistics-api.json",
    "/api/logistics/pvt/inventory/skus/{skuId}/warehouses/{warehouseId}",
    "put",
)


@pytest.mark.parametrize(("name", "operation"), [("price", FIXED), ("stock", INVENTORY)])
def test_vtex_takes_our_bodies(name: str, operation: tuple[str, str, str]) -> None:
    errors = list(vtex_validator(*operation).iter_errors(json.loads(vtex(name))))

    assert errors == []


@pytest.mark.parametrize(
    ("name", "operation", "path", "to"),
    [
        ("price", FIXED, (0, "value"), "109.90"),
        ("price", FIXED, (0, "minQuantity"), Decimal("1.5")),
        ("price", FIXED, (1, "dateRange"), {"from": "2026-11-27T03:00:00Z"}),
        ("stock", INVENTORY, ("quantity",), "25"),
        ("stock", INVENTORY, ("unlimitedQuantity",), "no"),
    ],
)
def test_a_broken_body_fails_at_vtex_and_in_our_own_contract(
    name: str, operation: tuple[str, str, str], path: tuple[str | int, ...], to: Any
) -> None:
    broken = changed(vtex(name), *path, to=to)

    assert list(vtex_validator(*operation).iter_errors(json.loads(broken))) != []
    assert check_body(payload("vtex", name).parts[0].contract.validator, broken) != []


def test_the_library_alone_would_refuse_good_prices() -> None:
    """Why the validator is our own: binary floats make 19.99 no multiple of 0.01."""
    schema = {"type": "number", "multipleOf": 0.01}
    prices = [f"{cents // 100}.{cents % 100:02}" for cents in range(1, 10_000)]
    exact = schema_validator(json.loads(json.dumps(schema), parse_float=Decimal))

    naive = [p for p in prices if not jsonschema.Draft202012Validator(schema).is_valid(float(p))]
    ours = [p for p in prices if not exact.is_valid(Decimal(p))]

    assert "19.99" in naive
    assert ours == []
