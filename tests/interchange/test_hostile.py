"""Models that would grow without end, twins, numbers out of bounds, encodings nobody reads."""

from __future__ import annotations

import time

import pytest
from interchange.written import ZONE, imported, model, said, table, text

from offerwright.interchange.dmn.run import try_dmn
from offerwright.interchange.dmn.vocabulary import Given


def knowledge(name: str, feel: str, *needs: str) -> str:
    required = "".join(
        f'<knowledgeRequirement><requiredKnowledge href="#b{n}"/></knowledgeRequirement>'
        for n in needs
    )
    return (
        f'<businessKnowledgeModel id="b{name}" name="{name}"><encapsulatedLogic>'
        f'<formalParameter name="y"/>{text(feel)}</encapsulatedLogic>{required}'
        "</businessKnowledgeModel>"
    )


def context(*entries: str) -> str:
    """A context `v0`, `v1` … whose result is its last entry."""
    named = "".join(
        f'<contextEntry><variable name="v{n}"/>{text(feel)}</contextEntry>'
        for n, feel in enumerate(entries)
    )
    result = f"<contextEntry>{text(f'v{len(entries) - 1}')}</contextEntry>"
    return f"<context>{named}{result}</context>"


def wide_type(name: str, below: str) -> str:
    parts = "".join(
        f'<itemComponent name="c{n}"><typeRef>{below}</typeRef></itemComponent>' for n in range(60)
    )
    return f'<itemDefinition name="{name}">{parts}</itemDefinition>'


GROWING = {
    "a context that doubles": model(context("X", *(f"v{n} + v{n}" for n in range(60)))),
    "a context that deepens": model(context("X", *(f"v{n} + 1" for n in range(900)))),
    "knowledge that calls knowledge twenty times": model(
        text("f7(X)"),
        more=knowledge("f0", "y + 1")
        + "".join(
            knowledge(f"f{n}", " + ".join([f"f{n - 1}(y)"] * 20), f"f{n - 1}") for n in range(1, 8)
        ),
    ),
    "powers of powers": model(text("X" + " ** 12" * 12)),
    "a sum of a thousand": model(text(" + ".join(["X"] * 1_000))),
    "a condition of many": model(table([(" and ".join(["? > 1"] * 400), "1")])),
}


@pytest.mark.parametrize("xml", GROWING.values(), ids=GROWING)
def test_an_expression_that_grows_without_end_is_refused_at_once(xml: str) -> None:
    began = time.monotonic()
    _, found = imported(xml)

    assert time.monotonic() - began < 5
    assert [d.code for d in found if d.severity == "error"] == ["FEEL_UNSUPPORTED"]
    assert "parts" in found[0].message or "deep" in found[0].message


def test_a_type_that_grows_without_end_is_refused_at_once() -> None:
    types = (
        wide_type("a", "b") + wide_type("b", "c") + wide_type("c", "d") + wide_type("d", "number")
    )
    began = time.monotonic()
    _, found = imported(model(text("1"), [("X", "a")], more=types))

    assert time.monotonic() - began < 5
    told = [(d.code, d.message) for d in found]
    assert ("DMN_UNSUPPORTED", "the type `c` holds more than 200 values") in told


@pytest.mark.parametrize("encoding", ["shift_jis", "utf-7", "punycode", "idna", "undefined"])
def test_an_encoding_that_xml_tools_do_not_read_is_refused(encoding: str) -> None:
    xml = f'<?xml version="1.0" encoding="{encoding}"?>' + model(text("1"))
    made, found = imported(xml)

    assert made is None
    assert [(d.code, d.hint) for d in found] == [
        ("NOT_XML", "save it as UTF-8, and say so in its first line")
    ]
    assert encoding in found[0].message


def test_two_elements_of_one_name_are_an_error_at_the_second() -> None:
    twin = f'\n<decision id="e" name="Out">{text("2")}</decision>'
    _, found = imported(model(text("1"), more=twin))

    assert [(d.code, d.message, str(d.span)) for d in found] == [
        ("DMN_UNREADABLE", "two elements are called `Out`", "m.dmn:6:1")
    ]
    assert [str(r.span) for r in found[0].related] == ["m.dmn:2:1"]


def test_zero_to_a_negative_power_is_null() -> None:
    assert "then" not in said(model(text("0 ** -1")))


def test_a_number_that_does_not_fit_is_refused() -> None:
    _, found = imported(model(text("1000000000000000000000000000001 * X")))

    assert [(d.code, str(d.span)) for d in found] == [("FEEL_UNSUPPORTED", "m.dmn:3:26")]
    assert "30 digits" in found[0].message


def test_an_entry_without_text_says_what_to_write() -> None:
    _, found = imported(model(table([(">1", "")])))

    assert [(d.code, d.message, d.hint) for d in found] == [
        ("FEEL_SYNTAX", "nothing is written here", "write null where there is no result")
    ]


def test_a_table_with_an_unknown_policy_gives_no_results_to_test() -> None:
    outcomes, found = _tried(model(table([(">1", "1")], hit="BEST")), "<value>2</value>")

    assert [d.code for d in found] == ["DMN_UNREADABLE"]
    assert [o.status for o in outcomes] == ["refused"]


@pytest.mark.parametrize("value", ["NaN", "1e99", "two", "Infinity"])
def test_an_input_that_is_no_number_refuses_its_case_only(value: str) -> None:
    outcomes, _ = _tried(model(text("X + 1")), f"<value>{value}</value>", "<value>1</value>")

    assert [(o.case, o.status) for o in outcomes] == [("1", "refused"), ("2", "pass")]
    assert value in outcomes[0].reason


def _tried(xml: str, *inputs: str):  # type: ignore[no-untyped-def]
    """The outcomes of cases of which every one expects 2."""
    cases = "".join(
        f'<testCase id="{n}"><inputNode name=" X ">{value}</inputNode><resultNode name="Out">'
        "<expected><value>2</value></expected></resultNode></testCase>"
        for n, value in enumerate(inputs, 1)
    )
    content = f'<testCases xmlns="urn:cases">{cases}</testCases>'.encode()
    outcomes, found = try_dmn(xml.encode(), "m.dmn", {"cases.xml": content}, Given(ZONE))
    return [o for _, several in outcomes for o in several], found
