"""`test`: exit codes, coverage, JSON, JUnit, and the files it writes."""

from __future__ import annotations

import json
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as xml

import pytest
from cli.shop import ROOT, Shop
from git_commands import git
from jsonschema import Draft202012Validator, FormatChecker

from offerwright.cli import main

TESTS = """\
kind: test
name: prices
as_of: 2026-12-05T10:00:00-03:00
fixtures:
  fone: {name: Fone, category: audio/fones, cost: 100.00, lowest: 105.00, stock: {sp: 5}}
cases:
  - {name: audio is marked up, given: fone, expect: {price: 118.00}}
  - {name: cables too, given: {like: fone, category: cables}, expect: {price: PRICE}}
"""


def with_tests(shop: Shop, price: str = "140.00") -> Shop:
    shop.write("rules/prices.test.yaml", TESTS.replace("PRICE", price))
    return shop


def run(shop: Shop, *arguments: str, command: str = "test") -> tuple[int, str, str]:
    """A command in this process: exit code, stdout, stderr."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as end:
        main([command, "--root", str(shop.root), *arguments])
    assert isinstance(end.value.code, int)
    return end.value.code, out.getvalue(), err.getvalue()


def faults(record: Any) -> list[str]:
    text = (ROOT / "schemas" / "output" / "test.schema.json").read_text(encoding="utf-8")
    validator = Draft202012Validator(json.loads(text), format_checker=FormatChecker())
    return [f"{list(e.absolute_path)}: {e.message}" for e in validator.iter_errors(record)]


def test_all_pass(shop: Shop) -> None:
    code, out, _ = run(with_tests(shop))

    assert code == 0
    assert out.splitlines() == [
        "rules/prices.test.yaml",
        "  ok    audio is marked up",
        "  ok    cables too",
        "2 tests: 2 passed, 0 failed",
    ]


def test_a_failure_says_what_was_expected_and_the_rule_that_did_it(shop: Shop) -> None:
    code, out, _ = run(with_tests(shop, "141.00"))

    assert code == 1
    assert out.splitlines()[2:] == [
        "  FAIL  cables too",
        "        rules/prices.test.yaml:8  on market",
        "        price: expected 141.00, got 140.00",
        "        because `cables` (rules/pricing.yaml:8) gave 140.00",
        "2 tests: 1 passed, 1 failed",
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("rules/prices.test.yaml", "given: fone", "given: fine"), "no fixture is called 'fine'"),
        (("rules/pricing.yaml", "cost *", "csot *"), "tests were not run"),
        (("rules/prices.test.yaml", "kind: test", "kind: tset"), "there is no kind 'tset'"),
    ],
)
def test_what_is_wrong_cannot_be_run(shop: Shop, change: tuple[str, str, str], says: str) -> None:
    with_tests(shop).change(*change)
    code, out, err = run(shop)

    assert (code, out) == (2, "")
    assert says in err


def test_what_stops_the_tests_is_not_hidden_among_notes(shop: Shop) -> None:
    """A pattern is a note of `check`; the misspelt fact is why nothing runs."""
    with_tests(shop).change("rules/pricing.yaml", "cost *", "csot *")
    shop.change("rules/pricing.yaml", "when: {category: ", "when: {name: {matches: x}, category: ")
    code, _, err = run(shop)

    assert (code, "csot" in err, "note[" in err) == (2, True, False), err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-k", "nothing like it"], "no case is called so: -k 'nothing like it'"),
        (["data"], "there are no tests here"),
    ],
)
def test_no_test_at_all_is_no_success(shop: Shop, words: list[str], says: str) -> None:
    places = [str(shop.root / word) if word == "data" else word for word in words]
    code, _, err = run(with_tests(shop), *places)

    assert (code, says in err) == (2, True), err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--update", "--suggest"), "--update and --suggest do not go together"),
        (("--update", "--min-coverage", "100"), "--update and --min-coverage do not go together"),
        (("--suggest", "--coverage"), "--suggest and --coverage do not go together"),
        (("--suggest", "--changed", "HEAD"), "--suggest and --changed do not go together"),
        (("--suggest", "-o", "json"), "--suggest and --output json do not go together"),
        (("--write", "new.test.yaml"), "write both"),
    ],
)
def test_no_option_is_passed_over_in_silence(shop: Shop, words: tuple[str, ...], says: str) -> None:
    before = with_tests(shop, "141.00").root / "rules/prices.test.yaml"
    held = before.read_bytes()
    code, out, err = run(shop, *words)

    assert (code, out, says in " ".join(err.split())) == (2, "", True), err
    assert before.read_bytes() == held


def test_a_shop_without_tests(shop: Shop) -> None:
    code, _, err = run(shop)

    assert code == 2
    assert "*.test.yaml" in err


def test_the_repository_is_found_from_the_folder_that_is_named(shop: Shop) -> None:
    with_tests(shop)
    out = StringIO()
    with redirect_stdout(out), pytest.raises(SystemExit) as end:
        main(["test", str(shop.root / "rules")])

    assert (end.value.code, out.getvalue().splitlines()[-1]) == (0, "2 tests: 2 passed, 0 failed")


def test_words_and_places_choose_cases(shop: Shop) -> None:
    with_tests(shop)
    by_word = run(shop, "-k", "cables and not audio")[1]
    by_place = run(shop, str(shop.root / "rules" / "prices.test.yaml"))[1]

    assert by_word.splitlines()[-1] == "1 test: 1 passed, 0 failed"
    assert by_place.splitlines()[-1] == "2 tests: 2 passed, 0 failed"


def test_coverage_names_what_no_case_reaches(shop: Shop) -> None:
    code, out, _ = run(with_tests(shop), "--coverage", "-k", "audio")

    assert code == 0
    assert "  never fired  cables (rules/pricing.yaml:8)" in out
    assert "  no case has  category under cables, category something else" in out
    assert "Rows covered: 2 of 4 (50 %)" in out


@pytest.mark.parametrize(
    ("least", "code"),
    [("50", 0), ("51", 1), ("0,100", 1), ("50,33", 0), ("50,34", 1)],
)
def test_coverage_below_the_minimum_fails(shop: Shop, least: str, code: int) -> None:
    """Two of four rows, `audio` and the category's only one; one of three words."""
    found, out, _ = run(with_tests(shop), "-k", "audio", "--min-coverage", least)

    assert found == code
    assert ("are asked for" in out) is (code == 1)


