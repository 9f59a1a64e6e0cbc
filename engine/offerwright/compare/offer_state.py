"""
All offers of a run in 32 bytes each: a key, and one hash each of price, stock and content.

What is compared is what a marketplace would be told and what is withheld from it, by the code of
the reason. Why it came out so (`rules`, places in files) and the oversell bound are left out: they
may change where no offer does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from offerwright.compare.stable_hash import Hashes, add_column, mixed, text_hash, text_hashes
from offerwright.errors import OfferwrightError
from offerwright.frames import ASPECTS, Aspect, attribute_column

VERSION = 1
"""Of what the hashes mean. States of different versions are not compared."""
COLUMNS: dict[Aspect, tuple[str, ...]] = {
    "price": (
        "price", "sale_price", "list_price", "currency", "sale_from", "sale_before", "tiers",
    ),
    "stock": ("quantity", "node_stock"),
    "content": ("marketplace", "category", "title", "description", "images"),
}  # fmt: skip
"""By aspect, the columns of a listing that its hash is made of; attributes are content."""
NOT_COMPARED = ("account", "sku", "status", "blocked", "oversell", "rules")
ATTRIBUTE = attribute_column("")


class StateRefused(OfferwrightError):
    """Offers of which no state can be made, or states that cannot be compared."""

    exit_code = 2


@dataclass(frozen=True)
class AccountState:
    """
    The offers of one account: `keys` rise strictly; `aspects` has a row of hashes per aspect.

    A key is the hash of the SKU.
    """

    account: str
    keys: Hashes
    aspects: Hashes

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True)
class OfferState:
    """The state of all offers: accounts by name."""

    accounts: tuple[AccountState, ...] = ()

    def __len__(self) -> int:
        return sum(len(one) for one in self.accounts)

    def of(self, account: str) -> AccountState:
        """One account's offers; none if the state does not have it."""
        found = (one for one in self.accounts if one.account == account)
        return next(found, AccountState(account, *_nothing()))

    @property
    def digest(self) -> str:
        """32 hexadecimal digits that name the state: equal offers, equal names."""
        found = hashlib.blake2b(f"offerwright offer state {VERSION}".encode(), digest_size=16)
        for one in self.accounts:
            found.update(f"\n{len(one.account.encode())} {one.account} {len(one)}\n".encode())
            found.update(one.keys.astype("<u8", copy=False).data)
            found.update(np.ascontiguousarray(one.aspects.astype("<u8", copy=False)).data)
        return found.hexdigest()


def _nothing() -> tuple[Hashes, Hashes]:
    return np.zeros(0, dtype=np.uint64), np.zeros((len(ASPECTS), 0), dtype=np.uint64)


def offer_state(listing: pl.DataFrame) -> OfferState:
    """
    The state of a listing of one or several accounts (`evaluate.listing.listing`).

    A column that is missing altogether is one that is missing in every row. Raises `StateRefused`
    where a SKU stands twice under an account or is missing, or a column is none of a listing.
    """
    refuse_columns(listing.columns)
    for name in ("account", "sku"):
        if listing[name].null_count():
            raise StateRefused(f"an offer has no `{name}`")
    return merged(OfferState((_state_of(part),)) for part in _one_account_each(listing))


def refuse_columns(names: Sequence[str]) -> None:
    """Raises `StateRefused` for a column that is none of a listing."""
    known = {*NOT_COMPARED, *(name for names_ in COLUMNS.values() for name in names_)}
    strange = [n for n in names if n not in known and not n.startswith(ATTRIBUTE)]
    lacking = [n for n in ("account", "sku", "blocked") if n not in names]
    if strange:
        raise StateRefused(f"the column `{strange[0]}` is none of a listing of offers")
    if lacking:
        raise StateRefused(f"the column `{lacking[0]}` of a listing of offers is missing")


def _one_account_each(listing: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Runs of rows of the same account: a listing has one per account and part of the catalogue."""
    ends = listing["account"].rle().struct.field("len").cum_sum().to_list()
    for start, end in pairwise([0, *ends]):
        yield listing.slice(start, end - start)


def _state_of(part: pl.DataFrame) -> AccountState:
    keys = text_hashes(part["sku"])
    order = np.argsort(keys)
    return _checked(part["account"][0], keys[order], aspect_hashes(part)[:, order])


def merged(parts: Iterable[OfferState]) -> OfferState:
    """The state of everything that the parts are states of. Raises `StateRefused` as one would."""
    by_account: dict[str, list[AccountState]] = {}
    for part in parts:
        for one in part.accounts:
            by_account.setdefault(one.account, []).append(one)
    return OfferState(tuple(_joined(own) for _, own in sorted(by_account.items())))


def _joined(parts: Sequence[AccountState]) -> AccountState:
    if len(parts) == 1:
        return parts[0]
    keys = np.concatenate([one.keys for one in parts])
    aspects = np.concatenate([one.aspects for one in parts], axis=1)
    # The parts are sorted already: a stable sort merges them.
    order = np.argsort(keys, kind="stable")
    return _checked(parts[0].account, keys[order], aspects[:, order])


def _checked(account: str, keys: Hashes, aspects: Hashes) -> AccountState:
    twice = int((keys[1:] == keys[:-1]).sum())
    if twice:
        number = "1 offer" if twice == 1 else f"{twice:,} offers"
        raise StateRefused(
            f"`{account}` has {number} too many: a SKU stands there twice, or two SKUs have one key"
        )
    return AccountState(account, keys, aspects)


def aspect_hashes(listing: pl.DataFrame) -> Hashes:
    """
    A row of hashes per aspect, in the order of `ASPECTS`, with one of each row of the listing.

    It is the sum of what the columns add, and of what blocks the aspect.
    """
    total = np.zeros((len(ASPECTS), len(listing)), dtype=np.uint64)
    for number, aspect in enumerate(ASPECTS):
        for column in _columns_of(aspect, listing):
            add_column(total[number], column)
    _add_blocks(listing["blocked"], total)
    return total


def _columns_of(aspect: Aspect, listing: pl.DataFrame) -> Iterator[pl.Series]:
    for name in listing.columns:
        if name in COLUMNS[aspect] or (aspect == "content" and name.startswith(ATTRIBUTE)):
            column = listing[name]
            if column.null_count() < len(column):
                yield column


def _add_blocks(blocked: pl.Series, total: Hashes) -> None:
    """Add every code that blocks an aspect of an offer, once."""
    frame = pl.DataFrame({"row": pl.int_range(len(blocked), eager=True), "blocked": blocked})
    frame = frame.filter(pl.col("blocked").list.len() > 0).explode("blocked")
    if frame.is_empty():
        return
    part = pl.col("blocked").struct
    found = frame.select("row", part.field("aspect"), part.field("code")).unique()
    words = mixed(text_hashes(found["code"]) + text_hash("blocked"))
    for number, aspect in enumerate(ASPECTS):
        mine = (found["aspect"] == aspect).to_numpy()
        np.add.at(total[number], found["row"].to_numpy()[mine], words[mine])
