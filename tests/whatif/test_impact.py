"""What a rule wins, held against two naive runs over all offers: with it, and without it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from offerwright.evaluate.listing import listing
from offerwright.evaluate.run import Executor, Offers
from offerwright.facts.snapshot import build_snapshot
from offerwright.loadout import Loadout
from offerwright.pipeline import compile_repository, linked
from offerwright.review.review import Asked
from offerwright.review.side import Side
from offerwright.source.repository import Repository, read_repository
from offerwright.whatif.impact import impact, record
from offerwright.whatif.parts import find_part
from offerwright.whatif.without import documents_of, readers, without_all

ROOT = Path(__file__).parents[2]
AS_OF = datetime.fromisoformat("2026-11-27T09:30:00-03:00")
RULES = (
    "amazon-br/campaigns/black-friday-audio",
    "stock/safety_stock",
    "clearance",
)


@pytest.fixture(scope="module")
def repository() -> Repository:
    return read_repository(ROOT, ROOT / "marketplaces")[0]


@pytest.fixture(scope="module")
def rules(repository: Repository) -> Loadout:
    return linked(repository, [])


@pytest.fixture(scope="module")
def snapshot(rules: Loadout) -> pl.DataFrame:
    """Every fourth SKU, and those of the list `clearance`."""
    frame = build_snapshot(rules.schema, rules.shop.document, ROOT).frame
    listed = ["LUM-0131", "LUM-0134", "VEN-0199", "TEC-0307", "MOC-0412"]
    fourth = pl.int_range(pl.len()) % 4 == 0
    return frame.filter(fourth | pl.col("sku").is_in(listed))


def compiled(repository: Repository) -> Loadout | None:
    return compile_repository(repository)[0]


def told(rules: Loadout, snapshot: pl.DataFrame) -> Mapping[str, Offers]:
    found = Executor(rules.rules).run(snapshot, AS_OF)
    return {one.account.name: one for one in found}


@pytest.fixture(scope="module")
def with_it(rules: Loadout, snapshot: pl.DataFrame) -> Mapping[str, Offers]:
    return told(rules, snapshot)


def naive(one: Offers, other: Offers) -> Mapping[str, int]:
    """By reading every offer of both runs: how many have another price, and other units."""
    pairs = list(zip(one.frame.to_dicts(), other.frame.to_dicts(), strict=True))
    names = ("price", "sale_price", "list_price", "tiers", "sale_from", "sale_before")
    return {
        "price": sum(any(a.get(n) != b.get(n) for n in names) for a, b in pairs),
        "stock": sum(a["quantity"] != b["quantity"] for a, b in pairs),
        "up": sum(_paid(b) > _paid(a) for a, b in pairs),
        "down": sum(_paid(b) < _paid(a) for a, b in pairs),
    }


def _paid(offer: Mapping[str, Any]) -> Decimal:
    found = offer["sale_price"] if offer["sale_price"] is not None else offer["price"]
    assert found is not None or offer["price"] is None
    return found if found is not None else Decimal(0)


@pytest.mark.parametrize("rule", RULES)
def test_the_counts_are_those_of_two_whole_runs(
    rule: str,
    repository: Repository,
    rules: Loadout,
    snapshot: pl.DataFrame,
    with_it: Mapping[str, Offers],
) -> None:
    gone, (part,) = without_all(repository, [rule])
    without = linked(gone, [])
    now, then = (Side(n, "", r, snapshot, "one") for n, r in (("now", rules), ("then", without)))
    names = list(now.accounts)
    found = record(impact(now, then, (part,), Asked(AS_OF, compiled), names), 0)
    after = told(without, snapshot)
    naively = {name: naive(with_it[name], after[name]) for name in names}
    counted = {
        one["account"]: {key: one[key] for key in ("price", "stock", "up", "down")}
        for one in found["accounts"]
    }

    # A price that is blocked on one side is no move: of these rules none blocks one.
    assert found["totals"]["blocked"] == found["totals"]["unblocked"] == 0
    assert counted == naively
    assert found["totals"]["price"] + found["totals"]["stock"] > 0


@pytest.mark.parametrize(
    ("rule", "named"),
    [
        ("shop/markups/casa-cozinha-low", "casa-cozinha-low"),
        ("shop/gold-brands", "gold-brands"),
        ("shop/markups/otherwise", "markups/otherwise"),
        ("amazon-br/campaigns/black-friday-audio", "black-friday-audio"),
    ],
)
def test_a_rule_counts_where_offers_name_it(
    rule: str,
    named: str,
    repository: Repository,
    rules: Loadout,
    snapshot: pl.DataFrame,
    with_it: Mapping[str, Offers],
) -> None:
    """`rules` of `offers` are made in another way: by the names of what made the price."""
    documents = documents_of(repository)
    part = find_part(documents, rule)
    now = Side("now", "", rules, snapshot, "one")
    names = list(now.accounts)
    found = impact(now, now, (part, *readers(documents, part)), Asked(AS_OF, compiled), names)
    listed = {
        name: listing(offers).filter(pl.col("rules").list.contains(named))["sku"].to_list()
        for name, offers in with_it.items()
    }

    assert {n: f.fires for n, f in found.fired.items()} == {n: len(s) for n, s in listed.items()}
    assert {n: list(f.first) for n, f in found.fired.items()} == {
        n: s[:10] for n, s in listed.items()
    }
    assert sum(map(len, listed.values())) > 0
