"""Listings that another tool has written anew: the same values are the same offers, else refused."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from compare.listings import block, listing, offer

from offerwright.compare.changed_offers import changed_offers, records
from offerwright.compare.difference import difference
from offerwright.compare.listing_file import ListingFile
from offerwright.compare.offer_state import StateRefused, offer_state

OFFERS = listing(
    offer("A", images=["1.jpg"], tiers=[{"quantity": 2, "price": Decimal(9)}]),
    offer("B", price=None, status="blocked", blocked=[block("price", "NO_PRICE")]),
    offer("C", account="amazon", **{"attribute.BRAND": "x"}),
)


def saved(path: Path, frame: pl.DataFrame, rows: int = 1_000) -> ListingFile:
    frame.write_parquet(path, row_group_size=rows)
    return ListingFile(path)


def test_words_that_are_numbered_are_texts(tmp_path: Path) -> None:
    words = ["account", "sku", "currency", "title", "attribute.BRAND"]
    numbered = OFFERS.with_columns(pl.col(words).cast(pl.Categorical))
    plain, other = saved(tmp_path / "plain", OFFERS), saved(tmp_path / "other", numbered)
    dearer = numbered.with_columns(price=pl.lit(Decimal("11.00")).cast(pl.Decimal(38, 2)))
    found = difference(plain.state(), (now := saved(tmp_path / "now", dearer)).state())
    changed = [one for part in changed_offers(plain, now, found) for one in records(part)]

    assert other.state().digest == plain.state().digest == offer_state(OFFERS).digest
    assert [(one["account"], one["sku"]) for one in changed] == [
        ("meli", "A"), ("meli", "B"), ("amazon", "C"),
    ]  # fmt: skip


@pytest.mark.parametrize("rows", [1, 2, 3, 7])
def test_the_size_of_row_groups_means_nothing(tmp_path: Path, rows: int) -> None:
    many = listing(*(offer(f"S{n}", account="ab"[n > 3], quantity=n) for n in range(7)))
    file = saved(tmp_path / "x", many, rows)
    at = np.array([6, 0, 3, 3, 1])

    assert file.state().digest == offer_state(many).digest
    assert file.rows(at)["quantity"].to_list() == at.tolist()
    assert file.rows(at[:0]).schema == many.schema


@pytest.mark.parametrize(
    ("column", "dtype", "said"),
    [
        ("price", pl.Float64, "the column `price` of a listing holds decimals of at most 8 places"),
        ("price", pl.Decimal(38, 9), "decimals of at most 8 places, not Decimal"),
        ("quantity", pl.Int16, "`quantity` of a listing holds whole numbers of 64 bits, not Int16"),
        ("title", pl.Binary, "the column `title` of a listing holds texts, not Binary"),
        ("attribute.BRAND", pl.Binary, "`attribute.BRAND` of a listing holds texts, not Binary"),
    ],
)
def test_a_type_that_no_offer_has_is_refused(
    tmp_path: Path, column: str, dtype: type[pl.DataType], said: str
) -> None:
    with pytest.raises(StateRefused, match=f"x: .*{said}"):
        saved(tmp_path / "x", OFFERS.with_columns(pl.col(column).cast(dtype)))


@pytest.mark.parametrize("column", ["blocked", "tiers", "images"])
def test_a_list_that_is_none_is_refused(tmp_path: Path, column: str) -> None:
    with pytest.raises(StateRefused, match=f"the column `{column}` of a listing holds lists"):
        saved(tmp_path / "x", OFFERS.with_columns(pl.lit("x").alias(column)))


@pytest.mark.parametrize("column", ["account", "sku", "status", "blocked", "price", "sale_price"])
def test_what_every_listing_has_may_not_be_missing(tmp_path: Path, column: str) -> None:
    with pytest.raises(StateRefused, match=f"x: the column `{column}` of a listing .* is missing"):
        saved(tmp_path / "x", OFFERS.drop(column))


def test_a_refusal_names_the_file(tmp_path: Path) -> None:
    twice = saved(tmp_path / "twice", listing(offer("A"), offer("A")))
    content = bytearray((tmp_path / "twice").read_bytes())
    content[4:40] = b"\xff" * 36
    (tmp_path / "broken").write_bytes(content)

    with pytest.raises(StateRefused, match="twice: `meli` has 1 offer too many"):
        twice.state()
    with pytest.raises(StateRefused, match="broken cannot be read: "):
        ListingFile(tmp_path / "broken").state()
