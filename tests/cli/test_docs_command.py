"""`offerwright docs`: pages on disk, in the language and form that was asked for."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from offerwright.cli import offerwright

ROOT = Path(__file__).resolve().parents[2]
SHOP = """\
kind: shop
name: shop
time_zone: America/Sao_Paulo
currency: BRL
accounts: {meli: {marketplace: mercadolibre, site: MLB}}
sources: {catalogue: {file: data/catalogue.csv}}
"""
FACTS = "kind: facts\nname: facts\nfacts:\n  cost: {type: money, from: catalogue.cost}\n"
PRICES = """\
kind: pricing
name: prices
steps:
  - {id: base, phase: base, when: {cost: ">= 5"}, set: {price: cost * 2}}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "offerwright.yaml").write_text(SHOP, "utf-8")
    (tmp_path / "rules" / "facts.yaml").write_text(FACTS, "utf-8")
    (tmp_path / "rules" / "prices.yaml").write_text(PRICES, "utf-8")
    manifest = ROOT / "marketplaces" / "mercadolibre" / "marketplace.yaml"
    (tmp_path / "marketplaces" / "mercadolibre").mkdir(parents=True)
    shutil.copy(manifest, tmp_path / "marketplaces" / "mercadolibre" / "marketplace.yaml")
    return tmp_path


def docs(home: Path, *options: str) -> Result:
    return CliRunner().invoke(offerwright, ["docs", "--root", str(home), *options])


def test_pages_are_written_beside_the_rules(home: Path) -> None:
    done = docs(home)
    page = (home / "site" / "pricing-prices.html").read_text("utf-8")

    assert done.exit_code == 0, done.output
    assert "Base price: when cost is 5 or more, set price to cost × 2." in page
    assert "rules/prices.yaml:4" in page
    assert sorted(f.name for f in (home / "site").iterdir()) == [
        "facts-facts.html", "index.html", "pricing-prices.html",
    ]  # fmt: skip


def test_pages_in_portuguese_as_markdown(home: Path, tmp_path: Path) -> None:
    done = docs(home, "--language", "pt", "--format", "markdown", "--out", str(tmp_path / "out"))
    page = (tmp_path / "out" / "pricing-prices.md").read_text("utf-8")

    assert done.exit_code == 0, done.output
    assert "Preço base: quando cost é 5 ou mais, price passa a ser cost × 2." in page


def test_stale_pages_are_named(home: Path) -> None:
    docs(home)
    assert docs(home, "--check").exit_code == 0
    (home / "rules" / "prices.yaml").write_text(PRICES.replace("5", "6"), "utf-8")
    done = docs(home, "--check")

    assert done.exit_code == 1
    assert "pricing-prices.html is stale" in done.output
    assert "facts-facts.html" not in done.output


def test_a_page_of_a_document_that_is_gone_is_named_and_left(home: Path) -> None:
    docs(home)
    (home / "rules" / "prices.yaml").unlink()
    done = docs(home)

    assert "pricing-prices.html belongs to no document of now" in done.output
    assert (home / "site" / "pricing-prices.html").is_file()
    assert docs(home, "--check").exit_code == 1


def test_the_reference_of_the_language_is_written(home: Path) -> None:
    done = docs(home, "--reference")
    page = (home / "docs" / "reference" / "language.md").read_text("utf-8")

    assert done.exit_code == 0, done.output
    assert "## Functions" in page
    assert docs(home, "--reference", "--check").exit_code == 0


def test_nothing_to_compare_with_is_an_error(home: Path) -> None:
    assert docs(home, "--check").exit_code != 0


def test_rules_with_errors_make_no_pages(home: Path) -> None:
    (home / "rules" / "prices.yaml").write_text(PRICES.replace("cost *", "coast *"), "utf-8")
    done = docs(home)

    assert done.exit_code != 0
    assert not (home / "site").exists()
