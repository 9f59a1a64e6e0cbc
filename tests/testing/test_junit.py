"""JUnit XML in the shape that build servers read."""

from __future__ import annotations

from xml.etree import ElementTree as xml

from testing.small import bed, cases

from offerwright.testing.junit import junit_xml

LINES = (
    "{name: passes, given: phone, expect: {price: 576.00}}",
    "{name: 'fails <&> \"here\"', given: phone, account: [a, b], expect: {quantity: 5}}",
    "{name: waits, given: phone, expect: {price: 1.00}, skip: until March}",
)
COUNTS = {"tests": "4", "failures": "1", "errors": "0", "skipped": "1", "time": "0"}


def document() -> xml.Element:
    report = bed(cases(*LINES)).report
    return xml.fromstring(junit_xml(report.results, report.skipped))


def test_a_suite_per_file_with_its_counts() -> None:
    root = document()
    suite = root[0]

    assert root.tag == "testsuites"
    assert {key: root.get(key) for key in COUNTS} == COUNTS
    assert (suite.tag, suite.get("name")) == ("testsuite", "rules/sample.test.yaml")
    assert {key: suite.get(key) for key in COUNTS} == COUNTS
    assert [one.tag for one in suite] == ["testcase"] * 4


def test_a_case_with_its_place() -> None:
    case = document()[0][0]

    assert case.attrib == {
        "classname": "sample", "name": "passes", "file": "rules/sample.test.yaml", "line": "8",
        "time": "0",
    }  # fmt: skip
    assert list(case) == []


def test_a_failure_names_what_differs_and_the_rule() -> None:
    passed, failed = document()[0][1:3]
    failure = failed[0]

    assert [c.get("name") for c in (passed, failed)] == [
        'fails <&> "here" [a]',
        'fails <&> "here" [b]',
    ]
    assert list(passed) == []
    assert failure.get("message") == "quantity: expected 5, got 4"
    assert failure.text is not None
    assert failure.text.startswith("rules/sample.test.yaml:9: quantity: expected 5, got 4")
    assert "rules/stock.yaml" in failure.text


def test_a_skipped_case_says_why() -> None:
    skipped = document()[0][3][0]

    assert (skipped.tag, skipped.get("message")) == ("skipped", "until March")


def test_the_same_run_is_the_same_text() -> None:
    report = bed(cases(*LINES)).report

    assert junit_xml(report.results, report.skipped) == junit_xml(report.results, report.skipped)
    assert junit_xml(report.results, report.skipped).startswith("<?xml version=")


def test_what_xml_cannot_hold_is_written_out() -> None:
    line = r'{name: "ends \uFFFE", given: phone, expect: {attributes: {NAME: "a\uFFFF"}}}'
    report = bed(cases(line)).report
    text = junit_xml(report.results, report.skipped)

    assert not {"\ufffe", "\uffff"} & set(text)
    assert xml.fromstring(text)[0][0].get("name") == r"ends \ufffe"
