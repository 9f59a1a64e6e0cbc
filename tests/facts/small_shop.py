"""A small repository on disk, read and linked the way the engine does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from offerwright.errors import Diagnostic
from offerwright.facts.document import FactsDocument, ShopDocument
from offerwright.facts.link import link_facts
from offerwright.facts.schema import FactSchema
from offerwright.facts.snapshot import Snapshot, build_snapshot
from offerwright.source.load import load_documents, load_one
from offerwright.source.located import Loaded
from offerwright.source.repository import Repository

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases" / "facts"
SHARED = ROOT.parent / "shared"

# Bounds wide open: a case with one bad row of two is about that row.
SHOP = """\
kind: shop
name: small
time_zone: America/New_York
currency: BRL
accounts:
  meli: {marketplace: mercadolibre}
  amazon: {marketplace: amazon}
snapshot: {shrink_at_most: 100%, reject_at_most: 100%}
sources:
"""

Files = Mapping[str, str | bytes]


def cases(name: str) -> list[Any]:
    return list(yaml.safe_load((CASES / name).read_text(encoding="utf-8")))


def shop_text(sources: Mapping[str, Any]) -> str:
    lines = [
        f"  {name}: {yaml.safe_dump(one, default_flow_style=True, width=500).strip()}"
        for name, one in sources.items()
    ]
    return SHOP + "\n".join(lines) + "\n"


def facts_text(facts: Mapping[str, Any], name: str = "shop") -> str:
    lines = [
        f"  {fact}: {yaml.safe_dump(one, default_flow_style=True, width=500).strip()}"
        for fact, one in facts.items()
    ]
    return f"kind: facts\nname: {name}\nfacts:\n" + "\n".join(lines) + "\n"


def link(documents: Sequence[str], shop: str) -> tuple[FactSchema, ShopDocument, list[Diagnostic]]:
    """Link facts documents (`rules/facts-1.yaml` and on) over a shop, all as YAML text."""
    files = {f"rules/facts-{n}.yaml": text.encode() for n, text in enumerate(documents, 1)}
    repository = Repository(Path(), {**files, "offerwright.yaml": shop.encode()})
    loaded_shop, wrong = load_one(repository, "offerwright.yaml", ShopDocument)
    loaded, also_wrong = load_documents(repository, {"facts": FactsDocument})
    assert loaded_shop is not None and not [*wrong, *also_wrong], [*wrong, *also_wrong]
    facts = [
        Loaded(one.document, one.located)
        for one in loaded
        if isinstance(one.document, FactsDocument)
    ]
    schema, found = link_facts(facts, loaded_shop)
    return schema, loaded_shop.document, found


def write_files(root: Path, files: Files) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def build(
    root: Path, facts: Mapping[str, Any], sources: Mapping[str, Any], files: Files, **options: Any
) -> Snapshot:
    """Write the files and build the snapshot of a shop with these facts and sources."""
    write_files(root, files)
    schema, shop, found = link([facts_text(facts)], shop_text(sources))
    assert found == []
    return build_snapshot(schema, shop, root, **options)


def plain(value: Any) -> Any:
    """A cell as it is written in a case: decimals and moments as text."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | pl.Series):
        return [plain(element) for element in value]
    return value


def rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return [
        {name: plain(cell) for name, cell in row.items()} for row in frame.iter_rows(named=True)
    ]
