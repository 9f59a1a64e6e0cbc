"""SIGKILL at every named place, run again: nothing is lost, nothing happens twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sync.driver import URL, Run, planned, sent
from sync.fake_market import FakeMarket
from sync.market_sender import MarketSender

from offerwright.marketplaces.operation import Operation
from offerwright.store import LEDGER_COLUMNS, Token, open_store
from offerwright.store.failpoint import FAILPOINTS, VARIABLE

TESTS = Path(__file__).parents[1]
ENGINE = TESTS.parent / "engine"

SEED = [["create", "D", "10.00", 5], ["create", "LOST-E", "20.00", 5]]
PLAN = [
    ["price", "D", "11.00"],
    ["stock", "D", 2],
    ["price", "LOST-E", "21.00"],
    ["create", "A", "30.00", 1],
    ["create", "LOST-B", "40.00", 1],
    ["create", "DROP-C", "50.00", 1],
    ["create", "ASYNC-F", "60.00", 1],
]
LIVE = {
    "A": ("30.00", 1),
    "ASYNC-F": ("60.00", 1),
    "D": ("11.00", 2),
    "DROP-C": ("50.00", 1),
    "LOST-B": ("40.00", 1),
    "LOST-E": ("21.00", 5),
}

# A place that is passed often is tried at its first and at a later pass.
KILLS = {
    "store.migrate": (1, 18),
    "writer.after_lead": (1,),
    "enqueue.before_commit": (1,),
    "enqueue.after_commit": (1,),
    "claim.before_commit": (1, 2),
    "claim.after_commit": (1, 2),
    "begin.before_commit": (1, 5),
    "outbox.before_send": (1, 2, 3, 4, 5, 6, 7),
    "outbox.after_send": (1, 2, 3, 4, 5, 6, 7),
    "outbox.after_poll": (1, 2),
    "outbox.after_read_back": (1, 2),
    "record.before_commit": (1, 4, 7),
    "record.after_commit": (1, 4, 7),
    "token.after_commit": (1,),
}
LOSES_THE_TOKEN = "token.before_commit"


@pytest.fixture
def market() -> Iterator[FakeMarket]:
    with FakeMarket() as served:
        yield served


def start(
    folder: Path,
    market: FakeMarket,
    plan: str,
    rows: Sequence[Any],
    failpoints: str = "",
    lease_s: float = 60,
) -> subprocess.Popen[str]:
    arguments = [str(market.port), plan, json.dumps(rows), str(lease_s)]
    return subprocess.Popen(
        [sys.executable, "-m", "sync.driver", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{ENGINE}{os.pathsep}{TESTS}", VARIABLE: failpoints},
        stdout=subprocess.PIPE,
        text=True,
    )


def run(
    folder: Path, market: FakeMarket, plan: str, rows: Sequence[Any], failpoints: str = ""
) -> tuple[int, str]:
    """A run to its end: in this process, unless it is to die."""
    if not failpoints:
        said: list[str] = []
        return sent(Run(market.port, plan, rows), folder, said.append), "\n".join(said)
    with start(folder, market, plan, rows, failpoints) as process:
        out, _ = process.communicate(timeout=40)
        return process.returncode, out


def authorise(folder: Path, market: FakeMarket) -> None:
    store = open_store(URL, folder)
    store.save_token("meli", Token(market.access, market.refresh), now=1)
    store.close()


def ledger(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    store = open_store(URL, folder)
    rows = [dict(zip(LEDGER_COLUMNS, row, strict=True)) for row in store.ledger("meli")]
    store.close()
    return {(str(row["sku"]), str(row["aspect"])): row for row in rows}


def assert_settled(folder: Path, market: FakeMarket) -> None:
    assert market.violations() == []
    assert {s: (i["price"], i["quantity"]) for s, i in sorted(market.items.items())} == LIVE
    found = ledger(folder)
    assert {row["state"] for row in found.values()} == {"confirmed"}
    told = {s: (found[s, "price"]["price"], found[s, "stock"]["quantity"]) for s in market.items}
    assert dict(sorted(told.items())) == LIVE


def test_every_place_is_in_the_matrix() -> None:
    assert {*KILLS, LOSES_THE_TOKEN} == set(FAILPOINTS)


@pytest.mark.parametrize(
    ("name", "nth"), [(name, nth) for name, passes in KILLS.items() for nth in passes]
)
def test_a_kill_loses_nothing_and_repeats_nothing(
    tmp_path: Path, market: FakeMarket, name: str, nth: int
) -> None:
    if name != "store.migrate":
        authorise(tmp_path, market)
        assert run(tmp_path, market, "seed", SEED)[0] == 0
    market.expire_token()
    code, _ = run(tmp_path, market, "plan", PLAN, f"{name}=kill@{nth}")
    assert code == -signal.SIGKILL
    if name == "store.migrate":
        authorise(tmp_path, market)
        assert run(tmp_path, market, "seed", SEED)[0] == 0

    began = time.monotonic()
    code, out = run(tmp_path, market, "plan", PLAN)
    assert code == 0, out
    assert time.monotonic() - began < 10

    assert_settled(tmp_path, market)
    writes = market.writes()
    assert run(tmp_path, market, "plan", PLAN)[0] == 0
    assert market.writes() == writes


def test_a_token_that_was_granted_and_not_saved_is_reported_as_refused_credentials(
    tmp_path: Path, market: FakeMarket
) -> None:
    """The marketplace gives a refresh token once: only a new consent helps, and we say so."""
    authorise(tmp_path, market)
    assert run(tmp_path, market, "seed", SEED)[0] == 0
    effects = len(market.effects)
    market.expire_token()
    code, _ = run(tmp_path, market, "plan", PLAN, f"{LOSES_THE_TOKEN}=kill")
    assert code == -signal.SIGKILL

    code, out = run(tmp_path, market, "plan", PLAN)
    assert (code, len(market.effects)) == (8, effects)
    assert "credentials are refused. INVALID_GRANT" in out

    authorise(tmp_path, market)
    assert run(tmp_path, market, "plan", PLAN)[0] == 0
    assert_settled(tmp_path, market)


def test_two_runs_that_find_the_token_over_refresh_it_once(
    tmp_path: Path, market: FakeMarket
) -> None:
    authorise(tmp_path, market)
    market.expire_token()
    stores = [open_store(URL, tmp_path) for _ in range(4)]
    senders = [MarketSender(store, market.port) for store in stores]
    operations = planned([["create", f"S{n}", "10.00", 1] for n in range(4)])
    barrier = threading.Barrier(4)

    def send(sender: MarketSender, operation: Operation) -> str:
        barrier.wait(10)
        return sender.send(operation).kind

    with ThreadPoolExecutor(4) as pool:
        kinds = list(pool.map(send, senders, operations))
    for store in stores:
        store.close()

    assert (kinds, market.refreshes) == (["confirmed"] * 4, 1)


def test_a_request_to_stop_finishes_what_is_under_way(tmp_path: Path, market: FakeMarket) -> None:
    market.slow_s = 1.0
    authorise(tmp_path, market)
    rows = [["create", f"SLOW-{n}", "10.00", 1] for n in range(5)]
    with start(tmp_path, market, "p", rows) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "leading\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        out = process.stdout.read()
        assert process.wait(15) == 4

    assert time.monotonic() - began < 10
    assert "('stopped', 1, None)" in out
    assert (len(market.effects), market.violations()) == (1, [])
    market.slow_s = 0.0
    assert run(tmp_path, market, "p", rows)[0] == 0
    assert (len(market.effects), market.violations()) == (5, [])


def test_a_second_run_is_refused_before_it_changes_anything(
    tmp_path: Path, market: FakeMarket
) -> None:
    market.slow_s = 1.0
    authorise(tmp_path, market)
    with start(tmp_path, market, "p", [["create", "SLOW-1", "10.00", 1]]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "leading\n"
        code, out = run(tmp_path, market, "q", [["create", "OTHER", "10.00", 1]])
        process.stdout.read()
        assert process.wait(15) == 0

    assert (code, sorted(market.items)) == (6, ["SLOW-1"])
    assert f"another run sends from this store: process {process.pid}" in out


def test_a_run_that_slept_over_its_lease_wakes_up_and_writes_nothing(
    tmp_path: Path, market: FakeMarket
) -> None:
    authorise(tmp_path, market)
    rows = [["create", "A", "10.00", 1], ["create", "B", "10.00", 1]]
    sleep = "outbox.after_send=sleep:3000"
    with start(tmp_path, market, "p", rows, sleep, lease_s=0.5) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "leading\n"
        while not market.effects:
            time.sleep(0.02)
        time.sleep(1.0)
        assert run(tmp_path, market, "q", [])[0] == 6, "a slow request does not lose the lead"
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.6)
        code, out = run(tmp_path, market, "q", [["price", "A", "11.00"]])
        process.send_signal(signal.SIGCONT)
        late = process.stdout.read()
        assert process.wait(15) == 6

    assert code == 0, out
    assert "another run has taken over the store" in late
    assert (market.violations(), market.items["A"]["price"]) == ([], "11.00")
    assert sorted(market.items) == ["A", "B"]
    assert {row["state"] for row in ledger(tmp_path).values()} == {"confirmed"}
