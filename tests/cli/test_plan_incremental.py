"""`plan --incremental` and `sync --incremental`: the plan of a full run, and a word of why."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.market import Market
from cli.shop import AS_OF, Done, Shop

from offerwright.store.sqlite.locks import file_lock

NOTHING = "everything, because nothing was remembered"


def plan(shop: Shop, out: str, *more: str) -> Done:
    return shop("plan", "--as-of", AS_OF, "--out", out, *more)


def memory(shop: Shop, target: str = "marketplaces") -> Path:
    return shop.root / ".offerwright/planned" / target


def test_a_plan_after_a_change_is_that_of_a_full_run(shop: Shop) -> None:
    first = plan(shop, "first.jsonl", "--incremental")
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 36%")
    again = plan(shop, "again.jsonl", "--incremental")
    full = plan(shop, "full.jsonl")

    assert [first.code, again.code, full.code] == [0, 0, 0]
    assert NOTHING in first.err
    assert "all of market: pricing shop has changed" in again.err
    written = [(shop.root / f"{n}.jsonl").read_bytes() for n in ("first", "again", "full")]
    assert written[0] != written[1] == written[2]


def test_cron_plans_nothing_anew_where_nothing_has_changed(shop: Shop, market: Market) -> None:
    def sync() -> Done:
        return shop("sync", "--sandbox", market.url, "--as-of", AS_OF, "--incremental")

    done = [sync() for _ in range(4)]
    sent = len(market.writes())
    last = sync()

    assert [one.code for one in done] == [0, 0, 0, 0]
    assert NOTHING in done[0].err
    assert "Planned again: 0 of" in last.err
    assert len(market.writes()) == sent
    assert (memory(shop, "sandbox") / "plans.json").exists()
    assert not memory(shop).exists()


@pytest.mark.parametrize("file", ["plans.json", "*.arrow"])
def test_what_is_damaged_is_planned_and_said(shop: Shop, file: str) -> None:
    plan(shop, "first.jsonl", "--incremental")
    for one in memory(shop).glob(file):
        one.write_bytes(one.read_bytes()[:-9])
    again = plan(shop, "again.jsonl", "--incremental")

    assert "everything, because what was remembered cannot be read: " in again.err
    assert (shop.root / "again.jsonl").read_bytes() == (shop.root / "first.jsonl").read_bytes()
    assert "everything, because" not in plan(shop, "third.jsonl", "--incremental").err


def test_of_two_plans_at_once_the_first_is_remembered(shop: Shop) -> None:
    memory(shop).mkdir(parents=True)
    with file_lock(memory(shop) / "lock", 0):
        second = plan(shop, "second.jsonl", "--incremental")

    assert (second.code, NOTHING in second.err) == (0, True)
    assert "Another plan is being remembered now; this one is not" in second.err
    assert not (memory(shop) / "plans.json").exists()


def test_a_bundle_plans_what_the_files_planned(shop: Shop) -> None:
    plan(shop, "first.jsonl", "--incremental")
    assert shop("bundle", "--out", "rules.bundle").code == 0
    again = plan(shop, "again.jsonl", "--incremental", "--bundle", "rules.bundle")

    assert again.code == 0
    assert "  all of" not in again.err
    assert NOTHING not in again.err
    assert (shop.root / "again.jsonl").read_bytes() == (shop.root / "first.jsonl").read_bytes()
