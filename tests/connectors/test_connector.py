"""The connector's own bounds: one total time per call, our own limiter, faults over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

import pytest

from offerwright.connectors.connector import Timing
from offerwright.connectors.document import Bounds, Bucket, ConnectorDocument
from offerwright.errors import ConfigError
from offerwright.marketplaces.operation import Operation, Outcome
from offerwright.sandbox.document import Fault

from .conftest import PRICE, Rig, operation

LISTING = {"id": "MLB1001", "price": 10, "attributes": []}


def price() -> Operation:
    return operation("mercadolibre", "price", parts={"body": b'{"price":59.23}'}, price=PRICE)


@pytest.fixture
def send(rig: Rig, documents: dict[str, ConnectorDocument]) -> Callable[..., Outcome]:
    """Send one price to a seeded item while the fault is on."""
    rig.running.sandbox.seed_listings("mercadolibre", [{"sku": "KB-1", "document": LISTING}])
    bounds = Bounds.model_validate({"deadline_s": 1, "body_bytes": 100_000})
    document = documents["mercadolibre"].model_copy(update={"bounds": bounds})

    def run(fault: Fault) -> Outcome:
        rig.running.sandbox.faults.add(fault)
        connector = rig.connector("mercadolibre", document=document)
        return connector.send(price(), "MLB1001")

    return run


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ({"do": "drip", "seconds": Decimal("0.2")}, "in_doubt", "DEADLINE"),
        ({"do": "stall", "seconds": Decimal(2)}, "in_doubt", "DEADLINE"),
        ({"do": "truncate"}, "in_doubt", "ANSWER_UNREADABLE"),
        ({"do": "bomb"}, "in_doubt", "ANSWER_UNREADABLE"),
        ({"do": "body", "body": "<html>maintenance</html>"}, "in_doubt", "ANSWER_UNREADABLE"),
        ({"do": "late_status"}, "in_doubt", "HTTP_500"),
        ({"do": "reset"}, "in_doubt", "ANSWER_LOST"),
        ({"do": "status", "status": 302, "headers": {"Location": "http://10.0.0.1/"}}, "config",
         "REDIRECTED"),
        ({"do": "status", "status": 415}, "config", "HTTP_415"),
    ],
)  # fmt: skip
def test_a_misbehaving_marketplace_gets_an_honest_outcome(
    send: Callable[..., Outcome], fault: dict[str, object], kind: str, code: str
) -> None:
    outcome = send(Fault.model_validate({"route": "update_item", **fault}))

    assert (outcome.kind, outcome.problems[0].code) == (kind, code)


def test_a_deadline_is_not_tried_again_at_once(send: Callable[..., Outcome], rig: Rig) -> None:
    send(Fault(route="update_item", do="stall", seconds=Decimal(2)))

    assert len(rig.calls("mercadolibre", "update_item")) == 1


def test_a_call_ends_in_its_own_time_whatever_happens(rig: Rig) -> None:
    rig.running.sandbox.seed_listings("mercadolibre", [{"sku": "KB-1", "document": LISTING}])
    rig.running.sandbox.faults.add(Fault(route="find_by_sku", do="stall", seconds=Decimal(1)))
    connector = rig.connector("mercadolibre", timing=Timing(call_s=0.4))
    began = time.monotonic()

    outcome = connector.send(price())

    assert (outcome.kind, outcome.problems[0].code) == ("retry", "DEADLINE")
    assert time.monotonic() - began < 1.5


def test_a_marketplace_that_is_down_is_a_retry(rig: Rig) -> None:
    connector = rig.connector("mercadolibre", base_url="http://127.0.0.1:9")

    outcome = connector.send(price())

    assert (outcome.kind, outcome.problems[0].code) == ("retry", "UNREACHABLE")
    assert rig.slept == [0.25, 0.5]


def test_our_own_limiter_answers_instead_of_waiting_long(
    rig: Rig, documents: dict[str, ConnectorDocument]
) -> None:
    buckets = {**documents["vtex"].buckets, "pricing": Bucket(per_second=Decimal("0.01"), burst=1)}
    document = documents["vtex"].model_copy(update={"buckets": buckets})
    connector = rig.connector("vtex", document=document)
    body = b'[{"value":1,"listPrice":1,"minQuantity":1}]'
    wanted = operation("vtex", "price", parts={"body": body})

    first, second = connector.send(wanted), connector.send(wanted)

    assert first.kind == "confirmed"
    assert (second.kind, second.problems[0].code) == ("retry", "RATE_LIMITED")
    assert second.retry_after_s == pytest.approx(100.0, abs=1.0)
    assert len(rig.calls("vtex", "set_fixed_prices")) == 1


def test_a_base_url_outside_this_machine_is_refused(rig: Rig) -> None:
    with pytest.raises(ConfigError):
        rig.connector("mercadolibre", base_url="https://evil.example")


def test_ids_come_from_the_ledger_when_it_knows_them(rig: Rig) -> None:
    class Known:
        def external_id(self, account: str, sku: str) -> str | None:
            return {"KB-1": "MLB1001"}.get(sku)

    rig.running.sandbox.seed_listings("mercadolibre", [{"sku": "KB-1", "document": LISTING}])
    connector = rig.connector("mercadolibre", listings=Known())

    assert connector.send(price()).kind == "confirmed"
    assert rig.calls("mercadolibre", "find_by_sku") == []
