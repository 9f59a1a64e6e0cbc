"""One executor for one SKU and for many: batches, orders and file names change nothing."""

from __future__ import annotations

from typing import Any

import polars as pl
from engine_under_test import offers_of, sound, told
from evaluate.generated_repository import Generated, repositories
from evaluate.generated_shop import AS_OF
from hypothesis import given, settings
from hypothesis import strategies as st
from typed_rows import frame_from_rows

from offerwright.evaluate.listing import listing
from offerwright.evaluate.run import Executor
from offerwright.loadout import Loadout

EXAMPLES = max(10, (settings.default.max_examples if settings.default else 50) // 2)


def all_told(
    loadout: Loadout, generated: Generated, rows: list[dict[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    offers = offers_of(loadout, rows, AS_OF, generated.live)
    return {account: told(found) for account, found in offers.items()}


@settings(max_examples=EXAMPLES)
@given(repositories(most_rows=8))
def test_a_batch_is_the_sum_of_its_rows(generated: Generated) -> None:
    loadout = sound(generated.files)
    together = all_told(loadout, generated, generated.rows)
    one_by_one = [all_told(loadout, generated, [row]) for row in generated.rows]

    assert together == {account: [o[account][0] for o in one_by_one] for account in together}


@settings(max_examples=EXAMPLES)
@given(repositories(most_rows=8), st.data())
def test_the_order_of_rows_is_only_the_order_of_offers(
    generated: Generated, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(generated.rows))))
    loadout = sound(generated.files)
    shuffled = all_told(loadout, generated, [generated.rows[place] for place in order])

    expected = all_told(loadout, generated, generated.rows)
    assert shuffled == {account: [o[place] for place in order] for account, o in expected.items()}


@settings(max_examples=EXAMPLES)
@given(repositories(most_rows=3))
def test_names_and_order_of_files_mean_nothing(generated: Generated) -> None:
    moved = {
        name.replace("rules/", f"rules/{9 - place % 10}-") if name.endswith(".yaml") and
        name.startswith("rules/") and "pricing" not in name else name: text
        for place, (name, text) in enumerate(reversed(list(generated.files.items())))
    }  # fmt: skip
    before, after = sound(generated.files), sound(moved)

    assert all_told(after, generated, generated.rows) == all_told(before, generated, generated.rows)
    assert after.rules.digest == before.rules.digest


@settings(max_examples=EXAMPLES)
@given(repositories(most_rows=3))
def test_many_rows_say_what_few_say(generated: Generated) -> None:
    """Columns of many rows are encoded, folded and gathered in other ways than those of few."""
    loadout, turns = sound(generated.files), 100
    few = frame_from_rows(loadout.schema, generated.rows)

    many = Executor(loadout.rules).run(pl.concat([few] * turns), AS_OF)
    for one, expected in zip(many, Executor(loadout.rules).run(few, AS_OF), strict=True):
        assert one.frame.equals(pl.concat([expected.frame] * turns))
        assert listing(one).equals(pl.concat([listing(expected)] * turns))
