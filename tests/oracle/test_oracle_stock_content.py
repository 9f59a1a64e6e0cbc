"""The oracle's stock and content against cases worked out by hand."""

from __future__ import annotations

from decimal import Decimal as D
from fractions import Fraction
from typing import Any

import pytest

from oracle import allocate
from oracle.inventory import largest_remainder, published
from oracle.mapping import is_usable
from oracle.small_shop import ACCOUNT, AS_OF, ZONE, offer, world
from oracle.texts import cut_characters, cut_words, holds_word, render

AMAZON = {"name": "amazon", "marketplace": "amazon", "currency": "BRL"}


def entry(share: str | None = None, **rest: Any) -> dict[str, Any]:
    return {"marketplace": "m", "share": share, **rest}


@pytest.mark.parametrize(
    ("pool", "shares", "expected"),
    [
        (10, ["40%", "35%", "25%"], [4, 4, 2]),  # 4, 3.5, 2.5: the tie goes to the first written
        (1, ["50%", "50%"], [1, 0]),
        (1, ["50%"], [1]),  # the unshared rest comes last
        (1, ["40%"], [0]),  # … and takes the unit when its remainder is larger
        (3, ["33%", "33%", "33%"], [1, 1, 1]),
        (0, ["60%", "40%"], [0, 0]),
        (7, ["100%", "0%"], [7, 0]),
    ],
)
def test_a_partition_is_the_largest_remainder(
    pool: int, shares: list[str], expected: list[int]
) -> None:
    entries = [entry(share) for share in shares]

    assert published({"method": "partition", "marketplaces": entries}, pool) == expected


def test_largest_remainder_sums_to_the_pool() -> None:
    shares = [Fraction(1, 7), Fraction(2, 7), Fraction(4, 7)]

    assert all(sum(largest_remainder(pool, shares)) == pool for pool in range(50))


@pytest.mark.parametrize(
    ("allocate_by", "pool", "expected"),
    [
        # 60, 30, 10; the cap cuts 10 off the first: 5 up to the second's cap, 5 to the third.
        ({"redistribute": True}, 100, [49, 35, 15]),
        ({}, 100, [49, 30, 10]),
        ({}, 20, [11, 6, 0]),  # 12 − 1, 6, and 2 below the third's min_list
    ],
)
def test_cap_then_redistribute_then_buffer_then_min_list(
    allocate_by: dict[str, Any], pool: int, expected: list[int]
) -> None:
    entries = [
        entry("60%", cap=D(50), buffer=D(1)),
        entry("30%", cap=D(35)),
        entry("10%", min_list=D(3)),
    ]

    assert (
        published({"method": "partition", "marketplaces": entries, **allocate_by}, pool) == expected
    )


@pytest.mark.parametrize(
    ("pool", "rest", "expected"),
    [
        (9, {}, [9, 3]),  # floor(4.5) − 1
        (9, {"last_units": D(8)}, [9, 3]),
        (6, {"last_units": D(8)}, [4, 1]),  # shares 100 and 50 scaled to 2/3 and 1/3; minus 1
        (0, {}, [0, 0]),
    ],
)
def test_a_shared_pool_is_shown_to_everyone_until_the_last_units(
    pool: int, rest: dict[str, Any], expected: list[int]
) -> None:
    entries = [entry(), entry("50%", buffer=D(1))]

    assert published({"method": "shared", "marketplaces": entries, **rest}, pool) == expected


SAFETY = {
    "hit": "first",
    "rules": [{"id": "fragile", "when": {"fragile": True}, "then": {"units": D(3)}}],
    "otherwise": {"units": D(1)},
}


def inventory(**pool: Any) -> dict[str, Any]:
    meli = {"marketplace": "mercadolibre", "share": "100%"}
    shares = {"method": "partition", "marketplaces": [meli]}
    return {"kind": "inventory", "name": "stock", "pool": pool, "allocate": shares}


STOCK = {"sp": 9, "rj": 4, "mg": None}


@pytest.mark.parametrize(
    ("pool", "facts", "expected"),
    [
        ({}, {}, 13),
        ({"nodes": ["sp"]}, {}, 9),
        ({"safety_stock": D(2)}, {}, 11),
        ({"safety_stock": SAFETY}, {"fragile": True}, 10),
        ({"safety_stock": SAFETY}, {}, 12),
        # 9 − 3 at one node, 4 − 3 at the other; the node without a count adds nothing.
        ({"safety_stock": {**SAFETY, "per": "node"}}, {"fragile": True}, 7),
        ({"safety_stock": D(99)}, {}, 0),
        ({"allocated": "promised"}, {"promised": {"sp": 2, "rj": 6}}, 7),
        ({"reserved": "promised"}, {"promised": None}, 13),
        ({"reservations": "open_orders"}, {"open_orders": 5}, 8),
        ({"reservations": "open_orders"}, {}, 13),
    ],
)
def test_the_pool_is_what_is_free(
    pool: dict[str, Any], facts: dict[str, Any], expected: int
) -> None:
    assert offer([inventory(**pool)], {"stock": STOCK, **facts})["quantity"] == expected


