"""How long a plan takes at the rates of a connector, worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from offerwright.connectors.document import ConnectorDocument
from offerwright.connectors.estimate import Estimate, estimate, together
from offerwright.source.load import read_document

MARKETPLACES = Path(__file__).parents[2] / "marketplaces"
# 20 at once, then 10 a second; writes 10 at once, then 5 a second.
DOCUMENT: dict[str, Any] = {
    "kind": "connector",
    "name": "some-market",
    "hosts": {"api": "https://api.some-market.example"},
    "auth": {"method": "headers", "secrets": ["key"], "headers": {"X-Key": "{secret.key}"}},
    "buckets": {
        "default": {"per_second": 10, "burst": 20},
        "write": {"per_second": 5, "burst": 10},
    },
    "requests": {
        "set_price": {"method": "PUT", "path": "/offers/{sku}/price", "bucket": "write"},
        "set_pictures": {"method": "PUT", "path": "/offers/{sku}/pictures", "bucket": "write"},
        "get_task": {"method": "GET", "path": "/tasks/{handle}"},
        "get_offer": {"method": "GET", "path": "/offers/{sku}"},
    },
    "flows": {
        "price.update": [{"request": "set_price", "save": {"handle": "/task"}}],
        "content.update": [{"request": "set_price"}, {"request": "set_pictures"}],
    },
    "poll": [{"request": "get_task"}],
    "read_back": [{"request": "get_offer"}],
    "answers": [{"status": 200, "outcome": "confirmed"}],
}


def found(**counts: int) -> Estimate:
    document = ConnectorDocument.model_validate_json(json.dumps(DOCUMENT))
    return estimate(document, {("update", aspect): n for aspect, n in counts.items()})


def test_a_few_operations_fit_into_the_burst() -> None:
    assert found(price=10) == Estimate(calls=20, seconds=0)


def test_the_slowest_bucket_says_how_long_it_takes() -> None:
    # 100 writes: 10 at once, 90 at 5 a second. 100 questions: 20 at once, 80 at 10 a second.
    assert found(price=100) == Estimate(calls=200, seconds=18)


def test_an_operation_of_two_requests_counts_twice() -> None:
    # 2 x 13 = 26 writes: 10 at once, 16 at 5 a second are 3.2 s, so four whole seconds.
    assert found(content=13) == Estimate(calls=26, seconds=4)


def test_a_connector_that_cannot_say_something_makes_no_call_for_it() -> None:
    assert found(stock=5) == Estimate(calls=0, seconds=0)


def test_accounts_are_sent_to_side_by_side() -> None:
    assert together([Estimate(10, 5), Estimate(3, 9)]) == Estimate(13, 9)
    assert together([]) == Estimate(0, 0)


def of_marketplace(name: str, *verb: str) -> Estimate:
    document = read_document(MARKETPLACES / name / "connector.yaml", ConnectorDocument)
    return estimate(document, {(verb[0], verb[1]): 458})


def test_amazon_is_asked_once_what_became_of_a_price() -> None:
    # 458 PATCHes: 5 at once, 453 at 5 a second. 458 GETs: 10 at once, 448 at 5 a second.
    assert of_marketplace("amazon", "update", "price") == Estimate(calls=916, seconds=91)


def test_mercado_libre_says_at_once_what_became_of_a_price() -> None:
    # 458 PUTs: 20 at once, 438 at 10 a second.
    assert of_marketplace("mercadolibre", "update", "price") == Estimate(calls=458, seconds=44)
