"""The contract schemas and the exact validator behind them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from marketplaces.shipped import RICH, account, bodies, marketplaces, payload

from offerwright.marketplaces.contract import check_body, validate
from offerwright.marketplaces.exact_json import BodyRefused, parse_json
from offerwright.marketplaces.operation import Problem
from offerwright.marketplaces.schema import AMAZON_META_SCHEMA, schema_validator

PRICE = payload("mercadolibre", "price")


def check(schema: dict[str, Any], body: str) -> list[str]:
    return [problem.message for problem in check_body(schema_validator(schema), body.encode())]


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (b'{"price":0.00}', "body#/price", "less than or equal to the minimum"),
        (b'{"price":79.905}', "body#/price", "79.905 is not a multiple of 0.01"),
        (b'{"price":"79.90"}', "body#/price", "is not of type 'number'"),
        (b'{"price":true}', "body#/price", "is not of type 'number'"),
        (b'{"price":null}', "body#/price", "is not of type 'number'"),
        (b"{}", "body#", "'price' is a required property"),
        (b'{"price":79.90,"title":"x"}', "body#", "'title' was unexpected"),
        (b'{"price":NaN}', "body#", "NaN is no number"),
        (b'{"price":-Infinity}', "body#", "-Infinity is no number"),
        (b'{"price":1,"price":2}', "body#", "the key `price` stands there twice"),
        (b'{"price":1e999999999}', "body#", "is too long"),
        (b'{"price":79.90', "body#", "this is no JSON"),
        (b'{"price":79.90,"x":"\xff"}', "body#", "this is no JSON"),
    ],
)
def test_a_body_that_breaks_its_contract_is_named(body: bytes, field: str, words: str) -> None:
    problems = validate(PRICE, [("body", body)])

    assert [(p.field, words in p.message) for p in problems] == [(field, True)]


def test_a_sound_body_has_no_problems() -> None:
    assert validate(PRICE, [("body", b'{"price":79.90}')]) == []


def test_a_part_the_payload_does_not_have_is_a_problem() -> None:
    assert validate(PRICE, [("tail", b"{}")]) == [
        Problem("CONTRACT_PART", "`tail` is no part of `price`"),
        Problem("CONTRACT_PART", "the part `body` is missing"),
    ]


def test_a_part_that_is_only_sometimes_sent_may_be_missing() -> None:
    row = {**RICH, "description": None}
    sent = bodies(payload("mercadolibre", "create"), row, account("mercadolibre"))

    assert sent is not None
    assert [name for name, _ in sent] == ["body"]
    assert validate(payload("mercadolibre", "create"), sent) == []


def test_multiples_are_exact_for_every_cent() -> None:
    validator = PRICE.parts[0].contract.validator
    prices = [Decimal(cents).scaleb(-2) for cents in range(1, 10_000)]

    assert [p for p in prices if not validator.is_valid({"price": p})] == []
    assert [p for p in prices if validator.is_valid({"price": p + Decimal("0.001")})] == []


@pytest.mark.parametrize(
    ("body", "good"), [("5", True), ("5.0", True), ("5.5", False), ("true", False), ('"5"', False)]
)
def test_integers_are_whole_numbers_however_written(body: str, good: bool) -> None:
    assert (check({"type": "integer"}, body) == []) == good


@pytest.mark.parametrize(
    ("body", "good"), [('"MLB1"', True), ('"MLB1\\n"', False), ('"xMLB1"', False), ("7", True)]
)
def test_a_pattern_ends_where_the_text_ends(body: str, good: bool) -> None:
    assert (check({"pattern": "^MLB[0-9]$"}, body) == []) == good


@pytest.mark.parametrize(
    ("form", "body", "good"),
    [
        ("date", '"2026-11-27"', True),
        ("date", '"2026-11-31"', False),
        ("date", '"20261127"', False),
        ("date-time", '"2026-11-27T03:00:00Z"', True),
        ("date-time", '"2026-11-27T03:00:00"', False),
        ("date-time", '"2026-11-27"', False),
        ("uri", '"https://cdn.example/1.jpg"', True),
        ("uri", '"cdn.example/1.jpg"', False),
    ],
)
def test_formats_are_checked(form: str, body: str, good: bool) -> None:
    assert (check({"format": form}, body) == []) == good


TWO = '[{"m":"US","value":"a"},{"m":"US","value":"b"},{"m":"BR","value":"a"}]'


@pytest.mark.parametrize(
    ("schema", "body", "message"),
    [
        ({"selectors": ["m"], "maxUniqueItems": 1}, TWO, 'more than 1 items for m="US"'),
        ({"selectors": ["m"], "minUniqueItems": 2}, TWO, 'fewer than 2 items for m="BR"'),
        ({"maxUtf8ByteLength": 3}, '"éé"', "longer than 3 UTF-8 bytes: 'éé'…"),
        ({"minUtf8ByteLength": 5}, '"éé"', "shorter than 5 UTF-8 bytes: 'éé'"),
    ],
)
def test_amazons_own_keywords_count(schema: dict[str, Any], body: str, message: str) -> None:
    assert check({"$schema": AMAZON_META_SCHEMA, **schema}, body) == [message]
    assert check(schema, body) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"selectors": ["m"], "maxUniqueItems": 2, "minUniqueItems": 1},
        {"selectors": ["m", "value"], "maxUniqueItems": 1},
    ],
)
def test_items_with_other_selectors_do_not_count_together(schema: dict[str, Any]) -> None:
    assert check({"$schema": AMAZON_META_SCHEMA, **schema}, TWO) == []


def test_numbers_keep_their_digits() -> None:
    assert repr(parse_json(b'{"a":79.90,"b":4,"c":0.1}')) == (
        "{'a': Decimal('79.90'), 'b': 4, 'c': Decimal('0.1')}"
    )


def test_a_body_nested_without_end_is_refused() -> None:
    with pytest.raises(BodyRefused):
        parse_json(b"[" * 100_000)


def test_every_contract_refuses_an_empty_body_and_an_unknown_key() -> None:
    parts = [
        (f"{m}/{p.name}/{part.name}", part.contract.validator)
        for m, found in marketplaces().items()
        for p in found.payloads.values()
        for part in p.parts
    ]

    assert [name for name, validator in parts if validator.is_valid({})] == []
    assert [name for name, validator in parts if validator.is_valid({"unknown": 1})] == []
    assert len(parts) == 19