@pytest.mark.parametrize(
    ("pool", "stock", "code"),
    [
        ({}, {"sp": None}, "NO_STOCK"),
        ({}, None, "NO_STOCK"),
        ({"nodes": ["ba"]}, STOCK, "NO_STOCK"),
        ({"safety_stock": {"rules": SAFETY["rules"]}}, STOCK, "NO_RULE_MATCHES"),
        ({"safety_stock": {"otherwise": {"units": "gone"}}}, STOCK, "MISSING_VALUE"),
    ],
)
def test_stock_that_cannot_be_computed_is_blocked(
    pool: dict[str, Any], stock: Any, code: str
) -> None:
    found = offer([inventory(**pool)], {"stock": stock})

    assert (found["quantity"], found["blocks"]) == (None, {("stock", code)})


def test_accounts_share_one_pool_and_one_without_an_entry_is_blocked() -> None:
    entries = [{"marketplace": "mercadolibre"}, {"account": "amazon"}]
    document = {**inventory(), "allocate": {"method": "shared", "marketplaces": entries}}
    accounts = [ACCOUNT, AMAZON, {**AMAZON, "name": "other"}]
    facts = {account["name"]: {"stock": STOCK} for account in accounts}

    assert allocate([document], {}, facts, accounts, {}, AS_OF, ZONE) == {
        "quantities": {"meli": 13, "amazon": 13, "other": None},
        "blocks": {"meli": set(), "amazon": set(), "other": {"NO_ALLOCATION"}},
        "pools": {"stock": 13},
        "oversell": {"stock": 13},
    }


def test_the_narrowest_inventory_document_counts() -> None:
    narrow = {**inventory(safety_stock=D(13)), "name": "own", "for": {"account": "meli"}}

    assert offer([narrow, inventory()], {"stock": STOCK})["quantity"] == 0


# --- content ----------------------------------------------------------------------------------

FACTS = {
    "brand": "Acme",
    "name": "Câmera de Ação 4K à Prova d'Água",
    "specs": {"Cor": "Azul", "Tamanho": None},
    "weight": D("0.50"),
    "image_urls": ["https://img.example.com/1.jpg", "http://img.example.com/2.jpg"],
}


def content(**parts: Any) -> dict[str, Any]:
    return offer([{"kind": "mapping", "name": "catalogue", **parts}], FACTS)


def attribute(**written: Any) -> Any:
    """The attribute's text, None when left out, or the codes that block the content."""
    found = content(attributes={"A": written})
    return {code for _, code in found["blocks"]} or found["attributes"].get("A")


COLOURS = {"from": "specs.Cor", "table": {"Preto": "black"}}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"from": "brand"}, "Acme"),
        ({"from": "specs.Tamanho"}, None),
        ({"from": "specs.Tamanho", "required": True}, {"MISSING_ATTRIBUTE"}),
        ({"value": "new"}, "new"),
        ({"text": "{{ brand }} {{ specs.Cor }}"}, "Acme Azul"),
        ({"text": "{{ specs.Tamanho }}"}, None),
        ({"from": "weight", "to": "g"}, "500"),
        ({"from": "weight", "to": "kg", "decimals": D(3)}, "0.500"),
        ({"from": "weight", "decimals": D(0)}, "1"),
        ({"from": "specs.Cor", "table": {"Azul": "blue"}}, "blue"),
        (COLOURS, {"UNMAPPED_VALUE"}),
        ({**COLOURS, "otherwise": {"block": "UNMAPPED_COLOR"}}, {"UNMAPPED_COLOR"}),
        ({**COLOURS, "otherwise": {"value": "other"}}, "other"),
        ({**COLOURS, "otherwise": {"same": True}}, "Azul"),
        ({"from": "name", "max": D(10)}, {"TOO_LONG"}),
        ({"from": "name", "max": D(10), "cut": True}, "Câmera de"),
        ({"value": "ação", "max": D(4)}, "ação"),
        ({"value": "ação", "max": D(4), "count": "bytes"}, {"TOO_LONG"}),
    ],
)
def test_an_attribute_is_mapped_left_out_or_blocked(written: dict[str, Any], expected: Any) -> None:
    assert attribute(**written) == expected


