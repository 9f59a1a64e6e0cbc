"""Tables as spreadsheets: out without loss, back into the place where they are written."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from offerwright.errors import Diagnostic, OfferwrightError
from offerwright.interchange.table.address import find_table
from offerwright.interchange.table.cells import condition_cell, condition_text
from offerwright.interchange.table.export import exported
from offerwright.interchange.table.neutral import neutralised, plain
from offerwright.interchange.table.run import Changed, export_table, import_table
from offerwright.interchange.yaml_text import flow
from offerwright.pipeline import Loadout, compile_repository
from offerwright.source.repository import Repository
from offerwright.source.revision import revision

SHOP = """\
kind: shop
name: shop
time_zone: UTC
currency: BRL
accounts: {a: {marketplace: alpha}}
sources: {catalogue: {file: data/catalogue.csv}}
"""
FACTS = """\
kind: facts
name: facts
facts:
  cost: {type: money, from: catalogue.cost}
  off: {type: percent, from: catalogue.off}
  brand: {type: text, from: catalogue.brand}
  category: {type: path, from: catalogue.category}
  gift: {type: boolean, from: catalogue.gift}
  tags: {type: list of text, from: catalogue.tags}
  since: {type: date, from: catalogue.since}
"""
MARKET = "kind: marketplace\nname: alpha\ntitle: Alpha\ncurrencies: [BRL]\naspects: [price]\ncreate: true\n"
STEP = """\
# head
kind: pricing
name: p
steps:
  - id: base
    phase: base
    hit: first   # order decides
    rules:
      # above all
      - {id: small, when: {category: {under: phones}, cost: 0..500}, then: {markup: 18%}}   # beside

      # of gifts
      - id: gift
        when:
          gift: true    # inside
          brand: [Acme, "=x"]
        then: {markup: 1%}
        note: "- dear"
      - {id: rest, when: {brand: {not: "5"}}, then: {markup: 2%}}
    otherwise: {markup: 3%}
    set: {price: cost * (1 + markup)}
