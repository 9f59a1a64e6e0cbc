"""`--shadow REF`: a candidate beside the live rules, of which nothing is sent."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cli.market import Market
from cli.shop import AS_OF, Shop, environment, small_shop
from cli.test_output_schemas import faults
from git_commands import git

from offerwright.cli.shadow_log import keep
from offerwright.cli.shadow_run import Candidate
from offerwright.cli.shadowing import Shadow, shadowed
from offerwright.sync.plan import Basis
from offerwright.whatif.shadow import Beside, failed


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A small shop whose branch `spring` has 20 % on audio instead of 18 %, and one with errors."""
    found = small_shop(tmp_path_factory.mktemp("prepared"))
    found.write(".gitignore", ".offerwright/\n")
    git(found.root, "init", "-q")
    git(found.root, "add", "-A")
    git(found.root, "commit", "-q", "-m", "a day's work")
    branch(found, "spring", "markup: 18%", "markup: 20%")
    branch(found, "broken", "cost *", "csot *")
    return found


@pytest.fixture
def shop(prepared: Shop, tmp_path: Path) -> Shop:
    """The same for one test."""
    shutil.copytree(prepared.root, tmp_path / "shop")
    return Shop(tmp_path / "shop")


def branch(shop: Shop, name: str, old: str, new: str) -> None:
    """A branch with one change; the working tree stays on `main`."""
    git(shop.root, "checkout", "-q", "-b", name, "main")
    shop.change("rules/pricing.yaml", old, new)
    git(shop.root, "commit", "-q", "-a", "-m", "another day's work")
    git(shop.root, "checkout", "-q", "main")


def runs(shop: Shop) -> Any:
    done = shop("shadow", "-o", "json")
    assert faults("shadow", done.json) == []
    return done.json["runs"]


def plan(shop: Shop, out: str, *arguments: str) -> tuple[int, str, bytes]:
    """Exit code, stdout and the bytes of the plan."""
    done = shop("plan", "--as-of", AS_OF, "--out", out, *arguments)
    return done.code, done.out, (shop.root / out).read_bytes()


def slow(folder: Path) -> Shop:
    """A shop with a table that takes some seconds to be read."""
    shop = small_shop(folder)
    rows = "\n".join(f"r{n},audio/{n},{n % 50}%" for n in range(40_000))
    shop.write("rules/many.csv", f"id,when.category,then.markup\n{rows}\n")
    step = "  - {id: many, phase: adjust, file: many.csv, otherwise: {markup: 0%}, "
    more = f"{step}set: {{price: price * (1 + markup)}}}}\n"
    shop.write("rules/more.yaml", f"kind: pricing\nname: more\nsteps:\n{more}")
    return shop


@pytest.fixture(scope="module")
def slow_one(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(slow(tmp_path_factory.mktemp("slow")).root)


def test_the_live_plan_is_the_same_whatever_the_candidate_does(
    shop: Shop, slow_one: str, tmp_path: Path
) -> None:
    other = small_shop(tmp_path / "other")
    other.change("rules/facts.yaml", "catalogue.lowest}", "catalogue.gone}")
    alone = plan(shop, "plan.jsonl")
    for candidate, outcome, reason, seconds in (
        ("broken", "broken", "rules/pricing.yaml", "100"),
        (str(other.root), "failed", "gone", "100"),
        (slow_one, "late", "stopped after 1 s", "1"),
    ):
        beside = plan(shop, "plan.jsonl", "--shadow", candidate, "--shadow-seconds", seconds)
        last = runs(shop)[-1]

        assert beside == alone, candidate
        assert (last["candidate"], last["outcome"]) == (candidate, outcome), last["reason"]
        assert reason in last["reason"]


def test_a_candidate_ends_with_its_job(shop: Shop, slow_one: str) -> None:
    """A job that is killed says nothing to anybody, but its end of the pipe closes."""
    command = [sys.executable, "-P", "-m", "offerwright.cli.shadow_run"]
    moment, out = datetime.fromisoformat(AS_OF), shop.root / "out.json"
    asked = Candidate(shop.root, None, None, slow_one, "rules", "snapshot", moment, 100, out)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, env=environment({}), start_new_session=True
    ) as process:
        assert process.stdin is not None
        process.stdin.write(f"{asked.json()}\n".encode())
        process.stdin.close()

        assert process.wait(60) == -signal.SIGKILL
    assert not out.exists()


