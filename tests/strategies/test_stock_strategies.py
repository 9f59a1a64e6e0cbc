"""The stock strategies of `examples/strategies`, computed and compared with counts done by hand."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from offerwright.cli import offerwright
from offerwright.evaluate.listing import listing
from offerwright.evaluate.run import Executor, Offers
from offerwright.facts.snapshot import build_snapshot
from offerwright.pipeline import load

ROOT = Path(__file__).resolve().parents[2] / "examples" / "strategies"
NOON = datetime.fromisoformat("2026-11-24T12:00:00-03:00")
Units = dict[str, int]

# On hand: 60 mugs, 12 pans, 8 phones, 200 cases, 9 lamps.
EXPECTED: dict[str, Units] = {
    # 42 and 18; 8.4 and 3.6; 5.6 and 2.4; 140 and 60; 6.3 and 2.7: the larger rest gets the unit.
    "partition-one": {"MUG": 42, "PAN": 8, "PHONE": 6, "CASE": 140, "LAMP": 6},
    "partition-two": {"MUG": 18, "PAN": 4, "PHONE": 2, "CASE": 60, "LAMP": 3},
    # Up to 10 units are halved; of 9 the first written gets the odd one.
    "shared-one": {"MUG": 50, "PAN": 12, "PHONE": 4, "CASE": 50, "LAMP": 5},
    "shared-two": {"MUG": 60, "PAN": 12, "PHONE": 4, "CASE": 200, "LAMP": 4},
    "safety-stock": {"MUG": 55, "PAN": 7, "PHONE": 6, "CASE": 198, "LAMP": 8},
    # Mugs: the slow one sells ⌈4 / 3⌉ = 2 in 20 minutes, the fast one 18 in 2 hours.
    # Phones: ⌈1.5 / 3⌉ = 1, and 12, which is more than there are.
    "velocity-fast": {"MUG": 58, "PAN": 12, "PHONE": 7, "CASE": 200, "LAMP": 9},
    "velocity-slow": {"MUG": 42, "PAN": 12, "PHONE": 0, "CASE": 200, "LAMP": 9},
    "hysteresis": {"MUG": 60, "PAN": 12, "PHONE": 8, "CASE": 200, "LAMP": 9},
    "unseen-orders": {"MUG": 60, "PAN": 12, "PHONE": 8, "CASE": 200, "LAMP": 9},
    # Phones: two turns of set and phone in both accounts use 8. Cases: 200 − 4 × 2 = 192, halved.
    # What no set has to do with is shared.
    "kits-one": {"MUG": 60, "PAN": 12, "PHONE": 2, "CASE": 96, "LAMP": 9, "PHONE-SET": 2},
    "kits-two": {"MUG": 60, "PAN": 12, "PHONE": 2, "CASE": 96, "LAMP": 9, "PHONE-SET": 2},
}
# The accounts of one pool above it: 110 − 60, 24 − 12, 250 − 200; the last units are apart.
OVERSELL: dict[str, Units] = {
    "partition-one": {"MUG": 0, "PAN": 0, "PHONE": 0, "CASE": 0, "LAMP": 0},
    "shared-one": {"MUG": 50, "PAN": 12, "PHONE": 0, "CASE": 50, "LAMP": 0},
    "kits-one": {"PHONE": 0, "CASE": 0, "PHONE-SET": 0},
}


def computed(live: Mapping[str, Units] | None = None) -> dict[str, Offers]:
    loadout = load(ROOT)
    snapshot = build_snapshot(loadout.schema, loadout.shop.document, ROOT)
    frames = {
        account: pl.DataFrame(
            {"sku": list(known), "live_quantity": list(known.values())},
            schema={"sku": pl.String, "live_quantity": pl.Int64},
        ).with_columns(pl.lit(None, dtype=pl.Decimal(38, 2)).alias("live_price"))
        for account, known in (live or {}).items()
    }
    accounts = [p.account.name for p in loadout.rules.plans if p.account.name in EXPECTED]
    offers = Executor(loadout.rules).run(snapshot.frame, NOON, frames, accounts)
    return {one.account.name: one for one in offers}


def quantities(offers: Offers, column: str = "quantity") -> dict[str, int | None]:
    frame = listing(offers)
    return dict(zip(frame["sku"].to_list(), frame[column].to_list(), strict=True))


OFFERS = computed()


@pytest.mark.parametrize("account", EXPECTED)
def test_every_quantity_is_what_was_worked_out(account: str) -> None:
    without_stock = {} if account.startswith("kits") else {"PHONE-SET": None}

    assert quantities(OFFERS[account]) == {**EXPECTED[account], **without_stock}


@pytest.mark.parametrize("account", OVERSELL)
def test_the_oversell_bound_is_what_was_worked_out(account: str) -> None:
    found = quantities(OFFERS[account], "oversell")

    assert {sku: found[sku] for sku in OVERSELL[account]} == OVERSELL[account]


def test_a_listing_at_zero_waits_for_ten_units() -> None:
    at_zero = dict.fromkeys(("PAN", "PHONE", "LAMP"), 0)

    assert quantities(computed({"hysteresis": at_zero})["hysteresis"]) == {
        "MUG": 60, "PAN": 12, "PHONE": 0, "CASE": 200, "LAMP": 0, "PHONE-SET": None,
    }  # fmt: skip


def test_a_listing_with_unseen_orders_is_lowered_and_never_raised() -> None:
    told = {"MUG": 20, "PAN": 5, "PHONE": 30, "LAMP": 4}

    # Mug and phone: read ten minutes ago. Pan: three quarters of an hour. Lamp: never.
    assert quantities(computed({"unseen-orders": told})["unseen-orders"]) == {
        "MUG": 60, "PAN": 5, "PHONE": 8, "CASE": 200, "LAMP": 4, "PHONE-SET": None,
    }  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, because commands keep snapshots beside the rules."""
    root = tmp_path_factory.mktemp("strategies") / "shop"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(".offerwright"))
    return root


def said(home: Path, *arguments: str) -> str:
    outcome = CliRunner().invoke(
        offerwright, [*arguments, "--root", str(home), "--as-of", NOON.isoformat()]
    )
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def test_the_command_line_says_of_one_sku_what_it_says_of_it_among_all(home: Path) -> None:
    everything = said(home, "offers", "--account", "kits-one", "-o", "jsonl").splitlines()
    alone = said(home, "offers", "--account", "kits-one", "--sku", "PHONE-SET", "-o", "jsonl")

    assert [json.loads(alone)] == [
        o for o in map(json.loads, everything) if o["sku"] == "PHONE-SET"
    ]


def test_explain_says_what_changed_the_units(home: Path) -> None:
    found = json.loads(said(home, "explain", "CASE", "--account", "kits-one", "-o", "json"))

    assert (found["quantity"], found["stock"]["pool"]) == (96, 200)
    assert found["stock"]["steps"] == [{"step": "kits", "before": 200, "after": 96}]


def test_the_summary_names_the_pools_of_which_units_could_be_sold_twice(home: Path) -> None:
    shown = said(home, "offers", "--account", "shared-one", "--account", "partition-one")

    # 50 mugs, 12 pans, 50 cases.
    assert re.search(r"^shared +112 +3$", shown, re.MULTILINE)
    assert not re.search(r"^partition +", shown, re.MULTILINE)
