"""What DMN says and we cannot, and files that mean harm: refused at their place, with a hint."""

from __future__ import annotations

import pytest
from interchange.written import NAMESPACE, imported, model, table, text

EXPRESSIONS = [
    ("for i in X return i", "FEEL_UNSUPPORTED", 26, "a loop"),
    ("some i in X satisfies i > 1", "FEEL_UNSUPPORTED", 26, "a quantifier"),
    ("X[1]", "FEEL_SYNTAX", 27, "a list is not filtered"),
    ("{a: 1}", "FEEL_UNSUPPORTED", 26, "a context"),
    ("[1, 2]", "FEEL_UNSUPPORTED", 26, "a list has no counterpart"),
    ("X ** X", "FEEL_UNSUPPORTED", 26, "a power"),
    ("decimal(X, 2)", "FEEL_UNSUPPORTED", 26, "`round half up(n, s)` is kept"),
    ("substring(X, 1)", "FEEL_UNSUPPORTED", 26, "`substring` has no counterpart"),
    ("sqrt(X)", "FEEL_UNSUPPORTED", 26, "`sqrt` has no counterpart"),
    ("X +", "FEEL_SYNTAX", 28, "the text stops too early"),
    ("X + Z", "UNKNOWN_NAME", 30, "nothing is called `Z` here"),
    ("1 / X", "WRONG_TYPE", 26, "this divisor may be zero"),
    ('duration("P1Y")', "FEEL_UNSUPPORTED", 26, "years or months"),
    ('date("2026-13-01")', "FEEL_UNSUPPORTED", 26, "is no date"),
    ("X = true", "WRONG_TYPE", 26, "do not go together"),
    ('if X > 1 then "a\\"b" + "c" else "d"', "FEEL_UNSUPPORTED", 43, "a text with a quote"),
    ("X instance of number", "FEEL_SYNTAX", 28, "types are not asked for"),
    ("@\"12:00:00\"", "FEEL_UNSUPPORTED", 26, "is no date"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("feel", "code", "column", "says"), EXPRESSIONS, ids=[e[0] for e in EXPRESSIONS]
)
def test_an_expression_without_counterpart_is_refused_where_it_stands(
    feel: str, code: str, column: int, says: str
) -> None:
    _, found = imported(model(text(feel)))
    first = next(d for d in found if d.severity == "error")

    assert (first.code, str(first.span)) == (code, f"m.dmn:3:{column}")
    assert says in f"{first.message}; {first.hint}"


DOCUMENTS = [
    (model(""), "DMN_UNSUPPORTED", "2:1", "`Out` has no logic"),
    (model("<decisionTable/>"), "DMN_UNREADABLE", "3:1", "without an output"),
    (model("<relation/>"), "DMN_UNSUPPORTED", "3:1", "<relation> has no counterpart"),
    (model(table([(">1", "1", "2")])), "DMN_UNREADABLE", "4:1", "2 input entries"),
    (model(table([(">1", "1")], hit="BEST")), "DMN_UNREADABLE", "3:1", "`BEST` is no hitPolicy"),
    (model(table([(">1", "1")], hit="PRIORITY")), "DMN_UNSUPPORTED", "3:1", "needs the values of an output"),
    (model(table([(">1", '"c"')], hit="PRIORITY", values='"a","b"')), "DMN_UNSUPPORTED", "4:1", "none of the output's values"),
    (model(table([(">1", '"a"')], hit="COLLECT", more=' aggregation="SUM"')), "DMN_UNSUPPORTED", "3:1", "no numbers"),
    (model(table([(">1", "1"), (">2", "2")])), "RULES_OVERLAP", "5:1", "both match"),
    (model(table([(">1", "1"), (">2", '"x"')])), "DMN_UNSUPPORTED", "2:1", "several types"),
    (model(table([("! 1", "1")])), "FEEL_SYNTAX", "4:25", "`!` cannot stand here"),
    (model(table([("5..1", "1")])), "FEEL_SYNTAX", "4:26", "`.` cannot stand here"),
    (model(table([("[5..1]", "1")])), "WRONG_CONDITION", "4:1", "holds nothing"),
    (model(text("X"), [("X", "time")]), "DMN_UNSUPPORTED", "5:1", "the type `time` has no counterpart"),
    (model(text("X"), [("X", "tNone")]), "DMN_UNSUPPORTED", "5:1", "the type `tNone`"),
    (model(text("X")).replace('href="#i0"', 'href="other#i0x"'), "DMN_UNREADABLE", "2:1", "requires `i0x`"),
    (model(table([(">1", "1")]).replace("<text>X</text>", "")), "DMN_UNSUPPORTED", "3:35", "looks at nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("xml", "code", "place", "says"), DOCUMENTS, ids=[d[3] for d in DOCUMENTS])
def test_a_part_without_counterpart_is_refused_where_it_stands(
    xml: str, code: str, place: str, says: str
) -> None:
    _, found = imported(xml)
    told = [(d.code, str(d.span)) for d in found if says in f"{d.message}; {d.hint}"]

    assert told == [(code, f"m.dmn:{place}")]
    assert found[0].severity == "error"


def test_a_decision_that_needs_a_refused_one_is_refused_and_the_rest_is_kept() -> None:
    more = (
        '<decision id="e" name="Next"><informationRequirement><requiredDecision href="#d"/>'
        f"</informationRequirement>{text('Out + 1')}</decision>"
        f'<decision id="f" name="Alone">{text("1 + 1")}</decision>'
    )
    made, found = imported(model(text("sqrt(X)"), more=more))

    assert made is not None
    assert sorted(made.converted.refused) == ["Next", "Out"]
    assert [d.message for d in found][1:] == ["`Next` needs `Out`, which is refused"]
    assert [n for n in made.documents if "decisions" in n] == ["rules/decisions/alone.yaml"]


BOMB = '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
) + "]><definitions>&i;</definitions>"  # fmt: skip
OUTSIDE = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]><definitions>&x;</definitions>'
FILES = [
    (BOMB, "XML_DOCTYPE"),
    (OUTSIDE, "XML_DOCTYPE"),
    ('<!DOCTYPE d SYSTEM "http://127.0.0.1/d.dtd"><definitions/>', "XML_DOCTYPE"),
    ("<definitions>&x;</definitions>", "NOT_XML"),
    ("<definitions>", "NOT_XML"),
    ("", "NOT_XML"),
    ("{}", "NOT_XML"),
    ("<other/>", "NOT_DMN"),
    ('<?xml version="1.0" encoding="klingon"?><definitions/>', "NOT_XML"),
    ("<a>" * 200, "TOO_DEEP"),
    ("<definitions>" + "<decision/>" * 100_001 + "</definitions>", "FILE_TOO_LARGE"),
    ("<definitions>" + " " * (5 << 20) + "</definitions>", "FILE_TOO_LARGE"),
]


@pytest.mark.parametrize(("xml", "code"), FILES, ids=[f"{n} {f[1]}" for n, f in enumerate(FILES)])
def test_a_file_that_is_no_model_or_means_harm_is_refused(xml: str, code: str) -> None:
    made, found = imported(xml)

    assert made is None
    assert [d.code for d in found] == [code]
    assert found[0].span is not None and found[0].hint


def test_bytes_in_another_encoding_are_read_as_the_file_says() -> None:
    xml = model(text('"São " + "Paulo"')).replace(
        "<definitions", '<?xml version="1.0" encoding="ISO-8859-1"?><definitions', 1
    )
    made, found = imported(xml.encode("latin-1"))

    assert made is not None and found == []
    assert 'concat("São ", "Paulo")' in made.documents["rules/decisions/out.yaml"]


def test_a_model_of_an_unknown_version_is_read_with_a_warning() -> None:
    made, found = imported(model(text("1")).replace(NAMESPACE, "urn:future"))

    assert made is not None and made.loadout is not None
    assert [(d.code, d.severity) for d in found] == [("NOT_DMN", "warning")]


def test_a_long_text_and_deep_brackets_are_refused_at_once() -> None:
    for feel in ("1 + " * 2_000 + "1", "(" * 60 + "1" + ")" * 60, "-" * 60 + "1"):
        _, found = imported(model(text(feel)))

        codes = {d.code for d in found if d.severity == "error"}

        assert codes and codes <= {"FEEL_SYNTAX", "WRONG_EXPRESSION"}