def test_a_signal_ends_the_candidate_and_not_the_job(shop: Shop, slow_one: str) -> None:
    basis = Basis("", "rules", "snapshot", AS_OF, "", "marketplaces")
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        sender = threading.Thread(target=send_when_it_is_waited_for)
        sender.start()
        with shadowed(Shadow(slow_one, 100, shop.root), "plan", basis):
            pass
        sender.join()
    finally:
        signal.signal(signal.SIGTERM, before)

    assert [(one["outcome"], one["reason"]) for one in runs(shop)] == [
        ("late", "stopped by a signal")
    ]


def send_when_it_is_waited_for() -> None:
    """SIGTERM to this process, as soon as it is no longer passed over."""
    while signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGTERM)


def test_a_second_candidate_is_refused(shop: Shop) -> None:
    done = shop("plan", "--shadow", "spring", "--shadow", "broken")

    assert done.code == 2
    assert "a run has one candidate" in done.err


def test_what_would_differ_is_what_diff_says(shop: Shop) -> None:
    alone = plan(shop, "plan.jsonl")
    assert plan(shop, "plan.jsonl", "--shadow", "spring") == alone
    (run,) = runs(shop)
    kept = json.loads((shop.root / run["review"]).read_text(encoding="utf-8"))
    said = shop("diff", "HEAD..spring", "--as-of", AS_OF, "-o", "json").json

    same = ("totals", "accounts", "untouched", "guards", "movers", "spread", "rules", "offers")
    assert {key: kept[key] for key in same} == {key: said[key] for key in same}
    # 100, 200 and 50 at 20 % instead of 18 %: 2 / 118
    assert (run["changed"], run["up"], run["mean_share"]) == (3, 3, "0.016949")
    assert run["commit"] == git(shop.root, "rev-parse", "spring")


def test_sync_sends_the_live_prices_and_stores_what_would_differ(
    shop: Shop, market: Market
) -> None:
    done = shop("sync", "--as-of", AS_OF, "--sandbox", market.url, "--shadow", "spring")
    (run,) = runs(shop)

    assert done.code == 0
    assert "Shadow of spring: 3 of 6 offers would differ" in done.err
    assert run["outcome"] == "done"
    assert market.live()["AU-1"][0] == 11800  # cents


def test_days_of_runs_are_summed_for_people(shop: Shop) -> None:
    assert "Nothing was shadowed yet" in shop("shadow").out
    for day, changed in (("27", 3), ("28", 6)):
        beside = Beside("spring", f"plan-{day}", "rules", "snapshot", f"2026-11-{day}T00:00:00Z")
        done = {"outcome": "done", "offers": 6, "changed": changed, "mean_share": "0.02"}
        keep(shop.root, {**failed(beside, "late", ""), **done})
    out = shop("shadow", "--candidate", "spring").out

    assert "spring: 2 runs, 2 evaluated" in out
    assert "4.5 offers would differ on average, 6 at most; prices by +2.0 %" in out
    assert "did you mean 'spring'?" in shop("shadow", "--candidate", "sprng").err


@pytest.mark.parametrize("text", ["{", "{}", "[]", "null", '{"id": "1"}'])
def test_a_log_that_cannot_be_read_is_begun_anew(shop: Shop, text: str) -> None:
    shop.write(".offerwright/shadow/log.jsonl", f"{text}\n")

    assert shop("shadow").code == 2
    keep(shop.root, failed(Beside("spring", "plan", "rules", "snapshot", AS_OF), "late", ""))
    assert len(runs(shop)) == 1


def test_a_reason_with_a_line_of_its_own_kind_stays_one_line(shop: Shop) -> None:
    beside = Beside("spring", "plan", "rules", "snapshot", AS_OF)
    keep(shop.root, failed(beside, "failed", "one\u2028two\x85three"))

    assert [one["reason"] for one in runs(shop)] == ["one\u2028two\x85three"]