"""
TABLE = "id,when.category,when.cost,when.gift,when.brand,then.markup,note\n"
ROWS = (
    "small,under phones,0..500,,,18%,\n",
    "gift,,,true,Acme | =x,1%,'- dear\n",
    "rest,,,,not 5,2%,\n",
)


def repository(files: Mapping[str, str]) -> Repository:
    own = {"offerwright.yaml": SHOP, "rules/facts.yaml": FACTS,
           "marketplaces/alpha/marketplace.yaml": MARKET}  # fmt: skip
    return Repository(Path("/shop"), {n: t.encode() for n, t in {**own, **files}.items()})


def loaded(files: Mapping[str, str]) -> tuple[Repository, Loadout]:
    made = repository(files)
    loadout, _ = compile_repository(made)
    assert loadout is not None
    return made, loadout


def taken(
    sheet: str | bytes, files: Mapping[str, str], address: str = "p/base"
) -> tuple[Changed | None, list[Diagnostic]]:
    made, loadout = loaded(files)
    content = sheet if isinstance(sheet, bytes) else sheet.encode()
    return import_table(made, loadout, address, content, "sheet.csv")


def test_a_table_is_written_with_one_row_for_each_rule() -> None:
    text, found = export_table(loaded({"rules/p.yaml": STEP})[1], "p/base")

    assert (text, found) == (TABLE + "".join(ROWS), [])


def test_a_sheet_that_says_the_same_changes_no_byte() -> None:
    made, found = taken(TABLE + "".join(ROWS), {"rules/p.yaml": STEP})

    assert made is not None and found == []
    assert made.content == STEP.encode()
    assert (made.added, made.removed, made.changed, made.moved) == (0, 0, 0, 0)


def test_a_changed_cell_is_patched_and_every_other_byte_stays() -> None:
    made, _ = taken(
        TABLE + ROWS[0] + ROWS[1].replace("1%", "1.5%") + ROWS[2], {"rules/p.yaml": STEP}
    )

    assert made is not None
    assert made.content.decode() == STEP.replace("then: {markup: 1%}", "then: {markup: 1.5%}")


def test_rows_move_with_the_comments_above_and_beside_them() -> None:
    made, _ = taken(TABLE + ROWS[1] + ROWS[0] + ROWS[2], {"rules/p.yaml": STEP})

    assert made is not None and made.moved == 2
    text = made.content.decode()
    gift = text.index("# of gifts")
    assert gift < text.index("- id: gift") < text.index("id: small")
    assert "then: {markup: 18%}}   # beside\n" in text
    assert text.index("# above all") < gift


def test_a_new_row_is_written_on_a_line_of_its_own_and_an_old_one_goes() -> None:
    new = "new,under a/b,>= 10,,missing,7%,'=1+1\n"
    made, found = taken(TABLE + ROWS[0] + new + ROWS[2], {"rules/p.yaml": STEP})

    assert made is not None, found
    assert (made.added, made.removed) == (1, 1)
    text = made.content.decode()
    assert (
        '      - {id: new, when: {category: {under: a/b}, cost: ">= 10", brand: missing}, '
        'then: {markup: 7%}, note: "=1+1"}\n'
    ) in text
    assert "id: gift" not in text and "# of gifts" in text


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_spreadsheets_save_is_read(delimiter: str) -> None:
    sheet = (TABLE + "".join(ROWS)).replace(",", delimiter).replace("\n", "\r\n")
    sheet = f"\ufeff{sheet}{delimiter * 6}\r\n"
    made, found = taken(sheet, {"rules/p.yaml": STEP})

    assert made is not None and made.content == STEP.encode(), found


@pytest.mark.parametrize(
    ("row", "code", "says"),
    [
        ("small;under phones;0..500;;;12,5%;", "DECIMAL_COMMA", "row 2, column then.markup: `12,5%`"),
        ("small;under phones;1.200,50..2000;;;1%;", "DECIMAL_COMMA", "row 2, column when.cost"),
        ("small;under phones;many;;;1%;", "WRONG_CONDITION", "row 2, column when.cost: 'many'"),
        ("small;;;yes;;1%;", "WRONG_CONDITION", "row 2, column when.gift"),
        ("small;under phones;0..500;;;cost *;", "WRONG_EXPRESSION", "row 2, column then.markup"),
        (";under phones;0..500;;;1%;", "MISSING_ID", "row 2, column id"),
        ("gift;under phones;0..500;;;1%;", "DUPLICATE_ID", "row 3, column id"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_by_row_and_column(row: str, code: str, says: str) -> None:
    sheet = TABLE.replace(",", ";") + row + "\n" + ROWS[1].replace(",", ";")
    made, found = taken(sheet, {"rules/p.yaml": STEP})

    assert made is None
    assert found[0].code == code
    assert found[0].message.startswith(says)


def test_a_heading_that_means_nothing_is_named() -> None:
    _, found = taken("id,when.cost,markup\nsmall,1,2%\n", {"rules/p.yaml": STEP})

    assert [(d.code, str(d.span)) for d in found] == [("UNKNOWN_HEADING", "sheet.csv:1:14")]


def test_a_sheet_without_rows_empties_no_table() -> None:
    made, found = taken(TABLE + ",,,,,,\n", {"rules/p.yaml": STEP})

    assert made is None
    assert [(d.code, str(d.span)) for d in found] == [("EMPTY_FILE", "sheet.csv:1:1")]


def test_lines_keep_their_windows_breaks() -> None:
    made, _ = taken(TABLE + ROWS[2] + ROWS[0], {"rules/p.yaml": STEP.replace("\n", "\r\n")})

    assert made is not None and made.removed == 1
    assert made.content.count(b"\r\n") == made.content.count(b"\n")


def test_a_nested_condition_is_refused_by_the_name_of_its_row() -> None:
    nested = STEP.replace('{brand: {not: "5"}}', "{any: [{cost: 1}, {gift: true}]}")
    text, found = export_table(loaded({"rules/p.yaml": nested})[1], "p/base")

    assert text is None
    assert [(d.code, str(d.span)) for d in found] == [("NO_CELL", "rules/p.yaml:19:32")]
    assert "the row `rest`" in found[0].message and "`any`" in found[0].message


def test_a_comment_inside_a_row_that_is_written_anew_is_not_lost() -> None:
    sheet = TABLE + ROWS[0] + "gift,under a,,true,Acme | =x,1%,'- dear\n" + ROWS[2]
    made, found = taken(sheet, {"rules/p.yaml": STEP})

    assert made is None
    assert [d.code for d in found] == ["NOT_PATCHED"] and "# inside" in found[0].message


def test_a_table_in_a_csv_file_is_written_there() -> None:
    step = "kind: pricing\nname: p\nsteps:\n  - {id: base, phase: base, file: p.csv}\n"
    rows = 'id,when.brand,then.price,note\na,"x, y",-5,=1\nb,z,6,\n'
    files = {"rules/p.yaml": step, "rules/p.csv": rows}
    text, _ = export_table(loaded(files)[1], "p/base")
    assert text == 'id,when.brand,then.price,note\na,"x, y",-5,\'=1\nb,z,6,\n'
    made, found = taken(text.replace("6", "7"), files)

    assert made is not None, found
    assert (made.file, made.changed) == ("rules/p.csv", 1)
    assert made.content.decode() == rows.replace("6", "7")


def test_a_name_that_no_table_has_is_answered_with_those_there_are() -> None:
    _, loadout = loaded({"rules/p.yaml": STEP})

    with pytest.raises(OfferwrightError, match="did you mean 'p/base'"):
        export_table(loadout, "p/bsae")


@pytest.mark.parametrize("text", ["=1+1", "+5 kg", "-x", "@a", "\tx", "\rx", "＝1", "＋1", "－1", "＠a",
                                  "'=1", "''-x", "'x", "-5", "-5.5%", "5", ""])  # fmt: skip
def test_a_formula_gets_an_apostrophe_that_comes_off_again(text: str) -> None:
    cell = neutralised(text)

    assert plain(cell) == text
    assert cell == text or cell == f"'{text}"
    assert not (cell[:1] in "=+@\t\r＝＋－＠" and cell)


@given(st.text(max_size=20))
def test_any_text_comes_back_from_its_cell(text: str) -> None:
    assert plain(neutralised(text)) == text


_TEXTS = st.text(st.sampled_from("abcé=+-@＝|'\"’,;. \t/0159%"), min_size=1, max_size=8)
_AMOUNTS = st.decimals(min_value=-999, max_value=999, places=2).map(lambda d: d.normalize() + 0)
_NUMBERS = st.one_of(_AMOUNTS.map(lambda d: Decimal(f"{d:f}")),
                     st.tuples(st.sampled_from(("<", "<=", ">", ">=")), _AMOUNTS).map(lambda t: f"{t[0]} {t[1]:f}"),
                     st.just("0..500"), st.just("(0..5]"))  # fmt: skip
_WORDS = st.one_of(_TEXTS, _TEXTS.map(lambda t: {"starts_with": t}), _TEXTS.map(lambda t: {"matches": t}),
                   st.just({"is": "missing"}), st.just("present"))  # fmt: skip
_PATHS = st.one_of(st.just("a/b"), st.just({"under": "a/b"}), st.just({"not": {"under": "x"}}))
_CELLS = {
    "cost": _NUMBERS,
    "off": st.sampled_from(("5%", "< 12.5%", "0%..5%")),
    "brand": st.one_of(
        _WORDS, st.lists(_TEXTS, min_size=2, max_size=3), _WORDS.map(lambda c: {"not": c})
    ),
    "category": _PATHS,
    "gift": st.booleans(),
    "tags": _TEXTS.map(lambda t: {"has": t}),
    "since": st.sampled_from(("2026-12-01", "< 2026-12-01", "missing")),
}
_ROWS = st.fixed_dictionaries(
    {"when": st.fixed_dictionaries({}, optional=_CELLS), "then": st.fixed_dictionaries({
        "markup": st.sampled_from((Decimal("5"), Decimal("0.50"), Decimal("-5"), "cost / 2", "-cost"))})},
    optional={
        "valid": st.fixed_dictionaries({}, optional={"from": st.just("2026-12-01"),
                                                     "before": st.just("2026-12-24T08:00:00-03:00")}).filter(bool),
        "expect_matches": st.sampled_from((Decimal(3), "1..50")),
        "note": st.text(st.sampled_from("ab=+-@'\",;\n é"), min_size=1, max_size=9).filter(str.strip),
    },
)  # fmt: skip


def document(rows: list[dict[str, Any]]) -> str:
    lines = "".join(f"      - {flow(row)}\n" for row in rows)
    listed = f"    rules:\n{lines}" if rows else "    rules: []\n"
    return (
        "kind: pricing\nname: p\nsteps:\n  - id: base\n    phase: adjust\n    hit: collect\n"
        f"    take: sum\n{listed}    set: {{price: price + markup}}\n"
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(_ROWS, min_size=1, max_size=4))
def test_any_table_comes_back_with_the_same_data_and_revision(rows: list[dict[str, Any]]) -> None:
    named = [{"id": f"r{n}", **row} for n, row in enumerate(rows)]
    _, loadout = loaded({"rules/p.yaml": document(named)})
    assume(loadout.documents and any(d.name == "p" for d in loadout.documents))
    written = find_table(loadout.documents, "p/base")
    text, _ = exported(written)
    assume(text is not None and _is_plain(named))
    assert text is not None
    made, loadout_of_none = loaded({"rules/p.yaml": document([])})
    changed, found = import_table(made, loadout_of_none, "p/base", text.encode(), "sheet.csv")
    assume(not found)
    assert changed is not None
    _, again = loaded({"rules/p.yaml": changed.content.decode()})
    back = find_table(again.documents, "p/base")

    assert back.data["rules"] == _without_empty(named)
    assert revision(back.loaded.document, {}) == revision(written.loaded.document, {})


def _without_empty(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if v != {}} for row in rows]


def _is_plain(rows: list[dict[str, Any]]) -> bool:
    """Cells that have one spelling: `{is: …}` of a word that needs no mark has two."""
    cells = [c for row in rows for c in (row.get("when") or {}).values()]
    return all(condition_text(c) is not None for c in cells)


@given(_WORDS)
def test_a_text_of_a_condition_is_read_as_that_condition(cell: Any) -> None:
    from offerwright.expressions.types import TEXT

    text = condition_text(cell)
    assume(text is not None)
    assert text is not None

    assert condition_text(condition_cell(text, TEXT)) == text


DECISION = """\
kind: decision
name: parcel
results: {wrapped: {type: boolean}, note_of: {type: text}}
hit: first
rules:
  - {id: one, when: {gift: true}, then: {wrapped: true, note_of: "TRUE"}} # of gifts
  - {id: two, when: {brand: Acme}, then: {wrapped: false}}
