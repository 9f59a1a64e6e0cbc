"""The invented shop's data are reproducible, consistent, and incomplete only where README says."""

from __future__ import annotations

import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from repositories.documents import ROOT, data_of, rows_of
from stdnum import ean

DATA = ROOT / "data"
MADE = (
    "catalogue.csv",
    "costs.csv",
    "list_prices.csv",
    "stock.csv",
    "competitors.csv",
    "brands.csv",
)
SKUS = [row["sku"] for row in rows_of(DATA / "catalogue.csv")]


@pytest.fixture(scope="module")
def made_again(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data")
    # -B: a test leaves no __pycache__ beside the data.
    subprocess.run([sys.executable, "-B", DATA / "make_data.py", "--out", out], check=True)
    return out


@pytest.mark.parametrize("name", MADE)
def test_the_script_makes_the_committed_bytes(made_again: Path, name: str) -> None:
    assert (made_again / name).read_bytes() == (DATA / name).read_bytes()


def test_every_sku_stands_once_in_the_catalogue() -> None:
    assert len(set(SKUS)) == len(SKUS) == 498


@pytest.mark.parametrize("name", ["costs.csv", "list_prices.csv", "stock.csv", "competitors.csv"])
def test_no_file_names_a_sku_that_the_catalogue_lacks(name: str) -> None:
    assert {row["sku"] for row in rows_of(DATA / name)} - set(SKUS) == set()


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("costs.csv", ("sku",)),
        ("list_prices.csv", ("sku",)),
        ("stock.csv", ("sku", "node")),
        ("competitors.csv", ("sku", "marketplace")),
        ("brands.csv", ("brand",)),
    ],
)
def test_no_key_stands_twice(name: str, key: tuple[str, ...]) -> None:
    keys = [tuple(row[part] for part in key) for row in rows_of(DATA / name)]

    assert len(set(keys)) == len(keys)


def test_gtins_are_valid_distinct_and_in_the_made_up_block() -> None:
    gtins = [row["gtin"] for row in rows_of(DATA / "catalogue.csv") if row["gtin"]]

    assert [gtin for gtin in gtins if not ean.is_valid(gtin)] == []
    assert [gtin for gtin in gtins if not gtin.startswith("7890000") or len(gtin) != 13] == []
    assert len(set(gtins)) == len(gtins)


def test_the_gaps_are_those_that_the_readme_tells() -> None:
    catalogue = rows_of(DATA / "catalogue.csv")
    costs = rows_of(DATA / "costs.csv")
    brands = {row["brand"]: row["tier"] for row in rows_of(DATA / "brands.csv")}
    counts = {
        "cost cell": sum(not row["cost"] for row in costs),
        "cost row": len(set(SKUS) - {row["sku"] for row in costs}),
        "list price": sum(not row["list_price"] for row in rows_of(DATA / "list_prices.csv")),
        "category": sum(not row["category"] for row in catalogue),
        "image": sum(not row["image_urls"] for row in catalogue),
        "gtin": sum(not row["gtin"] for row in catalogue),
        "weight": sum(not row["weight_g"] for row in catalogue),
        "stock row": len(set(SKUS) - {row["sku"] for row in rows_of(DATA / "stock.csv")}),
        "tier cell": sum(not tier for tier in brands.values()),
        "brand row": len({row["brand"] for row in catalogue} - set(brands)),
    }

    assert counts == {
        "cost cell": 6,
        "cost row": 2,
        "list price": 3,
        "category": 2,
        "image": 4,
        "gtin": 2,
        "weight": 1,
        "stock row": 5,
        "tier cell": 1,
        "brand row": 1,
    }


def test_costs_lie_between_8_and_4480_reais() -> None:
    # The greatest cost of a model is 4,000; memory and size add at most two steps of 6 %.
    costs = [Decimal(row["cost"]) for row in rows_of(DATA / "costs.csv") if row["cost"]]

    assert min(costs) >= 8
    assert max(costs) <= Decimal("4480")


def test_list_prices_lie_above_cost_and_minimum_advertised_price() -> None:
    costs = {row["sku"]: row["cost"] for row in rows_of(DATA / "costs.csv")}
    wrong = [
        row["sku"]
        for row in rows_of(DATA / "list_prices.csv")
        for bound in (row["map_price"], costs.get(row["sku"], ""))
        if bound and row["list_price"] and Decimal(bound) >= Decimal(row["list_price"])
    ]

    assert wrong == []


def test_stock_is_in_the_three_nodes_and_some_of_it_is_nought() -> None:
    rows = rows_of(DATA / "stock.csv")
    on_hand: dict[str, int] = {}
    for row in rows:
        on_hand[row["sku"]] = on_hand.get(row["sku"], 0) + int(row["on_hand"])

    assert {row["node"] for row in rows} == {"sp-1", "rj-1", "pr-1"}
    # Every 29th of 498 SKUs is sold out by decree; a few more are by chance.
    assert sum(units == 0 for units in on_hand.values()) >= 17


def test_images_are_https_on_a_domain_reserved_for_examples() -> None:
    urls = [url for row in rows_of(DATA / "catalogue.csv") for url in row["image_urls"].split("|")]
    pattern = r"https://images\.example/[A-Z]{3}-\d{4}/\d\.jpg"

    assert [url for url in urls if url and not re.fullmatch(pattern, url)] == []


def test_names_hold_an_emoji_quotes_an_ampersand_and_one_is_too_long() -> None:
    catalogue = rows_of(DATA / "catalogue.csv")
    names = [f"{row['name']} {row['brand']}" for row in catalogue]

    assert sum("🎲" in name for name in names) == 1
    assert any('"' in name for name in names)
    assert any("&" in name for name in names)
    assert any("'" in name for name in names)
    assert sum(len(row["family"]) > 60 for row in catalogue) == 1


@pytest.mark.parametrize(
    ("table", "to_do"),
    [
        ("mercadolibre-categories.csv", {"papelaria/escritorio/cadernos"}),
        (
            "amazon-product-types.csv",
            {"papelaria/escritorio/cadernos", "brinquedos/jogos/tabuleiro"},
        ),
        ("example-market-shelves.csv", set()),
    ],
)
def test_only_the_categories_left_as_work_to_do_are_not_mapped(table: str, to_do: set[str]) -> None:
    sold = {row["category"] for row in rows_of(DATA / "catalogue.csv")} - {""}
    mapped = {row["when.category"] for row in rows_of(ROOT / "rules" / "mapping" / table)}

    assert sold - mapped == to_do
    assert mapped - sold == set()


def test_clearance_lists_skus_that_exist() -> None:
    listed = data_of(ROOT / "rules" / "lists" / "clearance.yaml")["values"]

    assert set(listed) - set(SKUS) == set()
