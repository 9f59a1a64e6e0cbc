"""The documents and tables of a configuration repository, as the tests here look at them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from offerwright.facts.document import ShopDocument
from offerwright.pipeline import KINDS, TEST_KINDS
from offerwright.source.document import Document
from offerwright.source.yaml import read_yaml

ROOT = Path(__file__).resolve().parents[2]
OLIST = ROOT / "examples" / "olist"
SHARED_OLIST = ROOT.parent / "shared" / "data" / "olist"
SHARED_TAXONOMY = ROOT.parent / "shared" / "data" / "shopify-taxonomy"

MODELS: dict[str, type[Document]] = {"shop": ShopDocument, **KINDS, **TEST_KINDS}


def document_files(repository: Path) -> list[Path]:
    """offerwright.yaml and every YAML file under rules/."""
    return [repository / "offerwright.yaml", *sorted((repository / "rules").rglob("*.yaml"))]


def table_files(repository: Path) -> list[Path]:
    """Every CSV table under rules/."""
    return sorted((repository / "rules").rglob("*.csv"))


def data_of(file: Path) -> dict[str, Any]:
    """What a YAML file says; the reader's findings fail the test."""
    located, found = read_yaml(file.read_bytes(), file.name)
    assert located is not None, found
    data: dict[str, Any] = located.data
    return data


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))
