"""What the guards of both sides say of the offers that a change reaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import TypeAlias

import polars as pl

from offerwright.evaluate.run import Offers
from offerwright.expressions.parse import microseconds
from offerwright.guards.judge import Verdict, judge
from offerwright.guards.plan import RUN_CHECKS, GuardPlan
from offerwright.guards.whole import RunVerdict, judge_run
from offerwright.review.leaning import LEANS, leaning
from offerwright.review.pairs import Pairs
from offerwright.review.reach import Stock
from offerwright.review.side import Side
from offerwright.review.whole import moves
from offerwright.sync.known import LIVE_SCHEMA

SAID = {"guard": pl.String, "account": pl.String, "sku": pl.String, "verdict": pl.String,
        "is_new": pl.Boolean}  # fmt: skip
"""One row per guard and offer that it objects to. `verdict`: `fails`, `missing` (an input that the
guard must have), `approved`. `is_new`: the base does not have it, or the offer is another one."""


@dataclass(frozen=True)
class Heard:
    """One guard of the head on some offers: how many it looked at, what it says, what leans.

    `said` is `SAID`; `leans` is `leaning.LEANS`.
    """

    guard: GuardPlan
    judged: int
    said: pl.DataFrame
    leans: pl.DataFrame


Judged: TypeAlias = Mapping[str, Heard]
"""By guard of the head, what is heard of it."""


@dataclass(frozen=True)
class GuardResult:
    """
    One guard of the head over all accounts.

    `judged` counts offers it looked at among those that the change reaches; `said` is `SAID`,
    `leans` the offers that are told otherwise and pass because of an approval, `leaning.LEANS`.
    """

    guard: GuardPlan
    judged: int
    said: pl.DataFrame
    leans: pl.DataFrame
    runs: tuple[tuple[str, RunVerdict], ...] = ()

    @property
    def blocks(self) -> bool:
        """
        Whether it stops the change: something new fails, and that is no mere warning.

        A hold keeps offers from being sent, and no change from being merged: else nobody could
        merge the hold.
        """
        if self.guard.check == "hold":
            return False
        failed = self.said.filter(pl.col("is_new") & pl.col("verdict").is_in(["fails", "missing"]))
        missing = (failed["verdict"] == "missing").any()
        strict = self.guard.else_ != "warn"
        return bool(missing or (strict and len(failed))) or any(v.withholds for _, v in self.runs)


def confirmed(side: Side, account: str, base: pl.DataFrame) -> pl.DataFrame:
    """
    What guards take for live: the ledger where there is one, else what the base tells.

    An amount in another currency than the account's is live, and nobody knows how much it is.
    """
    if account in side.live:
        return side.live[account]
    known = pl.col("currency") == side.accounts[account].currency
    price, paid = (pl.when(known).then(name).cast(pl.Decimal(38, 8)) for name in ("price", "paid"))
    return base.select(
        "sku",
        price.alias("live_price"),
        paid.alias("live_paid"),
        pl.col("quantity").alias("live_quantity"),
        pl.col("price").is_not_null().alias("was_sent"),
    ).cast(LIVE_SCHEMA)  # type: ignore[arg-type]


def verdicts(
    sides: tuple[tuple[Side, Offers] | None, tuple[Side, Offers] | None],
    pair: Pairs,
    live: pl.DataFrame,
    as_of: datetime,
) -> Judged:
    """What the guards of the head say of some offers, and which of it is new."""
    base, head = sides
    if head is None:
        return {}
    before = {} if base is None else _objections(*base, live, as_of)
    found = {}
    for verdict in _judged(*head, live, as_of):
        name, offers = _name(verdict.guard), head[1]
        said = _said(verdict, offers, pair.account)
        known = before.get(name, said.clear())
        marked = _marked(said, known, pair)
        leans = leaning(verdict, offers, microseconds(as_of), head[0].executor.walks)
        new = marked.filter((pl.col("verdict") == "approved") & pl.col("is_new"))
        found[name] = Heard(
            verdict.guard, int(verdict.applies.sum()), marked,
            leans.join(new, on=["account", "sku"], how="semi"),
        )  # fmt: skip
    return found


def _judged(side: Side, offers: Offers, live: pl.DataFrame, as_of: datetime) -> Sequence[Verdict]:
    guards = side.loadout.guards.by_account[offers.account.name]
    return judge(offers, guards, live, microseconds(as_of), side.executor.walks)


def _objections(
    side: Side, offers: Offers, live: pl.DataFrame, as_of: datetime
) -> Mapping[str, pl.DataFrame]:
    return {
        _name(one.guard): _said(one, offers, offers.account.name)
        for one in _judged(side, offers, live, as_of)
    }


def _name(guard: GuardPlan) -> str:
    return f"{guard.document}/{guard.id}"


def _said(verdict: Verdict, offers: Offers, account: str) -> pl.DataFrame:
    skus = offers.frame["sku"]
    masks = {"fails": verdict.fails, "missing": verdict.missing, "approved": verdict.approved}
    parts = [
        pl.DataFrame({"sku": skus.filter(pl.Series(mask))}).select(
            pl.lit(_name(verdict.guard)).alias("guard"), pl.lit(account).alias("account"), "sku",
            pl.lit(word).alias("verdict"), pl.lit(True).alias("is_new"),
        )
        for word, mask in masks.items()
    ]  # fmt: skip
    return pl.concat([pl.DataFrame(schema=SAID), *parts])


def _marked(said: pl.DataFrame, known: pl.DataFrame, pair: Pairs) -> pl.DataFrame:
    """Old news is what the base says too, of an offer that is told as before."""
    same = pair.frame.filter(pl.col("change") == "same")["sku"]
    told = known.select("sku", "verdict", pl.lit(True).alias("was"))
    joined = said.join(told, on=["sku", "verdict"], how="left", maintain_order="left")
    is_old = pl.col("was").fill_null(False) & pl.col("sku").is_in(same.implode())
    return joined.with_columns((~is_old).alias("is_new")).select(*SAID)


def run_verdicts(
    head: Side,
    changed: Mapping[str, tuple[pl.DataFrame, pl.DataFrame]],
    before: Mapping[str, Stock],
    as_of: datetime,
) -> Iterator[tuple[str, RunVerdict]]:
    """
    What guards on the whole run say, by account: the base is what is live.

    `changed` are the offers that differ, and the prices that they get (`whole.landed`).
    """
    moment = microseconds(as_of)
    for account, (frame, landed) in sorted(changed.items(), key=itemgetter(0)):
        if account not in head.accounts:
            continue
        guards = head.loadout.guards.by_account[account]
        if any(guard.check in RUN_CHECKS for guard in guards):
            moved = moves(frame, before.get(account, Stock()), guards, landed)
            # An account that the base does not have is published for the first time.
            for verdict in judge_run(guards, moved, moment, first_publication=True):
                yield account, verdict


def guard_results(
    judged: Sequence[Judged], runs: Iterable[tuple[str, RunVerdict]]
) -> tuple[GuardResult, ...]:
    """The verdicts of all parts and accounts together, by document and guard."""
    ran: dict[str, list[tuple[str, RunVerdict]]] = {}
    for account, verdict in runs:
        ran.setdefault(_name(verdict.guard), []).append((account, verdict))
    plans = {name: own[0][1].guard for name, own in ran.items()}
    plans |= {name: heard.guard for part in reversed(judged) for name, heard in part.items()}
    return tuple(
        _result(plans[name], [part[name] for part in judged if name in part], ran.get(name, ()))
        for name in sorted(plans)
    )


def _result(
    guard: GuardPlan, parts: Sequence[Heard], runs: Sequence[tuple[str, RunVerdict]]
) -> GuardResult:
    said = pl.concat([pl.DataFrame(schema=SAID), *(one.said for one in parts)])
    leans = pl.concat([pl.DataFrame(schema=LEANS), *(one.leans for one in parts)])
    return GuardResult(guard, sum(one.judged for one in parts), said, leans, tuple(runs))
