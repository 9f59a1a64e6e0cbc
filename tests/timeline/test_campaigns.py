"""Campaigns overlap where one offer meets both, and nowhere else."""

from __future__ import annotations

from timeline.test_timeline import NARROW, YEAR, day, sale, shop

from offerwright.expressions.parse import microseconds
from offerwright.loadout import Loadout
from offerwright.timeline.coverage import stretches

FIRST = "{from: 2026-06-01, before: 2026-06-08}"
SECOND = "{from: 2026-06-05, before: 2026-06-10}"
AFTER = "{from: 2026-06-09, before: 2026-06-12}"
TABLE = """\
kind: pricing
name: weeks
steps:
  - id: week
    phase: adjust
    hit: first
    rules:
      - {id: one, valid: %s, when: {sku: A}, then: {off: 10%%}}
      - {id: two, valid: %s, when: {sku: %s}, then: {off: 20%%}}
    otherwise: {off: 0%%}
    set: {sale_price: price * (1 - off)}
"""


def said(rules: Loadout) -> list[tuple[str, int, int, str]]:
    found = stretches(rules, microseconds(YEAR.start), microseconds(YEAR.end), ["a"])
    return [(s.kind, s.start, s.end, s.what.partition(": ")[2]) for s in found]


def both(start: str, end: str, names: str = "one and two") -> tuple[str, int, int, str]:
    return "overlap", day(start), day(end), f"{names} both count"


def between(start: str, end: str, names: str = "one and two") -> tuple[str, int, int, str]:
    return "gap", day(start), day(end), f"nothing between {names}"


def test_campaigns_of_two_scopes_that_share_offers_overlap() -> None:
    rules = shop(one=sale("one", FIRST), two=sale("two", SECOND, for_="for: {sku: B}\n"))

    assert said(rules) == [both("2026-06-05", "2026-06-08")]


def test_campaigns_for_other_skus_do_not_meet() -> None:
    one = sale("one", FIRST, for_="for: {sku: A}\n")

    assert said(shop(one=one, two=sale("two", SECOND, for_="for: {sku: B}\n"))) == []
    assert said(shop(one=one, two=sale("two", AFTER, for_="for: {sku: B}\n"))) == []


def test_rows_for_another_account_are_none_of_this_one() -> None:
    table = TABLE % (FIRST, SECOND, "A")
    other = table.replace(
        "when: {sku: A}, then: {off: 20%}", "when: {account: b}, then: {off: 20%}"
    )

    assert said(shop(weeks=table)) == [both("2026-06-05", "2026-06-08", "weeks/one and weeks/two")]
    assert said(shop(weeks=other)) == []


def test_campaigns_with_conditions_that_no_offer_meets_both_do_not_meet() -> None:
    def costing(name: str, window: str, cost: str) -> str:
        text = sale(name, window, for_=NARROW if name == "two" else "")
        return text.replace("phase: adjust,", f"phase: adjust, when: {{cost: '{cost}'}},")

    one = costing("one", FIRST, "< 100")

    assert said(shop(one=one, two=costing("two", SECOND, ">= 100"))) == []
    assert said(shop(one=one, two=costing("two", SECOND, ">= 99"))) == [
        both("2026-06-05", "2026-06-08")
    ]


def test_what_overrides_takes_the_place_of_the_other() -> None:
    narrow = sale("two", SECOND, for_="for: {account: a}\noverride: true\n")

    assert said(shop(one=sale("one", FIRST), two=narrow)) == []


def test_rows_of_one_table_overlap_where_one_offer_meets_both() -> None:
    names = "weeks/one and weeks/two"

    assert said(shop(weeks=TABLE % (FIRST, SECOND, "A"))) == [
        both("2026-06-05", "2026-06-08", names)
    ]
    assert said(shop(weeks=TABLE % (FIRST, SECOND, "B"))) == []


def test_a_day_between_two_rows_is_a_gap_for_the_offers_of_both() -> None:
    names = "weeks/one and weeks/two"

    assert said(shop(weeks=TABLE % (FIRST, AFTER, "A"))) == [
        between("2026-06-08", "2026-06-09", names)
    ]
    assert said(shop(weeks=TABLE % (FIRST, AFTER, "B"))) == []


def test_a_campaign_that_bridges_two_leaves_no_gap() -> None:
    bridge = sale("three", "{from: 2026-06-02, before: 2026-06-11}", for_="for: {account: a}\n")
    rules = shop(one=sale("one", FIRST), two=sale("two", AFTER), three=bridge)

    assert [kind for kind, *_ in said(rules)] == ["overlap", "overlap"]


def test_a_base_price_with_an_end_leaves_a_gap() -> None:
    base = "kind: pricing\nname: base\nvalid: {before: 2026-09-01}\n"
    rules = shop(base=base + "steps: [{id: b, phase: base, set: {price: cost}}]\n")

    assert [(kind, start) for kind, start, *_ in said(rules)] == [("gap", day("2026-09-01"))]
