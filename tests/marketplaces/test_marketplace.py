"""What a marketplace is for an account: settings, payloads, digits; and what loading it costs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from marketplaces.shipped import ROOT, account, files, marketplaces, payload

from offerwright.errors import Diagnostic
from offerwright.marketplaces.load import check_contracts, load_marketplaces
from offerwright.marketplaces.marketplace import missing_settings
from offerwright.marketplaces.payload import CompiledPayload
from offerwright.rules.document import FeesDocument
from offerwright.source.yaml import read_yaml


def name_of(found: CompiledPayload | None) -> str | None:
    return None if found is None else found.name


def test_an_account_has_defaults_then_its_site_then_its_own_settings() -> None:
    known = account("amazon", "BR", seller_id="A1", condition_type="used_good")

    assert known == {
        "site": "BR",
        "currency": "BRL",
        "marketplace_id": "A2Q3Y263D00KWC",
        "language_tag": "pt_BR",
        "condition_type": "used_good",
        "seller_id": "A1",
    }


def test_a_trade_policy_is_a_setting() -> None:
    known = marketplaces()["vtex"].account_settings(None, "BRL", {}, "2")

    assert known == {"currency": "BRL", "trade_policy": "2", "stock_source": "vtex"}


@pytest.mark.parametrize(
    ("marketplace", "aspect", "action", "expected"),
    [
        ("mercadolibre", "price", "update", "price"),
        ("mercadolibre", "stock", "update", "stock"),
        ("mercadolibre", "content", "update", "content"),
        ("mercadolibre", "content", "create", "create"),
        ("mercadolibre", "price", "create", "create"),
        ("mercadolibre", "stock", "end", "end"),
        ("amazon", "price", "update", "price"),
        ("vtex", "price", "update", "price"),
        ("vtex", "stock", "update", None),
        ("vtex", "content", "create", None),
    ],
)
def test_the_payload_for_an_aspect_is_found(
    marketplace: str, aspect: str, action: str, expected: str | None
) -> None:
    found = marketplaces()[marketplace].payload_for(aspect, action, account(marketplace))  # type: ignore[arg-type]

    assert name_of(found) == expected


def test_vtex_is_told_the_stock_only_when_it_is_not_the_source() -> None:
    vtex = marketplaces()["vtex"]

    assert name_of(vtex.payload_for("stock", "update", account("vtex"))) is None
    assert (
        name_of(vtex.payload_for("stock", "update", account("vtex", stock_source="external")))
        == "stock"
    )


def test_settings_that_an_account_lacks_are_named() -> None:
    assert missing_settings(payload("vtex", "stock"), account("vtex", lead_time="0")) == [
        "warehouse_id"
    ]
    assert missing_settings(payload("mercadolibre", "create"), account("mercadolibre")) == []


@pytest.mark.parametrize(
    ("marketplace", "currency", "digits"),
    [("mercadolibre", "BRL", 2), ("mercadolibre", "CLP", 0), ("amazon", "JPY", 0)],
)
def test_prices_have_the_digits_of_their_currency(
    marketplace: str, currency: str, digits: int
) -> None:
    assert marketplaces()[marketplace].digits(currency) == digits


def test_a_marketplace_may_have_fewer_decimals_than_the_currency() -> None:
    name = "marketplaces/mercadolibre/marketplace.yaml"
    changed = {**files(), name: files()[name] + b"price_decimals: {ARS: 0}\n"}
    loaded, found = load_marketplaces(changed)

    assert found == list[Diagnostic]()
    assert loaded["mercadolibre"].digits("ARS") == 0
    assert loaded["mercadolibre"].digits("BRL") == 2


def test_the_sites_name_the_currencies() -> None:
    assert marketplaces()["mercadolibre"].currencies == ("ARS", "BRL", "CLP", "COP", "MXN", "UYU")


def test_the_contracts_are_json_schemas() -> None:
    assert check_contracts(marketplaces().values()) == []


@pytest.mark.parametrize("marketplace", ["amazon", "example-market", "mercadolibre", "vtex"])
def test_fees_are_documents_of_their_marketplace(marketplace: str) -> None:
    file = f"marketplaces/{marketplace}/fees.yaml"
    located, found = read_yaml(files()[file], file)
    assert located is not None, found

    document = FeesDocument.model_validate(located.data)

    assert document.for_.marketplace == marketplace


def test_a_revision_follows_the_meaning_and_not_the_layout() -> None:
    name = "marketplaces/mercadolibre/payloads/price.yaml"
    text = files()[name]

    def revision(changed: bytes) -> str:
        loaded, found = load_marketplaces({**files(), name: changed})
        assert found == list[Diagnostic]()
        return loaded["mercadolibre"].payloads["price"].revision

    same = b"# another comment\n" + text.replace(b"{$value: [sale_price, price]}", b"\n      $value: [ sale_price, price ]")  # fmt: skip
    other = text.replace(b"{$value: [sale_price, price]}", b"{$value: price}")
    assert revision(same) == revision(text)
    assert revision(other) != revision(text)


def test_loading_needs_neither_polars_nor_jsonschema() -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from offerwright.marketplaces.load import load_marketplaces\n"
        "root = Path(sys.argv[1])\n"
        "files = {p.relative_to(root).as_posix(): p.read_bytes()"
        " for p in (root / 'marketplaces').rglob('*') if p.is_file()}\n"
        "loaded, found = load_marketplaces(files)\n"
        "print(len(loaded), found, sorted({'polars', 'numpy', 'jsonschema'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "engine")},
    )

    assert done.stdout == "4 [] []\n"
