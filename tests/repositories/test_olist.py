"""The Olist repository's preparation: counts on the real data, and its rules on small ones."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from repositories.documents import OLIST, ROOT, SHARED_OLIST, SHARED_TAXONOMY, rows_of
from repositories.preparation import PREPARE

needs_olist = pytest.mark.skipif(
    not SHARED_OLIST.is_dir(), reason="the Olist data are not beside the repository"
)
needs_taxonomy = pytest.mark.skipif(
    not SHARED_TAXONOMY.is_dir(), reason="the product taxonomy is not beside the repository"
)
WORK_TO_DO = {
    "agro_industria_e_comercio",
    "cool_stuff",
    "eletroportateis",
    "la_cuisine",
    "market_place",
    "moveis_decoracao",
    "relogios_presentes",
    "seguros_e_servicos",
    "sinalizacao_e_seguranca",
    "tablets_impressao_imagem",
}


def item(product_id: str, price: str) -> dict[str, str]:
    return {"product_id": product_id, "price": price}


def product(product_id: str, category: str) -> dict[str, str]:
    return {"product_id": product_id, "product_category_name": category}


def test_the_highest_price_is_compared_as_a_number() -> None:
    seen = PREPARE.highest_prices([item("a", "9.5"), item("a", "10"), item("b", "51.50")])

    assert seen == {"a": Decimal("10"), "b": Decimal("51.50")}


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        (["3", "1", "2"], "2"),
        (["1.00", "2.00"], "1.50"),
        (["0.01", "0.02"], "0.02"),
        (["10"], "10"),
    ],
)
def test_the_median_of_two_middle_prices_rounds_half_a_centavo_up(
    prices: list[str], expected: str
) -> None:
    assert PREPARE.median([Decimal(price) for price in prices]) == Decimal(expected)


def test_filling_takes_the_median_of_the_category_else_of_all_products() -> None:
    products = [product("a", "x"), product("b", "x"), product("c", "y"), product("d", "")]
    seen = {"a": Decimal("10.00")}

    assert PREPARE.filled_prices(products, seen) == dict.fromkeys("abcd", Decimal("10.00"))
    assert PREPARE.filled_prices(products, {**seen, "c": Decimal("4.00")}) == {
        "a": Decimal("10.00"),
        "b": Decimal("10.00"),
        "c": Decimal("4.00"),
        "d": Decimal("7.00"),
    }


def test_invented_stock_follows_the_written_rule() -> None:
    # 0x1e9e = 7838 = 195 x 40 + 38; 0x8ef0 = 36592 = 2439 x 15 + 7
    assert PREPARE.invented_stock("1e9e8ef0" + 24 * "0") == (("sp-1", 38), ("pr-1", 7))


def test_preparing_inside_the_repository_is_refused() -> None:
    run = subprocess.run(
        [sys.executable, "-B", OLIST / "prepare.py", ".", OLIST / "out"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )

    assert run.returncode == 2
    assert "lies inside the repository" in run.stderr
    assert not (OLIST / "out").exists()


def records(file: Path) -> list[list[str]]:
    with gzip.open(file, "rt", encoding="utf-8") as text:
        return [line.rstrip("\n").split(",") for line in text][1:]


def test_5622_products_have_a_price_27329_none_and_610_no_category(olist_sources: Path) -> None:
    products = records(olist_sources / "products.csv.gz")
    priced = {row[0] for row in records(olist_sources / "prices.csv.gz")}

    assert len(products) == 32_951
    assert len(priced) == 5_622
    assert len({row[0] for row in products} - priced) == 27_329
    assert sum(row[1] == "" for row in products) == 610
    assert len(records(olist_sources / "stock.csv.gz")) == 2 * 32_951


@needs_olist
def test_filled_prices_are_complete_and_say_that_they_are_filled(tmp_path: Path) -> None:
    PREPARE.prepare(SHARED_OLIST, tmp_path, fill=True)
    origins = [row[2] for row in records(tmp_path / "prices.csv.gz")]

    assert origins.count("seen") == 5_622
    assert origins.count("category-median") == 27_329


def test_preparing_twice_writes_the_same_bytes(olist_sources: Path, tmp_path: Path) -> None:
    PREPARE.prepare(SHARED_OLIST, tmp_path, fill=False)
    names = ("prices.csv.gz", "products.csv.gz", "stock.csv.gz")

    assert [(tmp_path / name).read_bytes() for name in names] == [
        (olist_sources / name).read_bytes() for name in names
    ]


@needs_olist
def test_every_category_is_mapped_or_listed_as_work_to_do() -> None:
    names = {
        row["product_category_name"]
        for row in PREPARE.read_rows(SHARED_OLIST / PREPARE.PRODUCTS)
        if row["product_category_name"]
    }

    assert names - PREPARE.mapped_categories() == WORK_TO_DO
    assert PREPARE.mapped_categories() - names == set()


@needs_olist
def test_5298_products_wait_for_a_category_decision() -> None:
    to_do = PREPARE.work_to_do(PREPARE.read_rows(SHARED_OLIST / PREPARE.PRODUCTS))

    assert to_do.pop("") == 610
    assert sum(to_do.values()) == 5_298


def test_the_readme_lists_the_same_work_to_do() -> None:
    readme = (OLIST / "README.md").read_text(encoding="utf-8")

    assert [name for name in sorted(WORK_TO_DO) if f"| `{name}` |" not in readme] == []


@needs_taxonomy
def test_mapped_categories_stand_in_the_taxonomy_under_the_name_beside_them() -> None:
    with gzip.open(SHARED_TAXONOMY / "categories.jsonl.gz", "rt", encoding="utf-8") as text:
        names = {one["id"]: one["full_name_en"] for one in map(json.loads, text)}
    rows = rows_of(OLIST / "rules" / "mapping" / "shopify-categories.csv")

    assert [row["id"] for row in rows if names.get(row["then.category"]) != row["note"]] == []
