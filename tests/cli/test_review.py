"""`offerwright diff BASE..HEAD`: what a change of the rules does to every offer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cli.shop import AS_OF, Done, Shop, small_shop
from cli.test_output_schemas import faults
from git_commands import git


def commit(shop: Shop) -> str:
    git(shop.root, "add", "-A", "--", "offerwright.yaml", "rules", "marketplaces", "data")
    git(shop.root, "commit", "-q", "-m", "a day's work")
    return git(shop.root, "rev-parse", "HEAD")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A small shop in Git, as `main` has it."""
    found = small_shop(tmp_path / "shop")
    git(found.root, "init", "-q")
    commit(found)
    return found


def diff(shop: Shop, *arguments: str) -> Done:
    return shop("diff", *arguments, "--as-of", AS_OF)


def record(shop: Shop, *arguments: str) -> Any:
    done = diff(shop, *arguments, "-o", "json")
    assert faults("review", done.json) == []
    return done.json


def test_a_dearer_rule_is_told_in_prices_with_its_line(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    commit(shop)
    found = record(shop, "HEAD~1..HEAD")
    audio = found["totals"]["changed_offers"]

    assert audio > 0
    assert found["totals"]["up"] == audio
    assert [(r["rule"], r["offers"], r["file"]) for r in found["rules"]] == [
        ("markups/audio", audio, "rules/pricing.yaml")
    ]
    assert [(d["kind"], d["name"], d["offers"]) for d in found["documents"]] == [
        ("pricing", "shop", audio)
    ]
    assert found["base"]["commit"] == git(shop.root, "rev-parse", "HEAD~1")


def test_the_working_tree_is_compared_with_where_its_branch_left(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    found = record(shop, "main")

    assert found["head"] == {**found["head"], "name": "the working tree", "commit": None}
    assert found["totals"]["up"] > 0


def test_a_comment_changes_no_offer_and_evaluates_none(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "steps:", "# as agreed\nsteps:")
    commit(shop)
    done = diff(shop, "HEAD~1..HEAD")
    found = record(shop, "HEAD~1..HEAD")

    assert (done.code, found["differs"], found["documents"]) == (0, False, [])
    assert found["accounts"] == []
    assert [one["account"] for one in found["untouched"]] == ["market"]
    assert "none of" in done.out


def test_a_missed_digit_blocks_with_the_guard_and_the_offers(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: -95%")
    commit(shop)
    done = diff(shop, "HEAD~1..HEAD")
    found = record(shop, "HEAD~1..HEAD")
    blocking = [one for one in found["guards"] if one["result"] == "blocks"]

    assert (done.code, found["blocks"]) == (1, True)
    assert blocking and all(one["offers"] for one in blocking if one["fails"])
    assert "\nblocks " in done.out
    assert diff(shop, "HEAD~1..HEAD", "--fail-on", "never").code == 0


def test_two_documents_are_told_apart_by_evaluating_without_each(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    shop.write("rules/zero.yaml", "kind: lists\nname: unused\nvalues: [X]\n")
    commit(shop)
    found = record(shop, "HEAD~1..HEAD")
    offers = {(one["kind"], one["name"]): one["offers"] for one in found["documents"]}

    assert offers == {("lists", "unused"): 0, ("pricing", "shop"): found["totals"]["up"]}


def test_a_head_with_errors_says_them_and_blocks(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "cost *", "csot *")
    commit(shop)
    done = diff(shop, "HEAD~1..HEAD")
    found = record(shop, "HEAD~1..HEAD")

    assert done.code == 1
    assert [one["code"] for one in found["findings"]] == ["UNKNOWN_NAME"]
    assert "rules/pricing.yaml" in done.out and "UNKNOWN_NAME" in done.out


def test_a_base_with_errors_cannot_be_compared(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "cost *", "csot *")
    commit(shop)
    shop.change("rules/pricing.yaml", "csot *", "cost *")
    commit(shop)
    done = diff(shop, "HEAD~1..HEAD")

    assert done.code == 1
    assert "HEAD~1 has errors itself" in done.err


def test_two_folders_are_compared_over_the_rows_of_the_second(shop: Shop, tmp_path: Path) -> None:
    other = small_shop(tmp_path / "other")
    other.change("rules/pricing.yaml", "markup: 40%", "markup: 41%")
    found = record(shop, str(shop.root), str(other.root))

    assert [one["rule"] for one in found["rules"]] == ["markups/cables"]


def test_what_is_no_state_is_refused_in_words(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert "no commit origin/main" in diff(shop, "origin/main..HEAD").err
    assert "has no offerwright.yaml" in diff(shop, str(tmp_path / "empty"), str(shop.root)).err


@pytest.mark.parametrize(
    "option", [("--account", "market"), ("--aspect", "price"), ("--samples", "3")]
)
def test_options_of_saved_outputs_are_refused_for_states(
    shop: Shop, option: tuple[str, str]
) -> None:
    done = diff(shop, "HEAD..HEAD", *option)

    assert (done.code, done.out) == (2, "")
    assert f"{option[0]} is for saved outputs" in done.err


@pytest.mark.parametrize(
    "option", [("--root", "."), ("--data", "."), ("--as-of", AS_OF), ("--offers", "3")]
)
def test_options_of_states_are_refused_for_saved_outputs(
    shop: Shop, option: tuple[str, str]
) -> None:
    shop.write("a", "")
    done = shop("diff", "a", "a", *option)

    assert done.code == 2
    assert f"{option[0]} is for two states of the rules" in done.err


def test_folders_come_in_twos(shop: Shop) -> None:
    shop.write("file", "")
    for sides in ([".", ".", "."], ["./"]):
        done = diff(shop, *sides)
        assert (done.code, "diff BEFORE AFTER" in done.err) == (2, True)
    assert "rules is a folder; give two folders" in shop("diff", "rules", "file").err


def test_a_form_that_is_not_written_is_refused_before_anything_is_computed(shop: Shop) -> None:
    done = diff(shop, "HEAD..HEAD", "-o", "jsonl")

    assert (done.code, "Snapshot" in done.err) == (2, False)


def test_an_output_is_there_whole_or_not_at_all(shop: Shop) -> None:
    """What is written first is not the file itself: a folder of that name is in the way."""
    shop.write("review.md", "as before")
    (shop.root / "review.md.part").mkdir()
    done = diff(shop, "HEAD..HEAD", "-o", "markdown", "--out", "review.md")

    assert done.code != 0
    assert (shop.root / "review.md").read_text() == "as before"


def test_an_account_more_is_no_change_of_nothing(shop: Shop) -> None:
    """Two documents make the new account; neither is said to change no offer."""
    account = (
        "  market: {marketplace: quick-market, settings: {shop_id: casa}, credentials: market}\n"
    )
    second = account.replace("market:", "second:").replace("casa", "dois")
    shop.change("offerwright.yaml", account, account + second)
    shop.change("rules/inventory.yaml", "{marketplace: quick-market}",
                "{account: market}, {account: second}")  # fmt: skip
    commit(shop)
    found = record(shop, "HEAD~1..HEAD")

    assert found["totals"]["new"] == 6
    assert [one["offers"] for one in found["documents"]] == [None, None]


def test_a_document_that_only_changes_what_is_sent_changes_offers(shop: Shop) -> None:
    shop.change(
        "marketplaces/quick-market/payloads/content.yaml", "{{ title }} (", "{{ title }}, ("
    )
    commit(shop)
    found = record(shop, "HEAD~1..HEAD")

    assert found["totals"]["changed_offers"] > 0
    assert [(one["kind"], one["offers"]) for one in found["documents"]] == [
        ("marketplace", found["totals"]["changed_offers"])
    ]


def test_a_document_that_others_need_is_not_said_to_change_nothing(shop: Shop) -> None:
    """Without the list the head does not compile, so nobody can say what it does alone."""
    shop.write("rules/hot.yaml", "kind: lists\nname: hot\nvalues: [AU-1]\n")
    shop.change("rules/pricing.yaml", "{category: {under: audio}}",
                "{category: {under: audio}, sku: {not: {in: hot}}}")  # fmt: skip
    commit(shop)
    found = record(shop, "HEAD~1..HEAD")
    offers = {one["kind"]: one["offers"] for one in found["documents"]}

    assert offers == {"lists": None, "pricing": 1}


def test_amounts_of_two_currencies_are_not_compared(shop: Shop) -> None:
    shop.change("offerwright.yaml", "currency: BRL", "currency: JPY")
    commit(shop)
    found = record(shop, "HEAD~1..HEAD")

    assert any("currency" in one["fields"] for one in found["offers"])
    assert {(one["move"], one["share"]) for one in found["offers"]} == {(None, None)}
    assert (found["totals"]["up"], found["totals"]["mean_share"]) == (0, None)
