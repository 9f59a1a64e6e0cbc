"""What was decided on older inputs is not sent: queues, plans, snapshots, refused rows."""

from __future__ import annotations

import signal
import sqlite3
import time

import pytest
from cli.market import QUICK, Market
from cli.shop import AS_OF, PRICES, Done, Shop


def sync(shop: Shop, market: Market, *more: str) -> Done:
    return shop("sync", "--sandbox", market.url, "--as-of", AS_OF, *more)


def queued(shop: Shop) -> list[str]:
    connection = sqlite3.connect(shop.root / ".offerwright/sandbox.db")
    try:
        return [sku for (sku,) in connection.execute("SELECT sku FROM outbox ORDER BY sku")]
    finally:
        connection.close()


@pytest.fixture
def live(shop: Shop, market: Market) -> Shop:
    """A shop whose offers are live, with a floor at cost x 1.05 and prices above it."""
    shop.change("rules/guards.yaml", "bound: lowest", "bound: cost * 1.05")
    done = sync(shop, market)
    assert (done.code, sorted(market.live())) == (0, sorted(PRICES)), done
    return shop


def left_in_the_queue(shop: Shop, market: Market) -> None:
    """Lower all prices and stop while the marketplace throttles, so that the cuts stay queued."""
    shop.change("rules/pricing.yaml", "cost * (1 + markup)", "lowest * 1.05")
    market.fault(
        marketplace=QUICK, route="set_price", do="status", status=429, headers={"Retry-After": "2"}
    )
    process = shop.start("sync", "--sandbox", market.url, "--as-of", AS_OF)
    deadline = time.monotonic() + 30
    while not [c for c in market.calls() if c["route"] == "set_price"]:
        assert time.monotonic() < deadline, "nothing was tried"
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert "AU-1" in queued(shop)
    market.works_again()


def test_a_refused_catalogue_row_does_not_end_its_listing(live: Shop, market: Market) -> None:
    live.change("data/catalogue.csv", "Fone,audio/fones,100.00", "Fone,audio/fones,R$ 100.00")
    done = sync(live, market)

    assert done.code == 0, done
    assert market.live()["AU-1"] == (11800, 0)
    assert "catalogue.csv:2 cost 'R$ 100.00': NOT_A_NUMBER" in done.err
    assert "ROW_REFUSED" in done.out


def test_a_sku_that_left_the_catalogue_is_still_ended(live: Shop, market: Market) -> None:
    text = (live.root / "data/catalogue.csv").read_text()
    row = next(line for line in text.splitlines() if line.startswith("AU-1,"))
    live.change("data/catalogue.csv", f"{row}\n", "")
    done = sync(live, market)

    assert done.code == 0, done
    assert "AU-1" not in market.live()


def test_while_a_row_has_no_readable_sku_nothing_is_ended(live: Shop, market: Market) -> None:
    text = (live.root / "data/catalogue.csv").read_text()
    row = next(line for line in text.splitlines() if line.startswith("AU-1,"))
    live.change("data/catalogue.csv", row, row.removeprefix("AU-1"))
    done = sync(live, market)

    assert done.code == 0, done
    assert "AU-1" in market.live()


def test_a_queued_price_is_not_sent_once_the_floor_is_above_it(live: Shop, market: Market) -> None:
    left_in_the_queue(live, market)
    live.change("data/catalogue.csv", "audio/fones,100.00", "audio/fones,130.00")
    time.sleep(2.1)  # the pause that the marketplace asked for
    done = sync(live, market)

    # 105.00 x 1.05 = 110.25 was queued; the floor is 130 x 1.05 = 136.50 now.
    assert market.live()["AU-1"][0] == 11800
    assert "guard floor" in done.out
    assert "AU-1" not in queued(live)


def test_a_queued_price_is_not_sent_once_the_offer_has_none(live: Shop, market: Market) -> None:
    left_in_the_queue(live, market)
    live.change("rules/pricing.yaml", "lowest * 1.05", "cost * (1 + markup)")
    live.change("data/catalogue.csv", "audio/fones,100.00", "audio/fones,")
    time.sleep(2.1)  # the pause that the marketplace asked for
    sync(live, market)

    assert market.live()["AU-1"][0] == 11800
    assert queued(live) == []


