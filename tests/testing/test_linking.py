"""Test documents: fixtures of other files, accounts, moments, and what is wrong with them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from engine_under_test import compiled
from testing.small import FILES, HEAD, bed, cases, differences

from offerwright.pipeline import findings_of, linked_tests

SHARED = "kind: test\nname: shared\nfixtures:\n  {name}: {{category: phones, cost: 100.00}}\n"
USES = HEAD.replace("fixtures:\n", "fixtures_from: more/shared.test.yaml\nfixtures:\n")


def codes(tests: str, files: dict[str, str] | None = None) -> list[str]:
    return [d.code for d in bed(tests, files).found]


def test_fixtures_of_another_file() -> None:
    line = "{name: x, given: cheap, expect: {price: 120.00}}"
    files = {"rules/more/shared.test.yaml": SHARED.format(name="cheap")}

    assert differences(cases(line, head=USES), files) == []


def test_fixtures_of_a_file_that_takes_them_from_a_third() -> None:
    line = "{name: x, given: cheap, expect: {price: 120.00}}"
    files = {
        "rules/more/shared.test.yaml": "kind: test\nname: middle\nfixtures_from: third.test.yaml\n",
        "rules/more/third.test.yaml": SHARED.format(name="cheap"),
    }

    assert differences(cases(line, head=USES), files) == []


def test_files_that_take_fixtures_from_each_other() -> None:
    files = {
        "rules/more/shared.test.yaml": SHARED.format(name="cheap")
        + "fixtures_from: ../sample.test.yaml\n"
    }

    assert codes(cases("{name: x, given: cheap, expect: {currency: BRL}}", head=USES), files) == []


def test_a_fixture_that_is_there_twice() -> None:
    files = {"rules/more/shared.test.yaml": SHARED.format(name="phone")}

    assert codes(USES, files) == ["DUPLICATE_FIXTURE"]


def test_a_file_of_fixtures_that_is_not_there() -> None:
    found = bed(USES, {"rules/shared.test.yaml": SHARED.format(name="cheap")}).found

    assert [d.code for d in found] == ["FILE_NOT_FOUND"]
    assert "shared.test.yaml" in found[0].hint


def test_a_fixture_like_another_one() -> None:
    head = HEAD + "  dear: {like: phone, cost: 900.00}\n"

    assert differences(cases("{name: x, given: dear, expect: {price: 990.00}}", head=head)) == []


def test_a_fixture_that_is_like_itself() -> None:
    head = HEAD + "  one: {like: two}\n  two: {like: one}\n"

    assert set(codes(head)) == {"FIXTURE_LOOP"}


def test_a_mistake_in_a_fixture_is_said_once_and_at_the_fixture() -> None:
    head = HEAD.replace("cost: 480.00", "cost: cheap")
    found = bed(cases("{name: x, given: phone, expect: {price: 1}}",
                      "{name: y, given: {like: phone}, expect: {price: 1}}", head=head)).found  # fmt: skip

    assert [(d.code, d.span.line if d.span else 0) for d in found] == [("WRONG_GIVEN", 6)]


def test_a_case_on_two_accounts_runs_twice() -> None:
    here = bed(cases("{name: x, given: phone, account: [a, b], expect: {quantity: 5}}"))
    results = here.report.results

    assert [r.outcome.plan.id for r in results] == ["x [a]", "x [b]"]
    assert [r.has_passed for r in results] == [True, False]


def test_the_account_of_the_document() -> None:
    head = HEAD.replace("account: a", "marketplace: [alpha, beta]")
    here = bed(cases("{name: x, given: phone, expect: {currency: BRL}}", head=head))

    assert [p.account for p in here.plans] == ["a", "b"]


def test_an_account_where_the_shop_has_only_one() -> None:
    shop = FILES["offerwright.yaml"].replace("  b: {marketplace: beta}\n", "")
    stock = FILES["rules/stock.yaml"].replace(", {marketplace: beta, share: 40%}", "")
    head = HEAD.replace("account: a\n", "")
    here = bed(cases("{name: x, given: phone, expect: {currency: BRL}}", head=head),
               {"offerwright.yaml": shop, "rules/stock.yaml": stock})  # fmt: skip

    assert [p.account for p in here.plans] == ["a"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{name: x, given: phone, account: c, expect: {price: 1}}", "UNKNOWN_ACCOUNT"),
        ("{name: x, given: phone, marketplace: c, expect: {price: 1}}", "UNKNOWN_MARKETPLACE"),
        ("{name: x, given: phone, expect: {rules: [smal]}}", "UNKNOWN_RULE"),
        ("{name: x, given: phone, expect: {not_rules: [old/otherwise]}}", "UNKNOWN_RULE"),
        ("{name: x, given: phone, expect: {guards: {flor: pass}}}", "UNKNOWN_GUARD"),
        ("{name: x, given: phone, expect: {guards: {moved: pass}}}", "UNKNOWN_GUARD"),
        ("{name: x, given: phone, expect: {notes: [CHANGE_HOLD]}}", "UNKNOWN_CODE"),
        ("{name: x, given: phone, expect: {blocked: {price: [NO_PRIZE]}}}", "UNKNOWN_CODE"),
        ("{name: x, given: phone, expect: {attributes: {NAM: x}}}", "UNKNOWN_ATTRIBUTE"),
        ("{name: x, given: phone, expect: {}}", "CASE_WITHOUT_EXPECT"),
        ("{name: x, given: phone, beside: [phone], expect: {price: 1}}", "WRONG_GIVEN"),
        ("{name: x, given: phone, as_of: 0001-01-01, expect: {price: 1}}", "OUT_OF_BOUNDS"),
        ("{name: x, given: phone, as_of: 9999-12-31, expect: {price: 1}}", "OUT_OF_BOUNDS"),
        ("{name: x, given: phone, as_of: 2026-02-30, expect: {price: 1}}", "WRONG_TYPE"),
        (
            "{name: x, given: phone, live: {price: 10000000000000000}, expect: {price: 1}}",
            "WRONG_TYPE",
        ),
        ("{name: x, given: phone, expect: {price: 0.123456789}}", "WRONG_TYPE"),
        ("{name: x, given: phone, expect: {price: '576,00'}}", "WRONG_TYPE"),
        ("{name: x, given: phone, expect: {quantity: 1.5}}", "WRONG_TYPE"),
        ("{name: x, given: phone, account: a, marketplace: alpha, expect: {price: 1}}", "INVALID"),
        ("{name: x, given: [phone], expect: {price: 1}}", "WRONG_TYPE"),
        ("{name: x, given: {like: [phone]}, expect: {price: 1}}", "UNKNOWN_FIXTURE"),
        ("{name: x, given: phone, expect: {blocked: {prize: NO_PRICE}}}", "UNKNOWN_VALUE"),
    ],
)
def test_what_a_case_cannot_name(line: str, code: str) -> None:
    assert codes(cases(line)) == [code]


@pytest.mark.parametrize(
    ("expect", "says"),
    [
        ("{rules: []}", "this case expects nothing"),
        ("{only: true}", "this case expects nothing"),
        ("{notes: [], guards: {}}", "this case expects nothing"),
        ("{price: 576.00, only: true}", "`only` checks nothing here"),
        ("{price: 576.00, rules: []}", "`rules` checks nothing here"),
        ("{price: 576.00, not_rules: []}", "`not_rules` checks nothing here"),
        ("{price: 576.00, blocked: {}}", "`blocked` checks nothing here"),
        ("{price: 576.00, blocked: {stock: []}}", "`stock` checks nothing here"),
        ("{price: 576.00, attributes: {}}", "`attributes` checks nothing here"),
        ("{price: 576.00, tiers: {}}", "`tiers` checks nothing here"),
    ],
)
def test_an_expectation_that_can_never_fail_is_a_warning(expect: str, says: str) -> None:
    found = bed(cases(f"{{name: x, given: phone, expect: {expect}}}")).found

    assert [(d.code, d.message, d.severity) for d in found] == [
        ("CASE_WITHOUT_EXPECT", says, "warning")
    ]


@pytest.mark.parametrize(
    "expect", ["{only: true, rules: []}", "{only: true, blocked: {}}", "{price: 576.00}"]
)
def test_an_empty_list_says_something_where_it_is_complete(expect: str) -> None:
    assert codes(cases(f"{{name: x, given: phone, expect: {expect}}}")) == []


@pytest.mark.parametrize(
    ("line", "on"),
    [
        ("{name: x, given: phone, account: [a, c], expect: {price: 1}}", "c"),
        ("{name: x, given: phone, marketplace: [gamma, beta], expect: {price: 1}}", "gamma"),
        ("{name: x, given: phone, account: c, expect: {price: 1}}", "c"),
    ],
)
def test_the_account_that_is_not_there_is_the_one_that_is_shown(line: str, on: str) -> None:
    found = bed(cases(line)).found
    span = found[0].span
    assert span is not None

    assert cases(line).splitlines()[span.line - 1][span.column - 1 : span.end_column - 1] == on


@pytest.mark.parametrize("other", ["{sku: A1, cost: 1.00}", "{sku: B1, cost: 2.00}"])
def test_a_sku_is_in_the_catalogue_once(other: str) -> None:
    """The product of the case counts: `beside` of the same SKU would be two rows of one."""
    head = HEAD + f"  one: {{sku: B1, cost: 1.00}}\n  other: {other}\n"
    line = "{name: x, given: {like: phone, sku: A1}, beside: [one, other], expect: {price: 576.00}}"
    found = bed(cases(line, head=head)).found

    assert [d.code for d in found] == ["WRONG_GIVEN"]
    assert "'other' has the `sku` of another product of this case" in found[0].message


def test_a_case_is_skipped_for_a_reason() -> None:
    line = "{name: x, given: phone, skip: '', expect: {price: 1}}"

    assert len(codes(cases(line))) == 1


def test_a_moment_and_an_account_must_be_said() -> None:
    head = HEAD.replace("account: a\n", "").replace("as_of: 2026-12-05T10:00:00-03:00\n", "")

    assert sorted(codes(cases("{name: x, given: phone, expect: {price: 1}}", head=head))) == [
        "TEST_WITHOUT_ACCOUNT", "TEST_WITHOUT_MOMENT",
    ]  # fmt: skip


def test_two_cases_of_one_name() -> None:
    line = "{name: x, given: phone, expect: {currency: BRL}}"

    assert codes(cases(line, line)) == ["DUPLICATE_CASE"]


def test_a_day_is_its_midnight_in_the_shops_zone() -> None:
    line = "{name: x, given: phone, as_of: 2026-12-24, expect: {currency: BRL}}"
    plan = bed(cases(line)).plans[0]

    assert plan.as_of == datetime.fromisoformat("2026-12-24T00:00:00-03:00")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-29T02:30:00", ["LOCAL_TIME_UNCLEAR"]),
        ("2026-10-25T02:30:00", ["LOCAL_TIME_UNCLEAR"]),
        ("2026-10-25T02:30:00+01:00", []),
        ("2026-10-25T03:30:00", []),
        ("2026-10-25", []),
    ],
)
def test_a_local_moment_when_clocks_change_needs_its_offset(
    moment: str, expected: list[str]
) -> None:
    shop = FILES["offerwright.yaml"].replace("America/Sao_Paulo", "Europe/Berlin")
    line = f"{{name: x, given: phone, as_of: {moment}, expect: {{currency: BRL}}}}"

    assert codes(cases(line), {"offerwright.yaml": shop}) == expected


@pytest.mark.parametrize(
    ("file", "kind", "hint"),
    [
        ("rules/a.test.yaml", "kind: lists\nname: a\nvalues: [x]\n", "kind: test"),
        ("rules/a.yaml", "kind: test\nname: a\n", "a.test.yaml"),
    ],
)
def test_tests_and_rules_are_told_apart_by_their_file_names(
    file: str, kind: str, hint: str
) -> None:
    files = {**FILES, file: kind}
    loadout, found = compiled(files)
    assert loadout is not None
    found = [*found, *linked_tests(loadout)[1]]

    assert [d.code for d in found] == ["UNKNOWN_KIND"]
    assert hint in found[0].hint


@pytest.mark.parametrize(
    ("written", "mistake", "code"),
    [
        ("hit: first", "hit: frist", "UNKNOWN_VALUE"),
        ("cost: 0..500", "cost: 0-500", "WRONG_CONDITION"),
    ],
)
def test_a_mistake_in_a_rule_is_not_said_again_by_the_tests_that_name_it(
    written: str, mistake: str, code: str
) -> None:
    tests = cases("{name: x, given: phone, expect: {rules: [small], not_rules: [gold]}}")
    rules = FILES["rules/pricing.yaml"].replace(written, mistake)
    files = {**FILES, "rules/pricing.yaml": rules}
    loadout, found = compiled({**files, "rules/a.test.yaml": tests})
    assert loadout is not None

    assert linked_tests(loadout)[1] != []
    assert [d.code for d in [*found, *findings_of(loadout, found)]] == [code]


def test_a_key_that_is_misspelt_is_named() -> None:
    found = bed(cases("{name: x, given: phone, expct: {price: 1}}")).found

    assert [(d.code, d.hint) for d in found] == [("UNKNOWN_KEY", "did you mean 'expect'?")]


def test_one_sku_in_two_cases_with_different_live_prices() -> None:
    """They cannot be rows of one snapshot, and each still sees its own."""
    lines = [
        f"{{name: {name}, given: {{like: phone, sku: A1}}, live: {{price: {price}}},"
        f" expect: {{guards: {{step: {word}}}}}}}"
        for name, price, word in (("x", "570.00", "pass"), ("y", "900.00", "needs_approval"))
    ]

    assert differences(cases(*lines)) == []


def test_a_product_beside_the_case_is_in_the_catalogue() -> None:
    head = HEAD + "  other: {sku: B1, category: phones, cost: 1.00}\n"
    line = "{name: x, given: phone, beside: other, expect: {price: 576.00}}"
    results = bed(cases(line, head=head)).report.results
    prices = results[0].outcome.offers.frame

    assert results[0].has_passed
    assert prices["sku"].to_list() == ["sample-1", "B1"]
    assert prices["price"].to_list() == [Decimal("576.00"), Decimal("1.20")]
