"""A plan that follows another is the file of a full plan, whatever has happened in between."""

from __future__ import annotations

import tempfile
from pathlib import Path

from evaluate.generated_shop import Pick
from hypothesis import given, note, settings
from hypothesis import strategies as st
from incremental.plan_shop import ACCOUNTS, SKUS, row_of
from incremental.plan_world import happens, world

# About four seconds of plans each: few examples by default, many with the deep profile.
EXAMPLES = max(6, (settings.default.max_examples if settings.default else 50) // 8)


@settings(max_examples=EXAMPLES)
@given(st.data())
def test_a_plan_that_follows_another_is_that_of_a_full_run(data: st.DataObject) -> None:
    pick = Pick(data.draw)
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as shop:
        shop.rows = [row_of(pick, sku) for sku in pick.some(SKUS, 2, 7)]
        shop.accounts = pick.one(("a", "c"), ("a", "b"), ACCOUNTS)
        shop.planned()
        for _ in range(pick.number(2, 5)):
            for _ in range(pick.number(0, 3)):
                note(happens(pick, shop))
            shop.planned()
