"""Whatever stands in a file: no row is lost, no value changes, nothing becomes zero."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from decimal import Decimal
from pathlib import Path

import polars as pl
from facts.small_shop import build
from hypothesis import given, settings
from hypothesis import strategies as st

from offerwright.facts.join import with_least_scales
from offerwright.facts.snapshot import Snapshot

FACTS = {
    "cost": {"type": "money", "from": "other.cost"},
    "stock": {"type": "integer", "from": "other.stock"},
    "title": {"type": "text", "from": "other.title"},
}
SOURCES = {"catalogue": {"file": "c.csv"}, "other": {"file": "o.csv"}}
SKUS = ["A", "B", "C", "D"]

number = st.one_of(
    st.decimals(-(10**9), 10**9, places=4, allow_nan=False).map(str),
    st.sampled_from(
        [
            "",
            " ",
            "0",
            "-0",
            "1e3",
            "1,5",
            "NaN",
            "R$ 1",
            " 7.50 ",
            "+3",
            "１",
            "1_0",
            "0.1234567891",
        ]
    ),
    st.text(max_size=6),
)
cell_row = st.tuples(st.sampled_from([*SKUS, "", "Z"]), number, number, st.text(max_size=8))


def snapshot_of(file: bytes) -> Snapshot:
    with tempfile.TemporaryDirectory() as folder:
        files = {"c.csv": "\n".join(["sku", *SKUS, ""]), "o.csv": file}
        return build(Path(folder), FACTS, SOURCES, files)


def written(records: list[tuple[str, ...]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("sku", "cost", "stock", "title"), *records])
    return out.getvalue().encode("utf-8", "surrogatepass")


@settings(max_examples=60, deadline=None)
@given(st.lists(cell_row, max_size=8))
def test_every_kept_value_is_one_that_was_written(records: list[tuple[str, ...]]) -> None:
    snapshot = snapshot_of(written(records))

    for row in snapshot.frame.iter_rows(named=True):
        own = [record for record in records if record[0] == row["sku"]]
        if row["cost"] is not None:
            plain = [r[1].strip(" \t\r\n") for r in own]
            numbers = [Decimal(c) for c in plain if re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", c)]
            assert row["cost"] in numbers
        if row["stock"] is not None:
            plain = [r[2].strip(" \t\r\n") for r in own]
            assert Decimal(row["stock"]) in [
                Decimal(c) for c in plain if re.fullmatch(r"[+-]?[0-9]+(\.0+)?", c)
            ]
        if row["title"] is not None:
            assert row["title"] in [r[3] for r in own]


@settings(max_examples=60, deadline=None)
@given(st.lists(cell_row, max_size=8))
def test_every_row_is_kept_or_rejected_with_a_reason(records: list[tuple[str, ...]]) -> None:
    snapshot = snapshot_of(written(records))

    (_, counted) = snapshot.manifest.sources
    assert counted.rows_in == len(records)
    assert counted.rows_in == counted.kept + counted.rejected
    assert counted.rejected == snapshot.rejects["row"].n_unique()
    assert snapshot.rejects.filter((pl.col("code") == "") | (pl.col("reason") == "")).height == 0


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_counted_and_never_crash(content: bytes) -> None:
    snapshot = snapshot_of(b"sku,cost,stock,title\nA,1,2,x\n" + content)

    (_, counted) = snapshot.manifest.sources
    assert counted.rows_in == counted.kept + counted.rejected
    assert snapshot.frame["sku"].to_list() == SKUS


@settings(max_examples=40, deadline=None)
@given(st.lists(cell_row, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_change_the_frame(
    records: list[tuple[str, ...]], random: object
) -> None:
    shuffled = list(records)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    one, other = snapshot_of(written(records)), snapshot_of(written(shuffled))

    assert other.frame.equals(one.frame)
    assert other.frame.schema == one.frame.schema


@settings(max_examples=60, deadline=None)
@given(st.lists(st.decimals(-(10**20), 10**20, places=8, allow_nan=False), max_size=6))
def test_the_least_scale_holds_every_value(values: list[Decimal]) -> None:
    frame = pl.DataFrame({"v": pl.Series(values, dtype=pl.Decimal(38, 8))})

    narrowed = with_least_scales(frame)

    least = max((max(0, -int(v.normalize().as_tuple().exponent)) for v in values), default=0)
    assert narrowed["v"].to_list() == values
    assert narrowed.schema["v"] == pl.Decimal(38, least)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5),
        min_size=1,
        max_size=4,
        unique=True,
    )
)
def test_any_text_stays_as_written(texts: list[str]) -> None:
    records = [(sku, "1", "1", text) for sku, text in zip(SKUS, texts, strict=False)]

    snapshot = snapshot_of(written(records))

    titles = dict(snapshot.frame.select("sku", "title").iter_rows())
    assert snapshot.rejects.height == 0
    assert [titles[r[0]] for r in records] == [
        r[3] if r[3].strip(" \t\r\n") else None for r in records
    ]
