"""Flows of several steps, driven by recorded replies."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from offerwright.connectors.document import ConnectorDocument
from offerwright.connectors.exchange import Reply, Request
from offerwright.connectors.flow import Context, poll_flow, read_back_flow, send_flow
from offerwright.connectors.requests import account_names
from offerwright.marketplaces.operation import Outcome, Values

from .conftest import PRICE, account, operation

Documents = dict[str, ConnectorDocument]


def drive(
    flow: Generator[Request, Any, Outcome], replies: Sequence[Reply]
) -> tuple[Outcome, list[str]]:
    """The outcome, and each request as `METHOD path?query`."""
    asked: list[str] = []
    waiting = list(replies)
    try:
        request = next(flow)
        while True:
            asked.append(f"{request.method} {request.url.split('/', 3)[3]}")
            request = flow.send(waiting.pop(0))
    except StopIteration as stop:
        assert waiting == []
        outcome: Outcome = stop.value
        return outcome, asked


def context(documents: Documents, name: str, external_id: str | None = None) -> Context:
    return Context(documents[name], account_names(account(name)), external_id)


def reply(status: int, body: str = "{}") -> Reply:
    return Reply(status, {}, body.encode())


def test_a_new_item_is_looked_for_created_and_described(documents: Documents) -> None:
    parts = {"body": b'{"price":1}', "description": b'{"plain_text":"x"}'}
    wanted = operation("mercadolibre", "content", "create", parts=parts)

    outcome, asked = drive(
        send_flow(wanted, context(documents, "mercadolibre")),
        [reply(200, '{"results":[]}'), reply(201, '{"id":"MLB9"}'), reply(201)],
    )

    assert (outcome.kind, outcome.external_id) == ("confirmed", "MLB9")
    assert asked == [
        "GET users/1001/items/search?seller_sku=KB-1", "POST items", "POST items/MLB9/description",
    ]  # fmt: skip


def test_a_refused_description_still_tells_the_new_id(documents: Documents) -> None:
    parts = {"body": b'{"price":1}', "description": b'{"plain_text":"x"}'}
    wanted = operation("mercadolibre", "content", "create", parts=parts)

    outcome, _ = drive(
        send_flow(wanted, context(documents, "mercadolibre")),
        [reply(200, '{"results":[]}'), reply(201, '{"id":"MLB9"}'), reply(400)],
    )

    assert (outcome.kind, outcome.external_id) == ("rejected", "MLB9")


def test_a_creation_without_an_id_in_its_answer_is_in_doubt(documents: Documents) -> None:
    wanted = operation("mercadolibre", "content", "create", parts={"body": b"{}"})

    outcome, _ = drive(
        send_flow(wanted, context(documents, "mercadolibre")),
        [reply(200, '{"results":[]}'), reply(201, '{"id":null}')],
    )

    assert (outcome.kind, outcome.problems[0].code) == ("in_doubt", "ANSWER_INCOMPLETE")


def test_a_description_that_does_not_exist_yet_is_made(documents: Documents) -> None:
    parts = {"body": b"{}", "description": b'{"plain_text":"x"}'}
    wanted = operation("mercadolibre", "content", parts=parts)

    outcome, asked = drive(
        send_flow(wanted, context(documents, "mercadolibre", "MLB9")),
        [reply(200, '{"id":"MLB9"}'), reply(404), reply(201)],
    )

    assert outcome.kind == "confirmed"
    assert asked[1:] == ["PUT items/MLB9/description", "POST items/MLB9/description"]


def test_a_lookup_that_fails_sends_nothing(documents: Documents) -> None:
    wanted = operation("mercadolibre", "content", "create", parts={"body": b"{}"})

    for status, kind in ((500, "retry"), (429, "retry"), (400, "rejected"), (403, "auth")):
        outcome, asked = drive(
            send_flow(wanted, context(documents, "mercadolibre")), [reply(status)]
        )

        assert (outcome.kind, outcome.problems[0].code, len(asked)) == (kind, f"HTTP_{status}", 1)


def test_an_unknown_seller_is_a_wrong_setting(documents: Documents) -> None:
    outcome, _ = drive(
        send_flow(operation("mercadolibre", "price"), context(documents, "mercadolibre")),
        [reply(404)],
    )

    assert (outcome.kind, outcome.problems[0].code) == ("config", "SELLER_NOT_FOUND")


def test_a_read_back_reads_every_value(documents: Documents) -> None:
    item = (
        '{"id":"MLB9","available_quantity":3,"currency_id":"BRL",'
        '"attributes":[{"id":"BRAND","value_name":"X"},{"id":"SELLER_SKU","value_name":"KB-1"}]}'
    )

    outcome, asked = drive(
        read_back_flow(
            operation("mercadolibre", "price"), context(documents, "mercadolibre", "MLB9")
        ),
        [reply(200, item), reply(200, '{"amount":59.23,"currency_id":"BRL"}')],
    )

    assert outcome.kind == "confirmed"
    assert outcome.observed == Values("KB-1", PRICE, None, 3, "BRL")
    assert asked == ["GET items/MLB9", "GET items/MLB9/sale_price"]


def test_values_of_the_wrong_type_are_not_read(documents: Documents) -> None:
    item = '{"id":"MLB9","available_quantity":"many","currency_id":["BRL"],"attributes":"none"}'

    outcome, _ = drive(
        read_back_flow(
            operation("mercadolibre", "price"), context(documents, "mercadolibre", "MLB9")
        ),
        [reply(200, item), reply(200, '{"amount":{"value":1}}')],
    )

    assert outcome.observed == Values()


def test_amazon_prices_count_as_live_only_when_they_show(documents: Documents) -> None:
    wanted = operation("amazon", "price", price=PRICE)
    old = '{"sku":"KB-1","offers":[{"price":{"amount":"10.00"}}],"issues":[]}'
    new = '{"sku":"KB-1","offers":[{"price":{"amount":"59.23"}}],"issues":[]}'
    bad = '{"sku":"KB-1","offers":[],"issues":[{"severity":"ERROR","code":"1","message":"no"}]}'

    kinds = [
        drive(poll_flow(wanted, "s1", context(documents, "amazon")), [reply(s, text)])[0].kind
        for s, text in ((200, old), (200, new), (200, bad), (404, "{}"), (500, ""))
    ]

    assert kinds == ["accepted", "confirmed", "rejected", "accepted", "retry"]


def test_cents_become_currency_units(documents: Documents) -> None:
    offer = '{"sku":"KB-1","price_cents":5923,"sale_cents":5000,"units":7,"currency":"BRL"}'

    outcome, _ = drive(
        read_back_flow(operation("example-market", "price"), context(documents, "example-market")),
        [reply(200, offer)],
    )

    assert outcome.observed == Values("KB-1", PRICE, 50, 7, "BRL")


def test_a_host_takes_no_setting_that_leads_elsewhere(documents: Documents) -> None:
    for name in ("evil.example/", "evil.example#", "a.b", "", "-x"):
        names = account_names(account("vtex", account_name=name))
        flow = send_flow(operation("vtex", "stock"), Context(documents["vtex"], names))

        outcome, asked = drive(flow, [])

        assert (outcome.kind, asked) == ("config", [])


def test_the_real_hosts_stand_in_the_manifests(documents: Documents) -> None:
    flows = {
        name: send_flow(operation(name, "price"), context(documents, name, "MLB9"))
        for name in documents
    }

    hosts = {name: next(flow).url.split("/")[2] for name, flow in flows.items()}

    assert hosts == {
        "amazon": "sellingpartnerapi-na.amazon.com",
        "example-market": "api.example-market.example",
        "mercadolibre": "api.mercadolibre.com",
        "vtex": "api.vtex.com",
    }
