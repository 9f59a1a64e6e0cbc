"""Rows written in a test stand where a snapshot's would."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from facts.small_shop import build, facts_text, link, rows, shop_text
from typed_rows import frame_from_rows

from offerwright.facts.schema import FactSchema

FACTS: dict[str, Any] = {
    "brand": {"type": "text", "from": "catalogue.brand"},
    "cost": {"type": "money", "from": "catalogue.cost"},
    "lead": {"type": "duration", "from": "catalogue.lead"},
    "markup": {"type": "percent", "from": "catalogue.markup"},
    "since": {"type": "date", "from": "catalogue.since"},
    "tags": {"type": "list of text", "from": "catalogue.tags"},
    "tier": {"type": "enum", "of": ["gold", "none"], "from": "catalogue.tier", "missing": "none"},
    "stock": {"type": "map of integer", "from": "stock.q", "key": "node", "missing": 0},
    "rival": {"type": "money", "from": "rivals.price", "per": "marketplace"},
}
SOURCES = {"catalogue": {"file": "c.csv"}, "stock": {"file": "s.csv"}, "rivals": {"file": "r.csv"}}
FILES = {
    "c.csv": "sku,brand,cost,lead,markup,since,tags,tier\nA,Acme,51.50,6 hours,12%,2026-01-02,x|y,gold\nB,,,,,,,\n",
    "s.csv": "sku,node,q\nA,sp,3\nB,rj,4\n",
    "r.csv": "sku,marketplace,price\nA,amazon,9.90\nB,amazon,8.90\nB,mercadolibre,8.90\n",
}
ROWS: list[dict[str, object]] = [
    {
        "sku": "A", "brand": "Acme", "cost": Decimal("51.50"), "lead": timedelta(hours=6),
        "markup": Decimal("0.12"), "since": date(2026, 1, 2), "tags": ["x", "y"], "tier": "gold",
        "stock": {"sp": 3}, "rival": {"amazon": Decimal("9.9")},
    },
    {"sku": "B", "cost": None, "stock": {"rj": 4}, "rival": Decimal("8.9")},
]  # fmt: skip


def schema() -> FactSchema:
    return link([facts_text(FACTS)], shop_text(SOURCES))[0]


def test_rows_give_the_frame_that_files_would(tmp_path: Path) -> None:
    snapshot = build(tmp_path, FACTS, SOURCES, FILES)

    frame = frame_from_rows(schema(), ROWS)

    assert rows(frame) == rows(snapshot.frame)
    assert frame.schema == snapshot.frame.schema


def test_no_rows_still_have_columns() -> None:
    frame = frame_from_rows(schema(), [])

    assert frame.height == 0
    assert frame.columns == [
        "sku", "brand", "cost", "lead", "markup", "rival@amazon", "rival@mercadolibre", "since",
        "tags", "tier",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([{"brand": "x"}], "needs a `sku` of its own"),
        ([{"sku": "A"}, {"sku": "A"}], "needs a `sku` of its own"),
        ([{"sku": "A", "brnd": "x"}], "no such fact: brnd"),
        ([{"sku": "A", "stock": 3}], "a map fact needs a mapping"),
    ],
)
def test_rows_that_fit_no_fact_are_refused(bad: list[dict[str, object]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        frame_from_rows(schema(), bad)


def test_a_value_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError):
        frame_from_rows(schema(), [{"sku": "A", "brand": 5}])
