"""A remembered run on disk: what is written again, what is linked, and what is no memory."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from incremental.test_equals_full_run import full
from incremental.test_reach import FILES, Shop

from offerwright.incremental.memory_file import MemoryWriter, read_memory
from offerwright.incremental.patches import MOST_FILES
from offerwright.incremental.run import Incremental, incremental
from offerwright.incremental.standing import Asked


def run(folder: Path, shop: Shop, engine: str = "this", **more: Any) -> tuple[Incremental, str]:
    """A run that follows the one in the folder; its offers are those of a full one."""
    asked: Asked = replace(shop.asked, part_rows=3, **more)
    memory, why = read_memory(folder, engine)
    found = incremental(memory, asked)
    parts: dict[str, list[pl.DataFrame]] = {account: [] for account in asked.wanted}
    with MemoryWriter(folder, engine, found) as writer:
        for part in found.run():
            writer.add(part)
            for account, frame in part.listings().items():
                parts[account].append(frame)
        writer.finish()
    expected = full(asked)
    for account, frames in parts.items():
        assert pl.concat(frames).to_dicts() == expected[account].to_dicts()
    return found, why


def offers_files(folder: Path) -> dict[str, int]:
    """The files with offers, and how many stand in each."""
    (place,) = [one for one in folder.iterdir() if one.is_dir()]
    found = sorted(place.glob("offers-0-*.parquet"))
    return {one.name: len(pl.read_parquet(one)) for one in found}


def test_a_run_writes_what_it_computed_and_links_the_rest(tmp_path: Path) -> None:
    run(tmp_path, Shop())
    found, why = run(tmp_path, Shop().having("S3", cost=Decimal(99)))

    assert (why, found.counts["a"]) == ("", {"told": 1, "stock": 0})
    assert offers_files(tmp_path) == {"offers-0-0.parquet": 8, "offers-0-1.parquet": 1}
    again, _ = run(tmp_path, Shop().having("S3", cost=Decimal(99)))
    assert again.counts["a"] == {"told": 0, "stock": 0}


def test_files_do_not_pile_up(tmp_path: Path) -> None:
    for number in range(MOST_FILES + 2):
        run(tmp_path, Shop().having(f"S{number % 8}", cost=Decimal(number + 50)))

    assert len(offers_files(tmp_path)) <= MOST_FILES
    assert len([one for one in tmp_path.iterdir() if one.is_dir()]) == 1


def test_a_file_that_nothing_points_into_goes(tmp_path: Path) -> None:
    run(tmp_path, Shop())
    run(tmp_path, Shop().saying("rules/prices.yaml", "cost * 2", "cost * 3").saying(
        "rules/stock.yaml", "60%", "50%"))  # fmt: skip

    assert offers_files(tmp_path) == {"offers-0-0.parquet": 8}


def test_halves_of_offers_come_from_different_runs(tmp_path: Path) -> None:
    run(tmp_path, Shop().having("S6", cost=None, stock={}))
    found, _ = run(
        tmp_path, Shop().having("S6", cost=None, stock={}).saying("rules/stock.yaml", "60%", "50%")
    )

    assert found.counts["a"] == {"told": 0, "stock": 8}


def test_the_same_files_need_no_look_at_the_rules(tmp_path: Path) -> None:
    run(tmp_path, Shop(), files="one")
    found, _ = run(tmp_path, Shop().having("S3", cost=Decimal(99)), files="one")
    other, _ = run(tmp_path, Shop().saying("rules/beta.yaml", "seen)", "seen + 1)"), files="two")

    assert [found.counts[a]["told"] for a in "ab"] == [1, 1]
    assert [other.counts[a]["told"] for a in "ab"] == [1, 8]


def test_another_engine_remembers_nothing(tmp_path: Path) -> None:
    run(tmp_path, Shop())
    found, why = run(tmp_path, Shop(), engine="another")

    assert why == "another version of the engine has run since"
    assert found.counts["a"] == {"told": 8, "stock": 8}


def test_a_run_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    run(tmp_path, Shop())
    before = sorted(one.name for one in tmp_path.rglob("*"))
    found = incremental(None, Shop().asked)
    with pytest.raises(ZeroDivisionError), MemoryWriter(tmp_path, "this", found) as writer:
        writer.add(next(found.run()))
        raise ZeroDivisionError

    assert sorted(one.name for one in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("file", ["memory.json", "inputs.arrow", "offers-0-0.parquet"])
def test_what_is_damaged_is_as_good_as_none(tmp_path: Path, file: str) -> None:
    run(tmp_path, Shop())
    (place,) = [one for one in tmp_path.iterdir() if one.is_dir()]
    (place / file).write_bytes((place / file).read_bytes()[:-20])
    _, why = run(tmp_path, Shop())

    assert why.startswith("what was remembered cannot be read:")


@pytest.mark.parametrize("file", ["memory.json", "inputs.arrow", "offers-0-0.parquet"])
def test_a_run_after_a_damaged_one_is_remembered(tmp_path: Path, file: str) -> None:
    run(tmp_path, Shop())
    (place,) = [one for one in tmp_path.iterdir() if one.is_dir()]
    (place / file).write_bytes((place / file).read_bytes()[:-20])
    run(tmp_path, Shop())
    found, why = run(tmp_path, Shop())

    assert (why, found.counts["a"]) == ("", {"told": 0, "stock": 0})


def test_a_head_that_says_something_else_is_damaged(tmp_path: Path) -> None:
    run(tmp_path, Shop())
    (head,) = tmp_path.rglob("memory.json")
    said = head.read_bytes()
    head.write_bytes(said.replace(b"offers-1-0", b"offers-0-0"))
    _, why = run(tmp_path, Shop())

    assert why == "what was remembered cannot be read: memory.json is damaged"


def test_nothing_is_remembered_of_an_empty_folder(tmp_path: Path) -> None:
    assert read_memory(tmp_path / "none", "this") == (None, "nothing was remembered")


def test_a_catalogue_without_a_sku_is_remembered_too(tmp_path: Path) -> None:
    shop = replace(Shop(), rows=())
    run(tmp_path, shop)
    found, why = run(tmp_path, replace(Shop(), files=FILES))

    assert (why, found.counts["a"]) == ("", {"told": 8, "stock": 8})


def test_the_head_says_what_it_stands_on(tmp_path: Path) -> None:
    run(tmp_path, Shop(), files="f")
    (head,) = tmp_path.rglob("memory.json")
    said = json.loads(head.read_text(encoding="utf-8"))

    assert [one["account"] for one in said["accounts"]] == ["a", "b"]
    assert said["files"] == "f"
    assert "pricing beta" in said["accounts"][1]["documents"]
    assert "pricing beta" not in said["accounts"][0]["documents"]
