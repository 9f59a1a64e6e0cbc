"""`rollback`: from prices of a penny back to those before, and nothing else."""

from __future__ import annotations

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from cli.market import Market
from cli.shop import PRICES, UNITS, Done, Shop, small_shop
from cli.test_output_schemas import faults
from cli.test_runs import commit, runs
from git_commands import git

from offerwright.runs.present import Present
from offerwright.runs.record import RunRecord, RunRefused, recorded
from offerwright.runs.rollback import Back, History, way_back
from offerwright.sandbox.serve import RunningSandbox
from offerwright.store.protocol import Run
from offerwright.sync.plan import Basis

AS_OF = "2026-11-27T09:30:00-03:00"
# Until somebody takes it out, an order of magnitude is stopped: of a cost, where nothing is live.
MAGNITUDE = "  - {id: magnitude, check: magnitude, times: 5, else: block}\n"
# Nothing stops a fall, a rise of more than half is, and so is a run that moves 3 of 10 prices.
GUARDS = """\
kind: guards
name: money
guards:
  - {id: positive, check: positive, else: block}
  - {id: currency, check: currency, else: block}
  - {id: floor, check: price_at_least, bound: lowest, else: warn}
  - {id: step, check: step_from_live, up: 50%, else: block}
  - {id: share, check: share_moved, at_most: 30%, else: block}
"""
HOLD = """\
kind: guards
name: recall
guards: [{id: recall, check: hold, when: {sku: AU-2}, aspects: [price], else: block}]
"""
PENNIES = {"AU-1": "fones", "AU-2": "caixas", "AU-3": "microfones"}
BEFORE = {sku: (int(price.replace(".", "")), UNITS[sku]) for sku, price in PRICES.items()}


def sync(shop: Shop, market: Market, *more: str) -> Done:
    done = shop("sync", "--sandbox", market.url, "--as-of", AS_OF, *more)
    assert done.code == 0, done
    return done


def to_a_penny(shop: Shop, folder: str) -> None:
    rule = "      - {id: audio,"
    wrong = f"{{id: {folder}, when: {{category: {{under: audio/{folder}}}}}, then: {{markup: -99.99%}}}}"
    shop.change("rules/pricing.yaml", rule, f"      - {wrong}\n{rule}")
    commit(shop, f"a missed digit in {folder}")


def live_shop(root: Path, market: Market) -> Shop:
    """A shop whose offers are live at their prices."""
    found = small_shop(root)
    found.write("rules/guards.yaml", GUARDS + MAGNITUDE)
    found.change("rules/pricing.yaml", "phase: base\n", "phase: base\n    hit: first\n")
    git(found.root, "init", "-q")
    commit(found)
    sync(found, market, "--first-publication")
    assert market.live() == BEFORE
    return found


@pytest.fixture
def shop(tmp_path: Path, market: Market) -> Shop:
    return live_shop(tmp_path / "shop", market)


def ruin(shop: Shop, market: Market) -> None:
    """19:30: three runs later three offers cost a penny, and one unit is sold."""
    shop.change("rules/guards.yaml", MAGNITUDE, "")
    for folder in PENNIES.values():
        to_a_penny(shop, folder)
        sync(shop, market)
    shop.change("data/stock.csv", "AU-1,sp,5", "AU-1,sp,4")
    sync(shop, market)
    assert {sku: market.live()[sku][0] for sku in PENNIES} == {"AU-1": 1, "AU-2": 2, "AU-3": 1}


@pytest.fixture(scope="module")
def ruined(
    tmp_path_factory: pytest.TempPathFactory, serving: RunningSandbox
) -> tuple[Shop, Market]:
    """A shop at 19:30, of which tests only plan: nothing is sent, no file of it is changed."""
    serving.sandbox.reset()
    market = Market(serving)
    shop = live_shop(tmp_path_factory.mktemp("ruined") / "shop", market)
    ruin(shop, market)
    return shop, market


def rollback(shop: Shop, market: Market, to: str, *more: str) -> Done:
    return shop("rollback", to, "--sandbox", market.url, "--out", "back.jsonl", *more)


def told(shop: Shop, market: Market, to: str, *more: str) -> Any:
    done = rollback(shop, market, to, *more, "-o", "json")
    assert (done.code, faults("rollback", done.json)) == (0, []), done
    return done.json


def sent(shop: Shop, market: Market) -> list[dict[str, Any]]:
    """The runs that sent, the oldest first."""
    return [one for one in reversed(runs(shop, market)) if one["kind"] == "sync"]


