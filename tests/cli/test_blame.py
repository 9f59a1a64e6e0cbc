"""`blame`: which commit, which cell of a source or which moment changed a value."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from cli.market import Market
from cli.shop import AS_OF, Done, Shop, small_shop
from cli.test_output_schemas import faults
from cli.test_runs import commit
from git_commands import git, people


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A small shop in Git, with three commits of rules after its first; tests change copies."""
    found = small_shop(tmp_path_factory.mktemp("template") / "shop")
    git(found.root, "init", "-q")
    commit(found, "the shop")
    found.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    commit(found, "audio earns more")
    found.change("rules/pricing.yaml", "markup: 40%", "markup: 45%")
    commit(found, "cables earn more")
    found.change("rules/mapping.yaml", "max: 80", "max: 70")
    commit(found, "shorter titles")
    assert found("snapshot").code == 0
    return found


@pytest.fixture
def shop(template: Shop, tmp_path: Path) -> Shop:
    """A copy of the shop, with its snapshot."""
    shutil.copytree(template.root, tmp_path / "shop")
    return Shop(tmp_path / "shop")


def blame(shop: Shop, sku: str, *more: str) -> Done:
    return shop("blame", sku, "--account", "market", "--as-of", AS_OF, *more)


def blamed(shop: Shop, sku: str, *more: str) -> Any:
    done = blame(shop, sku, *more, "-o", "json")
    assert (done.code, faults("blame", done.json)) == (0, []), done
    return done.json


def test_the_commit_that_changed_a_price_is_named_with_its_line(shop: Shop) -> None:
    found = blamed(shop, "AU-1")
    done = blame(shop, "AU-1")
    (cause,) = found["causes"]

    # 100.00 x 1.19, before that x 1.18
    assert (found["value"], found["was"], found["complete"]) == ("119.00", "118.00", True)
    assert cause["commit"] == git(shop.root, "rev-parse", "HEAD~2")
    assert (cause["subject"], cause["author"]) == ("audio earns more", "nobody")
    assert (cause["rule"], cause["file"], cause["line"]) == (
        "markups/audio", "rules/pricing.yaml", 7,
    )  # fmt: skip
    assert "in commit" in done.out and "rules/pricing.yaml:7 markups/audio" in done.out


def test_of_a_merge_the_commit_that_wrote_the_line_is_named_too(shop: Shop) -> None:
    git(shop.root, "switch", "-q", "-c", "branch")
    for percent, who in (("29%", "Ana <ana@example>"), ("21%", "Bia <bia@example>")):
        shop.change("rules/pricing.yaml", "19%" if percent == "29%" else "29%", percent)
        git(shop.root, "commit", "-q", "-a", "-m", percent, who=people(who))
    written = git(shop.root, "rev-parse", "HEAD")
    git(shop.root, "switch", "-q", "main")
    git(shop.root, "merge", "-q", "--no-ff", "-m", "#12", "branch", who=people("Cid <cid@example>"))
    (cause,) = blamed(shop, "AU-1")["causes"]
    done = blame(shop, "AU-1")

    assert (cause["subject"], cause["author"]) == ("#12", "Cid")
    assert (cause["written"]["commit"], cause["written"]["author"]) == (written, "Bia")
    assert "by Cid <cid@example>" in done.out and "written by Bia <bia@example>" in done.out


def test_of_what_was_there_before_a_merge_no_writer_is_named(shop: Shop) -> None:
    (cause,) = blamed(shop, "CA-1")["causes"]
    git(shop.root, "switch", "-q", "-c", "branch")
    shop.change(
        "rules/pricing.yaml", "      - {id: cables,", "      # cables\n      - {id: cables,"
    )
    commit(shop, "a comment")
    git(shop.root, "switch", "-q", "main")
    git(shop.root, "merge", "-q", "--no-ff", "-m", "#13", "branch")
    (after,) = blamed(shop, "CA-1")["causes"]

    assert (cause["written"], after["written"]) == (None, None)
    assert after["commit"] == cause["commit"]


def test_another_offer_has_another_commit(shop: Shop) -> None:
    found = blamed(shop, "CA-1")

    assert (found["value"], found["was"]) == ("14.50", "14.00")
    assert [one["subject"] for one in found["causes"]] == ["cables earn more"]


def test_a_value_that_came_back_is_blamed_on_the_commit_that_brought_it_back(shop: Shop) -> None:
    """The newest state and one long ago are the same: halving the history would find nothing."""
    for markup, subject in (("30%", "a mistake"), ("19%", "as it was")):
        old = "19%" if markup == "30%" else "30%"
        shop.change("rules/pricing.yaml", f"markup: {old}", f"markup: {markup}")
        commit(shop, subject)
    found = blamed(shop, "AU-1")

    assert (found["value"], found["was"]) == ("119.00", "130.00")
    assert [one["subject"] for one in found["causes"]] == ["as it was"]


