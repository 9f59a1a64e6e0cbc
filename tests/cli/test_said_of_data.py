"""What commands say of data that rules do not fit, and of offers without a price."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.shop import AS_OF, Shop, small_shop

NODES = "warning[UNKNOWN_NODE]: no row of stock has the node `ps`"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    found = small_shop(tmp_path)
    found.change("rules/inventory.yaml", "{on_hand: stock}", "{on_hand: stock, nodes: [sp, ps]}")
    return found


@pytest.mark.parametrize("command", ["offers", "plan", "snapshot"])
def test_a_node_that_no_row_of_stock_has_is_a_warning(shop: Shop, command: str) -> None:
    dated = () if command == "snapshot" else ("--as-of", AS_OF)
    done = shop(command, *dated)

    assert done.code == 0
    assert done.err.count(NODES) == 1
    assert "rules/inventory.yaml:2:7: " in done.err
    assert "; allowed: sp" in done.err


def test_a_snapshot_that_is_kept_gives_the_same_warning(shop: Shop) -> None:
    shop("snapshot")

    assert shop("offers", "--as-of", AS_OF).err.count(NODES) == 1


def test_check_reads_no_data_and_says_nothing_of_nodes(shop: Shop) -> None:
    assert "UNKNOWN_NODE" not in shop("check").err


def test_guards_of_a_price_that_is_not_there_have_not_judged(tmp_path: Path) -> None:
    done = small_shop(tmp_path)(
        "explain", "NP-1", "--account", "market", "--as-of", AS_OF, "-o", "json"
    )

    assert {g["guard"]: g["verdict"] for g in done.json["guards"]} == {
        "positive": "pass", "currency": "pass", "floor": "not judged",
    }  # fmt: skip
