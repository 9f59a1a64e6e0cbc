"""Files as they come: bytes, encodings, compression, places, and three formats of one table."""

from __future__ import annotations

import gzip
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from facts.small_shop import build, rows

from offerwright.errors import SnapshotRefused
from offerwright.facts.snapshot import Snapshot

TITLE = {"title": {"type": "text", "from": "catalogue.title"}}
PLAIN = "sku,title\nA,one\n"


def titles(root: Path, content: bytes | str, file: str = "c.csv", **options: Any) -> Snapshot:
    return build(root, TITLE, {"catalogue": {"file": file}}, {file: content}, **options)


def codes(snapshot: Snapshot) -> list[tuple[int, str, str]]:
    return [(r["row"], r["column"], r["code"]) for r in rows(snapshot.rejects)]


def test_rows_that_are_not_utf8_are_rejected_and_the_others_kept(tmp_path: Path) -> None:
    latin, utf = "B,caf\xe9\n".encode("latin-1"), "C,caf\xe9\n".encode()

    snapshot = titles(tmp_path, b"sku,title\nA,one\n" + latin + utf)

    assert rows(snapshot.frame) == [{"sku": "A", "title": "one"}, {"sku": "C", "title": "caf\xe9"}]
    assert rows(snapshot.rejects) == [
        {
            "file": "c.csv", "row": 3, "column": "title", "value": "caf\\xe9", "code": "NOT_UTF8",
            "reason": "these bytes are not UTF-8: save the file as CSV UTF-8",
        }
    ]  # fmt: skip


def test_a_utf16_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SnapshotRefused, match=r"is UTF-16\. Save it as CSV UTF-8\."):
        titles(tmp_path, PLAIN.encode("utf-16"))


@pytest.mark.parametrize("quoted", [False, True])
def test_a_cell_of_ten_megabytes_costs_one_row(quoted: bool, tmp_path: Path) -> None:
    cell = "x" * 10_000_000

    snapshot = titles(
        tmp_path, f"sku,title\nA,{f'{chr(34)}{cell}{chr(34)}' if quoted else cell}\nB,two\n"
    )

    assert rows(snapshot.frame) == [{"sku": "B", "title": "two"}]
    assert codes(snapshot) == [(2, "", "CELL_TOO_LONG")]


def test_a_long_cell_in_json_costs_one_row(tmp_path: Path) -> None:
    lines = '{"sku": "A", "title": "' + "x" * 131_073 + '"}\n{"sku": "B", "title": "two"}\n'

    snapshot = titles(tmp_path, lines, file="c.jsonl")

    assert rows(snapshot.frame) == [{"sku": "B", "title": "two"}]
    assert codes(snapshot) == [(1, "title", "CELL_TOO_LONG")]


def test_json_nested_too_deep_costs_one_row(tmp_path: Path) -> None:
    lines = "[" * 100_000 + '\n{"sku": "B", "title": "two"}\n'

    snapshot = titles(tmp_path, lines, file="c.jsonl")

    assert codes(snapshot) == [(1, "", "BAD_JSON")]


def test_a_nul_in_json_costs_one_row(tmp_path: Path) -> None:
    lines = '{"sku": "A", "title": "a\\u0000b"}\n{"sku": "B", "title": "two"}\n'

    assert codes(titles(tmp_path, lines, file="c.jsonl")) == [(1, "title", "NUL_CHARACTER")]


def test_line_separators_inside_a_cell_are_text(tmp_path: Path) -> None:
    snapshot = titles(tmp_path, "sku,title\nA,a\u2028b\x0bc\x85d\nB,two\n")

    assert rows(snapshot.frame)[0] == {"sku": "A", "title": "a\u2028b\x0bc\x85d"}


def test_carriage_returns_alone_end_lines(tmp_path: Path) -> None:
    assert rows(titles(tmp_path, "sku,title\rA,one\rB,two\r").frame)[1] == {
        "sku": "B",
        "title": "two",
    }


def test_a_file_of_broken_quotes_is_refused_in_good_time(tmp_path: Path) -> None:
    # Every line is an opened quote to one who starts on it, and stays so to the end of the file.
    file = "sku,title\n" + 'b","c\n' * 20_000

    with pytest.raises(SnapshotRefused, match="more than 1,000 rows with broken quotes"):
        titles(tmp_path, file)


def test_a_broken_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SnapshotRefused, match="has a broken header"):
        titles(tmp_path, 'sku,"title\nA,one\n')


@pytest.mark.parametrize("file", ["c.csv.gz", "c.jsonl.gz"])
def test_compressed_files_are_read(file: str, tmp_path: Path) -> None:
    text = PLAIN if "csv" in file else '{"sku": "A", "title": "one"}\n'

    snapshot = titles(tmp_path, gzip.compress(text.encode()), file=file)

    assert rows(snapshot.frame) == [{"sku": "A", "title": "one"}]


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b"x" * 1000, mtime=0)[:-9]])
def test_a_broken_compressed_file_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(SnapshotRefused, match=r"^c\.csv\.gz \(source `catalogue`\)"):
        titles(tmp_path, content, file="c.csv.gz")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "data" / "c.csv").mkdir(parents=True)

    with pytest.raises(SnapshotRefused, match="there is no such file"):
        build(tmp_path, TITLE, {"catalogue": {"file": "data/c.csv"}}, {})


def test_a_data_root_replaces_the_repository(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "c.csv").write_text("sku,title\nZ,far\n")

    snapshot = titles(tmp_path / "repo", PLAIN, data_root=tmp_path / "elsewhere")

    assert rows(snapshot.frame) == [{"sku": "Z", "title": "far"}]


