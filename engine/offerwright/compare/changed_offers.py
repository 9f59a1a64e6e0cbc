"""The offers that differ between two listings, with their values before and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.compare.difference import Bits, Difference, aspects_of
from offerwright.compare.listing_file import ListingFile, Located
from offerwright.compare.offer_state import ATTRIBUTE, COLUMNS, StateRefused
from offerwright.compare.stable_hash import Hashes
from offerwright.frames import ASPECTS, Aspect

ChangeKind = Literal["added", "removed", "changed"]
CHUNK = 1 << 15
"""Offers at a time, whatever their number: memory does not grow with what differs."""
_NOWHERE = -1


@dataclass(frozen=True)
class ChangedOffers:
    """
    Some offers that differ, row by row.

    `before` and `after` have the same columns; all of them are null where an offer is not there.
    `aspects` is a bit per aspect; all of them for what is new or gone.
    """

    accounts: pl.Series
    change: pl.Series
    aspects: Bits
    before: pl.DataFrame
    after: pl.DataFrame

    def __len__(self) -> int:
        return len(self.accounts)

    def part(self, at: Sequence[int]) -> ChangedOffers:
        """The offers at these places."""
        here = list(at)
        return ChangedOffers(
            self.accounts[here], self.change[here], self.aspects[here], self.before[here],
            self.after[here],
        )  # fmt: skip

    @property
    def skus(self) -> pl.Series:
        pair = pl.DataFrame({"after": self.after["sku"], "before": self.before["sku"]})
        return pair.select(pl.coalesce("after", "before").alias("sku"))["sku"]


def changed_offers(
    before: ListingFile, after: ListingFile, found: Difference
) -> Iterator[ChangedOffers]:
    """
    What differs, in the order of `after`; then what is gone, in the order of `before`.

    Raises `StateRefused` where two SKUs have one key: the listings cannot be compared then.
    """
    arrived = {one.account: _union(one.changed, one.added) for one in found.accounts}
    left = {one.account: _union(one.changed, one.removed) for one in found.accounts}
    new, old = after.locate(arrived), before.locate(left)
    partner = _Partners(found, old)
    for start in range(0, len(new), CHUNK):
        part = new.part(start, start + CHUNK)
        at, bits = partner.of(part)
        yield _pairs(before.rows(at[at != _NOWHERE]), at, after.rows(part.at), part, bits)
    gone = partner.gone()
    for start in range(0, len(gone), CHUNK):
        part = gone.part(start, start + CHUNK)
        yield _gone(before.rows(part.at), part, after)


def nothing_changed(before: ListingFile, after: ListingFile) -> ChangedOffers:
    """No offers, with the columns that offers of these listings have."""
    nowhere = np.zeros(0, dtype=np.int64)
    nobody = Located(nowhere, pl.Series([], dtype=pl.String), np.zeros(0, dtype=np.uint64))
    bits = np.zeros(0, dtype=np.uint8)
    return _pairs(before.rows(nowhere), nowhere, after.rows(nowhere), nobody, bits)


def _union(one: Hashes, other: Hashes) -> Hashes:
    return np.sort(np.concatenate([one, other]))


class _Partners:
    """By key, where an offer stood before, and what of it changed."""

    def __init__(self, found: Difference, old: Located) -> None:
        self.found = {one.account: one for one in found.accounts}
        self.old = old
        self.places: dict[str, tuple[Hashes, NDArray[np.int64]]] = {}
        for account in self.found:
            mine = (old.accounts == account).arg_true().to_numpy()
            order = np.argsort(old.keys[mine])
            self.places[account] = old.keys[mine][order], old.at[mine][order]

    def of(self, part: Located) -> tuple[NDArray[np.int64], Bits]:
        at = np.full(len(part), _NOWHERE, dtype=np.int64)
        bits = np.full(len(part), (1 << len(ASPECTS)) - 1, dtype=np.uint8)
        for account, one in self.found.items():
            mine = (part.accounts == account).arg_true().to_numpy()
            stays = mine[np.isin(part.keys[mine], one.changed)] if len(mine) else mine
            if len(stays):
                keys, places = self.places[account]
                at[stays] = places[np.searchsorted(keys, part.keys[stays])]
                bits[stays] = one.aspects[np.searchsorted(one.changed, part.keys[stays])]
        return at, bits

    def gone(self) -> Located:
        """What is no longer there."""
        is_gone = np.zeros(len(self.old), dtype=bool)
        for account, one in self.found.items():
            mine = (self.old.accounts == account).arg_true().to_numpy()
            if len(mine):
                is_gone[mine] = np.isin(self.old.keys[mine], one.removed)
        accounts = self.old.accounts.filter(pl.Series(is_gone))
        return Located(self.old.at[is_gone], accounts, self.old.keys[is_gone])


def _pairs(
    held: pl.DataFrame, at: NDArray[np.int64], after: pl.DataFrame, part: Located, bits: Bits
) -> ChangedOffers:
    """Both sides of offers that are there now; `held` are the rows of those that were before."""
    was = at != _NOWHERE
    place = pl.Series(np.where(was, np.cumsum(was) - 1, 0), dtype=pl.Int64)
    place = place.zip_with(pl.Series(was), pl.Series([None], dtype=pl.Int64))
    both = pl.concat([held, after], how="diagonal_relaxed", rechunk=True)
    old, new = both.head(len(held)), both.tail(len(after))
    change = pl.Series(was).replace_strict(
        {True: "changed", False: "added"}, return_dtype=pl.String
    )
    before = old.select(pl.all().gather(place)) if len(old) else _nulls(new)
    refuse_strangers(before["sku"], new["sku"])
    return ChangedOffers(part.accounts, change, bits, before, new)


def refuse_strangers(before: pl.Series, after: pl.Series) -> None:
    """Raises `StateRefused` where two SKUs stand for one offer, because their keys are equal."""
    strange = before.is_not_null() & (before != after)
    if strange.any():
        one, other = before.filter(strange)[0], after.filter(strange)[0]
        raise StateRefused(
            f"the SKUs {one!r} and {other!r} have one key: these listings cannot be compared"
        )


def _gone(held: pl.DataFrame, part: Located, after: ListingFile) -> ChangedOffers:
    schema = after.rows(np.zeros(0, dtype=np.int64))
    both = pl.concat([held, schema], how="diagonal_relaxed")
    bits = np.full(len(part), (1 << len(ASPECTS)) - 1, dtype=np.uint8)
    change = pl.Series(["removed"]).new_from_index(0, len(part))
    return ChangedOffers(part.accounts, change, bits, both, _nulls(both))


def _nulls(frame: pl.DataFrame) -> pl.DataFrame:
    """As many rows of nothing."""
    return frame.clear(len(frame))


def table_of(changed: ChangedOffers) -> pl.DataFrame:
    """`account, sku, change, aspects`; `before` and `after` as structs, null where not there."""
    sides = {
        name: side.select(
            pl.when(pl.col("sku").is_not_null()).then(pl.struct(pl.exclude("account", "sku")))
        ).to_series()
        for name, side in (("before", changed.before), ("after", changed.after))
    }
    aspects = [list(aspects_of(bits)) for bits in changed.aspects.tolist()]
    return pl.DataFrame({
        "account": changed.accounts, "sku": changed.skus, "change": changed.change,
        "aspects": pl.Series(aspects, dtype=pl.List(pl.String)), **sides,
    })  # fmt: skip


def records(changed: ChangedOffers) -> Iterator[dict[str, Any]]:
    """
    One record an offer: `account, sku, change, aspects, values`.

    `values` are the fields that differ, each `{before, after}`; a side on which the offer is not
    there has null. `blocked` are codes with their aspect: `price NO_PRICE`. Amounts and moments
    are exact text, as JSON has no word for them.
    """
    before, after = (_plain(side).iter_rows(named=True) for side in (changed.before, changed.after))
    heads = zip(changed.accounts, changed.skus, changed.change, changed.aspects.tolist(),
                strict=True)  # fmt: skip
    for (account, sku, change, bits), old, new in zip(heads, before, after, strict=True):
        aspects = aspects_of(bits)
        yield {
            "account": account, "sku": sku, "change": change, "aspects": list(aspects),
            "values": {
                name: {"before": _json(old[name]), "after": _json(new[name])}
                for name in old
                if old[name] != new[name] and _is_of(name, aspects)
            },
        }  # fmt: skip


def _json(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return [_json(one) for one in value]
    return {k: _json(v) for k, v in value.items()} if isinstance(value, dict) else value


def _is_of(name: str, aspects: tuple[Aspect, ...]) -> bool:
    if name in ("status", "blocked"):
        return True
    return any(name in COLUMNS[a] for a in aspects) or (
        name.startswith(ATTRIBUTE) and "content" in aspects
    )


def _plain(side: pl.DataFrame) -> pl.DataFrame:
    """Only what is compared, with what blocks as sorted texts."""
    hidden = {"account", "sku", "oversell", "rules"} & set(side.columns)
    part = pl.element().struct
    code = pl.format("{} {}", part.field("aspect"), part.field("code"))
    return side.drop(hidden).with_columns(
        pl.col("blocked").list.eval(code).list.unique().list.sort()
    )
