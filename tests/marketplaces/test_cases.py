"""Every `marketplaces/*/cases/*.yaml`: an offer in, the bytes of its payload out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from marketplaces.shipped import ROOT, bodies, marketplaces, payload

from offerwright.marketplaces.contract import validate
from offerwright.marketplaces.operation import Values
from offerwright.marketplaces.readback import read_back
from offerwright.source.yaml import read_yaml


def cases() -> list[Any]:
    found = []
    for path in sorted((ROOT / "marketplaces").glob("*/cases/*.yaml")):
        name = path.relative_to(ROOT).as_posix()
        located, problems = read_yaml(path.read_bytes(), name)
        assert located is not None, problems
        marketplace = path.parts[-3]
        found += [
            pytest.param(marketplace, case, id=f"{marketplace}: {case['name']}")
            for case in located.data["cases"]
        ]
    return found


def settings_of(marketplace: str, case: dict[str, Any]) -> dict[str, str]:
    return marketplaces()[marketplace].account_settings(
        case.get("site"),
        case.get("currency", "BRL"),
        case.get("settings", {}),
        case.get("trade_policy"),
    )


def values(expected: dict[str, Any]) -> Values:
    quantity = expected.get("quantity")
    whole = None if quantity is None else int(quantity)
    tiers = tuple((int(units), price) for units, price in expected.get("tiers", ()))
    return Values(**{**expected, "quantity": whole, "tiers": tiers})


@pytest.mark.parametrize(("marketplace", "case"), cases())
def test_an_offer_becomes_these_bytes(marketplace: str, case: dict[str, Any]) -> None:
    what = payload(marketplace, case["payload"])

    sent = bodies(what, case["offer"], settings_of(marketplace, case))

    if not case.get("told", True):
        assert sent is None
        return
    assert sent is not None
    assert {name: body.decode() for name, body in sent} == case["parts"]
    assert validate(what, sent) == []
    currency = case.get("currency", "BRL")
    assert read_back(what, sent, sku=case["offer"]["sku"], currency=currency) == values(
        case["values"]
    )


def test_every_payload_has_a_case() -> None:
    covered = {(p.values[0], p.values[1]["payload"]) for p in cases()}

    assert covered == {(m, p) for m, found in marketplaces().items() for p in found.payloads}


def test_amounts_in_cases_are_exact() -> None:
    amounts = [p.values[1]["offer"].get("price") for p in cases()]

    assert {type(a) for a in amounts if a is not None} == {Decimal}
