"""`offerwright sync` killed at named and at random places, then run again: nothing lost or twice."""

from __future__ import annotations

import random
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cli.market import EXAMPLE, QUICK, Market
from cli.shop import AS_OF, Shop, patient_shop, small_shop

from offerwright.store.failpoint import VARIABLE

STEPS = ("--as-of", AS_OF)
# Where a sync of a shop that is listed already passes; the token's places have tests of their own.
PLACES = (
    "writer.after_lead=kill",
    "enqueue.before_commit=kill",
    "enqueue.after_commit=kill",
    "claim.before_commit=kill",
    "claim.after_commit=kill",
    "begin.before_commit=kill@2",
    "outbox.before_send=kill@1",
    "outbox.before_send=kill@3",
    "outbox.after_send=kill@1",
    "outbox.after_send=kill@3",
    "record.before_commit=kill@2",
    "record.after_commit=kill@2",
)
CREATING = (
    "outbox.after_send=kill@2",
    "record.before_commit=kill@2",
)
PATIENT = ("outbox.after_poll=kill@1", "outbox.after_poll=kill@4", "outbox.after_send=kill@2")
FIRST = {
    "AU-1": (11800, 5), "AU-2": (23600, 2), "AU-3": (5900, 9), "CA-1": (1400, 40),
    "CA-2": (2800, 7),
}  # fmt: skip


def sync(shop: Shop, market: Market, failpoints: str = "") -> int:
    run, env = (shop.process, {VARIABLE: failpoints}) if failpoints else (shop, {})
    done = run("sync", "--sandbox", market.url, *STEPS, env=env)
    assert "Traceback" not in done.err, done.err
    return done.code


def wanted(edits: int) -> dict[str, tuple[int, int]]:
    """
    What the marketplace must have after so many edits.

    Each raises the markup of audio by a percent and takes a cable out of stock: costs are 100, 200
    and 50, and there were 40 cables.
    """
    audio = {sku: (cost * (118 + edits), units) for sku, cost, units in AUDIO}
    return {**FIRST, **audio, "CA-1": (1400, 40 - edits)}


AUDIO = (("AU-1", 100, 5), ("AU-2", 200, 2), ("AU-3", 50, 9))


def edit(shop: Shop, number: int) -> None:
    """The edit of this number, from 1."""
    shop.change("rules/pricing.yaml", f"markup: {17 + number}%", f"markup: {18 + number}%")
    shop.change("data/stock.csv", f"CA-1,sp,{41 - number}\n", f"CA-1,sp,{40 - number}\n")


def values_in_order(market: Market) -> dict[str, list[Any]]:
    """SKU -> the values after every write, in order, without repetitions of the last one."""
    found: dict[str, list[Any]] = {}
    for call in market.calls(QUICK):
        if call["took_effect"]:
            held = found.setdefault(call["sku"], [])
            now = (call["values"]["price"], call["values"]["quantity"])
            held += [now] if not held or held[-1] != now else []
    return found


def assert_no_value_came_back(market: Market) -> None:
    """Prices only rise and stock only falls here, so an older write that wins would show."""
    for sku, values in values_in_order(market).items():
        assert [p for p, _ in values] == sorted(p for p, _ in values), sku
        assert [q for _, q in values] == sorted((q for _, q in values), reverse=True), sku


def assert_in_step(shop: Shop, market: Market, live: Any, marketplace: str = QUICK) -> None:
    """The marketplace has what is wanted, listed once, and nobody has more to say."""
    assert market.live(marketplace) == live
    assert set(market.versions(marketplace)) == set(live)
    writes = market.writes(marketplace)
    assert sync(shop, market) == 0
    assert market.writes(marketplace) == writes


def test_a_sync_that_was_killed_anywhere_is_finished_by_the_next(
    shop: Shop, market: Market
) -> None:
    assert sync(shop, market) == 0
    for number, place in enumerate(PLACES, 1):
        edit(shop, number)
        before = market.versions()
        assert sync(shop, market, place) == -signal.SIGKILL, place
        assert sync(shop, market) == 0, place
        told = {sku: version - before[sku] for sku, version in market.versions().items()}

        assert market.live() == wanted(number), place
        assert set(told.values()) <= {0, 1, 2}, place
        assert sum(told.values()) <= len(AUDIO) + 1 + 1, f"{place}: at most one is told again"

    assert_in_step(shop, market, wanted(len(PLACES)))
    assert_no_value_came_back(market)


@pytest.mark.parametrize("place", CREATING)
def test_a_listing_is_made_once_whenever_its_creator_dies(
    tmp_path: Path, market: Market, place: str
) -> None:
    shop = small_shop(tmp_path)
    assert sync(shop, market, place) == -signal.SIGKILL
    assert sync(shop, market) == 0

    assert_in_step(shop, market, FIRST)


@pytest.mark.parametrize("place", PATIENT)
def test_what_was_only_accepted_is_followed_by_the_next_run(
    tmp_path: Path, market: Market, place: str
) -> None:
    shop = patient_shop(tmp_path)
    assert sync(shop, market, place) == -signal.SIGKILL
    assert sync(shop, market) == 0

    assert_in_step(shop, market, FIRST, EXAMPLE)
    assert set(market.versions(EXAMPLE).values()) == {1}, "a creation took effect twice"


@pytest.mark.parametrize("seed", range(3))
def test_kills_at_any_moment_lose_nothing_and_repeat_nothing(
    shop: Shop, market: Market, seed: int
) -> None:
    """One history of edits, each with kills at places and moments that the seed draws."""
    drawn = random.Random(seed)
    assert sync(shop, market) == 0
    for number in range(1, 4):
        edit(shop, number)
        market.fault(marketplace=QUICK, share="30%", do=drawn.choice(("lost_answer", "reset")))
        for _ in range(2):
            place = drawn.choice(PLACES).partition("@")[0]
            process = shop.start(
                "sync", "--sandbox", market.url, *STEPS,
                env={VARIABLE: f"{place}@{drawn.randint(1, 4)}"},
            )  # fmt: skip
            _kill_after(process, drawn.uniform(0.5, 4.0))
        market.works_again()
        assert sync(shop, market) == 0

        assert market.live() == wanted(number)

    assert_in_step(shop, market, wanted(3))
    assert_no_value_came_back(market)


def _kill_after(process: subprocess.Popen[str], seconds: float) -> None:
    """Kill it after so long, if it has not died or ended before."""
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate(timeout=20)
