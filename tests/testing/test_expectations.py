"""Every case of `tests/cases/rule_tests`: what is expected, what is given, and what is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from testing.small import HEAD, bed, cases

from offerwright.source.yaml import read_yaml

FOLDER = Path(__file__).parents[1] / "cases" / "rule_tests"


def of_file(name: str) -> list[Any]:
    located, wrong = read_yaml((FOLDER / name).read_bytes(), name)
    assert located is not None, wrong
    return [pytest.param(case, id=case["name"]) for case in located.data["cases"]]


@pytest.mark.parametrize("case", of_file("expectations.yaml"))
def test_expectations(case: dict[str, Any]) -> None:
    here = bed(cases(case["case"]))
    found = [d for r in here.report.results for d in r.differences]

    assert here.found == []
    assert [[d.what, d.expected, d.got] for d in found] == case.get("differs", [])
    assert case.get("because", "") in "; ".join(d.because for d in found)


@pytest.mark.parametrize("case", of_file("given.yaml"))
def test_given(case: dict[str, Any]) -> None:
    text = cases(f"{{name: x, given: {case['given']}, expect: {{currency: BRL}}}}")
    here = bed(text)
    if "code" not in case:
        assert here.found == []
        facts = here.plans[0].product.facts
        assert {n: str(facts[n]) for n in case["facts"]} == case["facts"]
        return
    found = here.found[0]
    line = text.splitlines()[found.span.line - 1] if found.span else ""

    assert [d.code for d in here.found] == [case["code"]]
    assert case["says"] in f"{found.message} {found.hint}"
    if "on" in case:
        assert found.span is not None
        assert line[found.span.column - 1 : found.span.end_column - 1] == case["on"]
    assert here.plans == ()


def test_a_fact_that_is_taken_away_is_gone() -> None:
    here = bed(cases("{name: x, given: {like: phone, cost: missing}, expect: {price: missing}}"))

    assert "cost" not in here.plans[0].product.facts


def test_a_missing_fact_takes_the_value_of_its_declaration() -> None:
    """`tier` is `none` where nothing is known of it."""
    line = "{name: x, given: {cost: 100.00, category: phones}, expect: {price: 120.00}}"
    frame = bed(cases(line)).report.results[0].outcome.offers.rows

    assert frame.get("tier").vocabulary == ("none",)  # type: ignore[union-attr]  # it is text


def test_the_head_is_in_order() -> None:
    assert bed(HEAD).found == []