def test_a_queued_price_that_is_taken_back_is_not_sent(live: Shop, market: Market) -> None:
    left_in_the_queue(live, market)
    live.change("rules/pricing.yaml", "lowest * 1.05", "cost * (1 + markup)")
    time.sleep(2.1)  # the pause that the marketplace asked for
    done = sync(live, market)

    assert done.code == 0, done
    prices = {sku: f"{offer[0] / 100:.2f}" for sku, offer in market.live().items()}
    assert prices == PRICES
    assert queued(live) == []


def test_a_plan_over_an_older_snapshot_is_stale(live: Shop, market: Market) -> None:
    live.change("rules/pricing.yaml", "cost * (1 + markup)", "cost * 1.2")
    live("plan", "--sandbox", market.url, "--as-of", AS_OF, "--out", "p.jsonl")
    live.new_data("data/catalogue.csv", "audio/fones,100.00", "audio/fones,900.00")
    done = live("apply", "p.jsonl", "--sandbox", market.url)

    assert (done.code, market.live()["AU-1"][0]) == (5, 11800)
    assert "newer than the one this plan stands on" in done.err


def test_without_credentials_nothing_is_queued(shop: Shop, market: Market) -> None:
    done = shop("sync", "--as-of", AS_OF)

    assert done.code == 8
    connection = sqlite3.connect(shop.root / ".offerwright/state.db")
    try:
        assert connection.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
    finally:
        connection.close()


def test_a_live_price_that_a_guard_would_stop_today_is_told(live: Shop, market: Market) -> None:
    live.change("rules/pricing.yaml", "cost * (1 + markup)", "lowest * 1.05 + 7.75")
    sync(live, market)
    # 105.00 x 1.05 + 7.75 = 118.00 stays; a cost of 120.00 puts the floor at 126.00.
    live.change("data/catalogue.csv", "audio/fones,100.00", "audio/fones,120.00")
    done = sync(live, market)

    assert market.live()["AU-1"][0] == 11800
    assert "LIVE_BREAKS_GUARD" in done.out


def test_a_plan_made_for_the_sandbox_is_not_sent_to_the_marketplaces(
    shop: Shop, market: Market
) -> None:
    made = shop("plan", "--sandbox", market.url, "--as-of", AS_OF, "--out", "p.jsonl")
    done = shop("apply", "p.jsonl")

    assert (made.code, done.code) == (0, 5), (made, done)
    assert "this plan was made for the sandbox" in done.err
    assert "give --sandbox too" in done.err
    assert not (shop.root / ".offerwright/state.db").exists()


def test_a_plan_made_for_the_marketplaces_is_not_sent_to_the_sandbox(
    shop: Shop, market: Market
) -> None:
    shop("plan", "--as-of", AS_OF, "--out", "p.jsonl")
    done = shop("apply", "p.jsonl", "--sandbox", market.url)

    assert done.code == 5, done
    assert "apply it without --sandbox" in done.err
    assert market.calls() == []


def test_data_that_changed_after_the_snapshot_is_told(shop: Shop) -> None:
    assert shop("snapshot").code == 0
    quiet = shop("offers", "--as-of", AS_OF)
    shop.change("data/catalogue.csv", "audio/fones,100.00", "audio/fones,900.00")
    told = shop("offers", "--as-of", AS_OF)
    shop.change("data/catalogue.csv", "audio/fones,900.00", "audio/fones,100.00")
    back = shop("offers", "--as-of", AS_OF)

    words = "note: data/catalogue.csv has changed since; offerwright snapshot reads it anew"
    assert [words in done.err for done in (quiet, told, back)] == [False, True, False]


@pytest.mark.parametrize(
    "address", ["http://example.com:80", "127.0.0.1:8731", "http://127.0.0.1", ""]
)
def test_the_sandbox_is_on_this_machine(shop: Shop, address: str) -> None:
    done = shop("sync", "--as-of", AS_OF, "--sandbox", address)

    assert done.code == 2, done
    assert "http://127.0.0.1:8731" in done.err


