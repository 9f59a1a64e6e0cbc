"""A difference as one JSON document: the master that every rendering is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from offerwright.compare.changed_offers import ChangedOffers, records
from offerwright.compare.difference import AccountDifference, Difference
from offerwright.compare.offer_state import OfferState
from offerwright.frames import ASPECTS

Moves = Mapping[tuple[str, str], int]
"""By account and kind of move, how many offers."""
MOVES = ("raised", "lowered", "blocked", "unblocked")


@dataclass(frozen=True)
class Side:
    """One of the two that are compared: what it was called, and what it is."""

    name: str
    form: str
    """`listing` or `state`."""
    state: OfferState


def moves(changed: ChangedOffers) -> Counter[tuple[str, str]]:
    """What buyers see of changed offers: a price that rose or fell, an offer blocked or no more.

    The price is what is paid: the sale price where there is one.
    """
    paid = pl.coalesce("sale_price", "price")
    frame = pl.DataFrame({
        "account": changed.accounts,
        "old": changed.before.select(paid).to_series(),
        "new": changed.after.select(paid).to_series(),
        "was": changed.before["status"] == "blocked",
        "is": changed.after["status"] == "blocked",
    })  # fmt: skip
    found: Counter[tuple[str, str]] = Counter()
    tests = (pl.col("new") > pl.col("old"), pl.col("new") < pl.col("old"),
             pl.col("is") & ~pl.col("was"), pl.col("was") & ~pl.col("is"))  # fmt: skip
    for name, test in zip(MOVES, tests, strict=True):
        counts = frame.filter(test).group_by("account").len()
        found.update({(account, name): count for account, count in counts.iter_rows()})
    return found


def master(
    before: Side,
    after: Side,
    found: Difference,
    counted: Moves | None,
    samples: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """
    The document of `schemas/output/diff.schema.json`, without its version.

    `counted` is None where no values were read: states hold none.
    """
    accounts = [_account(one, counted) for one in found.accounts]
    totals: Counter[str] = Counter()
    for account in accounts:
        totals.update({k: n for k, n in account.items() if k != "account" and n is not None})
    return {
        "before": _side(before),
        "after": _side(after),
        "differs": found.differs,
        "accounts": accounts,
        "totals": {name: totals[name] for name in _COUNTS if counted is not None or
                   name not in MOVES},
        "samples": list(samples),
    }  # fmt: skip


_COUNTS = ("before", "after", "added", "removed", "changed", "unchanged", *ASPECTS, *MOVES)


def _side(side: Side) -> dict[str, Any]:
    return {
        "name": side.name,
        "form": side.form,
        "offers": len(side.state),
        "digest": side.state.digest,
    }


def _account(one: AccountDifference, counted: Moves | None) -> dict[str, Any]:
    return {
        "account": one.account,
        "before": one.before,
        "after": one.after,
        "added": len(one.added),
        "removed": len(one.removed),
        "changed": len(one.changed),
        "unchanged": one.unchanged,
        **{aspect: one.counted(aspect) for aspect in ASPECTS},
        **({} if counted is None else {m: counted.get((one.account, m), 0) for m in MOVES}),
    }


def sampled(
    changed: ChangedOffers, shown: Counter[tuple[str, str]], most: int
) -> Iterator[dict[str, Any]]:
    """Records of the first offers of every account and kind of change; `shown` were before."""
    kinds = pl.DataFrame({"account": changed.accounts, "change": changed.change})
    place = pl.int_range(pl.len()).over("account", "change")
    first = kinds.select(place.alias("place"), "account", "change")
    at = [
        row
        for row, (number, account, change) in enumerate(first.iter_rows())
        if number + shown[account, change] < most
    ]
    yield from records(changed.part(at))
