"""Generated shops: stock, kits and what was told last; the engine and the oracle say the same."""

from __future__ import annotations

from typing import Any

import polars as pl
from engine_under_test import live_frame, sound
from evaluate.generated_inventory import ACCOUNTS, Generated, shops
from evaluate.generated_shop import AS_OF
from hypothesis import given, settings
from hypothesis import strategies as st
from typed_rows import frame_from_rows

from offerwright.evaluate.run import Executor, Offers
from offerwright.pipeline import Loadout

EXAMPLES = settings.default.max_examples if settings.default else 50
Said = dict[str, tuple[int | None, frozenset[str]]]


def run(
    generated: Generated, loadout: Loadout, skus: list[str] | None = None
) -> tuple[Offers, ...]:
    frame = frame_from_rows(loadout.schema, generated.rows)
    live = {account: live_frame(known) for account, known in generated.live.items()}
    return Executor(loadout.rules).run(frame, AS_OF, live, None, skus)


def said(offers: Offers) -> Said:
    """Quantity and codes by SKU."""
    return {
        sku: (
            quantity,
            frozenset(b.code for b in offers.blocks if b.mask[n] and b.aspect == "stock"),
        )
        for n, (sku, quantity) in enumerate(offers.frame.select("sku", "quantity").iter_rows())
    }


@settings(max_examples=EXAMPLES)
@given(shops())
def test_engine_and_oracle_agree(generated: Generated) -> None:
    expected = {
        account: {sku: (stock.quantity, stock.blocks) for sku, stock in skus.items()}
        for account, skus in generated.expected().items()
    }

    assert {o.account.name: said(o) for o in run(generated, sound(generated.files))} == expected


@settings(max_examples=EXAMPLES)
@given(shops())
def test_kits_and_components_never_use_more_than_there_is(generated: Generated) -> None:
    offers = run(generated, sound(generated.files))
    allocation = offers[0].allocation
    if allocation is None or allocation.plan.kits is None:
        return

    broken = {
        sku for sku, (_, codes) in said(offers[0]).items() if codes - {"NO_ALLOCATION"}
    }  # fmt: skip
    kits = {
        row["sku"]: row["parts"]
        for row in generated.rows
        if any(row.get("parts", {}).values()) and row["sku"] not in broken
    }
    pools = dict(zip(offers[0].frame["sku"], allocation.pool.tolist(), strict=True))
    plain = {part for parts in kits.values() for part in parts} - set(kits)
    for component in plain & set(pools):
        used = sum(
            (quantity or 0) * (kits[sku].get(component, 0) if sku in kits else sku == component)
            for one in offers
            for sku, (quantity, _) in said(one).items()
        )
        assert used <= pools[component], component


@settings(max_examples=EXAMPLES // 2)
@given(shops())
def test_one_sku_is_told_what_a_run_over_everything_tells_it(generated: Generated) -> None:
    loadout = sound(generated.files)
    together = {o.account.name: said(o) for o in run(generated, loadout)}
    alone: dict[str, Any] = {account: {} for account in ACCOUNTS}
    for row in generated.rows:
        for offers in run(generated, loadout, [row["sku"]]):
            alone[offers.account.name] |= said(offers)

    assert alone == together


@settings(max_examples=EXAMPLES // 2)
@given(shops(), st.data())
def test_the_order_of_rows_decides_nothing(generated: Generated, data: st.DataObject) -> None:
    loadout = sound(generated.files)
    shuffled = Generated(
        generated.document, data.draw(st.permutations(generated.rows)), generated.live
    )

    assert [said(o) for o in run(shuffled, loadout)] == [said(o) for o in run(generated, loadout)]


def _told(loadout: Loadout, units: int, live: int | None) -> int:
    frame = frame_from_rows(loadout.schema, [{"sku": "A", "stock": {"sp": units}}])
    known = {"a1": live_frame({"A": {"quantity": live}})} if live is not None else {}
    (offers,) = Executor(loadout.rules).run(frame, AS_OF, known, ["a1"])
    return int(offers.frame.select(pl.col("quantity")).item())


BAND = sound(
    Generated(
        {
            "kind": "inventory", "name": "stock", "pool": {"on_hand": "stock"},
            "allocate": {"method": "shared", "marketplaces": [
                {"account": "a1", "hysteresis": {"zero_below": 2, "back_at": 5}},
            ]},
        }, [], {},
    ).files
)  # fmt: skip


@given(st.lists(st.integers(2, 4), min_size=2, max_size=8), st.sampled_from([None, 0, 3]))
@settings(max_examples=EXAMPLES // 2)
def test_a_listing_never_comes_or_goes_within_the_band(pools: list[int], live: int | None) -> None:
    shown = []
    for units in pools:
        live = _told(BAND, units, live)
        shown.append(live > 0)

    assert len(set(shown)) == 1


@given(st.lists(st.integers(0, 8), min_size=1, max_size=10))
@settings(max_examples=EXAMPLES // 2)
def test_it_goes_only_below_the_band_and_comes_back_only_above(pools: list[int]) -> None:
    before = 5
    for units in pools:
        told = _told(BAND, units, before)

        assert told in (0, units)
        if (before > 0) != (told > 0):
            assert units < 2 if told == 0 else units >= 5
        before = told
