"""The guards of now on values of then: a way back passes what is in force today as well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

import polars as pl

from offerwright.evaluate.partitions import only
from offerwright.evaluate.run import Executor, Offers
from offerwright.expressions.parse import microseconds
from offerwright.guards.judge import Verdict, judge
from offerwright.guards.plan import OF_MOVES, SOURCE_CHECKS, GuardPlan, GuardSet
from offerwright.guards.sources import NO_SOURCES, Sources
from offerwright.loadout import Loadout
from offerwright.sync.known import LIVE_SCHEMA
from offerwright.sync.plan import REASONS, PlanRows

FROM_LIVE = (*OF_MOVES, "share_moved")
"""Checks that compare with what is live."""
NOTHING_LIVE = pl.DataFrame(schema=LIVE_SCHEMA)
"""What guards compare with on a way back: what is live is the accident."""
GONE = "NOT_IN_CATALOGUE"
_SAID = ("price", "sale_price", "tiers", "quantity", "currency")


@dataclass(frozen=True)
class Present:
    """The rules, the rows and the moment of now; `sources` are those of the snapshot."""

    loadout: Loadout
    snapshot: pl.DataFrame | Path
    as_of: datetime
    sources: Sources = NO_SOURCES

    @cached_property
    def executor(self) -> Executor:
        return Executor(self.loadout.rules)

    @property
    def accounts(self) -> frozenset[str]:
        """The accounts that the shop has now."""
        return frozenset(plan.account.name for plan in self.loadout.rules.plans)

    def of_sources(self, account: str) -> tuple[GuardPlan, ...]:
        """The guards on sources, which stop a way back as they stop any plan."""
        guards = self.loadout.guards.by_account[account]
        return tuple(one for one in guards if one.check in SOURCE_CHECKS)

    def passed(self, offers: Offers, rows: PlanRows) -> PlanRows:
        """
        What these offers add to a plan, without what a guard of now objects to.

        Bounds are of the facts of now; guards that compare with what is live are not asked.
        """
        operations = rows.operations.collect()
        if not len(operations) or offers.account.name not in self.accounts:
            return rows
        found = _objections(operations, self._verdicts(offers, operations["sku"].unique().sort()))
        stopped = found.select("sku", "aspect").unique()
        return replace(
            rows,
            operations=operations.join(
                stopped, on=["sku", "aspect"], how="anti", maintain_order="left"
            ).lazy(),
            withheld=pl.concat([rows.withheld, found.lazy()]).sort(
                "at", nulls_last=True, maintain_order=True
            ),
        )

    def _verdicts(self, then: Offers, skus: pl.Series) -> tuple[pl.Series, tuple[Verdict, ...]]:
        """The SKUs that are there now, in an order, and what the guards of now say of each."""
        (block,) = only(self.loadout.rules, self.snapshot, skus.to_list())
        name = then.account.name
        here = skus.filter(skus.is_in(block.frame["sku"].implode())).to_list()
        (now,) = self.executor.run(block.frame, self.as_of, {}, [name], here)
        guards = [one for one in self.loadout.guards.by_account[name] if one.check not in FROM_LIVE]
        verdicts = judge(
            replace(now, frame=_saying(now.frame, then.frame)), tuple(guards), NOTHING_LIVE,
            microseconds(self.as_of), self.executor.walks,
        )  # fmt: skip
        return now.frame["sku"], verdicts


def _saying(now: pl.DataFrame, then: pl.DataFrame) -> pl.DataFrame:
    """The offers of now with what was said of them then."""
    names = [name for name in _SAID if name in then.columns]
    kept = now.drop(_SAID, strict=False)
    return kept.join(then.select("sku", *names), on="sku", how="left", maintain_order="left")


def _objections(
    operations: pl.DataFrame, judged: tuple[pl.Series, Sequence[Verdict]]
) -> pl.DataFrame:
    """Why operations must not go by the guards of now: `REASONS`."""
    skus, verdicts = judged
    found = [pl.DataFrame(schema=REASONS)]
    gone = operations.filter(~pl.col("sku").is_in(skus.implode()))
    found.append(_reasons(gone, (GONE, "no guard of now can judge it", "")))
    for verdict in verdicts:
        guard = verdict.guard
        for code, mask in _stopping(verdict):
            met = operations.filter(
                _looked_at(guard) & pl.col("sku").is_in(skus.filter(mask).implode())
            )
            found.append(_reasons(met, (code, f"guard {guard.id} of now", str(guard.span))))
    return pl.concat(found)


def _stopping(verdict: Verdict) -> Iterator[tuple[str, pl.Series]]:
    guard, missing = verdict.guard, pl.Series(verdict.missing)
    withheld = pl.Series(verdict.withholds)
    yield "GUARD_INPUT_MISSING", withheld & missing
    yield "HELD" if guard.check == "hold" else guard.else_.upper(), withheld & ~missing


def _looked_at(guard: GuardPlan) -> pl.Expr:
    """Which operations a guard on offers stops: those that say a price, or what a hold names."""
    if guard.check != "hold":
        return pl.col("says_price")
    return pl.col("aspect").is_in(list(guard.aspects)) & ~pl.col("takes")


def _reasons(operations: pl.DataFrame, words: tuple[str, str, str]) -> pl.DataFrame:
    code, reason, place = words
    return operations.select(
        "at", "sku", "aspect", pl.lit(code).alias("code"), pl.lit(reason).alias("reason"),
        pl.lit(place).alias("place"),
    )  # fmt: skip


def without_steps(loadout: Loadout) -> Loadout:
    """The rules without the guards that compare with what is live."""
    kept = {
        name: tuple(one for one in guards if one.check not in FROM_LIVE)
        for name, guards in loadout.guards.by_account.items()
    }
    return replace(loadout, guards=GuardSet(kept))
