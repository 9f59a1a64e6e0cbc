"""`check` on files, folders and several repositories, and how its findings are written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli.shop import Shop, small_shop

MISSPELT = "rules/pricing.yaml", "cost *", "csot *"
UNSAFE = "rules/guards.yaml", "check: price_at_least, bound: lowest", "check: positive"


@pytest.fixture
def two_shops(tmp_path: Path) -> Shop:
    small_shop(tmp_path / "north")
    small_shop(tmp_path / "south")
    return Shop(tmp_path)


def test_a_file_limits_what_is_said_and_the_rest_is_counted(shop: Shop) -> None:
    shop.change(*MISSPELT)
    shop.change(*UNSAFE)
    done = shop("check", "rules/guards.yaml")

    assert "NO_FLOOR" in done.out
    assert "UNKNOWN_NAME" not in done.out
    assert done.err.endswith(": 1 warning (1 more in other files)\n")
    assert done.code == 0


def test_a_folder_that_holds_repositories_stands_for_all_of_them(two_shops: Shop) -> None:
    two_shops.change(f"south/{MISSPELT[0]}", *MISSPELT[1:])
    done = two_shops("check", ".")

    assert "south/rules/pricing.yaml:" in done.out
    assert " in 2 repositories: 1 error\n" in done.err
    assert done.code == 1


def test_a_repository_that_is_named_is_checked_whole_with_paths_from_here(two_shops: Shop) -> None:
    two_shops.change(f"south/{MISSPELT[0]}", *MISSPELT[1:])

    assert two_shops("check", "north").code == 0
    assert two_shops("check", "south", "-o", "github").out.startswith(
        "::error file=south/rules/pricing.yaml,line="
    )


def test_a_path_outside_of_every_repository_is_refused(two_shops: Shop) -> None:
    two_shops.write("alone/notes.txt", "nothing\n")
    done = two_shops("check", "alone")

    assert done.code == 2
    assert "alone lies in no repository" in done.err


def test_a_warning_can_be_ignored_and_an_error_cannot(shop: Shop) -> None:
    shop.change(*MISSPELT)
    shop.change(*UNSAFE)
    done = shop("check", "--ignore", "no_floor", "--ignore", "UNKNOWN_NAME", "--fail-on", "warning")

    assert "NO_FLOOR" not in done.out
    assert "UNKNOWN_NAME" in done.out
    assert shop("check", "--ignore", "NO_FLOR").code == 2


def test_json_has_every_place_of_a_finding(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "id: cables", "id: audio")
    found = shop("check", "-o", "json").json["diagnostics"]
    double = next(d for d in found if d["code"] == "DUPLICATE_ID")

    assert (double["line"], [r["line"] for r in double["related"]]) == (8, [7])
    assert double["related"][0]["message"] == "first used here"


def test_sarif_has_rules_results_and_regions(shop: Shop) -> None:
    shop.change(*MISSPELT)
    shop.change("rules/pricing.yaml", "id: cables", "id: audio")
    log = json.loads(shop("check", "-o", "sarif").out)
    run = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]

    assert log["version"] == "2.1.0"
    assert rules == sorted(set(rules)) == ["DUPLICATE_ID", "UNKNOWN_NAME"]
    for result in run["results"]:
        region = result["locations"][0]["physicalLocation"]["region"]
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] == "error"
        assert region["startLine"] >= 1
        assert region["endColumn"] > region["startColumn"] >= 1
    double = next(r for r in run["results"] if r["ruleId"] == "DUPLICATE_ID")
    assert double["relatedLocations"][0]["message"] == {"text": "first used here"}


def test_a_column_that_the_export_does_not_have_is_said_without_reading_the_data(
    shop: Shop,
) -> None:
    shop.change(
        "data/catalogue.csv", "sku,name,category,cost,lowest", "sku,name,category,cst,lowest"
    )
    found = shop("check", "-o", "json").json["diagnostics"]

    assert [(d["code"], d["file"], d["line"]) for d in found] == [
        ("FACT_NOT_DELIVERED", "rules/facts.yaml", 6)
    ]
    assert found[0]["hint"] == "did you mean 'cst'?"


def test_a_source_that_is_not_there_says_nothing(shop: Shop) -> None:
    (shop.root / "data/catalogue.csv").unlink()

    assert shop("check").code == 0


def test_a_path_that_holds_no_document_is_named(shop: Shop) -> None:
    shop.write("README.md", "# Shop")
    none, some = shop("check", "README.md"), shop("check", "rules", "rules/pricing.yaml")

    assert "note: README.md is not checked" in none.err
    assert "is not checked" not in some.err
    assert (none.code, some.code) == (0, 0)
