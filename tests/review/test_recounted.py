"""Every number of the document, counted once more from two whole runs without the review."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from cli.test_output_schemas import faults
from review.shop_review import NOON, Edits, Shops, compiled, shops

from offerwright.evaluate.listing import listing
from offerwright.review.master import master
from offerwright.review.review import Asked, review
from offerwright.review.side import Side

ACCOUNT = "  market: {marketplace: quick-market, settings: {shop_id: casa}, credentials: market}\n"
SECOND = ACCOUNT.replace("market:", "second:", 1).replace("casa", "dois")
POOL = "{account: market}, {account: second}"
SALE = "  - {id: week, phase: adjust, when: {category: {under: audio}}, set: {sale_price: price * SALE}}\n"
Offers = Mapping[tuple[str, str], dict[str, Any]]
CHANGES: dict[str, Edits] = {
    "nothing": {},
    "up, with a sale that ends": {
        "rules/pricing.yaml": ("markup: 18%", "markup: 19%"), "rules/sale.yaml": None,
    },
    "to nought and blocked": {
        "rules/pricing.yaml": ("{markup: 40%}", "{markup: -100%}"),
        "rules/mapping.yaml": ('["{{ name }}"]', '["{{ name }} {{ category }} de {{ name }}"]'),
    },
    "an account more, less stock, other titles": {
        "offerwright.yaml": (ACCOUNT, ACCOUNT + SECOND),
        "rules/inventory.yaml": ("pool: {on_hand: stock}", "pool: {on_hand: stock, safety_stock: 6}"),
        "rules/mapping.yaml": ("max: 80", "max: 4"),
    },
    "other data": {
        "rules/facts.yaml": ("cost: {type: money, from: catalogue.cost}",
                             "cost: {type: money, from: catalogue.lowest}"),
    },
}  # fmt: skip


def base_of(folder: Path) -> Shops:
    sale = "kind: pricing\nname: sale\nsteps:\n" + SALE.replace("SALE", "0.9")
    pool = "allocate: {method: shared, marketplaces: [{account: market}]}"
    found = shops(folder).edited({"rules/sale.yaml": sale})
    return found.edited({"rules/inventory.yaml": (
        "allocate: {method: shared, marketplaces: [{marketplace: quick-market}]}", pool)})  # fmt: skip


def whole(side: Side) -> Offers:
    runs = side.executor.run(side.snapshot, NOON)  # type: ignore[arg-type]
    return {
        (row["account"], row["sku"]): row
        for run in runs for row in listing(run).iter_rows(named=True)
    }  # fmt: skip


def paid(row: Mapping[str, Any]) -> Decimal | None:
    return row["sale_price"] if row["sale_price"] is not None else row["price"]


def moved(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> str | None:
    if old is None or new is None or paid(old) is None or paid(new) is None:
        return None
    before, after = paid(old), paid(new)
    assert before is not None and after is not None
    if before == after:
        return None
    if not before or not after:
        return "to_zero" if before else "from_zero"
    return "up" if after > before else "down"


def changed(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> str:
    if old is None or new is None:
        return "new" if old is None else "gone"
    was, now = old["status"] == "blocked", new["status"] == "blocked"
    return "blocked" if now and not was else "unblocked" if was and not now else "changed"


def shares(before: Offers, after: Offers, keys: set[tuple[str, str]]) -> list[Decimal]:
    """Of the old amount, to the sixth decimal; only where a price moves from one to another."""
    found = []
    for key in keys:
        old, new = before.get(key), after.get(key)
        if moved(old, new) in ("up", "down", "to_zero"):
            one, other = paid(old or {}), paid(new or {})
            assert one is not None and other is not None
            found.append(((other - one) / one).quantize(Decimal("0.000001"), ROUND_HALF_UP))
    return found


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_counts_of_the_document(tmp_path: Path, name: str) -> None:
    base = base_of(tmp_path)
    edits = CHANGES[name]
    record = base.record(edits)
    before, after = whole(base.side("base")), whole(base.edited(edits).side("head"))
    keys = {(one["account"], one["sku"]) for one in record["offers"]}
    changes = Counter(changed(before.get(k), after.get(k)) for k in keys)
    moves = Counter(filter(None, (moved(before.get(k), after.get(k)) for k in keys)))
    told = shares(before, after, keys)
    totals = record["totals"]

    assert faults("review", record) == []
    assert totals["offers"] == len(after)
    assert totals["changed_offers"] == len(keys) == sum(changes.values())
    assert {c: totals[c] for c in ("new", "gone", "blocked", "unblocked", "changed")} == {
        c: changes[c] for c in ("new", "gone", "blocked", "unblocked", "changed")
    }
    assert {m: totals[m] for m in ("up", "down", "from_zero", "to_zero")} == {
        m: moves[m] for m in ("up", "down", "from_zero", "to_zero")
    }
    assert sum(one["offers"] for one in record["spread"]) == len(told)
    mean = (sum(told) / len(told)).quantize(Decimal("0.000001"), ROUND_HALF_UP) if told else None
    assert totals["mean_share"] == (None if mean is None else f"{mean:f}")
    assert_whole(record, before, after, keys)


def assert_whole(
    record: Mapping[str, Any], before: Offers, after: Offers, keys: set[tuple[str, str]]
) -> None:
    """The accounts add up, and what is not in the document is the same in both runs."""
    for word in ("changed_offers", "new", "gone", "blocked", "up", "down", "price", "stock"):
        assert record["totals"][word] == sum(one[word] for one in record["accounts"]), word
    for one in record["accounts"]:
        for side, run in (("before", before), ("after", after)):
            mine = [row for (account, _), row in run.items() if account == one["account"]]
            assert one[side] == {
                "offers": len(mine),
                "priced": sum(row["price"] is not None for row in mine),
                "stocked": sum((row["quantity"] or 0) > 0 for row in mine),
            }
    for key in (before.keys() | after.keys()) - keys:
        names = ("price", "sale_price", "quantity", "title", "category", "status")
        assert [before[key].get(n) for n in names] == [after[key].get(n) for n in names], key


def test_the_document_is_the_same_however_many_threads_work_on_parts_of_any_size(
    tmp_path: Path,
) -> None:
    base = base_of(tmp_path)
    before = base.side("base")
    head = base.edited({
        **CHANGES["an account more, less stock, other titles"],
        "rules/pricing.yaml": ("markup: 18%", "markup: 19%"),
    }).side("head")  # fmt: skip
    one, *more = (
        master(review(before, head, Asked(NOON, compiled, workers=workers, rows=rows)), 100)
        for workers, rows in ((1, 1000), (3, 1000), (1, 1), (3, 2))
    )

    assert one["totals"]["changed_offers"] > 4
    assert more == [one] * 3
