"""Files of one schema become one file, whoever wrote them and whoever reads it."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offerwright.engines.parquet_pieces import join_parquet
from offerwright.engines.thrift import (
    BINARY,
    I64,
    LIST,
    STRUCT,
    Fields,
    Typed,
    bytes_of,
    fields_of,
    items,
)


def frame(size: int, start: int = 0) -> pl.DataFrame:
    """Every type that an offer has, with missing values."""
    numbers = list(range(start, start + size))
    return pl.DataFrame(
        {
            "sku": pl.Series([f"S{n}" for n in numbers], dtype=pl.String),
            "price": pl.Series([Decimal(n) / 100 if n % 3 else None for n in numbers],
                               dtype=pl.Decimal(38, 2)),
            "quantity": pl.Series([n if n % 5 else None for n in numbers], dtype=pl.Int64),
            "rules": pl.Series([[f"r{n % 7}"] * (n % 3) for n in numbers],
                               dtype=pl.List(pl.String)),
            "blocked": pl.Series([[{"code": "X", "line": n}] if n % 4 == 0 else [] for n in numbers],
                                 dtype=pl.List(pl.Struct({"code": pl.String, "line": pl.Int64}))),
            "sale_from": pl.Series([datetime(2026, 1, 1, tzinfo=UTC)] * size,
                                   dtype=pl.Datetime("us", "UTC")),
        }
    )  # fmt: skip


def joined(folder: Path, pieces: list[bytes]) -> bytes:
    paths = []
    for number, content in enumerate(pieces):
        paths.append(folder / f"{number:03}")
        paths[-1].write_bytes(content)
    out = io.BytesIO()
    join_parquet(paths, out)
    return out.getvalue()


def by_polars(one: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    one.write_parquet(out, row_group_size=40)
    return out.getvalue()


def by_arrow(one: pl.DataFrame) -> bytes:
    out = pa.BufferOutputStream()
    pq.write_table(one.to_arrow(), out, row_group_size=40, write_page_index=True,
                   compression="zstd")  # fmt: skip
    return bytes(out.getvalue())


@pytest.mark.parametrize("write", [by_polars, by_arrow])
def test_the_rows_of_all_pieces_stand_in_order(tmp_path: Path, write: object) -> None:
    assert callable(write)
    pieces = [frame(100), frame(0), frame(17, 100), frame(60, 117)]
    content = joined(tmp_path, [write(piece) for piece in pieces])

    assert pl.read_parquet(io.BytesIO(content)).equals(frame(177))
    assert pl.from_arrow(pq.read_table(io.BytesIO(content))).equals(frame(177))


@pytest.mark.parametrize("write", [by_polars, by_arrow])
def test_readers_find_one_row_by_the_statistics_of_its_group(tmp_path: Path, write: object) -> None:
    assert callable(write)
    path = tmp_path / "joined"
    path.write_bytes(joined(tmp_path, [write(frame(100)), write(frame(50, 100))]))
    wanted = pl.scan_parquet(path).filter(pl.col("quantity") == 133).collect()
    by_arrow_too = pq.read_table(path, filters=[("quantity", "==", 133)])

    assert wanted.equals(frame(150)[133])
    assert by_arrow_too["sku"].to_pylist() == ["S133"]


def test_pieces_without_a_row_make_a_file_without_a_row(tmp_path: Path) -> None:
    content = joined(tmp_path, [by_polars(frame(0))])

    assert pl.read_parquet(io.BytesIO(content)).equals(frame(0))


def test_other_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="001 has other columns"):
        joined(tmp_path, [by_polars(frame(2)), by_polars(frame(2).drop("rules"))])


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"sku,price\nA,1\n", b"PAR1" + b"\xff" * 4 + b"PAR1"]
)
def test_what_is_no_parquet_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ValueError, match="is no Parquet file"):
        joined(tmp_path, [content])


def test_nothing_cannot_be_joined() -> None:
    with pytest.raises(ValueError, match="there is no piece"):
        join_parquet([], io.BytesIO())


@settings(max_examples=20)
@given(st.integers(0, 90), st.sampled_from([by_polars, by_arrow]))
def test_a_footer_is_written_as_it_was_read(size: int, write: object) -> None:
    assert callable(write)
    content = write(frame(size))
    length = int.from_bytes(content[-8:-4], "little")
    footer = content[-8 - length : -8]

    assert bytes_of(fields_of(footer)) == footer


@pytest.mark.parametrize("write", [by_polars, by_arrow])
def test_the_index_of_every_column_says_where_its_pages_lie(tmp_path: Path, write: object) -> None:
    assert callable(write)
    content = joined(tmp_path, [write(frame(100)), write(frame(50, 100))])
    length = int.from_bytes(content[-8:-4], "little")
    chunks = [
        chunk
        for group in items(fields_of(content[-8 - length : -8]), 4)
        for chunk in items(group, 1)
    ]
    for chunk in chunks:
        start, length = chunk[4].value, chunk[5].value
        index = fields_of(content[start : start + length])

        assert items(index, 1)[0][1].value == chunk[3].value[9].value


def changed_footer(change: Callable[[Fields], Fields]) -> bytes:
    content = by_polars(frame(3))
    length = int.from_bytes(content[-8:-4], "little")
    footer = bytes_of(change(fields_of(content[-8 - length : -8])))
    return content[: -8 - length] + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def changed_chunk(number: int, value: Typed) -> bytes:
    """A file whose first column has one field more."""

    def change(footer: Fields) -> Fields:
        group = items(footer, 4)[0]
        first, *rest = items(group, 1)
        group = {**group, 1: Typed(LIST, (STRUCT, [{**first, number: value}, *rest]))}
        return {**footer, 4: Typed(LIST, (STRUCT, [group]))}

    return changed_footer(change)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (changed_chunk(1, Typed(BINARY, b"other.parquet")), "a column has the field 1"),
        (changed_chunk(8, Typed(STRUCT, {})), "a column has the field 8"),
        (changed_footer(lambda f: {**f, 8: Typed(STRUCT, {})}), "the footer has the field 8"),
        (changed_footer(lambda f: {**f, 3: Typed(I64, 4)}), "its groups have 3 rows, not 4"),
        (changed_footer(lambda f: {n: t for n, t in f.items() if n != 2}), "lacks the field 2"),
    ],
    ids=["elsewhere", "encrypted", "signed", "miscounted", "without columns"],
)
def test_what_a_footer_says_beyond_what_is_known_is_refused(
    tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        joined(tmp_path, [content])


@pytest.mark.parametrize(
    "data",
    [b"\x18\x09abc", b"\x17\x00\x00", b"\x1b\x01\x88\x00", b"\x15\x02\x05\x02\x02\x00", b"\x00x"],
    ids=["short text", "short double", "map", "field twice", "bytes behind"],
)
def test_bytes_that_are_no_struct_are_refused(data: bytes) -> None:
    with pytest.raises((ValueError, EOFError)):
        fields_of(data)