def test_a_value_that_never_changed_is_of_the_first_commit(shop: Shop) -> None:
    found = blamed(shop, "AU-1", "--field", "title")

    assert (found["value"], found["was"], found["complete"]) == ("Fone", None, True)
    assert [one["subject"] for one in found["causes"]] == ["the shop"]


def test_history_that_is_not_looked_at_is_said(shop: Shop) -> None:
    done = blame(shop, "AU-1", "--max-commits", "1")
    found = blamed(shop, "AU-1", "--max-commits", "1")

    assert (found["causes"], found["complete"]) == ([], False)
    assert "--max-commits looks further back" in done.out


def test_facts_that_came_later_do_not_end_the_search_and_others_do(shop: Shop) -> None:
    """A fact that older rules do not know changes nothing; one that is gone leaves them blind."""
    facts, new = "rules/facts.yaml", "  gtin: {type: text, from: catalogue.name}\n"
    shop.write(facts, (shop.root / facts).read_text(encoding="utf-8") + new)
    commit(shop, "one fact more")
    assert shop("snapshot").code == 0
    found = blamed(shop, "AU-1")

    assert ([c["subject"] for c in found["causes"]], found["stopped"]) == (
        ["audio earns more"],
        None,
    )

    shop.change(facts, new, "")
    commit(shop, "and not any more")
    assert shop("snapshot").code == 0
    found, done = blamed(shop, "AU-1"), blame(shop, "AU-1")

    assert (found["causes"], found["complete"]) == ([], False)
    assert found["stopped"] == git(shop.root, "rev-parse", "HEAD~1")
    assert "read facts that the snapshot of now does not have" in done.out


def test_what_no_commit_has_is_said(shop: Shop) -> None:
    shop.change("rules/pricing.yaml", "markup: 19%", "markup: 25%")
    found = blamed(shop, "AU-1")

    assert (found["value"], found["was"]) == ("125.00", "119.00")
    assert [(c["by"], c["file"], c["line"]) for c in found["causes"]] == [
        ("files", "rules/pricing.yaml", 7)
    ]


def test_outside_git_nobody_knows(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    found = blamed(shop, "AU-1")

    assert (found["causes"], found["complete"]) == ([], False)


def test_a_cell_of_a_source_is_named_with_its_row(shop: Shop, market: Market) -> None:
    assert shop("sync", "--sandbox", market.url, "--as-of", AS_OF).code == 0
    shop.change("data/catalogue.csv", "audio/caixas,200.00", "audio/caixas,210.00")
    assert shop("sync", "--sandbox", market.url, "--as-of", AS_OF).code == 0
    found = blamed(shop, "AU-2", "--sandbox", market.url)
    stock = blamed(shop, "AU-2", "--sandbox", market.url, "--field", "quantity")
    (cause,) = found["causes"]

    # 210.00 x 1.19, before that 200.00 x 1.19
    assert (found["value"], found["was"]) == ("249.90", "238.00")
    assert (cause["by"], cause["file"], cause["row"], cause["column"]) == (
        "data", "data/catalogue.csv", 3, "cost",
    )  # fmt: skip
    assert (cause["was"], cause["is"], cause["alone"]) == ("200", "210", True)
    assert [one["subject"] for one in stock["causes"]] == ["the shop"]


def test_between_two_runs_the_commit_is_found_and_a_window_is_the_clocks(
    shop: Shop, market: Market
) -> None:
    assert shop("sync", "--sandbox", market.url, "--as-of", "2026-11-22T12:00:00Z").code == 0
    shop.write("rules/pricing.yaml", (shop.root / "rules/pricing.yaml").read_text() + SALE)
    commit(shop, "a campaign that begins on Monday")
    assert shop("sync", "--sandbox", market.url, "--as-of", "2026-11-22T13:00:00Z").code == 0
    found = blamed(shop, "AU-1", "--sandbox", market.url, "--field", "sale_price")

    assert (found["value"], found["was"]) == ("107.10", None)
    assert [(c["by"], c.get("since")) for c in found["causes"]] == [
        ("clock", "2026-11-22T13:00:00+00:00")
    ]
    price = blamed(shop, "AU-1", "--sandbox", market.url)
    assert [one["subject"] for one in price["causes"]] == ["audio earns more"]


SALE = """\
  - id: campaign
    phase: adjust
    when: {sku: AU-1}
    rules: [{id: week-47, when: {}, then: {off: 10%}, valid: {from: 2026-11-23, before: 2026-11-30}}]
    set: {sale_price: price * (1 - off)}
"""
