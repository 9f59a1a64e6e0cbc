"""`expect_matches`: a rule that selects more goods than it should moves no price."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from cli.market import Market
from cli.shop import AS_OF, Done, Shop
from git_commands import git

from offerwright.cli.options import moment
from offerwright.evaluate.matched import expected_matches
from offerwright.facts.snapshot import load_snapshot, newest_snapshot
from offerwright.pipeline import load
from offerwright.rules.findings.expected import missed_matches

AUDIO = "{id: audio, when: {category: {under: audio}}, then: {markup: 18%}}"
WATCH = """\
kind: pricing
name: promo
steps:
  - {id: one-day, phase: adjust, when: {category: {under: audio}}, set: {price: 500.00}, expect_matches: 1}
"""
ROWS = """\
kind: pricing
name: promo
steps:
  - id: one-day
    phase: adjust
    when: {price: "> 20"}
    rules:
      - {id: a, when: {category: {under: audio}}, then: {off: 5%}, expect_matches: 1}
    otherwise: {off: 0%}
    set: {price: price * (1 - off)}
"""


def expecting(shop: Shop, wanted: str) -> None:
    shop.change("rules/pricing.yaml", AUDIO, f"{AUDIO[:-1]}, expect_matches: {wanted}}}")


def plan(shop: Shop, market: Market) -> dict[str, Any]:
    done = shop("plan", "--sandbox", market.url, "--as-of", AS_OF, "-o", "json")
    assert done.code == 0, done.err
    return dict(done.json)


def said(record: dict[str, Any]) -> set[str]:
    return {change["sku"] for change in record["changes"]}


def missed(record: dict[str, Any]) -> dict[str, str]:
    return {w["sku"]: w["reason"] for w in record["withheld"] if w["code"] == "EXPECT_MATCHES"}


@pytest.mark.parametrize("wanted", ["3", "..5"])
def test_a_row_that_matches_as_many_as_expected_goes(
    shop: Shop, market: Market, wanted: str
) -> None:
    expecting(shop, wanted)

    assert said(plan(shop, market)) == {"AU-1", "AU-2", "AU-3", "CA-1", "CA-2"}


@pytest.mark.parametrize("wanted", ["1", "4.."])
def test_a_row_that_matches_another_number_stops_its_own_prices(
    shop: Shop, market: Market, wanted: str
) -> None:
    expecting(shop, wanted)
    record = plan(shop, market)

    assert said(record) == {"CA-1", "CA-2"}
    assert set(missed(record)) == {"AU-1", "AU-2", "AU-3"}
    assert missed(record)["AU-1"] == (f"rule shop/audio: matches 3 SKUs, and {wanted} are expected")
    (place,) = {w["place"] for w in record["withheld"] if w["code"] == "EXPECT_MATCHES"}
    assert place.startswith("rules/pricing.yaml:7")


def test_a_step_for_one_watch_that_meets_three_stops_all_three(shop: Shop, market: Market) -> None:
    shop.write("rules/promo.yaml", WATCH)
    record = plan(shop, market)

    assert said(record) == {"CA-1", "CA-2"}
    assert missed(record)["AU-2"] == "rule promo/one-day: matches 3 SKUs, and 1 are expected"


def test_only_what_the_document_is_for_is_counted(shop: Shop, market: Market) -> None:
    shop.write("rules/promo.yaml", WATCH.replace("steps:", "for: {sku: AU-3}\nsteps:"))

    assert missed(plan(shop, market)) == {}


def test_a_step_without_when_has_nothing_to_count(shop: Shop) -> None:
    shop.write("rules/promo.yaml", WATCH.replace("when: {category: {under: audio}}, ", ""))
    done = shop("check", "-o", "json")

    assert [d["code"] for d in done.json["diagnostics"]] == ["INVALID"]


def test_an_expectation_that_nobody_can_read_lets_nothing_be_planned(shop: Shop) -> None:
    shop.write("rules/promo.yaml", WATCH.replace("expect_matches: 1", "expect_matches: many"))
    done = shop("plan")

    assert (done.code, "error[WRONG_EXPECTATION]" in done.err) == (1, True)


@pytest.mark.parametrize(
    "late",
    ["{price: '> 20'}", "{category: {under: audio}, live_price: missing}"],
)
def test_an_expectation_that_nobody_can_count_is_refused(shop: Shop, late: str) -> None:
    shop.write("rules/promo.yaml", WATCH.replace("{category: {under: audio}}", late))
    (found,) = shop("check", "-o", "json").json["diagnostics"]

    assert (found["code"], found["line"]) == ("WRONG_EXPECTATION", 4)
    assert "nobody can count them" in found["message"]


def test_rows_below_a_when_that_asks_for_the_price_cannot_be_counted(shop: Shop) -> None:
    shop.write("rules/promo.yaml", ROWS)
    (found,) = shop("check", "-o", "json").json["diagnostics"]

    assert (found["code"], found["line"]) == ("WRONG_EXPECTATION", 8)


@pytest.mark.parametrize("size", [1, 4])
def test_the_count_is_that_of_the_whole_snapshot_however_it_is_cut(shop: Shop, size: int) -> None:
    expecting(shop, "1")
    assert shop("snapshot").code == 0
    folder = newest_snapshot(shop.root / ".offerwright/snapshots")
    assert folder is not None
    frame = load_snapshot(folder).frame
    loadout = load(shop.root)
    blocks: list[pl.DataFrame] = [frame.slice(at, size) for at in range(0, len(frame), size)]
    counted = expected_matches(loadout.rules, blocks, moment(AS_OF, "UTC"))

    assert [(row.count, row.examples) for _, row, _ in missed_matches(counted)] == [
        (3, ("AU-1", "AU-2", "AU-3"))
    ]


def test_a_review_of_a_head_that_selects_too_much_blocks(shop: Shop) -> None:
    def diff() -> Done:
        return shop("diff", "main~1..main", "-o", "json")

    shop.write(".gitignore", ".offerwright/\n")
    git(shop.root, "init", "-q", "-b", "main")
    git(shop.root, "add", ".")
    git(shop.root, "commit", "-q", "-m", "base")
    shop.write("rules/promo.yaml", WATCH)
    git(shop.root, "add", ".")
    git(shop.root, "commit", "-q", "-m", "head")
    done = diff()

    assert done.code == 1
    (found,) = done.json["findings"]
    assert (found["code"], found["file"], found["line"]) == (
        "EXPECT_MATCHES", "rules/promo.yaml", 4,
    )  # fmt: skip
