"""`offers --incremental` in a real process: the same file as a full run, and a word of why."""

from __future__ import annotations

from cli.shop import AS_OF, Done, Shop

from offerwright.compare.listing_file import ListingFile
from offerwright.compare.state_file import read_state


def offers(shop: Shop, out: str, *more: str) -> Done:
    return shop("offers", "--as-of", AS_OF, "-o", "parquet", "--out", out, *more)


def test_a_change_of_one_rule_is_computed_and_said(shop: Shop) -> None:
    first = offers(shop, "first.parquet", "--incremental", "--state", "first.state")
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 36%")
    again = offers(shop, "again.parquet", "--incremental")
    full = offers(shop, "full.parquet", "--state", "full.state")

    assert [first.code, again.code, full.code] == [0, 0, 0]
    assert "everything, because nothing was remembered" in first.err
    assert "all prices and content of market: pricing shop has changed" in again.err
    size = ListingFile(shop.root / "full.parquet").height
    assert f"Computed again: stock of 0 of {size} offers" in again.err
    written = [(shop.root / f"{n}.parquet").read_bytes() for n in ("first", "again", "full")]
    assert written[0] != written[1] == written[2]
    states = [read_state(shop.root / f"{n}.state").digest for n in ("first", "full")]
    listings = [ListingFile(shop.root / f"{n}.parquet").state().digest for n in ("first", "again")]
    assert states == listings


def test_it_is_for_whole_catalogues(shop: Shop) -> None:
    done = shop("offers", "--incremental", "--sku", "AU-1")

    assert (done.code, done.out) == (2, "")
    assert "--incremental computes all offers here: no --sku, no --engine" in done.err
