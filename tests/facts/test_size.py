"""A catalogue of 100,000 SKUs, and the real products of Olist."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from facts.small_shop import SHARED, build, facts_text, link, shop_text

from offerwright.facts.snapshot import build_snapshot, load_snapshot, write_snapshot


def test_a_hundred_thousand_skus_are_all_there(tmp_path: Path) -> None:
    count = 100_000
    facts: dict[str, Any] = {
        "brand": {"type": "text", "from": "catalogue.brand"},
        "category": {"type": "path", "from": "catalogue.category"},
        "cost": {"type": "money", "from": "catalogue.cost"},
        "stock": {"type": "map of integer", "from": "stock.q", "key": "node"},
    }
    sources = {"catalogue": {"file": "c.csv"}, "stock": {"file": "s.csv"}}
    catalogue = (f"S{n},Brand {n % 50},a/b{n % 9},{n}.{n % 100:02d}" for n in range(count))
    stock = (f"S{n},{node},{n % 7}" for n in range(count) for node in ("sp-1", "rj-1"))
    files = {
        "c.csv": "\n".join(["sku,brand,category,cost", *catalogue, ""]),
        "s.csv": "\n".join(["sku,node,q", *stock, ""]),
    }

    snapshot = build(tmp_path, facts, sources, files)

    assert snapshot.frame.shape == (count, 6)
    # Sum of n plus sum of n % 100 hundredths: 4,999,950,000 + 1,000 x 4,950 / 100.
    assert snapshot.frame["cost"].sum() == Decimal("4999999500.00")
    assert snapshot.frame["cost"].dtype.scale == 2  # type: ignore[attr-defined]
    # 14,285 whole rounds of 0..6 (21 each), then 0..4.
    assert snapshot.frame["stock.sp-1"].sum() == 14_285 * 21 + 10


OLIST = SHARED / "data" / "olist"


@pytest.mark.skipif(not OLIST.is_dir(), reason="needs ../shared/data/olist, which is not here")
def test_the_olist_products_are_read_in_place(tmp_path: Path) -> None:
    facts: dict[str, Any] = {
        "category": {"type": "path", "from": "products.product_category_name"},
        "photos": {"type": "integer", "from": "products.product_photos_qty"},
        "weight": {"type": "weight", "from": "products.product_weight_g", "unit": "g"},
        "width": {"type": "length", "from": "products.product_width_cm"},
        "english": {
            "type": "text",
            "from": "words.product_category_name_english",
            "join": "category",
        },
    }
    sources = {
        "products": {"file": "olist_products_dataset.csv.gz", "sku": "product_id"},
        "words": {
            "file": "product_category_name_translation.csv.gz",
            "sku": "product_category_name",
        },
    }
    schema, shop, found = link([facts_text(facts)], shop_text(sources))
    assert found == []

    snapshot = build_snapshot(schema, shop, tmp_path, data_root=OLIST)

    frame = snapshot.frame
    assert [(s.rows_in, s.kept) for s in snapshot.manifest.sources] == [(32_951, 32_951), (71, 71)]
    # The figures of the data set's own description.
    assert frame["category"].null_count() == 610
    assert frame["weight"].null_count() == 2
    assert (frame["weight"] == Decimal(0)).sum() == 4
    untranslated = frame.filter(frame["category"].is_not_null() & frame["english"].is_null())
    assert sorted(untranslated["category"].unique()) == [
        "pc_gamer",
        "portateis_cozinha_e_preparadores_de_alimentos",
    ]
    loaded = load_snapshot(write_snapshot(snapshot, tmp_path / "store"))
    assert loaded.frame.equals(frame)
