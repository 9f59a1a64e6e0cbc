"""A rule → what it wins: where it counts, and what the offers would be without it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from offerwright.evaluate.bulk import mapped, run_block
from offerwright.evaluate.partitions import Block, partitions
from offerwright.evaluate.run import Executor, Offers
from offerwright.review.master import master, ranked_offers
from offerwright.review.offers_table import csv, table_of_review
from offerwright.review.review import Asked, Review, review
from offerwright.review.side import Side
from offerwright.whatif.fires import fires
from offerwright.whatif.parts import Part

FIRST = 10
"""So many SKUs that a rule counts for are named, in the order of the snapshot."""
_COUNTS = ("blocked", "unblocked", "up", "down", "from_zero", "to_zero")


@dataclass(frozen=True)
class Fired:
    """The offers of one account, those on which the rule counts, and the first of these."""

    offers: int = 0
    fires: int | None = None
    first: tuple[str, ...] = ()

    def __add__(self, other: Fired) -> Fired:
        known = [one for one in (self.fires, other.fires) if one is not None]
        return Fired(
            self.offers + other.offers,
            sum(known) if known else None,
            (self.first + other.first)[:FIRST],
        )


@dataclass(frozen=True)
class Impact:
    """A rule, where it counts, and the review from the rules as they are to those without it."""

    part: Part
    fired: Mapping[str, Fired]
    review: Review


def impact(
    now: Side, without: Side, parts: Sequence[Part], asked: Asked, accounts: Sequence[str]
) -> Impact:
    """
    What a rule wins on some accounts, over the whole snapshot, part by part.

    Args:
        now, without: the rules with and without it, over the same snapshot.
        parts: the rule, then the same row as other documents read it.
        asked: the moment, and how files are compiled.
        accounts: only these.
    """
    fired = _fired(now, parts, asked, accounts)
    return Impact(parts[0], fired, _only(review(now, without, asked), accounts))


def _fired(
    side: Side, rule: Sequence[Part], asked: Asked, accounts: Sequence[str]
) -> dict[str, Fired]:
    def work(executor: Executor, block: Block) -> dict[str, Fired]:
        found = run_block(executor, block, asked.as_of, side.live, accounts)
        return {one.account.name: _of(one, rule) for one in found}

    parts = partitions(side.loadout.rules, side.snapshot)
    total = dict.fromkeys(accounts, Fired())
    for found in mapped(side.executor, parts, work, asked.workers):
        total = {name: total[name] + found[name] for name in accounts}
    return total


def _of(offers: Offers, rule: Sequence[Part]) -> Fired:
    masks = [mask for mask in (fires(offers, part) for part in rule) if mask is not None]
    if not masks:
        return Fired(len(offers.frame))
    mask = np.logical_or.reduce(masks)
    first = offers.frame["sku"].filter(pl.Series(mask)).head(FIRST).to_list()
    return Fired(len(offers.frame), int(mask.sum()), tuple(first))


def _only(found: Review, accounts: Collection[str]) -> Review:
    """The review of some accounts."""
    return replace(
        found,
        accounts=tuple(one for one in found.accounts if one.account in accounts),
        untouched={name: n for name, n in found.untouched.items() if name in accounts},
        causes=found.causes.filter(pl.col("account").is_in(list(accounts))),
    )


def record(found: Impact, most: int) -> dict[str, Any]:
    """
    The document of `schemas/output/impact.schema.json`.

    `before` is the offer as it is, `after` as it would be without the rule; `most` of those that
    would be others are told one by one, the largest changes first.
    """
    whole = master(found.review, most)
    part, totals = found.part, whole["totals"]
    return {
        "version": 1,
        "rule": {
            "kind": part.kind, "name": part.title, "file": part.span.file, "line": part.span.line,
        },
        "as_of": whole["as_of"],
        "snapshot": whole["snapshot"]["base"],
        "totals": {
            "offers": sum(one.offers for one in found.fired.values()),
            "fires": _sum(one.fires for one in found.fired.values()),
            **_counts(totals),
        },
        "accounts": list(_accounts(found, whole)),
        "movers": whole["movers"],
        "offers": whole["offers"],
    }  # fmt: skip


def _sum(counts: Iterator[int | None]) -> int | None:
    known = [one for one in counts if one is not None]
    return sum(known) if known else None


def _counts(said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "changed": said["changed_offers"],
        "price": said["price"],
        "stock": said["stock"],
        **{name: said[name] for name in _COUNTS},
        "mean_share": said["mean_share"],
        "margin_now": said["margin_before"],
        "margin_without": said["margin_after"],
    }


def _accounts(found: Impact, whole: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """All accounts that were asked for; what cannot differ has counts of nought."""
    differ = {one["account"]: one for one in whole["accounts"]}
    plans = found.review.base.accounts
    nothing = {name: 0 for name in ("changed_offers", "price", "stock", *_COUNTS)}
    none = dict.fromkeys(("mean_share", "margin_before", "margin_after"))
    for name, fired in found.fired.items():
        account = plans[name]
        yield {
            "account": name,
            "marketplace": account.marketplace,
            "currency": account.currency,
            "offers": fired.offers,
            "fires": fired.fires,
            "first": list(fired.first),
            **_counts(differ.get(name, {**nothing, **none})),
        }


def csv_of(found: Impact) -> bytes:
    """Every offer that would be another one, as CSV: the columns of `diff -o csv`."""
    return csv(table_of_review(ranked_offers(found.review), master(found.review, 0)))