otherwise: {}
"""


@pytest.mark.parametrize(("yes", "no"), [("TRUE", "FALSE"), ("VERDADEIRO", "Falso")])
def test_truth_values_as_spreadsheets_save_them_change_nothing(yes: str, no: str) -> None:
    sheet = (
        "id,when.gift,when.brand,then.wrapped,then.note_of\r\n"
        f"one,{yes},,{yes},TRUE\r\ntwo,,Acme,{no},\r\n"
    )
    made, found = taken(sheet, {"rules/d.yaml": DECISION}, "parcel")

    assert made is not None and found == []
    assert made.content == DECISION.encode()


def test_truth_values_of_a_table_in_csv_are_written_as_the_engine_reads_them() -> None:
    files = {
        "rules/d.yaml": DECISION.split("rules:")[0] + "file: d.csv\notherwise: {}\n",
        "rules/d.csv": "id,when.gift,then.wrapped\none,true,true\n",
    }
    made, found = taken("id;when.gift;then.wrapped\none;TRUE;FALSE\n", files, "parcel")

    assert made is not None and found == []
    assert made.content == b"id,when.gift,then.wrapped\none,true,false\n"


def test_without_any_table_the_error_says_so() -> None:
    with pytest.raises(OfferwrightError, match="no document that could be read has a table"):
        find_table(loaded({})[1].documents, "p")