def test_coverage_of_what_a_branch_has_changed(shop: Shop) -> None:
    """The document of stock is untouched, so that nothing of it counts."""
    with_tests(shop)
    git(shop.root, "init", "-q")
    git(shop.root, "add", ".")
    git(shop.root, "commit", "-q", "-m", "first")
    untouched = run(shop, "--changed", "HEAD", "-o", "json")
    shop.change("rules/pricing.yaml", "18%", "19%")
    touched = run(shop, "--changed", "HEAD", "-o", "json")
    tables = [{t["file"] for t in json.loads(out)["coverage"]["tables"]}
              for _, out, _ in (untouched, touched)]  # fmt: skip

    assert tables == [set(), {"rules/pricing.yaml"}]
    assert run(shop, "--changed", "nowhere")[0] == 2


@pytest.mark.parametrize("least", ["all", "101", "90,", "1,2,3", "-5"])
def test_a_minimum_that_is_none(shop: Shop, least: str) -> None:
    code, _, err = run(with_tests(shop), f"--min-coverage={least}")

    assert code == 2
    assert "whole percents" in err


def test_json_keeps_its_schema(shop: Shop) -> None:
    with_tests(shop, "141.00")
    plain = json.loads(run(shop, "-o", "json")[1])
    code, out, _ = run(shop, "-o", "json", "--min-coverage", "100,90")
    full = json.loads(out)

    assert (faults(plain), faults(full), code) == ([], [], 1)
    assert plain["coverage"] is None
    assert full["summary"] == {"cases": 2, "passed": 1, "failed": 1, "skipped": 0}
    assert full["cases"][1]["differences"][0]["expected"] == "141.00"
    assert full["minimum"] == {"rows": 100, "boundaries": 90}


