"""
Every marketplace over real HTTP: create, update, poll, refusal, throttling, lost answers.

Longer than the house rule: a marketplace that is added must pass the whole list, so it stands in one place.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from offerwright.marketplaces.operation import Operation
from offerwright.sandbox.document import Fault

from .conftest import NAMES, PRICE, Rig, operation

AMAZON_OFFER = [{
    "marketplace_id": "A2Q3Y263D00KWC", "currency": "BRL",
    "our_price": [{"schedule": [{"value_with_tax": 59.23}]}],
}]  # fmt: skip
AMAZON_STOCK = [{"fulfillment_channel_code": "DEFAULT", "quantity": 7}]


def amazon_patch(attribute: str, value: Any) -> bytes:
    patch = {"op": "replace", "path": f"/attributes/{attribute}", "value": value}
    return json.dumps({"productType": "PRODUCT", "patches": [patch]}).encode()


BODIES: dict[str, dict[str, bytes]] = {
    "amazon": {
        "price": amazon_patch("purchasable_offer", AMAZON_OFFER),
        "stock": amazon_patch("fulfillment_availability", AMAZON_STOCK),
    },
    "example-market": {
        "price": b'{"sku":"KB-1","currency":"BRL","price_cents":5923}',
        "stock": b'{"sku":"KB-1","units":7,"for_sale":true}',
    },
    "mercadolibre": {"price": b'{"price":59.23}', "stock": b'{"available_quantity":7}'},
    "vtex": {
        "price": b'[{"value":59.23,"listPrice":59.23,"minQuantity":1}]',
        "stock": b'{"quantity":7,"unlimitedQuantity":false,"leadTime":"1.00:00:00"}',
    },
}
LIVE: dict[str, dict[str, Any]] = {
    "amazon": {
        "productType": "PRODUCT",
        "attributes": {
            "purchasable_offer": [{
                "marketplace_id": "A2Q3Y263D00KWC", "currency": "BRL",
                "our_price": [{"schedule": [{"value_with_tax": 10}]}],
            }],
            "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 1}],
        },
    },
    "example-market": {"price_cents": 1000, "units": 1, "currency": "BRL"},
    "mercadolibre": {
        "id": "MLB1001", "price": 10, "available_quantity": 1, "currency_id": "BRL",
        "attributes": [{"id": "SELLER_SKU", "value_name": "KB-1"}],
    },
    "vtex": {},
}  # fmt: skip
WRITES = {
    ("amazon", "price"): "patch_item", ("amazon", "stock"): "patch_item",
    ("example-market", "price"): "set_price", ("example-market", "stock"): "set_stock",
    ("mercadolibre", "price"): "update_item", ("mercadolibre", "stock"): "update_item",
    ("vtex", "price"): "set_fixed_prices", ("vtex", "stock"): "set_stock",
}  # fmt: skip
SEEN = {
    "example-market": {"price": 5923, "stock": 7},
    "amazon": {"price": PRICE, "stock": 7},
    "mercadolibre": {"price": PRICE, "stock": 7},
    "vtex": {"price": PRICE, "stock": 7},
}
EACH = pytest.mark.parametrize(("marketplace", "aspect"), sorted(WRITES))


def update(marketplace: str, aspect: str) -> Operation:
    values: dict[str, Any] = {"price": PRICE} if aspect == "price" else {"quantity": 7}
    return operation(marketplace, aspect, parts={"body": BODIES[marketplace][aspect]}, **values)


def seeded(rig: Rig, marketplace: str) -> None:
    entry = {"sku": "KB-1", "document": LIVE[marketplace]}
    rig.running.sandbox.seed_listings(marketplace, [entry])


def value(rig: Rig, marketplace: str, aspect: str) -> Any:
    values = rig.listing(marketplace, "KB-1")["values"]
    return values["price" if aspect == "price" else "quantity"]


def settled(connector: Any, wanted: Operation) -> Any:
    outcome = connector.send(wanted)
    for _ in range(5):
        if outcome.kind != "accepted":
            break
        outcome = connector.poll(wanted, outcome.handle, outcome.external_id)
    return outcome


@EACH
def test_an_update_becomes_live_and_is_confirmed(rig: Rig, marketplace: str, aspect: str) -> None:
    seeded(rig, marketplace)

    outcome = settled(rig.connector(marketplace), update(marketplace, aspect))

    assert (outcome.kind, outcome.problems) == ("confirmed", ())
    assert value(rig, marketplace, aspect) == SEEN[marketplace][aspect]


@EACH
def test_what_is_live_is_read_back(rig: Rig, marketplace: str, aspect: str) -> None:
    seeded(rig, marketplace)
    connector, wanted = rig.connector(marketplace), update(marketplace, aspect)
    settled(connector, wanted)

    outcome = connector.read_back(wanted)

    seen = outcome.observed
    assert outcome.kind == "confirmed"
    assert (seen.price if aspect == "price" else seen.quantity) == (
        PRICE if aspect == "price" else 7
    )


@EACH
def test_a_lost_answer_leaves_one_value_and_no_false_word(
    rig: Rig, marketplace: str, aspect: str
) -> None:
    seeded(rig, marketplace)
    route = WRITES[marketplace, aspect]
    rig.running.sandbox.faults.add(Fault(route=route, calls=[1], do="lost_answer"))

    outcome = settled(rig.connector(marketplace), update(marketplace, aspect))

    assert outcome.kind == "confirmed"
    assert value(rig, marketplace, aspect) == SEEN[marketplace][aspect]


@EACH
def test_answers_that_stay_lost_are_in_doubt(rig: Rig, marketplace: str, aspect: str) -> None:
    seeded(rig, marketplace)
    rig.running.sandbox.faults.add(Fault(route=WRITES[marketplace, aspect], do="lost_answer"))

    outcome = rig.connector(marketplace).send(update(marketplace, aspect))

    assert (outcome.kind, outcome.problems[0].code) == ("in_doubt", "ANSWER_LOST")


@EACH
def test_throttling_is_a_retry_and_nothing_is_done(rig: Rig, marketplace: str, aspect: str) -> None:
    seeded(rig, marketplace)
    route = WRITES[marketplace, aspect]
    headers = {"Retry-After": "3"}
    rig.running.sandbox.faults.add(Fault(route=route, do="status", status=429, headers=headers))

    outcome = rig.connector(marketplace).send(update(marketplace, aspect))

    assert (outcome.kind, outcome.retry_after_s) == ("retry", 3.0)
    assert len(rig.calls(marketplace, route)) == 1
    assert not any(c["took_effect"] for c in rig.calls(marketplace, route))


@EACH
def test_throttling_without_a_word_pauses_by_our_own_measure(
    rig: Rig, marketplace: str, aspect: str
) -> None:
    seeded(rig, marketplace)
    route = WRITES[marketplace, aspect]
    rig.running.sandbox.faults.add(Fault(route=route, do="status", status=429))
    connector, wanted = rig.connector(marketplace), update(marketplace, aspect)

    pauses = [connector.send(wanted).retry_after_s for _ in range(2)]

    assert (pauses[0], pauses[1]) == (1.0, 2.0)
    assert sum(rig.slept) == pytest.approx(1.0, abs=0.1)


@EACH
def test_a_refused_item_keeps_the_reason(rig: Rig, marketplace: str, aspect: str) -> None:
    seeded(rig, marketplace)
    fault = Fault(
        route=WRITES[marketplace, aspect], do="reject", code="BAD_PRICE", message="too low"
    )
    rig.running.sandbox.faults.add(fault)

    outcome = rig.connector(marketplace).send(update(marketplace, aspect))

    assert outcome.kind == "rejected"
    assert any("too low" in p.message for p in outcome.problems)
    assert len(rig.calls(marketplace, fault.route or "")) == 1


@EACH
def test_a_body_that_breaks_the_contract_is_rejected(
    rig: Rig, marketplace: str, aspect: str
) -> None:
    seeded(rig, marketplace)
    wrong = operation(marketplace, aspect, parts={"body": b'{"price":"59.23"}'})

    outcome = rig.connector(marketplace).send(wrong)

    assert outcome.kind == "rejected"
    assert rig.listing(marketplace, "KB-1")["version"] == 1


@EACH
def test_server_errors_on_repeatable_writes_are_tried_again(
    rig: Rig, marketplace: str, aspect: str
) -> None:
    seeded(rig, marketplace)
    route = WRITES[marketplace, aspect]
    rig.running.sandbox.faults.add(Fault(route=route, calls=[1, 2], do="status", status=503))

    outcome = settled(rig.connector(marketplace), update(marketplace, aspect))

    assert outcome.kind == "confirmed"
    assert [c["status"] for c in rig.calls(marketplace, route)][:2] == [503, 503]
    assert rig.slept == [0.25, 0.5]


@pytest.mark.parametrize("marketplace", ["amazon", "example-market", "mercadolibre"])
@pytest.mark.parametrize("aspect", ["price", "stock"])
def test_a_write_to_an_unknown_listing_is_rejected(rig: Rig, marketplace: str, aspect: str) -> None:
    outcome = rig.connector(marketplace).send(update(marketplace, aspect))

    assert (outcome.kind, outcome.problems[0].code) == ("rejected", "LISTING_NOT_FOUND")


@pytest.mark.parametrize("marketplace", NAMES)
def test_a_read_of_an_unknown_listing_says_so(rig: Rig, marketplace: str) -> None:
    outcome = rig.connector(marketplace).read_back(update(marketplace, "price"))

    assert (outcome.kind, outcome.problems[0].code) == ("rejected", "LISTING_NOT_FOUND")
    assert outcome.observed is None


@pytest.mark.parametrize("marketplace", ["amazon", "example-market"])
def test_an_accepted_write_may_be_refused_later(rig: Rig, marketplace: str) -> None:
    seeded(rig, marketplace)
    fault = Fault(
        route=WRITES[marketplace, "price"], do="late_reject", code="18155", message="below minimum"
    )
    rig.running.sandbox.faults.add(fault)
    connector, wanted = rig.connector(marketplace), update(marketplace, "price")

    first = connector.send(wanted)
    kinds = [connector.poll(wanted, first.handle).kind for _ in range(2)]
    last = connector.poll(wanted, first.handle)

    assert (first.kind, kinds) == ("accepted", ["accepted", "rejected"])
    assert [(p.code, p.message) for p in last.problems] == [("18155", "below minimum")]
    assert value(rig, marketplace, "price") != SEEN[marketplace]["price"]


@pytest.mark.parametrize("marketplace", ["amazon", "example-market"])
def test_accepted_is_not_live(rig: Rig, marketplace: str) -> None:
    seeded(rig, marketplace)
    before = value(rig, marketplace, "stock")
    connector, wanted = rig.connector(marketplace), update(marketplace, "stock")

    outcome = connector.send(wanted)

    assert outcome.kind == "accepted"
    assert outcome.handle
    assert value(rig, marketplace, "stock") == before
    assert connector.poll(wanted, outcome.handle).kind == "accepted"
    assert connector.poll(wanted, outcome.handle).kind == "confirmed"


def test_mercado_libre_creates_an_item_and_its_description(rig: Rig, item: bytes) -> None:
    parts = {"body": item, "description": b'{"plain_text":"Inox."}'}
    wanted = operation("mercadolibre", "content", "create", parts=parts)

    outcome = rig.connector("mercadolibre").send(wanted)

    listing = rig.listing("mercadolibre", "KB-1")
    assert (outcome.kind, outcome.external_id) == ("confirmed", listing["id"])
    assert listing["document"]["description"] == {"plain_text": "Inox."}
    assert listing["values"] == {"price": Decimal("149.9"), "quantity": 10}


def test_an_item_without_a_description_needs_one_write(rig: Rig, item: bytes) -> None:
    wanted = operation("mercadolibre", "content", "create", parts={"body": item})

    outcome = rig.connector("mercadolibre").send(wanted)

    assert outcome.kind == "confirmed"
    assert rig.listing("mercadolibre", "KB-1")["version"] == 1


def test_a_creation_whose_answer_was_lost_is_not_done_twice(rig: Rig, item: bytes) -> None:
    rig.running.sandbox.faults.add(Fault(route="create_item", calls=[1], do="lost_answer"))
    connector = rig.connector("mercadolibre")
    wanted = operation("mercadolibre", "content", "create", parts={"body": item})

    first, second = connector.send(wanted), connector.send(wanted)

    assert (first.kind, second.kind) == ("in_doubt", "confirmed")
    assert len(rig.calls("mercadolibre", "create_item")) == 1
    assert second.external_id == rig.listing("mercadolibre", "KB-1")["id"]


def test_a_creation_that_finds_an_older_item_brings_it_up_to_date(rig: Rig, item: bytes) -> None:
    seeded(rig, "mercadolibre")
    parts = {"body": item, "description": b'{"plain_text":"Inox."}'}
    wanted = operation("mercadolibre", "content", "create", parts=parts)

    outcome = rig.connector("mercadolibre").send(wanted)

    document = rig.listing("mercadolibre", "KB-1")["document"]
    assert (outcome.kind, outcome.external_id) == ("confirmed", "MLB1001")
    assert (document["price"], document["available_quantity"]) == (Decimal("149.9"), 10)
    assert document["description"] == {"plain_text": "Inox."}
    assert "family_name" not in document


def test_two_items_of_one_sku_are_never_guessed_between(rig: Rig) -> None:
    seeded(rig, "mercadolibre")
    seeded(rig, "mercadolibre")

    outcome = rig.connector("mercadolibre").send(update("mercadolibre", "price"))

    assert (outcome.kind, outcome.problems[0].code) == ("rejected", "LISTING_AMBIGUOUS")


def test_a_known_id_needs_no_search(rig: Rig) -> None:
    seeded(rig, "mercadolibre")
    connector = rig.connector("mercadolibre")

    connector.send(update("mercadolibre", "price"), external_id="MLB1001")

    assert rig.calls("mercadolibre", "find_by_sku") == []


def test_an_ended_item_is_closed_by_its_status(rig: Rig) -> None:
    seeded(rig, "mercadolibre")
    wanted = operation("mercadolibre", "content", "end", parts={"body": b'{"status":"closed"}'})

    connector = rig.connector("mercadolibre")

    outcome, gone = connector.send(wanted), connector.read_back(wanted)

    assert outcome.kind == "confirmed"
    assert rig.listing("mercadolibre", "KB-1")["document"]["status"] == "closed"
    assert (gone.kind, gone.problems[0].code) == ("rejected", "LISTING_NOT_FOUND")


def test_the_example_market_creates_and_ends_an_offer(rig: Rig) -> None:
    body = (
        b'{"sku":"KB-1","shelf":"kitchen","title":"Chaleira","summary":"Chaleira (casa, KB-1)",'
        b'"pictures":["https://img.example/1.jpg"],"properties":{},"currency":"BRL",'
        b'"price_cents":5923,"units":7}'
    )
    connector = rig.connector("example-market")
    create = operation("example-market", "content", "create", parts={"body": body})
    end = operation(
        "example-market", "content", "end", parts={"body": b'{"sku":"KB-1","state":"ended"}'}
    )

    assert settled(connector, create).kind == "confirmed"
    assert settled(connector, end).kind == "confirmed"
    assert rig.listing("example-market", "KB-1")["document"]["state"] == "ended"


@pytest.mark.parametrize("sku", ["A/B", "a b?c#d", "50%", "ção", "..", "x" * 100, "=1+1", "🫖"])
@pytest.mark.parametrize("marketplace", ["amazon", "example-market"])
def test_any_sku_stays_one_segment_of_the_path(rig: Rig, marketplace: str, sku: str) -> None:
    rig.running.sandbox.seed_listings(marketplace, [{"sku": sku, "document": LIVE[marketplace]}])
    wanted = operation(marketplace, "stock", sku=sku, quantity=1)

    outcome = rig.connector(marketplace).read_back(wanted)

    assert (outcome.kind, outcome.observed and outcome.observed.sku) == ("confirmed", sku)


def test_a_locked_stock_waits_some_seconds(rig: Rig) -> None:
    rig.running.sandbox.faults.add(Fault(route="set_stock", do="status", status=423))

    outcome = rig.connector("vtex").send(update("vtex", "stock"))

    assert (outcome.kind, outcome.retry_after_s, outcome.problems[0].code) == (
        "retry",
        5.0,
        "LOCKED",
    )


def test_vtex_needs_both_of_its_headers(rig: Rig) -> None:
    rig.connector("vtex").send(update("vtex", "price"))

    assert rig.calls("vtex", "set_fixed_prices")[0]["status"] == 200
    assert rig.listing("vtex", "KB-1")["document"]["fixed"]["2"][0]["value"] == PRICE


def test_an_operation_without_a_flow_stops_the_account(rig: Rig) -> None:
    outcome = rig.connector("vtex").send(operation("vtex", "content", "create"))

    assert (outcome.kind, outcome.problems[0].code) == ("config", "NO_FLOW")


def test_a_missing_setting_is_named(rig: Rig) -> None:
    from offerwright.connectors.requests import Account

    bare = Account("shop", "vtex", "shop", {"account_name": "casa"})

    outcome = rig.connector("vtex", account=bare).send(update("vtex", "price"))

    assert (outcome.kind, outcome.problems[0].code) == ("config", "SETTING_MISSING")
    assert "`trade_policy`" in outcome.problems[0].message
