"""The repository of strategies from outside: checked by its folder, planned, told to a VTEX."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
from cli.market import Market
from cli.shop import Shop
from click.testing import CliRunner

from offerwright.cli import offerwright

STRATEGIES = Path(__file__).resolve().parents[2] / "examples" / "strategies"
TUESDAY = "2026-11-24T12:00:00-03:00"


@pytest.fixture
def strategies(tmp_path: Path) -> Shop:
    home = tmp_path / "strategies"
    shutil.copytree(STRATEGIES, home, ignore=shutil.ignore_patterns(".offerwright"))
    return Shop(home)


def test_a_folder_is_checked_from_anywhere() -> None:
    found = CliRunner().invoke(offerwright, ["check", str(STRATEGIES)])

    assert (found.exit_code, found.stdout) == (0, "")


def test_a_plan_names_the_next_change_with_its_place(strategies: Shop) -> None:
    found = strategies("plan", "--as-of", TUESDAY, "--account", "scheduled-sale")

    assert (
        "Next change by itself: 2026-11-27T00:00-03:00  "
        "scheduled-sale/sale/black-friday-kitchen begins  rules/pricing/scheduled-sales.csv:2"
    ) in found.out.splitlines()


def test_a_plan_says_the_next_change_to_programs(strategies: Shop) -> None:
    found = strategies("plan", "--as-of", "2026-11-30", "--account", "scheduled-sale", "-o", "json")

    assert json.loads(found.out)["next_changes"] == [
        {
            "at": "2026-11-30T12:00:00-03:00",
            "what": "scheduled-sale/sale/black-friday-phones",
            "happens": "ends",
            "accounts": ["scheduled-sale"],
            "file": "rules/pricing/scheduled-sales.csv",
            "line": 3,
        }
    ]


def test_a_plan_of_one_account_names_no_change_of_another(strategies: Shop) -> None:
    """The sale of 27 November is not its own; the rates of December touch all."""
    found = strategies("plan", "--as-of", TUESDAY, "--account", "quantity-tiers", "-o", "json")

    assert [c["what"] for c in json.loads(found.out)["next_changes"]] == [
        "exchange: the rate from USD to BRL",
        "exchange: the rate from USD to BRL",
    ]


def test_vtex_is_told_every_tier_of_a_price(strategies: Shop, market: Market) -> None:
    sent = strategies(
        "sync", "--sandbox", market.url, "--as-of", TUESDAY, "--account", "quantity-tiers",
        "--first-publication",
    )  # fmt: skip

    assert sent.code == 0, sent.err
    listings = market.running.sandbox.listings("vtex")
    (mug,) = [x["document"]["fixed"]["4"] for x in listings if x["sku"] == "MUG"]
    assert mug == [
        {"value": Decimal("15.00"), "listPrice": Decimal("29.90"), "minQuantity": 1},
        {"value": Decimal("14.55"), "minQuantity": 5},
        {"value": Decimal("14.20"), "minQuantity": 10},
    ]


def test_a_plan_that_only_changes_tiers_does_not_look_like_none(
    strategies: Shop, market: Market
) -> None:
    arguments = (
        "--sandbox", market.url, "--as-of", TUESDAY, "--account", "quantity-tiers",
    )  # fmt: skip
    assert strategies("sync", *arguments, "--first-publication").code == 0
    strategies.change("rules/pricing/quantity-tiers.yaml", "price * 0.97", "price * 0.98")

    assert (
        "~ quantity-tiers MUG  price 15.00 as before; what goes with it changes "
        "(tiers, list price, sale dates)"
    ) in strategies("plan", *arguments).out.splitlines()
