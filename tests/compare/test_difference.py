"""What differs between two catalogues, against a comparison of dictionaries."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from compare.listings import block, listing, offer
from hypothesis import given, settings
from hypothesis import strategies as st

from offerwright.compare import changed_offers as chunks
from offerwright.compare.changed_offers import (
    changed_offers,
    records,
    refuse_strangers,
    table_of,
)
from offerwright.compare.difference import aspects_of, difference
from offerwright.compare.listing_file import ListingFile
from offerwright.compare.offer_state import (
    StateRefused,
    merged,
    offer_state,
)
from offerwright.compare.report import Side, master, moves
from offerwright.compare.stable_hash import text_hash
from offerwright.frames import ASPECTS

Catalogue = Mapping[tuple[str, str], tuple[int, int]]
catalogues = st.dictionaries(
    st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([f"S{n}" for n in range(12)])),
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
    max_size=18,
)


def offers(catalogue: Catalogue) -> list[dict[str, Any]]:
    return [
        offer(sku, account, price=Decimal(price), quantity=units)
        for (account, sku), (price, units) in catalogue.items()
    ]


def saved(file: Path, rows: list[dict[str, Any]], group: int = 4) -> ListingFile:
    listing(*rows).write_parquet(file, row_group_size=group)
    return ListingFile(file)


def by_hand(before: Catalogue, after: Catalogue) -> dict[tuple[str, str], tuple[str, list[str]]]:
    """What differs, by account and SKU: the kind of change and the aspects."""
    found: dict[tuple[str, str], tuple[str, list[str]]] = {}
    for key in {*before, *after}:
        if key not in before or key not in after:
            found[key] = ("added" if key in after else "removed"), [*ASPECTS]
        elif before[key] != after[key]:
            names = zip(("price", "stock"), before[key], after[key], strict=True)
            found[key] = "changed", [name for name, a, b in names if a != b]
    return found


@given(catalogues, catalogues)
def test_a_difference_is_what_dictionaries_say(before: Catalogue, after: Catalogue) -> None:
    found = difference(*(offer_state(listing(*offers(c))) for c in (before, after)))
    expected = by_hand(before, after)
    keys = {(a, int(text_hash(sku))): said for (a, sku), said in expected.items()}
    actual = {
        (one.account, key): (kind, [*aspects_of(bits)])
        for one in found.accounts
        for kind, own, all_bits in (
            ("added", one.added, [7] * len(one.added)),
            ("removed", one.removed, [7] * len(one.removed)),
            ("changed", one.changed, one.aspects.tolist()),
        )
        for key, bits in zip(own.tolist(), all_bits, strict=True)
    }

    assert actual == keys
    assert found.differs == bool(expected)
    assert sum(one.unchanged for one in found.accounts) == len(before.keys() & after.keys()) - sum(
        kind == "changed" for kind, _ in expected.values()
    )


@settings(max_examples=25)
@given(catalogues, catalogues)
def test_values_are_read_only_of_what_differs(before: Catalogue, after: Catalogue) -> None:
    with tempfile.TemporaryDirectory() as folder:
        old = saved(Path(folder) / "old.parquet", offers(before))
        new = saved(Path(folder) / "new.parquet", offers(after)[::-1])
        parts = list(changed_offers(old, new, difference(old.state(), new.state())))
    told = [record for part in parts for record in records(part)]
    expected = by_hand(before, after)

    assert {(r["account"], r["sku"]): (r["change"], r["aspects"]) for r in told} == expected
    for record in told:
        key = record["account"], record["sku"]
        sides = (before.get(key), after.get(key))
        prices = [None if s is None else f"{s[0]}.00" for s in sides]
        if prices[0] != prices[1]:
            assert record["values"]["price"] == {"before": prices[0], "after": prices[1]}
        else:
            assert "price" not in record["values"]


def test_what_differs_comes_in_the_order_of_the_catalogue(tmp_path: Path) -> None:
    old = saved(tmp_path / "old", [offer(s) for s in ("D", "C", "B", "A")])
    new = saved(tmp_path / "new", [offer(s, quantity=9) for s in ("Z", "B", "Y", "D")])
    parts = list(changed_offers(old, new, difference(old.state(), new.state())))

    assert [(r["sku"], r["change"]) for p in parts for r in records(p)] == [
        ("Z", "added"), ("B", "changed"), ("Y", "added"), ("D", "changed"),
        ("C", "removed"), ("A", "removed"),
    ]  # fmt: skip


def test_more_than_fits_at_once_comes_in_parts(tmp_path: Path) -> None:
    size = chunks.CHUNK + 10
    many = listing(offer("x"))[[0] * size].with_columns(
        pl.Series("sku", [f"S{n}" for n in range(size)])
    )
    many.write_parquet(tmp_path / "old", row_group_size=20_000)
    many.with_columns(quantity=pl.lit(1, dtype=pl.Int64)).reverse().write_parquet(
        tmp_path / "new", row_group_size=7_000
    )
    old, new = ListingFile(tmp_path / "old"), ListingFile(tmp_path / "new")
    parts = list(changed_offers(old, new, difference(old.state(), new.state())))

    assert [len(p) for p in parts] == [chunks.CHUNK, 10]
    assert all((p.before["sku"] == p.after["sku"]).all() for p in parts)
    assert all(
        (p.before["quantity"] == 3).all() and (p.after["quantity"] == 1).all() for p in parts
    )


def test_only_the_aspects_that_are_asked_for_count() -> None:
    before = offer_state(listing(offer("A"), offer("B")))
    after = offer_state(listing(offer("A", quantity=9), offer("B", price=Decimal(1), quantity=9)))
    found = difference(before, after, ["price"]).accounts[0]

    assert found.changed.tolist() == [int(text_hash("B"))]
    assert (found.counted("price"), found.counted("stock"), found.unchanged) == (1, 0, 1)


def test_two_skus_with_one_key_are_noticed_when_their_values_are_read() -> None:
    old = pl.Series(["A", None, "C"])
    refuse_strangers(old, pl.Series(["A", "B", "C"]))

    with pytest.raises(StateRefused, match="the SKUs 'C' and 'D' have one key"):
        refuse_strangers(old, pl.Series(["A", "B", "D"]))


def test_moves_are_counted_in_what_a_buyer_pays(tmp_path: Path) -> None:
    blocked = {"status": "blocked", "price": None, "blocked": [block("price", "NO_PRICE")]}
    old = saved(tmp_path / "old", [
        offer("UP"), offer("DOWN"), offer("SALE"), offer("OUT"), offer("BACK", **blocked),
        offer("SAME"), offer("LIST"),
    ])  # fmt: skip
    new = saved(tmp_path / "new", [
        offer("UP", price=Decimal("10.01")), offer("DOWN", price=Decimal("9.99")),
        # A higher price behind a lower sale: the buyer pays less.
        offer("SALE", price=Decimal(12), sale_price=Decimal(9)), offer("OUT", **blocked),
        offer("BACK"), offer("SAME", quantity=9), offer("LIST", title="x"),
    ])  # fmt: skip
    found = difference(old.state(), new.state())
    counted = Counter[tuple[str, str]]()
    for part in changed_offers(old, new, found):
        counted += moves(part)
    record = master(
        Side("old", "listing", old.state()), Side("new", "listing", new.state()), found, counted, []
    )

    assert {k: record["totals"][k] for k in ("raised", "lowered", "blocked", "unblocked")} == {
        "raised": 1, "lowered": 2, "blocked": 1, "unblocked": 1,
    }  # fmt: skip
    assert record["accounts"][0] == record["totals"] | {"account": "meli"}
    assert record["totals"]["changed"] == 7


def test_a_table_of_what_differs_has_both_sides(tmp_path: Path) -> None:
    old = saved(tmp_path / "old", [offer("A"), offer("B")])
    new = saved(tmp_path / "new", [offer("A", price=Decimal("10.50"))])
    (first, gone) = changed_offers(old, new, difference(old.state(), new.state()))
    both = pl.concat([table_of(first), table_of(gone)])

    assert both["sku"].to_list() == ["A", "B"]
    assert both["before"].struct.field("price").to_list() == [Decimal("10.00"), Decimal("10.00")]
    assert both["after"].is_null().to_list() == [False, True]
    assert both["aspects"].to_list() == [["price"], [*ASPECTS]]


def test_the_state_of_a_file_is_that_of_its_rows(tmp_path: Path) -> None:
    rows = [offer(f"S{n}", account="ab"[n % 2], quantity=n) for n in range(23)]

    assert saved(tmp_path / "x", rows).state().digest == offer_state(listing(*rows)).digest
    assert merged([]).digest == saved(tmp_path / "y", []).state().digest
