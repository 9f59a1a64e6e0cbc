"""`hold` and `release`: the kill switch of an operator, from the plan to the bytes that leave."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from cli.market import Market
from cli.shop import AS_OF, Done, Shop, small_shop
from cli.test_output_schemas import faults
from git_commands import git

from offerwright.sandbox.serve import RunningSandbox

BY = ("--by", "maria", "--reason", "prices of the ERP are wrong")


@pytest.fixture
def selling(shop: Shop, market: Market) -> Shop:
    """Everything is live at 18 % and at 40 %; now audio is to cost more."""
    first = sync(shop, market, "--first-publication")
    assert first.code in (0, 4), first.err
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 36%")
    return shop


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory, serving: RunningSandbox) -> Shop:
    """The same, made once: for tests that plan, and call no marketplace."""
    serving.sandbox.reset()
    shop, market = small_shop(tmp_path_factory.mktemp("sold")), Market(serving)
    first = sync(shop, market, "--first-publication")
    assert first.code in (0, 4), first.err
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 36%")
    return shop


@pytest.fixture
def planning(sold: Shop, tmp_path: Path) -> Shop:
    shutil.copytree(sold.root, tmp_path, dirs_exist_ok=True)
    return Shop(tmp_path)


def sync(shop: Shop, market: Market, *more: str) -> Done:
    return shop("sync", "--sandbox", market.url, "--as-of", AS_OF, *more)


def hold(shop: Shop, market: Market, *more: str) -> Done:
    done = shop("hold", "--sandbox", market.url, "--account", "market", *BY, *more, "-o", "json")
    assert done.code == 0, done.err
    return done


def prices(shop: Shop, market: Market, *more: str) -> dict[str, str]:
    """The price changes of the plan of now, by SKU."""
    done = shop("plan", "--sandbox", market.url, "--as-of", AS_OF, "-o", "json", *more)
    assert done.code == 0, done.err
    return {c["sku"]: c["price"][1] for c in done.json["changes"] if c["aspect"] == "price"}


def withheld(shop: Shop, market: Market) -> list[dict[str, Any]]:
    done = shop("plan", "--sandbox", market.url, "--as-of", AS_OF, "-o", "json")
    return [w for w in done.json["withheld"] if w["code"] == "HELD"]


def test_a_held_sku_is_withheld_with_who_and_why(planning: Shop, market: Market) -> None:
    done = hold(planning, market, "--sku", "AU-1")

    assert faults("holds", done.json) == []
    assert prices(planning, market) == {"AU-2": "272.00", "AU-3": "68.00"}
    (reason,) = withheld(planning, market)
    assert (reason["sku"], reason["aspect"]) == ("AU-1", "price")
    assert reason["reason"] == "hold 1 by maria: prices of the ERP are wrong"
    text = planning("plan", "--sandbox", market.url, "--as-of", AS_OF).out
    assert "hold 1 by maria" in text


def test_a_held_rule_holds_the_offers_whose_price_it_made(planning: Shop, market: Market) -> None:
    planning.change("rules/pricing.yaml", "markup: 40%", "markup: 50%")
    hold(planning, market, "--rule", "pricing/shop/audio")

    assert prices(planning, market) == {"CA-1": "15.00", "CA-2": "30.00"}


def test_a_rule_that_is_not_there_is_refused(planning: Shop, market: Market) -> None:
    done = planning("hold", "--sandbox", market.url, "--account", "market", *BY,
                   "--rule", "shop/audoi")  # fmt: skip

    assert (done.code, "did you mean 'shop/audio'?" in done.err) == (2, True)


def test_a_sku_that_is_not_there_is_refused(planning: Shop, market: Market) -> None:
    done = planning("hold", "--sandbox", market.url, "--account", "market", *BY, "--sku", "AU-9")

    assert (done.code, "has a SKU 'AU-9'" in done.err) == (2, True)


@pytest.mark.parametrize("left_out", ["--account", "--reason", "--by"])
def test_who_and_why_must_be_said(shop: Shop, left_out: str) -> None:
    said = {"--account": "market", "--reason": "wrong", "--by": "maria"}
    del said[left_out]
    done = shop("hold", *(word for pair in said.items() for word in pair))

    assert (done.code, left_out in done.err) == (2, True)


def test_stock_goes_on_under_a_hold_and_rises_only_where_it_is_not_held(
    planning: Shop, market: Market
) -> None:
    hold(planning, market, "--aspect", "stock")
    planning.new_data("data/stock.csv", "AU-1,sp,5", "AU-1,sp,1")
    planning.new_data("data/stock.csv", "AU-2,sp,2", "AU-2,sp,20")
    done = planning("plan", "--sandbox", market.url, "--as-of", AS_OF, "-o", "json")
    stock = {c["sku"]: c["quantity"] for c in done.json["changes"] if c["aspect"] == "stock"}

    assert stock == {"AU-1": [5, 1]}
    assert [w["sku"] for w in done.json["withheld"] if w["code"] == "HELD"] == ["AU-2"]


def test_sync_sends_nothing_that_is_held_and_all_of_it_after_the_release(
    selling: Shop, market: Market
) -> None:
    hold(selling, market)
    before = len(market.writes())
    under = sync(selling, market)
    sent_under = len(market.writes()) - before
    released = selling("release", "1", "--sandbox", market.url, "--by", "joao", "-o", "json")
    after = sync(selling, market)

    assert (under.code, sent_under, released.code, after.code) == (0, 0, 0, 0)
    assert (released.json["holds"], faults("holds", released.json)) == ([], [])
    assert len(market.writes()) - before == 3
    assert prices(selling, market) == {}


def test_a_plan_from_before_the_hold_waits_in_the_outbox(selling: Shop, market: Market) -> None:
    plan = selling("plan", "--sandbox", market.url, "--as-of", AS_OF, "--out", "p.jsonl")
    hold(selling, market, "--sku", "AU-1")
    before = len(market.writes())
    first = selling("apply", "p.jsonl", "--sandbox", market.url)
    listed = selling("hold", "--list", "--sandbox", market.url)
    sent = len(market.writes()) - before
    selling("release", "--account", "market", "--sku", "AU-1", "--by", "joao",
            "--sandbox", market.url)  # fmt: skip
    second = selling("apply", "p.jsonl", "--sandbox", market.url)

    assert (plan.code, first.code, sent, second.code) == (0, 4, 2, 0)
    assert "1 operation in the outbox wait" in listed.out
    assert "1 held back: offerwright hold --list" in first.out
    assert len(market.writes()) - before == 3


def test_a_hold_works_while_the_rules_are_broken(planning: Shop, market: Market) -> None:
    planning.write("rules/broken.yaml", "a: [\n")
    done = hold(planning, market, "--rule", "shop/audio")

    assert "nobody looked whether there is such a rule" in done.err
    assert done.json["holds"][0]["rule"] == "shop/audio"


def test_what_was_released_is_kept(shop: Shop) -> None:
    shop("hold", "--account", "market", *BY)
    shop("release", "1", "--by", "joao", "--reason", "mended")
    standing, every = shop("hold", "--list"), shop("hold", "--list", "--all", "-o", "json")

    assert standing.out == "Nothing is held.\n"
    (kept,) = every.json["holds"]
    assert (kept["by"], kept["released_by"], kept["released_why"]) == ("maria", "joao", "mended")
    assert faults("holds", every.json) == []
    assert shop("release", "1", "--by", "joao").code == 2


def test_a_plan_that_follows_another_is_that_of_a_full_run_under_holds(
    selling: Shop, market: Market
) -> None:
    def plan(out: str, *more: str) -> bytes:
        done = selling("plan", "--sandbox", market.url, "--as-of", AS_OF, "--out", out, *more)
        assert done.code == 0, done.err
        return (selling.root / out).read_bytes()

    steps = [
        lambda: None,
        lambda: hold(selling, market, "--sku", "AU-1"),
        lambda: sync(selling, market, "--incremental"),
        lambda: selling("release", "1", "--sandbox", market.url, "--by", "joao"),
    ]
    plans = []
    for number, step in enumerate(steps):
        step()
        again = plan(f"again-{number}.jsonl", "--incremental")
        plans.append((again, plan(f"full-{number}.jsonl")))

    assert all(again == full for again, full in plans)
    assert len({full for _, full in plans}) == len(steps)


def test_explain_names_the_holds_of_an_offer(planning: Shop, market: Market) -> None:
    hold(planning, market, "--rule", "shop/audio")
    hold(planning, market, "--sku", "CA-1")
    asked = ("--account", "market", "--sandbox", market.url, "--as-of", AS_OF)
    done = planning("explain", "AU-1", *asked, "-o", "json")
    text = planning("explain", "AU-1", *asked)

    assert (done.code, faults("explain", done.json)) == (0, [])
    assert [(one["hold"], one["by"]) for one in done.json["held"]] == [(1, "maria")]
    assert "held  price and content: hold 1 by maria: prices of the ERP are wrong" in text.out


def test_a_pull_request_that_holds_offers_can_be_merged(shop: Shop) -> None:
    shop.write(".gitignore", ".offerwright/\n")
    git(shop.root, "init", "-q", "-b", "main")
    git(shop.root, "add", ".")
    git(shop.root, "commit", "-q", "-m", "base")
    shop.change("rules/guards.yaml", "guards:\n",
                "guards:\n  - {id: stop, check: hold, else: block}\n")  # fmt: skip
    git(shop.root, "commit", "-q", "-a", "-m", "head")
    done = shop("diff", "main~1..main", "-o", "json")

    assert (done.code, done.json["blocks"]) == (0, False)
