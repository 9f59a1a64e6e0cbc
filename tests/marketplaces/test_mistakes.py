"""Every mistake in a marketplace's folder is a located sentence with a way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from offerwright.errors import Diagnostic
from offerwright.marketplaces.load import check_contracts, load_marketplaces
from offerwright.source.yaml import read_yaml

FILE = Path(__file__).with_name("mistakes.yaml")
MANIFEST = b"""
kind: marketplace
name: m
title: M
aspects: [price]
create: false
settings:
  shop_id: {note: The shop.}
"""


def written() -> Any:
    located, found = read_yaml(FILE.read_bytes(), FILE.name)
    assert located is not None, found
    return located.data


def folder(**files: bytes) -> dict[str, bytes]:
    inside = {
        "marketplace.yaml": MANIFEST,
        "payloads/price.yaml": written()["sound"].encode(),
        "contract/any.schema.json": b"{}",
    }
    return {f"marketplaces/m/{name}": text for name, text in (inside | files).items()}


def with_mistake(case: dict[str, Any]) -> bytes:
    lines = written()["sound"].splitlines()
    for number, text in case.get("put", {}).items():
        lines[int(number) - 1] = text
    if "drop" in case:
        del lines[int(case["drop"]) - 1]
    return "\n".join(lines).encode()


def test_the_sound_document_has_no_mistake() -> None:
    loaded, found = load_marketplaces(folder())

    assert found == list[Diagnostic]()
    assert list(loaded["m"].payloads) == ["price"]


@pytest.mark.parametrize("case", written()["mistakes"], ids=lambda case: case["name"])
def test_a_mistake_is_a_sentence_with_a_place(case: dict[str, Any]) -> None:
    loaded, found = load_marketplaces(folder(**{"payloads/price.yaml": with_mistake(case)}))

    first = next((d for d in found if d.code == case["code"]), None)
    assert first is not None, found
    assert {d.code for d in found} == {case["code"], *case.get("also", [])}
    if "message" in case:
        assert first.message == case["message"]
        assert first.hint == case.get("hint", "")
        assert str(first.span) == f"marketplaces/m/payloads/price.yaml:{case['at']}"
    if case["code"] not in ("ASPECT_UNSUPPORTED", "CREATE_UNSUPPORTED", "UNKNOWN_SETTING"):
        assert list(loaded["m"].payloads) == []


def codes(files: dict[str, bytes]) -> list[str]:
    return [d.code for d in load_marketplaces(files)[1]]


def test_a_folder_without_a_manifest_is_reported() -> None:
    files = folder()
    del files["marketplaces/m/marketplace.yaml"]

    assert codes(files) == ["NO_MANIFEST"]
    assert load_marketplaces(files)[0] == {}


def test_a_manifest_names_its_folder() -> None:
    manifest = MANIFEST.replace(b"name: m", b"name: other")

    assert codes(folder(**{"marketplace.yaml": manifest})) == ["NAME_MISMATCH"]


def test_two_payloads_with_one_name_are_reported() -> None:
    second = written()["sound"].encode()

    assert codes(folder(**{"payloads/second.yaml": second})) == ["DUPLICATE_NAME"]


def test_a_contract_that_is_no_json_is_reported() -> None:
    found = load_marketplaces(folder(**{"contract/any.schema.json": b'{"type": }'}))[1]

    assert [(d.code, str(d.span)) for d in found if d.code != "NO_CONTRACT"] == [
        ("BAD_CONTRACT", "marketplaces/m/contract/any.schema.json:1:10")
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b'{"type": "strin"}', "/type"),
        (b'{"properties": {"a": {"required": "b"}}}', "/properties/a/required"),
    ],
)
def test_a_contract_that_is_no_schema_is_reported(text: bytes, place: str) -> None:
    loaded, found = load_marketplaces(folder(**{"contract/any.schema.json": text}))

    [wrong] = check_contracts(loaded.values())

    assert found == list[Diagnostic]()
    assert (wrong.code, str(wrong.span)) == (
        "BAD_CONTRACT", "marketplaces/m/contract/any.schema.json:1:1",
    )  # fmt: skip
    assert wrong.message.startswith(f"this is no JSON Schema: {place}: ")


def test_files_of_other_rooms_are_left_alone() -> None:
    others = {
        "connector.yaml": b"\xff",
        "sandbox.yaml": b"{",
        "fees.yaml": b"",
        "cases/a.yaml": b"{",
    }

    assert codes(folder(**others)) == []