LONG, SHORT = "{{ brand }} {{ name }}", "{{  brand  }}   4K"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ({"max": D(60), "try": [LONG, SHORT]}, "Acme Câmera de Ação 4K à Prova d'Água"),
        ({"max": D(20), "try": [LONG, SHORT]}, "Acme 4K"),
        ({"max": D(60), "try": ["{{ specs.Tamanho }}", SHORT]}, "Acme 4K"),
        ({"max": D(60), "try": [LONG, SHORT], "forbid": ["a prova d'agua"]}, "Acme 4K"),
        ({"max": D(60), "try": [LONG, SHORT], "forbid": ["prov"]}, "Acme Câmera de Ação 4K à Prova d'Água"),
        ({"max": D(13), "try": [LONG], "cut": True}, "Acme Câmera"),
        ({"max": D(13), "try": [LONG]}, None),
    ],
)  # fmt: skip
def test_the_first_title_that_fits_wins(title: dict[str, Any], expected: str | None) -> None:
    found = content(title=title)

    assert (found["title"], found["blocks"]) == (
        (expected, set()) if expected else (None, {("content", "NO_TITLE")})
    )


def test_a_category_without_a_row_blocks_the_content_with_its_code() -> None:
    rules = [{"id": "a", "when": {"brand": "Acme"}, "then": {"category": "MLB1"}}]
    table = {"rules": rules, "otherwise": {"block": "NO_CATEGORY"}}
    other = {
        "rules": [{**rules[0], "when": {"brand": "Other"}}],
        "otherwise": {"block": "NO_CATEGORY"},
    }

    assert content(category=table)["category"] == "MLB1"
    assert content(category=other)["blocks"] == {("content", "NO_CATEGORY")}
    assert content(category={"rules": other["rules"]})["blocks"] == {("content", "NO_RULE_MATCHES")}


def test_images_that_a_marketplace_cannot_fetch_are_left_out() -> None:
    images = {"from": "image_urls", "min": D(1), "https_only": True}

    assert content(images=images)["images"] == ["https://img.example.com/1.jpg"]
    assert content(images={**images, "min": D(2)})["blocks"] == {("content", "NO_IMAGE")}
    assert content(images={**images, "https_only": False, "max": D(1)})["images"] == [
        "https://img.example.com/1.jpg"
    ]


@pytest.mark.parametrize(
    ("url", "usable"),
    [
        ("https://img.example.com/a.jpg", True),
        ("http://img.example.com/a.jpg", True),
        ("//img.example.com/a.jpg", False),
        ("/a.jpg", False),
        ("ftp://img.example.com/a.jpg", False),
        ("https://user:word@img.example.com/a.jpg", False),
        ("https://10.0.0.1/a.jpg", False),
        ("https://[::1]/a.jpg", False),
        ("https://localhost/a.jpg", False),
    ],
)
def test_only_public_absolute_addresses_are_usable(url: str, usable: bool) -> None:
    assert is_usable(url, https_only=False) is usable


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ brand | upper }}", "ACME"),
        ("{{ specs.Tamanho | default('único') }}", "único"),
        ("{{ brand if specs.Tamanho else 'x' }}", "x"),
        ("{% if specs.Tamanho %}{{ specs.Tamanho }}{% else %}-{% endif %}", "-"),
        ("{% if specs.Cor == 'Azul' %}a{% elif brand %}b{% endif %}", "a"),
        ("{{ 'tênis-de corrida' | title }}", "Tênis-De Corrida"),
        ("{{ brand | replace('A', 'a') | truncate_chars(2) }}", "ac"),
        ("{{ weight }}", "0.5"),
        ("{{ brand }} {{ nothing }}", None),
    ],
)
def test_a_template_renders_or_names_something_missing(template: str, expected: str | None) -> None:
    assert render(template, world(FACTS)) == expected


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("one two", 7, "one two"),
        ("one two", 6, "one"),
        ("one two", 3, "one"),
        ("unbroken", 4, "unbr"),
        ("a e\u0301x", 3, "a"),
    ],
)
def test_a_cut_falls_after_a_word(text: str, most: int, expected: str) -> None:
    assert cut_words(text, most, "characters") == expected


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("ae\u0301", 2, "a"),  # e with a combining accent
        ("a\U0001f468\u200d\U0001f469b", 3, "a"),  # two people joined
        ("\U0001f1e7\U0001f1f7\U0001f1e6\U0001f1f7", 3, "\U0001f1e7\U0001f1f7"),  # two flags
        ("\U0001f44d\U0001f3fd", 1, ""),  # a skin tone
    ],
)
def test_a_cut_never_splits_a_grapheme(text: str, most: int, expected: str) -> None:
    assert cut_characters(text, most, "characters") == expected


def test_a_forbidden_word_ignores_case_and_accents_and_matches_whole_words() -> None:
    assert holds_word("Oferta: FRETE   Grátis!", "frete gratis") is True
    assert holds_word("Promocional", "promo") is False
