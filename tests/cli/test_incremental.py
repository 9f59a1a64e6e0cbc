"""`offers --incremental` in a real process: the same file as a full run, and a word of why."""

from __future__ import annotations

from pathlib import Path

from cli.shop import AS_OF, Done, Shop

from offerwright.compare.listing_file import ListingFile
from offerwright.compare.state_file import read_state
from offerwright.store.sqlite.locks import file_lock


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


def remembered_file(shop: Shop, name: str) -> Path:
    (found,) = (shop.root / ".offerwright/memory").glob(f"*/{name}")
    return found


def test_offers_that_are_damaged_where_they_are_read_are_computed(shop: Shop) -> None:
    offers(shop, "first.parquet", "--incremental")
    file = remembered_file(shop, "offers-0-0.parquet")
    content = bytearray(file.read_bytes())
    content[len(content) // 4] ^= 0xFF
    file.write_bytes(content)
    again = offers(shop, "again.parquet", "--incremental", "--digest")
    full = offers(shop, "full.parquet", "--digest")

    assert again.code == 0
    assert "everything, because what was remembered cannot be read: " in again.err
    assert "offers-0-0.parquet cannot be read: " in again.err
    assert again.err.splitlines()[-1] == full.err.splitlines()[-1]
    written = [(shop.root / f"{n}.parquet").read_bytes() for n in ("again", "full")]
    assert written[0] == written[1]
    third = offers(shop, "third.parquet", "--incremental")
    assert "prices and content of 0 of" in third.err


def test_of_two_runs_at_once_the_first_is_remembered(shop: Shop) -> None:
    offers(shop, "first.parquet", "--incremental")
    folder = shop.root / ".offerwright/memory"
    unfinished = folder / ".unfinished"
    unfinished.mkdir()
    before = sorted(one.name for one in folder.rglob("*"))
    shop.change("rules/pricing.yaml", "markup: 18%", "markup: 36%")
    with file_lock(folder / "lock", 0) as is_ours:
        second = offers(shop, "second.parquet", "--incremental")
    full = offers(shop, "full.parquet")

    assert (is_ours, second.code, full.code) == (True, 0, 0)
    assert "Another run is being remembered now; this one is not" in second.err
    assert sorted(one.name for one in folder.rglob("*")) == before
    assert (shop.root / "second.parquet").read_bytes() == (shop.root / "full.parquet").read_bytes()
    # What a run left behind that was killed goes with the next that is remembered.
    assert offers(shop, "third.parquet", "--incremental").code == 0
    assert not unfinished.exists()


def test_it_is_for_whole_catalogues(shop: Shop) -> None:
    done = shop("offers", "--incremental", "--sku", "AU-1")

    assert (done.code, done.out) == (2, "")
    assert "--incremental computes all offers here: no --sku, no --engine" in done.err
