"""Parts of a snapshot, one after the other, say what the whole says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from engine_under_test import live_frame, sound
from evaluate import generated_inventory, generated_repository
from evaluate.generated_shop import AS_OF
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from typed_rows import frame_from_rows

from offerwright.evaluate.bulk import listed, listings, mapped
from offerwright.evaluate.partitions import Block, Partitions, only, partitions
from offerwright.evaluate.run import Executor
from offerwright.pipeline import Loadout

EXAMPLES = max(10, (settings.default.max_examples if settings.default else 50) // 5)


def whole(loadout: Loadout, frame: pl.DataFrame, live: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """All offers of one run, SKU by SKU in the order of the frame, for every account."""
    return listed(Executor(loadout.rules).run(frame, AS_OF, live))


def in_parts(
    loadout: Loadout, parts: Partitions, live: dict[str, pl.DataFrame], workers: int
) -> pl.DataFrame:
    """The same of its parts, account by account."""
    frames = list(listings(Executor(loadout.rules), parts, AS_OF, live, workers=workers))
    accounts = [plan.account.name for plan in loadout.rules.plans]
    return pl.concat(f.filter(pl.col("account") == a) for a in accounts for f in frames)


@settings(max_examples=EXAMPLES)
@given(generated_inventory.shops(), st.integers(1, 7), st.integers(1, 3))
def test_parts_with_kits_say_what_the_whole_says(
    generated: generated_inventory.Generated, rows: int, workers: int
) -> None:
    loadout = sound(generated.files)
    frame = frame_from_rows(loadout.schema, generated.rows)
    live = {account: live_frame(known) for account, known in generated.live.items()}
    parts = partitions(loadout.rules, frame, rows)

    assert_frame_equal(in_parts(loadout, parts, live, workers), whole(loadout, frame, live))


@settings(max_examples=EXAMPLES)
@given(generated_repository.repositories(most_rows=8), st.integers(1, 8))
def test_parts_of_any_size_say_what_the_whole_says(
    generated: generated_repository.Generated, rows: int
) -> None:
    loadout = sound(generated.files)
    frame = frame_from_rows(loadout.schema, generated.rows)
    live = {account: live_frame(known) for account, known in generated.live.items()}
    parts = partitions(loadout.rules, frame, rows)

    assert_frame_equal(in_parts(loadout, parts, live, 1), whole(loadout, frame, live))


KITS = {
    "kind": "inventory", "name": "stock", "pool": {"on_hand": "stock"},
    "kits": {"components": "parts"},
    "allocate": {"method": "partition", "marketplaces": [{"account": "a1", "share": "100%"}]},
}  # fmt: skip


def kits(rows: list[dict[str, Any]]) -> tuple[Loadout, pl.DataFrame]:
    loadout = sound(generated_inventory.Generated(KITS, [], {}).files)
    return loadout, frame_from_rows(loadout.schema, rows)


def product(sku: str, **parts: int) -> dict[str, Any]:
    return {"sku": sku, "stock": {"sp": 6}, "bulk": 1} | ({"parts": parts} if parts else {})


# Two families: a kit inside a kit, and a component that two kits share; B and D stand alone.
ROWS = [
    product("A", C=1), product("B"), product("C", E=2), product("D"), product("E"),
    product("F", H=1), product("G", H=1), product("H"),
]  # fmt: skip


def shape(parts: Partitions) -> list[tuple[list[str], list[str]]]:
    """The SKUs of every part, and those of their kin."""
    return [(b.own["sku"].to_list(), b.frame["sku"].to_list()[b.size :]) for b in parts]


def test_without_kits_parts_are_ranges_of_rows() -> None:
    loadout, frame = kits([product(sku) for sku in "ABCDE"])

    assert shape(partitions(loadout.rules, frame, 2)) == [
        (["A", "B"], []), (["C", "D"], []), (["E"], []),
    ]  # fmt: skip


def test_a_part_brings_the_kin_of_its_rows_from_elsewhere() -> None:
    loadout, frame = kits(ROWS)
    # D, E and F alone would need A, C, G and H: more kin than rows, so G is taken in too.

    assert shape(partitions(loadout.rules, frame, 3)) == [
        (["A", "B", "C"], ["E"]), (["D", "E", "F", "G"], ["A", "C", "H"]), (["H"], ["F", "G"]),
    ]  # fmt: skip


def test_a_part_grows_until_most_of_its_rows_are_its_own() -> None:
    loadout, frame = kits(ROWS)
    blocks = list(partitions(loadout.rules, frame, 1))

    assert all(block.frame.height <= 2 * block.size for block in blocks[:-1])
    assert sum(block.size for block in blocks) == len(ROWS)


def test_a_file_is_cut_like_the_frame_in_it(tmp_path: Path) -> None:
    loadout, frame = kits(ROWS)
    frame.write_parquet(tmp_path / "facts.parquet", row_group_size=2)
    expected = list(partitions(loadout.rules, frame, 3))
    found = list(partitions(loadout.rules, tmp_path / "facts.parquet", 3))

    assert [block.size for block in found] == [block.size for block in expected]
    for one, other in zip(found, expected, strict=True):
        assert_frame_equal(one.frame, other.frame)


def test_some_skus_bring_their_kin_and_come_in_the_order_of_the_snapshot() -> None:
    loadout, frame = kits(ROWS)

    assert shape(only(loadout.rules, frame, ["F", "B", "E"])) == [
        (["B", "E", "F"], ["A", "C", "G", "H"])
    ]


def test_a_part_without_a_row_is_refused() -> None:
    loadout, frame = kits(ROWS)
    with pytest.raises(ValueError, match="at least one row"):
        partitions(loadout.rules, frame, 0)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_the_order_of_the_snapshot(workers: int) -> None:
    loadout, frame = kits([product(f"S{n}") for n in range(20)])
    parts = partitions(loadout.rules, frame, 3)

    starts = list(mapped(Executor(loadout.rules), parts, lambda _, block: block.start, workers))
    assert starts == [0, 3, 6, 9, 12, 15, 18]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_part_that_fails_fails_the_whole(workers: int) -> None:
    loadout, frame = kits([product(f"S{n}") for n in range(20)])
    parts = partitions(loadout.rules, frame, 3)

    def work(_: Executor, block: Block) -> int:
        if block.start == 6:
            raise OSError("the disk has gone")
        return block.start

    seen = []
    with pytest.raises(OSError, match="the disk has gone"):
        for start in mapped(Executor(loadout.rules), parts, work, workers):
            seen.append(start)
    assert seen == [0, 3]


def test_a_snapshot_without_a_row_is_a_part_that_knows_the_columns() -> None:
    loadout, frame = kits(ROWS)
    empty = list(listings(Executor(loadout.rules), partitions(loadout.rules, frame.clear()), AS_OF))

    assert [one.height for one in empty] == [0]
    assert empty[0].schema == whole(loadout, frame, {}).schema
