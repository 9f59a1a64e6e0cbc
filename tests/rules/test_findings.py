"""Shares, bounds, margins and unused facts, each in a repository of a few lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from offerwright.errors import Diagnostic, sorted_diagnostics
from offerwright.pipeline import compile_repository, findings_of
from offerwright.source.repository import Repository

ROOT = Path(__file__).resolve().parents[2]
BASE = {
    "offerwright.yaml": """\
kind: shop
name: small
time_zone: America/Sao_Paulo
currency: BRL
accounts:
  one: {marketplace: example-market, settings: {shop_id: a}}
  two: {marketplace: example-market, settings: {shop_id: b}}
sources:
  catalogue: {file: data/catalogue.csv}
  stock: {file: data/stock.csv}
  brands: {file: data/brands.csv, sku: brand}
""",
    "rules/facts.yaml": """\
kind: facts
name: shop
facts:
  cost: {type: money, from: catalogue.cost}
  tier: {type: enum, of: [gold, basic], from: catalogue.tier, missing: basic}
  stock: {type: map of integer, from: stock.on_hand, key: node}
""",
}
CODES = {
    "BOUNDS_ALWAYS_CROSS", "BRACKET_NEVER_MET", "FACT_UNUSED", "FEES_EAT_MARGIN",
    "GUARD_NEVER_PASSES", "SHARES_ABOVE_100",
}  # fmt: skip
CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "findings.yaml").read_text("utf-8")
)


def findings(files: dict[str, str]) -> list[Diagnostic]:
    contents = {name: text.encode() for name, text in {**BASE, **files}.items()}
    market = ROOT / "marketplaces" / "example-market"
    for file in sorted(market.rglob("*")):
        if file.is_file():
            contents[file.relative_to(ROOT).as_posix()] = file.read_bytes()
    loadout, found = compile_repository(Repository(Path("/small"), contents))
    assert loadout is not None, found
    return sorted_diagnostics([*found, *findings_of(loadout, found)])


def unexpected(found: list[Diagnostic], wanted: list[dict[str, str]]) -> list[str]:
    """What was said and not wanted: errors, and findings of the codes under test."""
    known = [w["code"] for w in wanted]
    said = [d for d in found if d.severity == "error" or d.code in CODES - {"FACT_UNUSED"}]
    return [str(d) for d in said if d.code not in known]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_findings(case: dict[str, Any]) -> None:
    found = findings(case["files"])
    wanted = case["found"]
    asked = {w["code"] for w in wanted}
    told = sorted(
        (d.code, d.severity, f"{d.span.file}:{d.span.line}")
        for d in found
        if d.code in asked and d.span is not None
    )

    assert unexpected(found, wanted) == []
    assert told == sorted((w["code"], w["severity"], w["at"]) for w in wanted)
    for one in wanted:
        same = [d for d in found if d.code == one["code"] and one["says"] in d.message]
        assert same, (one["says"], [d.message for d in found])
        if "related" in one:
            places = [f"{r.span.file}:{r.span.line}" for d in same for r in d.related]
            assert one["related"] in places
