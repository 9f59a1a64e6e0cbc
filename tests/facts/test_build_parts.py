"""A snapshot that is built on disk, bucket by bucket, is the one that is built in memory."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from facts.small_shop import facts_text, link, shop_text
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from offerwright.errors import SnapshotRefused
from offerwright.facts.snapshot import (
    Snapshot,
    Sources,
    StoredSnapshot,
    build_snapshot,
    build_stored,
    load_snapshot,
    newest_snapshot,
)

SOURCES = {
    "catalogue": {"file": "data/catalogue.parquet"},
    "stock": {"file": "data/stock.parquet"},
    "rivals": {"file": "data/rivals.csv"},
    "brands": {"file": "data/brands.parquet", "sku": "brand"},
}
FACTS = {
    "brand": {"type": "text", "from": "catalogue.brand"},
    "cost": {"type": "money", "from": "catalogue.cost", "missing": 0},
    "on_hand": {"type": "map of integer", "from": "stock.units", "key": "node"},
    "rival": {"type": "money", "from": "rivals.price", "per": "marketplace"},
    "margin": {"type": "percent", "from": "brands.margin", "join": "brand", "missing": "12.5%"},
}
# Composed and decomposed, Kelvin sign, sharp s, blanks: what looks alike, and what does not.
SKUS = ["A", "a", " A", "é", "e\u0301", "K", "\u212a", "ß", "SS", "B1", "B2", "B3", "", "x\ty"]


@st.composite
def data(draw: Any) -> dict[str, pl.DataFrame]:
    sku, few = st.sampled_from(SKUS), st.sampled_from
    cost = few(["1.00", "1.0", "2.5", "7.125", "much", None, ""])
    brand = few(["Acme", "Apex", "Ção", None])
    units, node = few(["0", "3", "12", "-", None]), few(["n1", "n2", "n3", "n4"])
    rows = {
        "catalogue": (("sku", "brand", "cost"), st.tuples(sku, brand, cost), 14),
        "stock": (("sku", "node", "units"), st.tuples(sku, node, units), 20),
        "rivals": (
            ("sku", "marketplace", "price"),
            st.tuples(sku, few(["mercadolibre", "amazon", "other"]), few(["1.10", "3", "x"])), 10,
        ),
        "brands": (("brand", "margin"), st.tuples(few(["Acme", "Apex", "None"]),
                                                  few(["5%", "7.25%", "", "?"])), 4),
    }  # fmt: skip
    return {
        name: pl.DataFrame(
            draw(st.lists(row, min_size=name == "catalogue", max_size=most)),
            schema=dict.fromkeys(columns, pl.String), orient="row",
        )
        for name, (columns, row, most) in rows.items()
    }  # fmt: skip


def sources_in(root: Path, frames: dict[str, pl.DataFrame]) -> Sources:
    schema, shop, found = link([facts_text(FACTS)], shop_text(SOURCES))
    assert found == []
    (root / "data").mkdir()
    for name, frame in frames.items():
        file = root / str(SOURCES[name]["file"])
        frame.write_csv(file) if file.suffix == ".csv" else frame.write_parquet(file)
    return Sources(schema, shop, root)


def in_memory(sources: Sources) -> Snapshot:
    return build_snapshot(
        sources.schema, sources.shop, sources.root, previous=sources.previous,
        accept_shrink=sources.accept_shrink,
    )  # fmt: skip


def same(found: StoredSnapshot, expected: Snapshot) -> None:
    read = load_snapshot(found.folder)
    assert_frame_equal(read.frame, expected.frame)
    assert replace(read.manifest, outputs={}) == expected.manifest
    assert read.rejects.rows() == expected.rejects.rows()


@settings(deadline=None)
@given(data(), st.integers(1, 5))
def test_any_number_of_buckets_builds_the_same(
    frames: dict[str, pl.DataFrame], buckets: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        sources = sources_in(root, frames)
        try:
            expected = in_memory(sources)
        except SnapshotRefused as refused:
            with pytest.raises(SnapshotRefused) as found:
                build_stored(sources, root / "snapshots", buckets)
            assert str(found.value) == str(refused)
            return
        same(build_stored(sources, root / "snapshots", buckets), expected)


def plain(rows: int) -> dict[str, pl.DataFrame]:
    numbers = [str(n) for n in range(rows)]
    skus = [f"S{n}" for n in range(rows)]
    return {
        "catalogue": pl.DataFrame({"sku": skus, "brand": ["Acme"] * rows, "cost": numbers}),
        "stock": pl.DataFrame({"sku": skus, "node": ["n1"] * rows, "units": numbers}),
        "rivals": pl.DataFrame({"sku": skus, "marketplace": ["amazon"] * rows, "price": numbers}),
        "brands": pl.DataFrame({"brand": ["Acme"], "margin": ["5%"]}),
    }


def test_nothing_is_left_beside_the_snapshot(tmp_path: Path) -> None:
    found = build_stored(sources_in(tmp_path, plain(40)), tmp_path / "snapshots", 3)

    assert newest_snapshot(tmp_path / "snapshots") == found.folder
    assert {p.name for p in (tmp_path / "snapshots").iterdir()} == {"newest", found.id}


def test_what_is_refused_leaves_the_snapshot_before_in_force(tmp_path: Path) -> None:
    sources = sources_in(tmp_path, plain(40))
    before = build_stored(sources, tmp_path / "snapshots", 3)
    plain(4)["catalogue"].write_parquet(tmp_path / "data/catalogue.parquet")
    narrow = replace(
        sources, previous=before.manifest,
        shop=sources.shop.model_copy(update={
            "snapshot": sources.shop.snapshot.model_copy(update={"shrink_at_most": 0})
        }),
    )  # fmt: skip
    with pytest.raises(SnapshotRefused, match="the last snapshot had 40"):
        build_stored(narrow, tmp_path / "snapshots", 3)

    assert newest_snapshot(tmp_path / "snapshots") == before.folder
    assert {p.name for p in (tmp_path / "snapshots").iterdir()} == {"newest", before.id}


def test_a_file_that_is_not_there_is_refused_in_the_same_words(tmp_path: Path) -> None:
    sources = sources_in(tmp_path, plain(4))
    (tmp_path / "data/stock.parquet").unlink()
    with pytest.raises(SnapshotRefused) as expected:
        in_memory(sources)

    with pytest.raises(SnapshotRefused) as found:
        build_stored(sources, tmp_path / "snapshots", 3)
    assert str(found.value) == str(expected.value)