def test_a_sandbox_that_does_not_run_is_asked_for(shop: Shop) -> None:
    began = time.monotonic()
    done = shop("sync", "--as-of", AS_OF, "--sandbox", "http://127.0.0.1:9")

    assert done.code == 7, done
    assert "is `offerwright sandbox` running at http://127.0.0.1:9?" in done.err
    # Four pauses as long as those for a real marketplace take 15 s.
    assert time.monotonic() - began < 12


def test_a_snapshot_that_is_damaged_is_told_and_made_again(shop: Shop) -> None:
    assert shop("snapshot").code == 0
    for file in (shop.root / ".offerwright/snapshots").glob("*/facts.parquet"):
        file.write_bytes(b"no parquet")
    first = shop("offers", "--as-of", AS_OF)
    second = shop("offers", "--as-of", AS_OF)

    assert (first.code, second.code) == (0, 0), (first, second)
    assert "is not what was written" in first.err
    assert "is not what was written" not in second.err
    assert first.out == second.out


def test_damaged_facts_do_not_hide_that_a_source_shrank(shop: Shop) -> None:
    shop.change("offerwright.yaml", "shrink_at_most: 90%", "shrink_at_most: 10%")
    assert shop("snapshot").code == 0
    for file in (shop.root / ".offerwright/snapshots").glob("*/facts.parquet"):
        file.write_bytes(b"no parquet")
    text = (shop.root / "data/catalogue.csv").read_text()
    shop.write("data/catalogue.csv", "".join(text.splitlines(keepends=True)[:3]))
    done = shop("offers", "--as-of", AS_OF)

    assert done.code == 2, done
    assert "catalogue" in done.err


def test_without_a_readable_manifest_nobody_can_tell_what_shrank(shop: Shop) -> None:
    assert shop("snapshot").code == 0
    for file in (shop.root / ".offerwright/snapshots").glob("*/manifest.json"):
        file.write_bytes(b"{")
    done = shop("offers", "--as-of", AS_OF)

    assert done.code == 2, done
    assert "delete" in done.err and "newest and try again" in done.err


def test_a_plan_that_is_overtaken_does_not_empty_the_later_queue(
    live: Shop, market: Market
) -> None:
    live.change("rules/pricing.yaml", "cost * (1 + markup)", "cost * 1.2")
    for name in ("p1.jsonl", "p2.jsonl"):
        # The same operations under two ids: the moment is part of a plan.
        when = AS_OF if name == "p1.jsonl" else "2026-11-27"
        assert live("plan", "--sandbox", market.url, "--as-of", when, "--out", name).code == 0
    market.fault(
        marketplace=QUICK, route="set_price", do="status", status=429, headers={"Retry-After": "2"}
    )
    process = live.start("apply", "p1.jsonl", "--sandbox", market.url)
    deadline = time.monotonic() + 30
    while not [c for c in market.calls() if c["route"] == "set_price"]:
        assert time.monotonic() < deadline, "nothing was tried"
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    before = queued(live)
    market.works_again()
    time.sleep(2.1)  # the pause that the marketplace asked for
    live("apply", "p2.jsonl", "--sandbox", market.url)
    live("apply", "p1.jsonl", "--sandbox", market.url)

    assert before != []
    assert queued(live) == []
    assert market.live()["AU-1"][0] == 12000


def test_applying_an_empty_plan_of_one_account_sends_nothing_of_another(
    live: Shop, market: Market
) -> None:
    live.change(
        "offerwright.yaml",
        "accounts:\n",
        "accounts:\n  other: {marketplace: quick-market, settings: {shop_id: b}, credentials: b}\n",
    )
    live.change(
        "rules/inventory.yaml",
        "[{marketplace: quick-market}]",
        "[{account: market}, {account: other}]",
    )
    calls = len(market.calls())
    live(
        "plan", "--sandbox", market.url, "--as-of", AS_OF, "--account", "market", "--out", "p.jsonl"
    )
    done = live("apply", "p.jsonl", "--sandbox", market.url)

    assert "other" not in done.out
    assert len(market.calls()) == calls
