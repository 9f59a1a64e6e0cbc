"""Rows of a snapshot → one hash a row of all that the offers of an account read of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import polars as pl

from offerwright.compare.stable_hash import (
    Hashes,
    add_column,
    mixed,
    number_words,
    text_hash,
    text_hashes,
)
from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Column, Decimals, Lists, Truths
from offerwright.evaluate.cuts import cuts_at
from offerwright.evaluate.match import Walks
from offerwright.evaluate.views import Views
from offerwright.expressions.parse import microseconds
from offerwright.frames import policy_column, scoped_column
from offerwright.incremental.needs import Needs
from offerwright.rules.axes import OrderedAxis
from offerwright.rules.plan import Account, RuleSet

LIVE = ("live_price", "live_quantity")


@dataclass
class Inputs:
    """One block of rows: what is read of it is hashed once, whatever the accounts that read it."""

    rules: RuleSet
    frame: pl.DataFrame
    as_of: datetime
    live: Mapping[str, pl.DataFrame]
    walks: Walks
    held: dict[tuple[str, str], Hashes] = field(default_factory=dict)
    views: dict[str, Views] = field(default_factory=dict)

    def of(self, found: tuple[Needs, ...]) -> Hashes:
        """By row, a hash of everything that these needs find in it."""
        total = self._of_account(found[0])
        for one in found[1:]:
            total = total + mixed(self._of_account(one) + text_hash(one.account))
        return total

    def _of_account(self, one: Needs) -> Hashes:
        total = np.zeros(len(self.frame), dtype=np.uint64)
        for plain, column in _visible(self.frame.columns, self.rules.plan(one.account).account):
            if plain in one.reads.facts or plain.partition(".")[0] in one.reads.facts:
                total += self._column(plain, column)
        for name in LIVE:
            if name in one.reads.facts and one.account in self.live:
                total += self._live(one.account, name)
        for name in one.timed:
            total += self._timed(one, name)
        for name, within_s in sorted(one.reads.fresh):
            total += self._fresh(one.account, name, within_s)
        return total

    def _column(self, plain: str, column: str) -> Hashes:
        found = self.held.get((plain, column))
        if found is None:
            found = np.zeros(len(self.frame), dtype=np.uint64)
            add_column(found, self.frame[column].alias(plain))
            self.held[plain, column] = found
        return found

    def _live(self, account: str, name: str) -> Hashes:
        """What is confirmed of the rows at an account, as evaluation joins it."""
        key = (f"/live/{name}", account)
        if key not in self.held:
            live = self.live[account].select("sku", *LIVE)
            rows = self.frame.select("sku").join(live, on="sku", how="left", maintain_order="left")
            for one in LIVE:
                found = np.zeros(len(rows), dtype=np.uint64)
                add_column(found, rows[one])
                self.held[f"/live/{one}", account] = found
        return self.held[key]

    def _timed(self, one: Needs, name: str) -> Hashes:
        """A derived fact that the clock is in: its value, or where it only stands in conditions."""
        found = self._seen(one.account, name)
        axes = one.reads.axes.get(name, ())
        if name in one.reads.names or not isinstance(found, Decimals):
            return _valued(found, name)
        total = np.zeros(len(self.frame), dtype=np.uint64)
        for number, axis in enumerate(axes):
            total += mixed(_segments(found, axis) + text_hash(f"{name}/{number}"))
        return total

    def _fresh(self, account: str, name: str, within_s: int) -> Hashes:
        """Whether a moment is not too long ago."""
        found = self._seen(account, name)
        assert isinstance(found, Decimals), "a moment stands here"
        oldest = microseconds(self.as_of) - within_s * 1_000_000
        fresh = c.known(found) & np.asarray(found.values >= oldest)
        word = fresh.astype(np.uint64) + np.uint64(2) * _state(found)
        return mixed(word + text_hash(f"{name}/{within_s}"))

    def _seen(self, account: str, name: str) -> Column:
        if not self.views:
            views = Views(self.rules, self.frame, self.as_of, self.live, self.walks)
            self.views[""] = views
        return self.views[""].of(account).get(name)


def _visible(columns: list[str], account: Account) -> Iterator[tuple[str, str]]:
    """The columns that an account sees: the name that rules use, and that of the column."""
    suffixes = [scoped_column("", account.marketplace), scoped_column("", account.name)]
    suffixes += [policy_column("", account.trade_policy)] if account.trade_policy else []
    scoped = {
        name.removesuffix(suffix): name
        for suffix in suffixes
        for name in columns
        if name.endswith(suffix)
    }
    for name in columns:
        if name not in scoped:
            yield name, name
    yield from scoped.items()


def _state(column: Column) -> Hashes:
    if column.state is None:
        return np.zeros(len(column), dtype=np.uint64)
    return column.state.astype(np.uint64)


def _segments(column: Decimals, axis: OrderedAxis) -> Hashes:
    """The segment of an axis that every value lies in; behind all of them those without a value."""
    numbers = {mask: n for n, mask in enumerate(dict.fromkeys(axis.masks))}
    classes = cuts_at(axis, column.scale, numbers.__getitem__).classes_of(column.values)
    found = classes.astype(np.uint64)
    state = _state(column)
    return np.where(state == 0, found, np.uint64(len(numbers)) + state)


def _valued(column: Column, name: str) -> Hashes:
    """The value of every row, or why there is none."""
    state = _state(column)
    if isinstance(column, Decimals):
        words = number_words(column.values, column.scale)
    elif isinstance(column, Truths):
        words = column.values.astype(np.uint64)
    else:
        texts = [repr(v) if isinstance(column, Lists) else v for v in column.vocabulary]
        words = text_hashes(pl.Series([*texts, ""], dtype=pl.String))[column.codes]
    return mixed(np.where(state == 0, words, np.uint64(0)) + text_hash(name)) + mixed(
        state + text_hash(f"{name}/state")
    )
