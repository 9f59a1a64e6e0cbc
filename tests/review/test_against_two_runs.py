"""A review finds exactly the offers that two whole runs have apart, with their values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from engine_under_test import PROVED, compiled, live_frame, sound
from evaluate import generated_inventory
from evaluate.generated_repository import repositories
from evaluate.generated_shop import AS_OF, Pick
from hypothesis import given, settings
from hypothesis import strategies as st
from typed_rows import frame_from_rows

from offerwright.errors import has_errors
from offerwright.evaluate.listing import listing
from offerwright.loadout import Loadout
from offerwright.pipeline import compile_repository
from offerwright.review.attribution import CAUSES
from offerwright.review.review import Asked, Review, review
from offerwright.review.side import Side
from offerwright.source.repository import Repository

# Every example compiles two repositories, and one more for each changed document.
EXAMPLES = max(6, (settings.default.max_examples if settings.default else 50) // 8)
SHOP = "offerwright.yaml"
TOLD = ("price", "sale_price", "list_price", "quantity", "category", "title", "status")


def ready(repository: Repository) -> Loadout | None:
    loadout, found = compile_repository(repository)
    return None if has_errors(one for one in found if one.code not in PROVED) else loadout


def mixed(pick: Pick, first: Mapping[str, str], other: Mapping[str, str]) -> Mapping[str, str]:
    """The first files with some of the others', one after the other where that still compiles."""
    files = dict(first)
    names = sorted(
        name for name in files.keys() | other.keys()
        if name.startswith(("rules/", "marketplaces/", SHOP)) and files.get(name) != other.get(name)
    )  # fmt: skip
    for name in pick.some(names, 0, min(4, len(names))) if names else []:
        with_it = {n: t for n, t in files.items() if n != name}
        with_it |= {name: other[name]} if name in other else {}
        loadout, found = compiled(with_it)
        if loadout is not None and not has_errors(d for d in found if d.code not in PROVED):
            files = with_it
    return files


def asked(pick: Pick) -> Asked:
    """However many threads work, and however small the parts are."""
    return Asked(AS_OF, ready, workers=pick.one(1, 2), rows=pick.one(1, 3, 1000))


def side(name: str, files: Mapping[str, str], generated: Any) -> Side:
    loadout = sound(files)
    frame = frame_from_rows(loadout.schema, generated.rows)
    live = {account: confirmed(offers) for account, offers in generated.live.items()}
    return Side(name, "", loadout, frame, str(frame.schema), live)


def confirmed(offers: Any) -> pl.DataFrame:
    """What a ledger says that has confirmed every price it knows."""
    paid, known = pl.col("live_price"), pl.col("live_price").is_not_null()
    return live_frame(offers).with_columns(paid.alias("live_paid"), known.alias("was_sent"))


def whole(one: Side) -> dict[tuple[str, str], dict[str, Any]]:
    """All offers of one side, from a run over everything."""
    found = one.executor.run(one.snapshot, AS_OF, one.live)  # type: ignore[arg-type]
    return {
        (row["account"], row["sku"]): row for o in found for row in listing(o).iter_rows(named=True)
    }


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is told, without places: rules that moved in their files change no offer."""
    hidden = {"rules", "oversell", "blocked"}
    blocked = sorted({(b["aspect"], b["code"]) for b in row["blocked"]})
    kept = {k: v for k, v in row.items() if k not in hidden and v is not None and v != []}
    return {**kept, "withheld": blocked}


def assert_complete(found: Review) -> None:
    before, after = whole(found.base), whole(found.head)
    expected = {
        key for key in before.keys() | after.keys()
        if key not in before or key not in after or plain(before[key]) != plain(after[key])
    }  # fmt: skip
    rows = {(r["account"], r["sku"]): r for r in found.changed.iter_rows(named=True)}
    # Other payloads or another margin may change an offer of which nothing else is told otherwise.
    more = {k for k, r in rows.items() if set(r["fields"]) & {"margin", *_payloads(r["fields"])}}

    assert expected - rows.keys() == set()
    assert rows.keys() - expected <= more
    for key in expected:
        for name in TOLD:
            for when, run in (("before", before), ("after", after)):
                told = run[key].get(name) if key in run else None
                assert rows[key][f"{name}_{when}"] == told, (key, name, when)
    assert_caused(found, {k for k in expected if k in before and k in after}, before, after)


def _payloads(fields: list[str]) -> set[str]:
    return {name for name in fields if name.startswith("payload.")}


def assert_caused(found: Review, keys: set[tuple[str, str]], before: Any, after: Any) -> None:
    """Every offer that is told otherwise has a cause among the documents that changed."""
    assert found.causes.columns == list(CAUSES)
    changed = {(d.kind, d.name) for d in found.documents}
    caused = {(a, s) for a, s in found.causes.select("account", "sku").iter_rows()}
    prices = {k for k in keys if before[k]["price"] != after[k]["price"]}

    assert prices <= caused
    named = found.causes.filter(pl.col("kind") != "together")
    assert {(k, d) for k, d in named.select("kind", "document").iter_rows()} <= changed


@settings(max_examples=EXAMPLES)
@given(repositories(most_rows=6), repositories(most_rows=1), st.data())
def test_prices_and_content_of_two_states(first: Any, other: Any, data: st.DataObject) -> None:
    pick = Pick(data.draw)
    head = mixed(pick, first.files, other.files)
    sides = side("base", first.files, first), side("head", head, first)

    assert_complete(review(*sides, asked(pick)))


@settings(max_examples=EXAMPLES)
@given(generated_inventory.shops(), generated_inventory.shops(), st.data())
def test_stock_of_kits_and_pools_of_two_states(first: Any, other: Any, data: st.DataObject) -> None:
    pick = Pick(data.draw)
    head = mixed(pick, first.files, other.files)
    sides = side("base", first.files, first), side("head", head, first)

    assert_complete(review(*sides, asked(pick)))
