"""`-k`: words, phrases, and, or, not, brackets."""

from __future__ import annotations

import pytest
from testing.small import bed, cases

from offerwright.errors import OfferwrightError
from offerwright.testing.select import selector
from offerwright.testing.suite import chosen

NAMES = ("floor holds", "floor fails on sale", "Sale of toys", "ending")


@pytest.mark.parametrize(
    ("expression", "selected"),
    [
        ("floor", (0, 1)),
        ("SALE", (1, 2)),
        ("sale of", (2,)),
        ("floor and sale", (1,)),
        ("floor or ending", (0, 1, 3)),
        ("not sale", (0, 3)),
        ("not not sale", (1, 2)),
        ("floor and not sale", (0,)),
        ("not floor and not sale", (3,)),
        ("ending or floor and sale", (1, 3)),
        ("(ending or floor) and sale", (1,)),
        ("not (floor or sale)", (3,)),
        ("nothing", ()),
    ],
)
def test_what_an_expression_selects(expression: str, selected: tuple[int, ...]) -> None:
    selects = selector(expression)

    assert tuple(i for i, name in enumerate(NAMES) if selects(name)) == selected


@pytest.mark.parametrize(
    "expression", ["", " ", "and", "floor and", "(floor", "floor)", "not", "or x"]
)
def test_an_expression_that_is_none(expression: str) -> None:
    with pytest.raises(OfferwrightError, match="-k"):
        selector(expression)


def test_cases_are_chosen_by_place_and_by_name() -> None:
    line = "{name: one, given: phone, account: [a, b], expect: {currency: BRL}}"
    plans = bed(cases(line)).plans

    assert chosen(plans, [], None) == plans
    assert chosen(plans, ["rules"], None) == plans
    assert chosen(plans, ["."], None) == plans
    assert chosen(plans, ["rules/sample.test.yaml"], selector("[b]")) == plans[1:]
    assert chosen(plans, ["rules/pricing"], None) == ()
    assert chosen(plans, ["rul"], None) == ()
    assert chosen(plans, [], selector("sample one")) == plans
