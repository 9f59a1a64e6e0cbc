"""`--suggest`: cases that reach what no case reaches, as a document that can be run."""

from __future__ import annotations

import pytest
from testing.small import FILES, HEAD, Bed, bed, cases

from offerwright.testing.coverage import meter_of
from offerwright.testing.suggest import suggestions

ONE = "{name: x, given: phone, expect: {price: 576.00}}"


def suggested(here: Bed) -> str:
    outcomes = [result.outcome for result in here.report.results]
    return suggestions(outcomes, here.bench)


def joined(here: Bed, files: dict[str, str] | None = None) -> Bed:
    """The shop with the suggested cases beside its own."""
    own = here.loadout.repository.files["rules/sample.test.yaml"].decode()
    return bed(own, {**(files or {}), "rules/suggested.test.yaml": suggested(here)})


def missed(here: Bed) -> list[str]:
    return [f"{unit.kind} {unit.name}" for unit in here.coverage.missed]


@pytest.fixture(scope="module")
def here() -> Bed:
    """The shop with one case."""
    return bed(cases(ONE))


@pytest.fixture(scope="module")
def after(here: Bed) -> Bed:
    """The shop with that case and all that are suggested."""
    return joined(here)


def test_the_suggested_cases_reach_everything(here: Bed, after: Bed) -> None:
    assert missed(here) != []
    assert [d.severity for d in after.found if d.severity == "error"] == []
    assert missed(after) == []


def test_they_pass_and_name_the_rule_that_must_fire(after: Bed) -> None:
    own = [p for p in after.plans if p.loaded.name == "suggested"]
    rules = {rule for p in own for rule in p.expect.rules or ()}

    assert all(result.has_passed for result in after.report.results)
    assert {"gold", "markups/otherwise", "old", "fragile", "category/otherwise"} <= rules


def test_values_are_left_to_the_author(after: Bed) -> None:
    text = after.loadout.repository.files["rules/suggested.test.yaml"].decode()

    assert "# confirm: price" in text
    assert all(p.expect.price is None for p in after.plans if p.loaded.name == "suggested")


def test_nothing_is_suggested_where_nothing_is_missing(after: Bed) -> None:
    text = suggested(after)

    assert "cases: []" in text
    assert "no product" not in text


def test_a_derived_fact_is_reached_by_the_fact_it_comes_from(after: Bed) -> None:
    """`old` asks for `age_days`, which nobody can give: `listed_on` is moved 100 days back."""
    old = [p for p in after.plans if p.expect.rules == ["old"]]

    assert len(old) == 1
    assert "listed_on" in old[0].product.facts


def test_a_price_band_is_reached_by_the_cost() -> None:
    fees = (
        "kind: fees\nname: fees\nfees:\n  - id: fixed\n    rules:\n"
        "      - {id: low, when: {price: 0..100}, then: {fee: 5.00}}\n"
        "      - {id: middle, when: {price: 100..130}, then: {fee: 2.00}}\n"
        "      - {id: high, when: {price: '>= 130'}, then: {fee: 0}}\n"
    )
    pricing = FILES["rules/pricing.yaml"].rstrip() + "\n  - {id: keep, phase: fees, keep: price}\n"
    files = {"rules/fees.yaml": fees, "rules/pricing.yaml": pricing}
    after = joined(bed(cases(ONE), files), files)

    assert [name for name in missed(after) if name.startswith("row")] == []


def test_a_row_of_a_window_is_tried_inside_of_it() -> None:
    row = "tier: gold}, then: {markup: 10%}"
    dated = row + ", valid: {from: 2027-01-01, before: 2027-02-01}"
    files = {"rules/pricing.yaml": FILES["rules/pricing.yaml"].replace(row, dated)}
    after = joined(bed(cases(ONE), files), files)
    gold = [p for p in after.plans if p.expect.rules == ["gold"]]

    assert missed(after) == []
    assert gold[0].as_of.isoformat().startswith("2027-01")


def test_a_case_keeps_the_values_of_its_base_where_they_do_not_matter() -> None:
    """`small` asks for a cost, `vip` for none: its case has the cost of the phone."""
    row = "      - {id: small,"
    vip = "      - {id: vip, when: {name: Rara}, then: {markup: 5%}}\n"
    files = {"rules/pricing.yaml": FILES["rules/pricing.yaml"].replace(row, vip + row)}
    after = joined(bed(cases(ONE), files), files)
    case = next(p for p in after.plans if p.expect.rules == ["vip"])

    assert case.case.given == {"like": "base-1", "name": "Rara"}


def test_a_case_keeps_the_moment_where_no_window_matters() -> None:
    """`opaque` might match `named` too, so that a moment outside of its window is looked for; the
    pattern does not match, and the case needs no other moment."""
    row = "      - {id: small,"
    rows = (
        "      - {id: opaque, when: {name: {matches: '^Rb'}}, then: {markup: 5%},"
        " valid: {from: 2026-12-01, before: 2027-02-01}}\n"
        "      - {id: named, when: {name: {starts_with: Ra}}, then: {markup: 6%}}\n"
    )
    files = {"rules/pricing.yaml": FILES["rules/pricing.yaml"].replace(row, rows + row)}
    after = joined(bed(cases(ONE), files), files)
    named = next(p for p in after.plans if p.expect.rules == ["named"])

    assert named.as_of == after.plans[0].as_of


def test_rows_of_one_name_are_named_with_their_tables() -> None:
    """A row of pricing and one of categories are called `rare`, and one product fires both."""
    row = "      - {id: small,"
    rare = "      - {id: rare, when: {category: rare}, then: {markup: 5%}}\n"
    names = FILES["rules/names.yaml"].replace(
        "rules: [", "rules: [{id: rare, when: {category: rare}, then: {category: R1}}, "
    )
    files = {
        "rules/pricing.yaml": FILES["rules/pricing.yaml"].replace(row, rare + row),
        "rules/names.yaml": names,
    }
    after = joined(bed(cases(ONE), files), files)

    assert ["markups/rare", "category/rare"] in [p.expect.rules for p in after.plans]


def test_what_cannot_be_reached_is_named() -> None:
    """Two conditions that no product can meet at once, which analysis calls a row without effect."""
    row = "tier: gold}, then: {markup: 10%}"
    never = "tier: gold, cost: 0..500}, then: {markup: 10%}"
    files = {"rules/pricing.yaml": FILES["rules/pricing.yaml"].replace(row, never)}
    text = suggested(bed(cases(ONE), files))

    assert "# no product was found for row gold of prices/markups (rules/pricing.yaml:9)" in text


@pytest.mark.parametrize("live", ["", ", live: {price: 570.00, quantity: 3}"])
def test_the_same_cases_give_the_same_text(live: str) -> None:
    here = bed(cases(f"{{name: x, given: phone{live}, expect: {{price: 576.00}}}}"))

    assert suggested(here) == suggested(here)


def test_units_of_documents_outside_of_rules_are_not_suggested() -> None:
    own = (
        "kind: fees\nname: own\nfor: {marketplace: alpha}\n"
        "fees: [{id: commission, otherwise: {rate: 10%}}]\n"
    )
    here = bed(cases(ONE), {"marketplaces/alpha/fees.yaml": own})
    units = meter_of(here.bench.rules, here.bench.schema).units()

    assert "commission" not in suggested(here)
    assert all(table.info.file.startswith("rules/") for table, _ in units)


def test_the_head_alone_gives_nothing_to_begin_with() -> None:
    assert "no product was found" in suggested(bed(HEAD))
