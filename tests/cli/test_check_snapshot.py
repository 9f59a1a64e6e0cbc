"""`check --snapshot`: rows against the goods that there are."""

from __future__ import annotations

import pytest
from cli.shop import AS_OF, Done, Shop

from offerwright.rules.findings.expected import read_expectation

TABLE = """\
kind: pricing
name: shop
steps:
  - id: markups
    phase: base
    hit: first
    rules:
{rows}
    otherwise: {{markup: 30%}}
    set: {{price: cost * (1 + markup)}}
"""


def with_rows(shop: Shop, *rows: str) -> None:
    """A table of these rows: conditions, and what they expect."""
    lines = [
        f"      - {{id: row-{number}, when: {{{when}}}, then: {{markup: {number}0%}}{expects}}}"
        for number, (when, expects) in enumerate([*row.split(" // "), ""][:2] for row in rows)
    ]
    shop.write("rules/pricing.yaml", TABLE.format(rows="\n".join(lines)))


def told(done: Done) -> list[tuple[str, str, int]]:
    return [
        (d["code"], d["severity"], d["line"]) for d in done.json["diagnostics"]
        if d["code"] in ("EXPECT_MATCHES", "MATCHES_NOTHING", "MATCHES_EVERYTHING")
    ]  # fmt: skip


def counted(shop: Shop) -> Done:
    assert shop("snapshot").code == 0
    return shop("check", "--snapshot", "newest", "--as-of", AS_OF, "-o", "json")


def test_an_expectation_that_is_missed_is_an_error_with_examples(shop: Shop) -> None:
    """Three SKUs are audio, three are cables, CA-1, CA-2 and NP-1."""
    with_rows(shop, "category: {under: audio} // , expect_matches: 3",
              "category: cables // , expect_matches: 1..2")  # fmt: skip
    done = counted(shop)
    [found] = [d for d in done.json["diagnostics"] if d["code"] == "EXPECT_MATCHES"]

    assert told(done) == [("EXPECT_MATCHES", "error", 9)]
    assert found["message"] == (
        "`row-1` matches 3 SKUs such as CA-1, CA-2, NP-1 on market, and 1..2 are expected"
    )
    assert done.code == 1


def test_rows_that_match_nothing_and_everything_are_warnings(shop: Shop) -> None:
    with_rows(shop, "category: {under: adio}", "name: present")

    assert told(counted(shop)) == [
        ("MATCHES_NOTHING", "warning", 8),
        ("MATCHES_EVERYTHING", "warning", 9),
    ]


def test_a_document_whose_for_is_misspelt_is_for_no_offer(shop: Shop) -> None:
    with_rows(shop, "category: {under: audio}")
    narrow = (
        "kind: pricing\nname: {0}\nfor: {{sku: {1}}}\n"
        "steps:\n  - {{id: fix, phase: adjust, set: {{price: 9}}}}\n"
    )
    shop.write("rules/found.yaml", narrow.format("found", "[CA-1, CA-9]"))
    shop.write("rules/lost.yaml", narrow.format("lost", "[CA-7, CA-8]"))
    done = counted(shop)
    [found] = [d for d in done.json["diagnostics"] if d["code"] == "MATCHES_NOTHING"]

    assert (found["file"], found["line"]) == ("rules/lost.yaml", 3)
    assert found["message"].startswith("`lost/for` matches none of ")


def test_a_row_behind_one_that_wins_is_counted_all_the_same(shop: Shop) -> None:
    with_rows(shop, "category: {under: audio}", 'category: "audio/fones" // , expect_matches: 1')
    shop.change("rules/pricing.yaml", "hit: first", "hit: collect\n    take: max")

    assert told(counted(shop)) == []


def test_a_campaign_of_next_year_is_no_mistake(shop: Shop) -> None:
    with_rows(shop, "category: {under: audio} // , valid: {from: 2027-05-01}, expect_matches: 3",
              "category: cables")  # fmt: skip

    assert told(counted(shop)) == []


