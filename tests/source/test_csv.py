"""CSV tables: the place of every cell, and what is refused."""

from __future__ import annotations

import csv
import io
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offerwright.errors import Span
from offerwright.source.csv import read_csv_table
from offerwright.source.located import CsvTable


def table_of(text: bytes, delimiter: str = ",") -> CsvTable:
    table, found = read_csv_table(text, "t.csv", delimiter)
    assert found == []
    assert table is not None
    return table


def test_every_cell_knows_where_it_stands() -> None:
    text = "id,when.brand,then.markup\nsmall,é 👟,18%\n".encode()

    table = table_of(text)

    assert table.header == ("id", "when.brand", "then.markup")
    assert table.rows == (("small", "é 👟", "18%"),)
    assert [table.heading(i) for i in range(3)] == [
        Span("t.csv", 1, 1, 1, 3),
        Span("t.csv", 1, 4, 1, 14),
        Span("t.csv", 1, 15, 1, 26),
    ]
    assert [table.cell(0, i) for i in range(3)] == [
        Span("t.csv", 2, 1, 2, 6),
        Span("t.csv", 2, 7, 2, 10),
        Span("t.csv", 2, 11, 2, 14),
    ]


def test_quoted_cells_keep_commas_quotes_and_line_breaks() -> None:
    table = table_of(b'id,note,price\r\na,"x, ""y""",1\r\nb,"one\r\ntwo\r\nthree",2\r\nc,,3\r\n')

    assert table.rows == (
        ("a", 'x, "y"', "1"),
        ("b", "one\r\ntwo\r\nthree", "2"),
        ("c", "", "3"),
    )
    assert table.lines == (2, 3, 6)
    assert (table.cell(0, 2).line, table.cell(0, 2).column) == (2, 14)
    assert (table.cell(1, 1).line, table.cell(1, 1).column) == (3, 3)
    assert (table.cell(1, 2).line, table.cell(1, 2).column) == (5, 8)
    assert (table.cell(2, 2).line, table.cell(2, 2).column) == (6, 4)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (b"a,b\n1,2", (("1", "2"),)),
        (b"a,b\n1,2\n\n\n", (("1", "2"),)),
        (b"\na,b\n\n1,2\n", (("1", "2"),)),
        (b"\xef\xbb\xbfa,b\n1,2\n", (("1", "2"),)),
        (b"a,b\r1,2\r", (("1", "2"),)),
        (b'a,b\n12" tv,2\n', (('12" tv', "2"),)),
        (b"a,b\n, \n", (("", " "),)),
        (b"a\nx\n", (("x",),)),
        (b"a,b\n", ()),
        (b'a,b\n"",""\n', (("", ""),)),
    ],
)
def test_layouts_that_mean_the_same(text: bytes, rows: object) -> None:
    assert table_of(text).rows == rows


def test_empty_lines_count_as_lines() -> None:
    assert table_of(b"a,b\n\n1,2\n").lines == (3,)


def test_another_delimiter() -> None:
    assert table_of(b"a;b\n1,5;2\n", ";").rows == (("1,5", "2"),)


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "says"),
    [
        (b"", "EMPTY_FILE", 1, 1, "the file is empty"),
        (b"\n\n", "EMPTY_FILE", 1, 1, "the file is empty"),
        (b"sep=;\na;b\n1;2\n", "SEPARATOR", 1, 1, "`sep=` is not a header"),
        (b"a;b\n1;2\n", "SEPARATOR", 1, 1, "separated by semicolons"),
        (b"a\tb\n1\t2\n", "SEPARATOR", 1, 1, "separated by tabs"),
        (b"a,b,a\n1,2,3\n", "DUPLICATE_COLUMN", 1, 5, "the column 'a' stands here twice"),
        (b"a,,b\n1,2,3\n", "EMPTY_COLUMN", 1, 3, "column 2 has no name"),
        (b"a,b\n1\n", "CELL_COUNT", 2, 1, "the row has 1 cells, the header has 2"),
        (b"a,b\n1,2\n1,2,3\n", "CELL_COUNT", 3, 5, "the row has 3 cells, the header has 2"),
        (b'a,b\n1,2\n"x,2\n3,4\n', "UNCLOSED_QUOTE", 3, 1, "never closed"),
        (b'a,b\n"x"y,2\n', "TEXT_AFTER_QUOTE", 2, 4, "text follows after the closing quote"),
        (b"a,b\n1,\0\n", "INVALID_CHARACTER", 2, 3, "U+0000"),
        (b"a,b\n1,caf\xe9\n", "NOT_UTF8", 2, 6, "0xE9"),
        (b"\xff\xfea\0,\0", "NOT_UTF8", 1, 1, "UTF-16"),
        (b"a,b\n" + b"x" * (20 << 20), "FILE_TOO_LARGE", 1, 1, "20 MiB"),
    ],
)
def test_a_damaged_table_is_refused_at_the_place(
    text: bytes, code: str, line: int, column: int, says: str
) -> None:
    table, found = read_csv_table(text, "t.csv")

    assert table is None
    first = found[0]
    assert first.span is not None
    assert (first.code, first.span.line, first.span.column) == (code, line, column)
    assert says in first.message
    assert first.hint


def test_at_most_twenty_wrong_rows_are_listed() -> None:
    found = read_csv_table(b"a,b\n" + b"1\n" * 5000, "t.csv")[1]

    assert [d.code for d in found] == ["CELL_COUNT"] * 20


def test_a_decimal_comma_is_named_where_it_cut_a_cell_in_two() -> None:
    _, found = read_csv_table(b"when.a,then.markup,then.plus\nx,18,5%,45.00\n", "a.csv")

    assert [d.hint for d in found] == [
        "write numbers with a point: 18.5%; quote texts that hold a comma"
    ]


cells = st.text(st.sampled_from("aé👟,\"\n\r; '\\"), max_size=6)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(2, 4).flatmap(
        lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), max_size=5)
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_python_writes_is_read_back_with_its_places(rows: list[list[str]], end: str) -> None:
    header = [f"c{i}" for i in range(len(rows[0]) if rows else 2)]
    out = io.StringIO()
    csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([header, *rows])
    text = out.getvalue()
    starts = [0, *(found.end() for found in re.finditer("\r\n|\r|\n", text))]

    table = table_of(text.encode())

    assert table.rows == tuple(tuple(row) for row in rows)
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            span = table.cell(i, j)
            written = text[starts[span.line - 1] + span.column - 1 :]
            assert written.startswith('"' + cell.replace('"', '""') + '"')


def test_20_000_rows_are_read_in_a_second() -> None:
    rows = b"".join(b'row%d,x,y,"z, z",1,2,3,4\n' % i for i in range(20_000))
    start = time.process_time()

    table = table_of(b"id,a,b,c,d,e,f,g\n" + rows)

    assert time.process_time() - start < 1.5
    assert (len(table.rows), table.lines[-1]) == (20_000, 20_001)
