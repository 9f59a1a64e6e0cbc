"""A frame of a snapshot → its rows as every account sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Column, Words
from offerwright.evaluate.decisions import decided
from offerwright.evaluate.facts import SnapshotColumns, column_of
from offerwright.evaluate.match import Walks
from offerwright.evaluate.memo import Memo
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.operations import evaluate as evaluate_expression
from offerwright.evaluate.uniform import repeated
from offerwright.expressions.parse import microseconds
from offerwright.rules.plan import AccountPlan, RuleSet


@dataclass(frozen=True)
class Views:
    """
    One frame, seen by accounts: their own facts, live values, derived facts and decisions.

    A view is made when it is first asked for. `live` is by account, as `Executor.run` takes it.
    """

    rules: RuleSet
    frame: pl.DataFrame
    as_of: datetime
    live: Mapping[str, pl.DataFrame]
    walks: Walks
    shared: dict[str, Column] = field(default_factory=dict)
    held: dict[str, Rows] = field(default_factory=dict)
    memo: Memo = field(default_factory=Memo)

    def of(self, account: str) -> Rows:
        """The rows as this account sees them, before any step has run."""
        found = self.held.get(account)
        if found is None:
            found = self.held[account] = self._seen(self.rules.plan(account))
        return found

    def plain(self, plan: AccountPlan) -> Rows:
        """The facts of the snapshot only: nothing is computed."""
        facts = SnapshotColumns(self.frame, plan.account, self.shared, self.memo)
        scope, zone = plan.scope, ZoneInfo(self.rules.time_zone)
        return Rows(facts, len(self.frame), zone, scope.maps, rates=scope.rates, memo=self.memo)

    def of_frame(self, frame: pl.DataFrame) -> Views:
        """The same accounts and moment over other rows."""
        return Views(self.rules, frame, self.as_of, self.live, self.walks)

    def _seen(self, plan: AccountPlan) -> Rows:
        size, zone = len(self.frame), ZoneInfo(self.rules.time_zone)
        moment = microseconds(self.as_of)
        today = (self.as_of.astimezone(zone).date() - datetime(1970, 1, 1).date()).days  # noqa: DTZ001
        account = plan.account
        rows = self.plain(plan).having(
            {
                "account": _word(account.name, size),
                "marketplace": _word(account.marketplace, size),
                "trade_policy": _word(account.trade_policy, size),
                "currency": _word(account.currency, size),
                "as_of": c.constant(moment, size),
                "today": c.constant(today, size),
                **_live(self.frame, self.live.get(account.name)),
            }
        )
        for name, typed in plan.derived:
            rows = rows.having({name: evaluate_expression(typed, rows)})
        return decided(plan.decisions, rows, moment, self.walks)


def _word(word: str, size: int) -> Words:
    """One word in every row; no word is a missing one."""
    if not word:
        return Words(repeated(-1, size, np.int32), (), repeated(c.MISSING, size, np.uint8))
    return Words(repeated(0, size, np.int32), (word,))


def _live(frame: pl.DataFrame, live: pl.DataFrame | None) -> dict[str, Column]:
    """The last confirmed values beside the frame's rows."""
    if live is None or live.is_empty():
        return {}
    joined = frame.select("sku").join(live, on="sku", how="left", maintain_order="left")
    return {name: column_of(joined[name]) for name in ("live_price", "live_quantity")}