def test_a_row_may_wait_for_goods(shop: Shop) -> None:
    with_rows(shop, "category: {under: video} // , expect_matches: 0", "category: cables")

    assert told(counted(shop)) == []


def test_the_when_of_a_step_is_counted_and_limits_its_rows(shop: Shop) -> None:
    with_rows(shop, "cost: < 30", 'cost: "30..300"'.replace('"', "'"))
    shop.change("rules/pricing.yaml", "cost: < 30", "cost: '< 30'")
    shop.change(
        "rules/pricing.yaml",
        "    hit: first",
        "    when: {category: {under: audio}}\n    hit: first",
    )

    assert told(counted(shop)) == [
        ("MATCHES_NOTHING", "warning", 9),
        ("MATCHES_EVERYTHING", "warning", 10),
    ]


def test_tables_that_ask_for_prices_are_left_out(shop: Shop) -> None:
    with_rows(shop, "live_price: '> 5'", "category: cables")

    assert told(counted(shop)) == []


def test_without_a_snapshot_it_is_said_how_to_take_one(shop: Shop) -> None:
    done = shop("check", "--snapshot", "newest")

    assert done.code == 2
    assert "run: offerwright snapshot" in done.err


def test_a_snapshot_of_other_facts_is_refused(shop: Shop) -> None:
    shop("snapshot")
    shop.change("rules/facts.yaml", "lowest: {type: money", "lowest: {minimum: 0, type: money")
    done = shop("check", "--snapshot", "newest")

    assert done.code == 2
    assert "is of other facts" in done.err


def test_an_expectation_that_is_none_is_found_without_a_snapshot(shop: Shop) -> None:
    with_rows(shop, "category: cables // , expect_matches: many")
    done = shop("check")

    assert "WRONG_EXPECTATION" in done.out
    assert done.code == 1


@pytest.mark.parametrize(("text", "wanted"), [
    ("1", (1, 1)), ("1..50", (1, 50)), (" 2 .. 3 ", (2, 3)), ("1..", (1, None)), ("..50", (0, 50)),
    ("50..1", None), ("..", None), ("some", None), ("-1", None), ("1.5", None),
])  # fmt: skip
def test_an_expectation_is_a_number_or_a_range(
    text: str, wanted: tuple[int, int | None] | None
) -> None:
    assert read_expectation(text) == wanted


STEP = """\
  - {id: step, check: step_from_live, down: 30%, else: needs_approval}
"""
AGREED = """\
kind: approvals
name: agreed
approves:
  - {guard: step, down: 50%, reason: clearance, approver: maria, expires: 2026-11-26}
  - {guard: step, down: 50%, reason: clearance, approver: maria, expires: 2026-11-27}
  - {guard: step, select: {category: {under: adio}}, down: 50%, reason: clearance, approver: maria, expires: 2026-11-30}
  - {guard: step, select: {category: {under: audio}}, down: 50%, reason: clearance, approver: maria, expires: 2026-11-30}
"""


def test_approvals_that_are_over_or_select_nothing_are_warnings(shop: Shop) -> None:
    """As of 27 November: the first ended the day before, the third has a misspelt word."""
    guards = (shop.root / "rules/guards.yaml").read_text(encoding="utf-8")
    shop.write("rules/guards.yaml", guards + STEP)
    shop.write("rules/approvals.yaml", AGREED)
    done = counted(shop)
    found = [d for d in done.json["diagnostics"] if d["file"] == "rules/approvals.yaml"]

    assert [(d["code"], d["line"], d["message"]) for d in found] == [
        ("APPROVAL_IS_OVER", 4, "the approval of `step` ended on 2026-11-26"),
        ("MATCHES_NOTHING", 6, "the approval of `step` selects none of 6 SKUs"),
    ]
    assert done.code == 0
