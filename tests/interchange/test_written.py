"""What is written for a model: names, types, cells, orders, expressions, findings that remain."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interchange.written import ZONE, imported, model, said, table, text

from offerwright.interchange.dmn.run import try_dmn
from offerwright.interchange.dmn.vocabulary import Given


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        (">= 18", '{x: ">= 18"}'),
        ("18", "{x: 18}"),
        ("[1..5)", '{x: "[1..5)"}'),
        ("]1..5[", '{x: "(1..5)"}'),
        ("1, 2, > 9", '{x: [1, 2, "> 9"]}'),
        ("not(1, 2)", "{x: {not: [1, 2]}}"),
        ("null", "{x: missing}"),
        ("not(null)", "{x: present}"),
        ("? > 3 and ? <= 7", '{x: "(3..7]"}'),
        ("3 < ?", '{x: "> 3"}'),
        ("? in [1..2]", '{x: "[1..2]"}'),
        ("-1.50", "{x: -1.5}"),
    ],
)  # fmt: skip
def test_a_unary_test_becomes_a_cell(cell: str, written: str) -> None:
    assert f"when: {written}, then" in said(model(table([(cell, "1")])))


@pytest.mark.parametrize(
    ("type_", "cell", "written"),
    [
        ("string", '"missing"', "{x: {is: missing}}"),
        ("string", '"0..5"', "{x: 0..5}"),
        ("string", '"a","b c"', "{x: [a, b c]}"),
        ("string", 'starts with(?, "ab")', "{x: {starts_with: ab}}"),
        ("string", 'contains(?, "a.b")', '{x: {matches: "(?s).*a\\\\.b.*"}}'),
        ("boolean", "false", "{x: false}"),
        ("date", '< date("2026-12-01")', '{x: "< 2026-12-01"}'),
        ("date and time", '>= date and time("2026-12-01T08:00:00")', '{x: ">= 2026-12-01T08:00:00-03:00"}'),
        ("days and time duration", '> duration("PT36H")', '{x: "> 36 hours"}'),
    ],
)  # fmt: skip
def test_a_cell_is_written_by_the_type_of_its_input(type_: str, cell: str, written: str) -> None:
    xml = model(
        table([(cell, "1")]).replace('typeRef="number"', f'typeRef="{type_}"'), [("X", type_)]
    )

    assert f"when: {written}, then" in said(xml)


@pytest.mark.parametrize(
    ("feel", "written"),
    [
        ("X + 2 * X - 1", "{out: x + 2 * x - 1}"),
        ("X - (2 - X)", "{out: x - (2 - x)}"),
        ("X * (2 * X)", "{out: x * (2 * x)}"),
        ("-(X + 1)", "{out: -(x + 1)}"),
        ("X ** 3", "{out: x * x * x}"),
        ("X / (5 - 3)", "{out: x / 2}"),
        ("if X > 1 then X else 0", '{out: "if coalesce(x > 1, false) then x else 0"}'),
        ("if X > 1 then 0 else X", '{out: "if x > 1 then 0 else x"}'),
        ("if X != 0 then 6 / X else 1", '{out: "if x != 0 then 6 / x else 1"}'),
        ("round half up(X, 2)", '{out: "round(x, 2)"}'),
        ("max(X, 3)", '{out: "max(x, 3)"}'),
        ("X between 1 and 3", '{out: "x >= 1 and x <= 3"}'),
        ("X in (1, 2)", '{out: "coalesce(x = 1, false) or coalesce(x = 2, false)"}'),
        ("not(X > 1) and X = null", '{out: "not x > 1 and x is missing"}'),
    ],
)  # fmt: skip
def test_an_expression_keeps_its_meaning(feel: str, written: str) -> None:
    plain = said(model(text(feel))).replace("'", '"')

    assert (
        f"then: {written.replace(chr(39), chr(34))}" in plain
        or f"then: {_unquoted(written)}" in plain
    )


def _unquoted(written: str) -> str:
    """A text that needs no quotes is written without; one that needs them with."""
    inner = written.removeprefix("{out: ").removesuffix("}")
    return written if inner.startswith('"') else f'{{out: "{inner}"}}'


def test_names_become_names_of_the_language_each_given_once() -> None:
    inputs = [
        ("Net Weight", "number"),
        ("net-weight", "number"),
        ("price", "number"),
        ("Größe", "number"),
        ("2x", "number"),
    ]
    made, _ = imported(model(text("1"), inputs))

    assert made is not None and made.converted.facts is not None
    assert list(made.converted.facts.data["facts"]) == [
        "net_weight", "net_weight_2", "price_fact", "groe", "value_2x",
    ]  # fmt: skip


def test_facts_that_exist_are_not_declared_again() -> None:
    made, _ = imported(model(text("1"), [("X", "number"), ("Y", "number")]), facts=["x"])

    assert made is not None and made.converted.facts is not None
    assert list(made.converted.facts.data["facts"]) == ["y"]


def test_allowed_values_become_words_and_bounds() -> None:
    more = (
        '<itemDefinition name="tTier"><typeRef>string</typeRef><allowedValues><text>"a","b"</text></allowedValues></itemDefinition>'
        '<itemDefinition name="tPart"><typeRef>number</typeRef><allowedValues><text>[0..100]</text></allowedValues></itemDefinition>'
    )
    written = said(model(text("1"), [("T", "tTier"), ("P", "tPart")], more))

    assert "t: {type: enum, of: [a, b], from: inputs.t" in written
    assert "p: {type: number, minimum: 0, maximum: 100, from: inputs.p" in written


def test_a_rule_that_never_wins_is_left_out_with_a_warning() -> None:
    made, found = imported(model(table([("> 1", "1"), ("> 2", "2"), ("< 0", "3")], hit="FIRST")))

    assert made is not None and made.loadout is not None
    assert [(d.code, str(d.span)) for d in found] == [("DMN_ROW_LEFT_OUT", "m.dmn:5:1")]
    assert "rule-2" not in made.documents["rules/decisions/out.yaml"]


def test_two_columns_over_one_input_stand_under_all() -> None:
    body = table([("> 1", "1")]).replace(
        "<output>", "<input><inputExpression><text>X</text></inputExpression></input><output>"
    )
    body = body.replace(
        "<outputEntry>", "<inputEntry><text>&lt; 5</text></inputEntry><outputEntry>"
    )

    assert 'when: {x: "> 1", all: [{x: "< 5"}]}' in said(model(body))


def test_an_input_that_no_element_declares_is_one_all_the_same() -> None:
    body = table([("> 1", "1")]).replace("<text>X</text>", "<text>speed</text>")

    assert "speed: {type: number, from: inputs.speed" in said(model(body, []))


_ENDS = st.integers(-3, 3)
_TESTS: Any = st.one_of(
    _ENDS.map(str),
    st.tuples(st.sampled_from(("<", "<=", ">", ">=")), _ENDS).map(lambda t: f"{t[0]} {t[1]}"),
    st.tuples(st.sampled_from("[]("), _ENDS, st.integers(1, 3), st.sampled_from("])[")).map(
        lambda t: f"{t[0]}{t[1]}..{t[1] + t[2]}{t[3]}"),
    st.just("null"),
)  # fmt: skip
_CELLS = st.tuples(st.booleans(), st.lists(_TESTS, min_size=1, max_size=3))


def holds(test: str, value: Decimal | None) -> bool:
    """One unary test as the OMG text says it: a value that is null passes `null` alone."""
    if test == "null" or value is None:
        return test == "null" and value is None
    if test[0] in "<>":
        sign, end = test.split(" ")
        return {"<": value < Decimal(end), "<=": value <= Decimal(end), ">": value > Decimal(end),
                ">=": value >= Decimal(end)}[sign]  # fmt: skip
    if ".." in test:
        low, high = (Decimal(e) for e in test[1:-1].split(".."))
        above = value >= low if test[0] == "[" else value > low
        return above and (value <= high if test[-1] == "]" else value < high)
    return value == Decimal(test)


@settings(max_examples=25, deadline=None)
@given(st.lists(_CELLS, min_size=1, max_size=5))
def test_any_cells_match_the_values_that_the_specification_says(
    cells: list[tuple[bool, list[str]]],
) -> None:
    values = [None, *(Decimal(n) / 2 for n in range(-7, 14))]
    rows = [
        (f"not({', '.join(tests)})" if negated else ", ".join(tests), str(n))
        for n, (negated, tests) in enumerate(cells)
    ]
    # A negated test of a value does not match null, unless it names null and so is false there.
    expected = [
        [n for n, (negated, tests) in enumerate(cells)
         if (any(holds(t, v) for t in tests) if not negated else v is not None and not any(holds(t, v) for t in tests))]
        for v in values
    ]  # fmt: skip
    found, said_of = _results(model(table(rows, hit="RULE ORDER")), values)

    assert said_of == []
    assert found == ["null" if not e else f"[{', '.join(map(str, e))}]" for e in expected]


def _results(xml: str, values: list[Decimal | None]) -> tuple[list[str], list[str]]:
    def node(v: Decimal | None) -> str:
        return '<value xsi:nil="true"/>' if v is None else f"<value>{v}</value>"

    cases = "".join(
        f'<testCase id="{n}"><inputNode name="X">{node(v)}</inputNode>'
        '<resultNode name="Out"><expected><value>?</value></expected></resultNode></testCase>'
        for n, v in enumerate(values)
    )
    head = '<testCases xmlns="http://www.omg.org/spec/DMN/20160719/testcase" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    outcomes, found = try_dmn(
        xml.encode(), "m.dmn", {"c.xml": f"{head}{cases}</testCases>".encode()}, Given(ZONE)
    )
    return [o.got for _, several in outcomes for o in several], [
        d.message for d in found if d.severity == "error"
    ]


def test_knowledge_is_put_in_its_place_in_a_cell_too() -> None:
    more = (
        '<businessKnowledgeModel id="b" name="next"><encapsulatedLogic><formalParameter name="y"/>'
        f"{text('y + 1')}</encapsulatedLogic></businessKnowledgeModel>"
    )

    assert 'out_x_rule_1: "x > 2 + 1"' in said(model(table([("> next(2)", "1")]), more=more))


def test_an_input_without_a_type_is_what_its_columns_compare_it_with() -> None:
    untyped = model(table([("> 3", "1"), ("[1..3]", "2")])).replace(' typeRef="number"', "")

    assert "x: {type: number, from: inputs.x" in said(untyped)


def test_a_text_that_is_compared_with_a_number_is_refused() -> None:
    xml = model(table([("> 3", "1")]), [("X", "string")]).replace(' typeRef="number"', "")
    _, found = imported(xml)

    assert [(d.code, str(d.span)) for d in found] == [("WRONG_TYPE", "m.dmn:4:25")]