def planned(shop: Shop) -> list[tuple[str, str]]:
    """SKU and aspect of what the file of the way back says."""
    lines = (shop.root / "back.jsonl").read_text(encoding="utf-8").splitlines()
    return [(o["sku"], o["aspect"]) for o in map(json.loads, lines) if o["type"] == "operation"]


def counts(found: Any) -> list[tuple[int, int, int]]:
    return [(a["price"], a["stock"], a["content"]) for a in found["accounts"]]


def test_a_rollback_makes_former_prices_live_again_and_sends_nothing_else(
    shop: Shop, market: Market
) -> None:
    ruin(shop, market)
    run = sent(shop, market)[0]["id"]
    made = rollback(shop, market, run)
    writes = len(market.writes())
    applied = shop("apply", "back.jsonl", "--sandbox", market.url)

    assert (made.code, applied.code) == (0, 0), (made, applied)
    assert sorted(market.writes()[writes:]) == [("set_price", sku) for sku in sorted(PENNIES)]
    # Stock is never taken back: the unit that was sold stays sold.
    assert market.live() == {**BEFORE, "AU-1": (BEFORE["AU-1"][0], 4)}

    newest, before = runs(shop, market)[:2]
    replayed = shop("replay", "last", "--sandbox", market.url)
    assert [(r["kind"], r["returns_to"]) for r in (newest, before)] == [
        ("apply", run), ("rollback", run),
    ]  # fmt: skip
    assert (replayed.code, "replay the run that said it first" in replayed.err) == (2, True)
    assert counts(told(shop, market, run)) in ([], [(0, 0, 0)])


def test_the_bodies_are_those_of_then_byte_for_byte(ruined: tuple[Shop, Market]) -> None:
    shop, market = ruined
    first = sent(shop, market)[0]
    rollback(shop, market, first["id"])
    lines = (shop.root / "back.jsonl").read_text(encoding="utf-8").splitlines()
    back = {o["sku"]: o for o in map(json.loads, lines) if o["type"] == "operation"}
    plan = shop.root / f".offerwright/plans/{first['plan']}.jsonl"
    then = [json.loads(line) for line in plan.read_text(encoding="utf-8").splitlines()]
    said = {o["sku"]: o["covers"]["price"] for o in then if o["type"] == "operation"}

    assert sorted(back) == sorted(PENNIES)
    assert {sku: o["covers"] for sku, o in back.items()} == {
        sku: {"price": said[sku]} for sku in PENNIES
    }
    assert {sku: o["price"][1] for sku, o in back.items()} == {sku: PRICES[sku] for sku in PENNIES}


def test_back_to_a_run_in_between(ruined: tuple[Shop, Market]) -> None:
    """After the second run AU-1 was a penny already and stays one; the two later ones go back."""
    second = sent(*ruined)[1]["id"]
    found = told(*ruined, second)

    assert (found["returns_to"], counts(found)) == (second, [(2, 0, 0)])


def test_only_what_is_asked_for_goes_back(ruined: tuple[Shop, Market]) -> None:
    run = sent(*ruined)[0]["id"]

    assert counts(told(*ruined, run)) == [(3, 0, 0)]
    assert counts(told(*ruined, run, "--sku", "AU-2")) == [(1, 0, 0)]
    assert counts(told(*ruined, run, "--aspect", "stock")) == [(0, 1, 0)]


def test_an_estimate_of_calls_and_time_stands_beside_the_plan(
    ruined: tuple[Shop, Market],
) -> None:
    """Three writes, and three questions what became of them; all within the burst."""
    run = sent(*ruined)[0]["id"]
    done = rollback(*ruined, run)

    assert told(*ruined, run)["estimate"] == {"calls": 6, "seconds": 0}
    assert "About 6 API calls, less than a second at the rate limits" in done.out
    assert "take the change back there too" in done.err


def test_a_snapshot_that_is_gone_is_said(ruined: tuple[Shop, Market], tmp_path: Path) -> None:
    shop, market = ruined
    copy = Shop(tmp_path / "copy")
    shutil.copytree(shop.root, copy.root)
    first = sent(shop, market)[0]
    shutil.rmtree(copy.root / ".offerwright/snapshots" / first["snapshot"])
    done = rollback(copy, market, first["id"])

    assert (done.code, "is not there any more" in done.err) == (2, True), done


def test_what_neither_a_run_nor_a_commit_is_called_is_refused(
    ruined: tuple[Shop, Market],
) -> None:
    done = rollback(*ruined, "nowhere")

    assert done.code == 2
    assert "no run is called 'nowhere'" in done.err and "no commit nowhere" in done.err


