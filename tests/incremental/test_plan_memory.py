"""Remembered plans on disk: what is damaged is made whole again, and what is of no use goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from incremental.plan_world import World, world
from incremental.test_plan_reach import ROWS

from offerwright.replan.memory_file import HEAD, Remembered, read_plans


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        made.rows = ROWS
        made.planned()
        yield made


def remembered(shop: World) -> Remembered:
    return read_plans(shop.folder / "memory", "this")


def files(shop: World) -> list[Path]:
    return sorted((shop.folder / "memory").glob("*.arrow"))


def test_a_plan_after_a_damaged_one_is_remembered(shop: World) -> None:
    for number in range(len(files(shop))):
        damaged = files(shop)[number]
        damaged.write_bytes(b"")
        assert remembered(shop).why == (
            f"what was remembered cannot be read: {damaged.name} is damaged"
        )
        shop.planned()

        assert (remembered(shop).why, sorted(remembered(shop).plans)) == ("", ["a", "b", "c"])


def test_a_head_that_says_something_else_is_damaged(shop: World) -> None:
    head = shop.folder / "memory" / HEAD
    head.write_bytes(head.read_bytes().replace(b'"market"', b'"Market"'))
    assert remembered(shop).why == "what was remembered cannot be read: plans.json is damaged"
    shop.planned()

    assert remembered(shop).why == ""


def test_an_account_that_is_no_more_is_forgotten(shop: World) -> None:
    kept = len(files(shop))
    shop.say("rules/stock.yaml", 4)
    shop.say("offerwright.yaml", 2)
    shop.accounts = ("a",)
    shop.planned()

    assert sorted(remembered(shop).plans) == ["a", "b"]
    assert len(files(shop)) <= kept


def test_an_account_that_was_not_asked_for_stays_remembered(shop: World) -> None:
    shop.accounts = ("a",)
    shop.planned()

    assert sorted(remembered(shop).plans) == ["a", "b", "c"]
    assert len(remembered(shop).bookmarks) == 2