def test_a_link_out_of_the_repository_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(PLAIN)
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "c.csv").symlink_to(tmp_path / "c.csv")

    with pytest.raises(SnapshotRefused, match="leads out of the folder"):
        build(tmp_path / "repo", TITLE, {"catalogue": {"file": "c.csv"}}, {})


# One table in three formats.

FACTS: dict[str, Any] = {
    "title": {"type": "text", "from": "catalogue.title"},
    "cost": {"type": "money", "from": "catalogue.cost"},
    "stock": {"type": "integer", "from": "catalogue.stock"},
    "live": {"type": "boolean", "from": "catalogue.live"},
    "since": {"type": "date", "from": "catalogue.since"},
    "seen_at": {"type": "datetime", "from": "catalogue.seen_at"},
    "local": {"type": "datetime", "from": "catalogue.local"},
    "lead": {"type": "duration", "from": "catalogue.lead"},
    "tags": {"type": "list of text", "from": "catalogue.tags"},
    "weight": {"type": "weight", "from": "catalogue.grams", "unit": "g"},
}
CSV = """\
sku,title,cost,stock,live,since,seen_at,local,lead,tags,grams
A,one,51.50,3,true,2026-01-02,2026-01-02T10:00:00Z,2026-01-02 10:00,6 hours,x|y,225.5
B,,,,,,,,,,
C,three,100,10,false,2026-12-31,2026-07-01T10:00:00.5-03:00,2026-07-01 10:00:00,90 seconds,z,1000
"""
JSON = """\
{"sku":"A","title":"one","cost":51.50,"stock":3,"live":true,"since":"2026-01-02","seen_at":"2026-01-02T10:00:00Z","local":"2026-01-02 10:00","lead":"6 hours","tags":["x","y"],"grams":225.5}
{"sku":"B"}
{"sku":"C","title":"three","cost":"100","stock":10,"live":false,"since":"2026-12-31","seen_at":"2026-07-01T10:00:00.5-03:00","local":"2026-07-01 10:00:00","lead":"90 seconds","tags":["z"],"grams":1000}
"""


def parquet() -> bytes:
    frame = pl.DataFrame(
        {
            "sku": pl.Series(["A", "B", "C"], dtype=pl.Categorical),
            "title": ["one", None, "three"],
            "cost": pl.Series([Decimal("51.5"), None, Decimal(100)], dtype=pl.Decimal(20, 6)),
            "stock": pl.Series([3.0, None, 10.0], dtype=pl.Float64),
            "live": [True, None, False],
            "since": [date(2026, 1, 2), None, date(2026, 12, 31)],
            "seen_at": [
                datetime(2026, 1, 2, 10, tzinfo=UTC),
                None,
                datetime(2026, 7, 1, 13, 0, 0, 500_000, tzinfo=UTC),
            ],
            "local": [datetime(2026, 1, 2, 10), None, datetime(2026, 7, 1, 10)],  # noqa: DTZ001
            "lead": [timedelta(hours=6), None, timedelta(seconds=90)],
            "tags": [["x", "y"], None, ["z"]],
            "grams": pl.Series([225.5, None, 1000.0], dtype=pl.Float32),
        }
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(("file", "content"), [("c.jsonl", JSON), ("c.parquet", parquet())])
def test_three_formats_give_one_frame(file: str, content: str | bytes, tmp_path: Path) -> None:
    expected = build(tmp_path, FACTS, {"catalogue": {"file": "c.csv"}}, {"c.csv": CSV})

    snapshot = build(tmp_path, FACTS, {"catalogue": {"file": file}}, {file: content})

    assert rows(snapshot.frame) == rows(expected.frame)
    assert snapshot.frame.schema == expected.frame.schema
    assert rows(expected.frame)[0] == {
        "sku": "A", "cost": "51.5", "lead": 21600, "live": True,
        "local": "2026-01-02T15:00:00+00:00", "seen_at": "2026-01-02T10:00:00+00:00",
        "since": "2026-01-02", "stock": 3, "tags": ["x", "y"], "title": "one", "weight": "0.2255",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (pl.Series([0.1 + 0.2]), "0.30000000000000004"),
        (pl.Series([float("nan")]), "NaN"),
        (pl.Series([1e16]), "1e+16"),
        (pl.Series([True]), "true"),
        (pl.Series([timedelta(milliseconds=1)]), "1000 microseconds"),
    ],
)
def test_a_parquet_value_that_is_no_such_number_is_rejected(
    values: pl.Series, shown: str, tmp_path: Path
) -> None:
    buffer = io.BytesIO()
    pl.DataFrame({"sku": ["A"], "cost": values}).write_parquet(buffer)
    sources = {"catalogue": {"file": "c.csv"}, "costs": {"file": "k.parquet"}}
    files = {"c.csv": "sku\nA\n", "k.parquet": buffer.getvalue()}

    snapshot = build(tmp_path, {"cost": {"type": "money", "from": "costs.cost"}}, sources, files)

    assert [(r["row"], r["value"]) for r in rows(snapshot.rejects)] == [(1, shown)]
    assert rows(snapshot.frame) == [{"sku": "A", "cost": None}]


@pytest.mark.parametrize("values", [[["a"]], [{"a": 1}], [b"a"]])
def test_a_parquet_column_of_another_kind_is_refused(values: list[Any], tmp_path: Path) -> None:
    buffer = io.BytesIO()
    pl.DataFrame({"sku": ["A"], "title": values}).write_parquet(buffer)

    with pytest.raises(SnapshotRefused, match="`title`"):
        titles(tmp_path, buffer.getvalue(), file="c.parquet")
