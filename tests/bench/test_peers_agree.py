"""What `make bench` compares is equal, and its short cut to a snapshot is no other snapshot."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from offerwright.evaluate.run import Executor
from offerwright.facts.snapshot import build_snapshot
from offerwright.pipeline import check, load

BENCH = Path(__file__).resolve().parents[2] / "bench"
AS_OF = datetime(2026, 11, 24, 12, tzinfo=UTC)
SKUS = 500
PEERS = {
    "by_numpy": "ByNumpy",
    "by_polars": "ByPolars",
    "by_decimal": "ByDecimal",
    "by_zen": "ByZen",
}
INSTALLED_AS = {"by_zen": "zen", "by_durable": "durable"}


@pytest.fixture(scope="module", autouse=True)
def _path() -> Iterator[None]:
    sys.path.append(str(BENCH))
    yield
    sys.path.remove(str(BENCH))


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Any:
    workload = importlib.import_module("workload")
    return workload.make_workload(tmp_path_factory.getbasetemp() / "bench", workload.Spec(SKUS))


@pytest.fixture(scope="module")
def root(rules: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp() / "bench"


@pytest.fixture(scope="module")
def frame(rules: Any) -> pl.DataFrame:
    made: pl.DataFrame = importlib.import_module("catalogue").snapshot(SKUS)
    return made


@pytest.fixture(scope="module")
def expected(root: Path, frame: pl.DataFrame) -> Any:
    offers = Executor(load(root).rules).run(frame, AS_OF)
    outputs = importlib.import_module("peers.outputs")
    return outputs.of_engine({one.account.name: one.frame for one in offers})


def peer(module: str) -> Any:
    needed = INSTALLED_AS.get(module)
    if needed is not None:
        pytest.importorskip(needed, reason=f"the peer {needed} is not installed")
    return importlib.import_module(f"peers.{module}")


@pytest.mark.parametrize("module", PEERS)
def test_a_peer_gives_what_the_engine_gives(
    module: str, rules: Any, frame: pl.DataFrame, expected: Any
) -> None:
    found = getattr(peer(module), PEERS[module])(rules).run(frame)

    assert list(found) == list(expected)
    for account, offers in expected.items():
        assert found[account].select(offers.columns).equals(offers), account


def test_they_agree_on_a_thousand_conditional_markups(tmp_path: Path, frame: pl.DataFrame) -> None:
    workload = importlib.import_module("workload")
    rules = workload.write_rules(tmp_path, workload.Spec(conditionals=1_000))
    offers = Executor(load(tmp_path).rules).run(frame, AS_OF)
    outputs = importlib.import_module("peers.outputs")
    expected = outputs.of_engine({one.account.name: one.frame for one in offers})

    assert outputs.digest(peer("by_numpy").ByNumpy(rules).run(frame)) == outputs.digest(expected)


def test_durable_rules_finds_the_same_conditional_markups(rules: Any, frame: pl.DataFrame) -> None:
    asked = importlib.import_module("peers.by_decimal").asked
    records = frame.to_dicts()
    first = [
        next((n for n, one in enumerate(rules.conditionals) if asked(one, record)), -1)
        for record in records
    ]

    assert peer("by_durable").ByDurable(rules).first(frame) == first
    assert len(set(first)) > 10


def test_the_workload_has_no_finding(root: Path) -> None:
    assert check(root)[1] == []


def test_the_command_makes_its_offers(root: Path) -> None:
    command = [sys.executable, "-m", "offerwright", "offers", "--root", str(root)]
    moment = ["--as-of", AS_OF.isoformat(), "--output", "jsonl"]
    environment = {**os.environ, "PYTHONPATH": str(BENCH.parent / "engine")}
    done = subprocess.run([*command, *moment], capture_output=True, env=environment, check=False)

    assert (done.returncode, done.stdout.count(b"\n")) == (0, 4 * SKUS), done.stderr.decode()


def test_the_snapshot_made_in_memory_is_that_of_the_files(root: Path, frame: pl.DataFrame) -> None:
    loadout = load(root)
    read = build_snapshot(loadout.schema, loadout.shop.document, root).frame

    assert frame.columns == read.columns
    assert frame.equals(read)


def test_a_smaller_catalogue_is_the_beginning_of_a_larger_one(frame: pl.DataFrame) -> None:
    larger = importlib.import_module("catalogue").snapshot(SKUS + 100)

    assert larger.head(SKUS).equals(frame)


def test_a_difference_is_named_with_its_place(expected: Any) -> None:
    outputs = importlib.import_module("peers.outputs")
    changed = dict(expected)
    changed["amazon"] = expected["amazon"].with_columns(
        price=pl.when(pl.int_range(pl.len()) == 7).then(pl.lit(1, pl.Int64)).otherwise("price")
    )

    with pytest.raises(SystemExit, match="a peer, amazon, row 7: price is 1 instead of"):
        outputs.require_equal(expected, changed, "a peer")
