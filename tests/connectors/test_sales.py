"""A sale on every marketplace over the wire: it begins, it is confirmed as such, it ends."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from marketplaces.shipped import account, bodies, payload

from offerwright.marketplaces.operation import Operation, Outcome
from offerwright.marketplaces.readback import read_back

from .conftest import NAMES, SETTINGS, Rig, operation
from .test_marketplaces import seeded, settled

PRICE, SALE = Decimal("59.23"), Decimal("47.10")
WINDOW = {
    "sale_from": "2026-11-27T03:00:00+00:00",
    "sale_before": "2026-11-30T03:00:00+00:00",
}
FULL: dict[str, Any] = {"sku": "KB-1", "currency": "BRL", "price": PRICE}
NO_SALE = dict.fromkeys(("sale_price", "sale_from", "sale_before"))
ON_SALE = {**FULL, "sale_price": SALE, **WINDOW}
# What a listing says while the sale runs and when it is over: (price, sale price).
SAYS: dict[str, tuple[tuple[Any, Any], tuple[Any, Any]]] = {
    "amazon": ((PRICE, SALE), (PRICE, None)),
    "example-market": ((5923, 4710), (5923, None)),
    "mercadolibre": ((SALE, None), (PRICE, None)),
    "vtex": ((PRICE, SALE), (PRICE, None)),
}


def told(marketplace: str, offer: dict[str, Any]) -> Operation:
    """The operation that says the price of an offer, with what its bytes say."""
    settings = SETTINGS[marketplace]
    site = settings.get("site")
    known = account(marketplace, site, "BRL", **{k: v for k, v in settings.items() if k != "site"})
    written = bodies(payload(marketplace, "price"), {**NO_SALE, **offer}, known)
    assert written is not None
    said = read_back(payload(marketplace, "price"), tuple(written), sku="KB-1", currency="BRL")
    return operation(
        marketplace, "price", parts=dict(written),
        price=said.price, sale_price=said.sale_price, currency="BRL",
    )  # fmt: skip


def prices(rig: Rig, marketplace: str) -> tuple[Any, Any]:
    values = rig.listing(marketplace, "KB-1")["values"]
    return values["price"], values.get("sale_price")


def seen(outcome: Outcome) -> tuple[Any, Any]:
    assert outcome.observed is not None
    return outcome.observed.price, outcome.observed.sale_price


@pytest.mark.parametrize("marketplace", NAMES)
def test_a_sale_begins_is_seen_and_ends(rig: Rig, marketplace: str) -> None:
    seeded(rig, marketplace)
    connector = rig.connector(marketplace)
    starts, ends = told(marketplace, ON_SALE), told(marketplace, FULL)

    began = settled(connector, starts)
    running, running_seen = prices(rig, marketplace), seen(connector.read_back(starts))
    over = settled(connector, ends)

    assert (began.kind, over.kind) == ("confirmed", "confirmed")
    assert (running, prices(rig, marketplace)) == SAYS[marketplace]
    assert running_seen == (starts.values.price, starts.values.sale_price)
    assert seen(connector.read_back(ends)) == (PRICE, None)


def test_amazon_confirms_a_sale_by_the_discounted_price_not_by_the_old_full_one(rig: Rig) -> None:
    seeded(rig, "amazon")
    connector = rig.connector("amazon")
    settled(connector, told("amazon", FULL))
    sale = told("amazon", ON_SALE)

    sent = connector.send(sale)
    first = connector.poll(sale, sent.handle, sent.external_id)
    second = connector.poll(sale, sent.handle, sent.external_id)

    assert (sent.kind, first.kind, second.kind) == ("accepted", "accepted", "confirmed")
