"""The facts of both repositories link without a finding, and no row of their sources is rejected."""

from __future__ import annotations

from pathlib import Path

from repositories.documents import OLIST, ROOT

from offerwright.facts.document import FactsDocument, ShopDocument
from offerwright.facts.link import link_facts
from offerwright.facts.schema import FactSchema
from offerwright.facts.snapshot import build_snapshot
from offerwright.source.load import load_one
from offerwright.source.repository import read_repository


def linked(root: Path) -> tuple[FactSchema, ShopDocument]:
    repository, _ = read_repository(root)
    shop, wrong_shop = load_one(repository, "offerwright.yaml", ShopDocument)
    facts, wrong_facts = load_one(repository, "rules/facts.yaml", FactsDocument)
    assert shop is not None and facts is not None, [*wrong_shop, *wrong_facts]
    schema, findings = link_facts([facts], shop)
    assert findings == []
    return schema, shop.document


def test_every_row_of_the_shop_is_kept() -> None:
    schema, shop = linked(ROOT)

    snapshot = build_snapshot(schema, shop, ROOT)

    assert snapshot.frame.height == 498
    assert snapshot.rejects.height == 0


def test_competitor_prices_reach_the_marketplace_they_were_seen_on() -> None:
    schema, shop = linked(ROOT)
    frame = build_snapshot(schema, shop, ROOT).frame

    assert frame["competitor_price@mercadolibre"].count() > 0
    assert frame["competitor_price@amazon"].count() > 0
    assert frame["competitor_price@vtex"].count() == 0


def test_a_brand_that_nobody_graded_has_the_tier_none() -> None:
    schema, shop = linked(ROOT)
    frame = build_snapshot(schema, shop, ROOT).frame
    ungraded = frame.filter(frame["tier"] == "none")

    assert sorted(ungraded["brand"].unique()) == ["Jogaria d'Oeste", "Papelume"]


def test_every_olist_product_is_kept_and_27329_have_no_price(olist_sources: Path) -> None:
    schema, shop = linked(OLIST)

    snapshot = build_snapshot(schema, shop, OLIST, data_root=olist_sources)

    assert snapshot.frame.height == 32_951
    assert snapshot.rejects.height == 0
    assert snapshot.frame["seen_price"].null_count() == 27_329
    assert snapshot.frame["category"].null_count() == 610