def test_junit_is_written_beside_the_report(shop: Shop, tmp_path: Path) -> None:
    target = tmp_path / "junit.xml"
    code, out, _ = run(with_tests(shop, "141.00"), "--junit", str(target))
    root = xml.parse(target).getroot()

    assert (code, root.get("failures")) == (1, "1")
    assert "FAIL" in out


def test_update_writes_the_file_and_shows_the_diff(shop: Shop) -> None:
    with_tests(shop, "141.00")
    code, out, err = run(shop, "--update")

    assert code == 0
    assert (shop.root / "rules/prices.test.yaml").read_text("utf-8") == TESTS.replace(
        "PRICE", "140.00"
    )
    assert "expect: {price: 140.00}" in out
    assert "1 expectation updated in 1 file" in err
    assert run(shop)[0] == 0


def test_update_refuses_what_cannot_be_placed(shop: Shop) -> None:
    with_tests(shop)
    shop.change("rules/prices.test.yaml", "{price: 140.00}", "{blocked: {price: NO_PRICE}}")
    code, _, err = run(shop, "--update")

    assert code == 1
    assert "rules/prices.test.yaml:8" in err


def test_suggested_cases_can_be_run_at_once(shop: Shop) -> None:
    with_tests(shop)
    target = shop.root / "rules" / "suggested.test.yaml"
    code, out, err = run(shop, "--suggest", "--write", str(target))

    assert (code, out) == (0, "")
    assert "confirm" in err
    assert run(shop, "--min-coverage", "100,100")[0] == 0
    assert run(shop, "--suggest", "--write", str(target))[0] == 2


def test_suggestions_have_a_name_that_no_other_test_has(shop: Shop) -> None:
    """`prices` is the name of the shop's own tests."""
    with_tests(shop)
    target = shop.root / "rules" / "more" / "prices.test.yaml"
    target.parent.mkdir()
    code, _, err = run(shop, "--suggest", "--write", str(target))

    assert code == 0, err
    assert "\nname: prices-2\n" in target.read_text("utf-8")
    assert run(shop)[0] == 0


def test_suggestions_go_to_stdout_otherwise(shop: Shop) -> None:
    code, out, _ = run(with_tests(shop), "--suggest")

    assert code == 0
    assert out.startswith("# Cases that no test has yet.")
    assert "category under" not in out.split("cases:")[0]


def test_check_says_what_is_wrong_with_tests(shop: Shop) -> None:
    with_tests(shop).change("rules/prices.test.yaml", "given: fone", "given: fine")
    code, out, _ = run(shop, "-o", "json", command="check")
    found = json.loads(out)["diagnostics"]

    assert code == 1
    assert [(d["code"], d["line"]) for d in found] == [("UNKNOWN_FIXTURE", 7)]


def test_a_wrong_test_holds_up_no_offer(shop: Shop) -> None:
    with_tests(shop).change("rules/prices.test.yaml", "given: fone", "given: fine")

    assert run(shop, "--as-of", "2026-12-05", command="offers")[0] == 0


def test_the_reference_shop_tests_every_row(reference: Shop) -> None:
    code, out, _ = run(reference, "-o", "json", "--min-coverage", "100,90")
    told = json.loads(out)

    assert code == 0
    assert faults(told) == []
    assert told["summary"]["failed"] == 0
    assert told["coverage"]["rows"]["percent"] == 100
    assert told["coverage"]["boundaries"]["percent"] >= 90


def test_the_readme_shows_what_comes_out(reference: Shop) -> None:
    code, out, _ = run(reference, "--coverage")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.split("$ offerwright test --coverage\n")[1].split("```")[0].splitlines()

    assert code == 0
    assert [line for line in shown if line and line != "…" and line not in out.splitlines()] == []
