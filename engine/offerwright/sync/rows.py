"""Offers + guards + ledger → what some rows of an account add to its part of a plan. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals
from offerwright.evaluate.match import Walks, holds
from offerwright.evaluate.rule_ids import named_rules
from offerwright.evaluate.run import Offers
from offerwright.guards.judge import Verdict, judge
from offerwright.guards.landing import costs_of
from offerwright.guards.plan import GuardPlan
from offerwright.guards.send import Batch, approvals_by_row, encode
from offerwright.marketplaces.marketplace import Marketplace
from offerwright.profile import stage
from offerwright.rules.plan import Account, AccountPlan
from offerwright.sync.delta import NO_DOUBT, Changes, Doubt, delta, ends, zeros
from offerwright.sync.held import hold_reasons, split_holds, without_held
from offerwright.sync.known import Known, live_frame
from offerwright.sync.lines import operation_lines
from offerwright.sync.moves import Shown, landings_of, moves_of, shown_of
from offerwright.sync.plan import OPERATIONS, REASONS, PlanRows
from offerwright.sync.reasons import (
    blocked,
    live_breaches,
    objections,
    refusals,
    spared,
    stopped_by,
    warned,
)
from offerwright.sync.tally import tallied
from offerwright.sync.told import Told, settings_of, told, zero_payload


@dataclass(frozen=True)
class Planning:
    """What planning an account needs beside its rows: the same for all of them."""

    marketplace: Marketplace
    guards: tuple[GuardPlan, ...]
    as_of: int
    walks: Walks
    doubt: Doubt = NO_DOUBT


def plan_rows(
    offers: Offers, known: Known, planning: Planning, compared: pl.DataFrame | None = None
) -> PlanRows:
    """
    What these offers add to the plan of their account.

    Args:
        offers: some rows of the catalogue, or all.
        known: what the ledger knows of their SKUs; what it knows of others counts as theirs.
        planning: of the account.
        compared: what guards take for live, as `live_frame` gives it; that of `known` if None.
    """
    with stage("guards"):
        live, past = live_frame(known) if compared is None else compared, known.history
        every = judge(offers, planning.guards, live, planning.as_of, planning.walks, past)
        verdicts, holding = split_holds(every)
    said = told(offers, planning.marketplace, known)
    with stage("delta"):
        found = delta(said, known)
    stopped = pl.Series(stopped_by(verdicts, offers.rows.size))
    allowed = [
        change.where(~stopped.gather(change.frame["at"])) if change.says_price else change
        for change in found.changes
    ]
    allowed = [without_held(change, holding, said, known) for change in allowed]
    with stage("operations"):
        costs = costs_of(offers, planning.guards, planning.as_of, planning.walks)
        batch = Batch(costs, _asked_for(said, planning))
        judged = _Judged(verdicts, _rules(offers, allowed), batch)
        written = [_written(change, said, known, judged, planning) for change in allowed]
        operations = _operations(written).lazy()
        counted, shown = _counted(written), shown_of(offers, said.frame, costs)
    rows = PlanRows(
        operations=operations,
        withheld=_by_offer(
            [
                *blocked(offers),
                *objections(verdicts, found.changes),
                *hold_reasons(found.changes, holding, said, known),
                refusals(found.refused),
            ]
        ),
        warnings=_by_offer(
            [
                *warned(every, found.changes),
                *live_breaches(verdicts, found.changes, offers, known),
            ]
        ),
        moves=moves_of(counted, known, shown),
        landings=landings_of(counted, known, shown),
        offers=offers.rows.size,
        unchanged=int(found.in_step.sum(dtype=np.int64)),
        waiting=int(found.waits.sum()),
    )
    return replace(rows, by_row=tallied(offers.frame["sku"], found, rows, known))


def plan_gone(plan: AccountPlan, known: Known, planning: Planning) -> PlanRows:
    """
    What live listings without a row in the catalogue add to the plan of their account.

    One in doubt is not ended; and where the inventory says that a stock nobody can compute is
    shown as nought, it is.

    Args:
        plan: of the account, as it is at the moment.
        known: what the ledger knows of the SKUs that are not in the catalogue.
        planning: of the account.
    """
    market, doubt = planning.marketplace, planning.doubt
    settings = settings_of(plan.account, market)
    payload = market.payload_for("content", "end", settings)
    stock = zero_payload(plan, market, settings)
    found: list[Changes] = []
    held = known.listed.clear()
    if payload is not None and len(known.listed):
        ended = ends(payload, settings, known, known.listed)
        skus = ended.frame["sku"]
        held = skus.filter(doubt.of(skus))
        found.append(ended.where(~doubt.of(skus)))
    if stock is not None and len(held):
        found.append(zeros(stock, settings, known, held.filter(doubt.named(held))))
    written = [_apart(change, known, plan.account, market) for change in found]
    return PlanRows(
        operations=_operations(written).lazy(),
        withheld=pl.LazyFrame(schema=REASONS),
        warnings=spared(held).lazy(),
        moves=moves_of(_counted(written), known, Shown(plan.account.currency)),
        offers=0,
        unchanged=0,
        waiting=0,
    )


@dataclass(frozen=True)
class _Written:
    """
    Changes with their lines and what they move.

    `frame` has `at, sku, line`, the amounts that are paid before and after (`paid`, `live`),
    `quantity_after`, `takes` and `rules`.
    """

    changes: Changes
    frame: pl.DataFrame


@dataclass(frozen=True)
class _Judged:
    """
    What travels with an operation beside its bytes, by row: verdicts, who made the price, and what
    guards on the whole run look at once more.
    """

    verdicts: Sequence[Verdict]
    rules: pl.Series
    batch: Batch


def _asked_for(said: Told, planning: Planning) -> pl.Series | None:
    """The units that are shown, where a guard asks what falling prices give away on them."""
    asks = any(guard.check == "exposure" for guard in planning.guards)
    return said.frame["quantity"] if asks else None


def _rules(offers: Offers, changes: Sequence[Changes]) -> pl.Series:
    """The rules that made each price, where anything is to be said."""
    size = offers.rows.size
    if not any(change.frame.height for change in changes):
        return pl.Series([""], dtype=pl.String).new_from_index(0, size)
    names = [document.name for document in offers.plan.documents]
    return named_rules(offers.ran, names, size)


def _written(
    changes: Changes, said: Told, known: Known, judged: _Judged, planning: Planning
) -> _Written:
    """Changes of offers, with what they were before and will be after."""
    offers, at = said.offers, changes.frame["at"]
    paid = offers.frame.select(pl.coalesce("sale_price", "price").alias("paid"))["paid"].gather(at)
    quantity = said.frame["quantity"].gather(at)
    rules = judged.rules.gather(at)
    beside = changes.frame.with_columns(
        _guard_inputs(judged, offers, planning, at.to_numpy()).alias("guard_inputs"),
        paid.alias("paid"),
        quantity.alias("quantity_after"),
        rules.alias("rules"),
    )
    return _with_lines(changes, beside, known, offers.account, planning.marketplace)


def _apart(changes: Changes, known: Known, account: Account, marketplace: Marketplace) -> _Written:
    """Changes of SKUs without an offer: they are ended, or told nought."""
    bare = f'{{"currency":"{account.currency}","guards":[],"rules":[],"version":1}}'
    after = None if changes.action == "end" else 0
    beside = changes.frame.with_columns(
        pl.lit(bare).alias("guard_inputs"),
        pl.lit(None, dtype=pl.Decimal(38, 2)).alias("paid"),
        pl.lit(after, dtype=pl.Int64).alias("quantity_after"),
        pl.lit("").alias("rules"),
    )
    return _with_lines(changes, beside, known, account, marketplace)


def _with_lines(
    changes: Changes, beside: pl.DataFrame, known: Known, account: Account, market: Marketplace
) -> _Written:
    skus = beside["sku"]
    price, stock = known.beside(skus, "price"), known.beside(skus, "stock")
    live = price.select(pl.coalesce("sale_price", "price").alias("live"))["live"]
    priced, stocked = pl.lit(changes.says_price), pl.lit(changes.covers_stock)
    whole = beside.with_columns(
        live,
        pl.when(priced).then(live).alias("price_before"),
        pl.when(priced).then(pl.col("paid").cast(pl.String)).alias("price_after"),
        pl.when(stocked).then(stock["quantity"]).alias("quantity_before"),
        pl.when(stocked).then("quantity_after").alias("quantity_after"),
    )
    lines = operation_lines(changes, whole, account.name, market.name)
    less = pl.col("quantity_after") < pl.col("quantity_before")
    takes = (less | (pl.col("quantity_after") == 0)).fill_null(False)
    if changes.action != "update":
        # What is created with nought of it says a price all the same.
        takes = pl.lit(changes.action == "end")
    kept = whole.select(
        "at", "sku", "paid", "live", "quantity_after", takes.alias("takes"), "rules"
    )
    return _Written(changes, kept.with_columns(lines))


def _counted(written: Iterable[_Written]) -> list[tuple[Changes, pl.DataFrame]]:
    return [(one.changes, one.frame) for one in written]


def _operations(written: Iterable[_Written]) -> pl.DataFrame:
    """All changes in the order of the catalogue; of one offer in the order of aspects."""
    found = [
        one.frame.select(
            "at",
            "sku",
            pl.lit(one.changes.aspect).alias("aspect"),
            pl.lit(one.changes.action).alias("action"),
            pl.lit(one.changes.says_price).alias("says_price"),
            pl.lit(one.changes.covers_stock).alias("covers_stock"),
            "takes",
            "rules",
            "line",
        )
        for one in written
    ]
    if not found:
        return pl.DataFrame(schema=OPERATIONS)
    return pl.concat(found).sort("at", nulls_last=True, maintain_order=True)


def _by_offer(reasons: Iterable[pl.DataFrame]) -> pl.LazyFrame:
    found = pl.concat([pl.DataFrame(schema=REASONS), *reasons])
    return found.sort("at", nulls_last=True, maintain_order=True).lazy()


def _guard_inputs(judged: _Judged, offers: Offers, planning: Planning, at: Any) -> pl.Series:
    """The guard inputs of these rows; written for what is sent, not for the whole catalogue."""

    def selected(approval: Any) -> Any:
        chosen = holds(approval.select, offers.rows, planning.as_of, planning.walks)[at]
        return chosen & np.full(len(chosen), planning.as_of < approval.until)

    chosen = [_taken(verdict, at) for verdict in judged.verdicts]
    approvals = approvals_by_row(chosen, selected)
    costs = {guard: cost.gather(at) for guard, cost in judged.batch.costs.items()}
    shown = judged.batch.shown
    batch = Batch(costs, None if shown is None else shown.gather(at))
    return encode(chosen, offers.account.currency, approvals, judged.rules.gather(at), batch)


def _taken(verdict: Verdict, at: Any) -> Verdict:
    taken = {name: c.take(column, at) for name, column in verdict.inputs.items()}
    inputs = {name: column for name, column in taken.items() if isinstance(column, Decimals)}
    return replace(
        verdict,
        applies=verdict.applies[at],
        fails=verdict.fails[at],
        missing=verdict.missing[at],
        approved=verdict.approved[at],
        notes={},
        inputs=inputs,
    )
