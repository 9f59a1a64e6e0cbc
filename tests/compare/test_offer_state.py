"""The state of offers: what counts, what does not, and that its meaning never moves."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from compare.listings import block, listing, offer
from compare.test_stable_hash import plain_mixed

from offerwright.compare.difference import difference
from offerwright.compare.offer_state import OfferState, StateRefused, merged, offer_state
from offerwright.compare.stable_hash import text_hash
from offerwright.evaluate.listing import listing as told
from offerwright.evaluate.run import Executor
from offerwright.facts.snapshot import build_snapshot
from offerwright.frames import ASPECTS
from offerwright.pipeline import load

STRATEGIES = Path(__file__).resolve().parents[2] / "examples" / "strategies"
NOON = datetime.fromisoformat("2026-11-27T12:00:00-03:00")

MUG = offer("MUG", sale_price=Decimal("9.90"), category="MLB1", images=["https://x.example/a.jpg"])


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The aspects that differ between two offers of one SKU."""
    found = difference(offer_state(listing(before)), offer_state(listing(after))).accounts[0]
    assert (len(found.added), len(found.removed)) == (0, 0)
    return [aspect for aspect in ASPECTS if found.counted(aspect)]


@pytest.mark.parametrize(
    ("more", "aspects"),
    [
        ({"price": Decimal("10.01")}, ["price"]),
        ({"price": Decimal("9.90"), "sale_price": Decimal("10.00")}, ["price"]),
        ({"sale_price": None}, ["price"]),
        ({"currency": "CLP"}, ["price"]),
        ({"tiers": [{"quantity": 5, "price": Decimal("9.00")}]}, ["price"]),
        ({"quantity": 0}, ["stock"]),
        ({"quantity": None}, ["stock"]),
        ({"title": "Mug"}, ["content"]),
        ({"category": "Mug MUG", "title": "MLB1"}, ["content"]),
        ({"images": []}, ["content"]),
        ({"attribute.BRAND": "Lumo"}, ["content"]),
        ({"marketplace": "amazon"}, ["content"]),
        ({"price": Decimal(11), "quantity": 4}, ["price", "stock"]),
        ({"blocked": [block("stock", "NO_STOCK")]}, ["stock"]),
        ({"blocked": [block("price", "NO_PRICE"), block("content", "NO_TITLE")]}, ["price", "content"]),
        # Why it came out so, and what is told to nobody.
        ({"rules": ["markups/a"]}, []),
        ({"oversell": 7}, []),
    ],
)  # fmt: skip
def test_an_aspect_changes_with_what_is_told_of_it(
    more: dict[str, Any], aspects: list[str]
) -> None:
    assert changed(MUG, MUG | more) == aspects


def test_a_block_counts_by_its_code_and_not_by_its_line() -> None:
    one = MUG | {"blocked": [block("price", "NO_PRICE", line=3)]}
    moved = MUG | {"blocked": [block("price", "NO_PRICE", line=9)] * 2}
    other = MUG | {"blocked": [block("price", "OVERFLOW", line=3)]}

    assert changed(one, moved) == []
    assert changed(one, other) == ["price"]


def test_a_column_that_is_not_there_is_one_that_is_missing() -> None:
    whole = listing(MUG)
    less = whole.drop("tiers", "attribute.BRAND").select(pl.all().shuffle(seed=1))

    assert offer_state(less).digest == offer_state(whole).digest
    assert offer_state(whole.select(reversed(whole.columns))).digest == offer_state(whole).digest


def test_the_scale_of_amounts_means_nothing() -> None:
    wider = listing(MUG).cast({"price": pl.Decimal(38, 4), "sale_price": pl.Decimal(38, 3)})

    assert offer_state(wider).digest == offer_state(listing(MUG)).digest


def test_the_meaning_of_a_state_is_that_of_its_first_day() -> None:
    # Raise VERSION of the state when these change: what was written yesterday means another thing.
    state = offer_state(listing(MUG, offer("PAN", account="amazon", quantity=None)))
    names = (
        ("price", 1_000_000_000),
        ("sale_price", 990_000_000),
        ("currency", int(text_hash("BRL"))),
    )
    price = sum(plain_mixed((word + int(text_hash(name))) % 2**64) for name, word in names) % 2**64
    stock = plain_mixed((3 + int(text_hash("quantity"))) % 2**64)

    assert state.of("meli").keys.tolist() == [int(text_hash("MUG"))]
    assert state.of("meli").aspects[:2, 0].tolist() == [price, stock]
    assert state.of("amazon").aspects[1, 0] == 0
    assert state.digest == "e9824d80f48d75fce637e9ea9a1a4f9d"


def test_parts_make_the_state_of_the_whole() -> None:
    rows = [offer(f"S{n}", account=f"a{n % 3}", quantity=n) for n in range(50)]
    whole = offer_state(listing(*rows))
    parts = [offer_state(listing(*rows[n : n + 7])) for n in range(0, 50, 7)]

    assert merged(reversed(parts)).digest == whole.digest
    assert [one.account for one in merged(parts).accounts] == ["a0", "a1", "a2"]


def test_no_offers_have_a_state() -> None:
    assert len(offer_state(listing())) == 0
    assert merged([]).digest == OfferState().digest


def test_a_sku_that_stands_twice_is_refused_within_a_part_and_across_parts() -> None:
    one = offer_state(listing(offer("MUG")))
    with pytest.raises(StateRefused, match="`meli` has 1 offer too many: a SKU stands there twice"):
        offer_state(listing(offer("MUG"), offer("PAN"), offer("MUG")))
    with pytest.raises(StateRefused, match="a SKU stands there twice"):
        merged([one, one])

    assert len(merged([one, offer_state(listing(offer("MUG", account="amazon")))])) == 2


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (listing(MUG).rename({"title": "titel"}), "the column `titel` is none of a listing"),
        (listing(MUG).drop("sku"), "the column `sku` of a listing of offers is missing"),
        *(
            (listing(MUG).with_columns(pl.lit(None, pl.String).alias(name)), f"no `{name}`")
            for name in ("account", "sku")
        ),
    ],
)
def test_what_is_no_listing_is_refused(frame: pl.DataFrame, message: str) -> None:
    with pytest.raises(StateRefused, match=message):
        offer_state(frame)


def test_every_account_of_the_strategies_has_a_state() -> None:
    loadout = load(STRATEGIES)
    snapshot = build_snapshot(loadout.schema, loadout.shop.document, STRATEGIES)
    listings = [told(o) for o in Executor(loadout.rules).run(snapshot.frame, NOON)]
    state = merged(offer_state(one) for one in listings)

    assert {one.account: len(one) for one in state.accounts} == {
        one["account"][0]: 6 for one in listings
    }
    assert {"tiers", "sale_from"} <= {name for one in listings for name in one.columns}