def test_back_to_the_rules_of_a_commit(ruined: tuple[Shop, Market]) -> None:
    """The prices were told before, so the step up does not stop them."""
    shop, market = ruined
    found = told(shop, market, "HEAD~3")

    assert found["returns_to"] == git(shop.root, "rev-parse", "HEAD~3")
    assert counts(found) == [(3, 0, 0)]


def test_rules_that_were_never_live_have_to_pass_the_step_and_the_floor(
    ruined: tuple[Shop, Market], tmp_path: Path
) -> None:
    """From a penny to 120.00 is a step of more than half; of CA-1 it is none, but below its floor."""
    shop, market = ruined
    copy = Shop(tmp_path / "copy")
    shutil.copytree(shop.root, copy.root)
    git(copy.root, "checkout", "-q", "HEAD~3", "--", "rules")
    copy.change("rules/pricing.yaml", "markup: 18%", "markup: 20%")
    copy.change("rules/pricing.yaml", "markup: 40%", "markup: 5%")
    copy.change("rules/guards.yaml", "bound: lowest, else: warn", "bound: lowest, else: block")
    commit(copy, "prices that were never live")
    done = rollback(copy, market, "HEAD")

    # 10.00 x 1.05 = 10.50 is below 11.00, 20.00 x 1.05 = 21.00 is not below 21.00
    assert planned(copy) == [("CA-2", "price")]
    assert "guard step" in done.out and "guard floor" in done.out


def test_guards_and_holds_of_now_stop_the_way_back_too(
    ruined: tuple[Shop, Market], tmp_path: Path
) -> None:
    """118.00 is below 119.00 today, 59.00 was never below 52.50; AU-2 is held by the rules of now."""
    shop, market = ruined
    copy = Shop(tmp_path / "copy")
    shutil.copytree(shop.root, copy.root)
    copy.change("rules/guards.yaml", "bound: lowest, else: warn", "bound: lowest, else: block")
    copy.write("rules/hold.yaml", HOLD)
    copy.new_data("data/catalogue.csv", "100.00,105.00", "100.00,119.00")
    first = sent(shop, market)[0]["id"]
    for to in (first, "HEAD~3"):
        done = rollback(copy, market, to)

        assert "guard floor of now" in done.out and "guard recall of now" in done.out, done
        assert planned(copy) == [("AU-3", "price")]


def test_an_account_that_the_shop_has_no_more_is_named(
    ruined: tuple[Shop, Market], tmp_path: Path
) -> None:
    shop, market = ruined
    copy = Shop(tmp_path / "copy")
    shutil.copytree(shop.root, copy.root)
    copy.change("offerwright.yaml", "  market: {", "  bazaar: {")
    found = told(copy, market, sent(shop, market)[0]["id"])

    assert found["accounts"] == []
    assert {(one["account"], one["sku"], one["why"]) for one in found["left"]} == {
        ("market", sku, "the shop has no such account now") for sku in PENNIES
    }


def test_an_offer_that_was_listed_since_is_left_and_named(shop: Shop, market: Market) -> None:
    run = sent(shop, market)[0]["id"]
    shop.change("data/catalogue.csv", "NP-1,Sem custo,cables,,", "NP-1,Sem custo,cables,1.00,")
    sync(shop, market)
    shop("plan", "--sandbox", market.url, "--as-of", AS_OF)
    found = told(shop, market, run)
    refused = rollback(shop, market, runs(shop, market)[1]["id"])

    assert {(one["sku"], one["why"].split(";")[0]) for one in found["left"]} == {
        ("NP-1", "it was not live then")
    }
    assert counts(found) in ([], [(0, 0, 0)])
    assert (refused.code, "only planned" in refused.err) == (2, True), refused


def test_a_run_beyond_which_others_may_have_been_dropped_is_refused() -> None:
    """Of what a dropped run did, the ledger that a later one found does not speak."""

    def nowhere(_: RunRecord) -> Any:
        raise AssertionError("nothing is looked at")

    runs = [recorded(Run(f"{n}" * 12, "c0ffee", "s", AS_OF, "1", "p", 3.0 - n)) for n in range(3)]
    now = Present(nowhere, pl.DataFrame(), datetime.fromisoformat(AS_OF))  # type: ignore[arg-type]
    basis = Basis("", "", "", AS_OF, "", "sandbox")
    history = History(runs, nowhere, nowhere, complete=2)

    with pytest.raises(RunRefused, match=r"older than the newest 2 runs.*rollback c0ffee"):
        way_back(Back(runs[2], basis, now), history, nowhere)  # type: ignore[arg-type]
