"""`offerwright diff BASE..HEAD`: what a change of the rules does to every offer."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.git_shop import commit, diff, git_shop, record
from cli.shop import AS_OF, Shop
from git_commands import git


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return git_shop(tmp_path / "shop")


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


def test_the_same_bytes_whatever_the_hashes_of_the_process(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    shop.change("rules/mapping.yaml", "shelf-1", "shelf-2")
    commit(shop)
    assert shop("snapshot").code == 0
    asked = ("diff", "HEAD~1..HEAD", "--as-of", AS_OF, "-o", "json")
    first, second = (shop.process(*asked, env={"PYTHONHASHSEED": seed}) for seed in ("1", "2"))

    assert first.json["differs"] is True
    assert first.out == second.out
