"""Guards on sources: too old or too few, at review and at plan (applied: tests/sync/test_submit.py)."""

from __future__ import annotations

import os
import time

import pytest
from cli.market import Market
from cli.shop import AS_OF, Done, Shop
from git_commands import git

FRESH = "  - {id: fresh, check: source_age, at_most: 26 hours, source: catalogue, else: block}\n"
WHOLE = "  - {id: whole, check: source_rows, at_least: 98%, source: catalogue, else: block}\n"
HOUR = 3_600


def guard(shop: Shop, line: str) -> None:
    shop.change("rules/guards.yaml", "guards:\n", f"guards:\n{line}")


def aged(shop: Shop, hours: float, file: str = "data/catalogue.csv") -> None:
    """A source that was written so long ago, and a snapshot of it."""
    then = time.time() - hours * HOUR
    os.utime(shop.root / file, (then, then))
    assert shop("snapshot").code == 0


def plan(shop: Shop, market: Market, *more: str) -> Done:
    return shop("plan", "--sandbox", market.url, "--as-of", AS_OF, *more)


def test_a_source_that_is_too_old_withholds_everything(shop: Shop, market: Market) -> None:
    guard(shop, FRESH)
    aged(shop, 27.5)
    done = plan(shop, market)
    told = plan(shop, market, "-o", "json").json

    assert told["changes"] == []
    assert "guard fresh: catalogue is 27 hours old; at most 26 hours" in done.out
    assert {w["code"] for w in told["withheld"] if "fresh" in w["reason"]} == {"BLOCK"}
    assert list(told["basis"]["sources"]) == ["catalogue"]


def test_a_source_that_is_young_enough_lets_everything_go(shop: Shop, market: Market) -> None:
    guard(shop, FRESH)
    aged(shop, 25)

    assert len(plan(shop, market, "-o", "json").json["changes"]) == 5


def test_next_friday_is_judged_with_the_data_of_today(shop: Shop, market: Market) -> None:
    guard(shop, FRESH)
    aged(shop, 1)
    done = shop("plan", "--sandbox", market.url, "--as-of", "2030-01-01", "-o", "json")

    assert len(done.json["changes"]) == 5


def test_another_source_may_be_old(shop: Shop, market: Market) -> None:
    guard(shop, FRESH)
    aged(shop, 500, "data/stock.csv")

    assert len(plan(shop, market, "-o", "json").json["changes"]) == 5


def test_a_snapshot_that_nobody_noted_is_too_old(shop: Shop, market: Market) -> None:
    guard(shop, FRESH)
    aged(shop, 1)
    (shop.root / ".offerwright/snapshots/taken.jsonl").unlink()

    assert "nobody knows how old catalogue is" in plan(shop, market).out


def lost(shop: Shop, market: Market) -> Done:
    """All is live; then the catalogue loses one of its six rows."""
    guard(shop, WHOLE)
    assert shop("sync", "--sandbox", market.url, "--as-of", AS_OF).code == 0
    text = (shop.root / "data/catalogue.csv").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("CA-2"))
    shop.new_data("data/catalogue.csv", f"{row}\n", "")
    return plan(shop, market, "-o", "json")


def test_a_source_that_lost_rows_ends_nothing(shop: Shop, market: Market) -> None:
    told = lost(shop, market).json

    assert told["changes"] == []
    reasons = {(w["sku"], w["reason"]) for w in told["withheld"] if w["code"] == "BLOCK"}
    assert ("CA-2", "guard whole: catalogue has 5 rows of 6 a day before; at least 98%") in reasons


def test_a_guard_that_warns_of_a_source_stops_nothing(shop: Shop, market: Market) -> None:
    guard(shop, FRESH.replace("else: block", "else: warn"))
    aged(shop, 30)
    done = plan(shop, market)

    assert "5 operations to send" in done.out
    assert "! market: guard fresh: catalogue is 30 hours old" in done.out


@pytest.fixture
def committed(shop: Shop) -> Shop:
    guard(shop, FRESH)
    shop.write(".gitignore", ".offerwright/\n")
    git(shop.root, "init", "-q", "-b", "main")
    git(shop.root, "add", ".")
    git(shop.root, "commit", "-q", "-m", "base")
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 19%")
    git(shop.root, "commit", "-q", "-a", "-m", "head")
    return shop


def test_a_review_over_a_snapshot_that_is_too_old_blocks(committed: Shop) -> None:
    aged(committed, 48)
    done = committed("diff", "main~1..main", "-o", "json")
    text = committed("diff", "main~1..main")

    assert (done.code, text.code) == (1, 1)
    (found,) = done.json["findings"]
    assert (found["code"], found["file"], found["line"]) == (
        "SOURCE_TOO_OLD",
        "rules/guards.yaml",
        4,
    )
    assert "catalogue is 2 days old; at most 26 hours" in text.out


def test_a_review_over_fresh_sources_passes(committed: Shop) -> None:
    aged(committed, 2)

    assert committed("diff", "main~1..main").code == 0
