"""Guards with `check: hold`: which changes of offers they hold back, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from offerwright.guards.judge import Verdict
from offerwright.guards.plan import GuardPlan
from offerwright.sync.delta import Changes
from offerwright.sync.known import Known
from offerwright.sync.plan import REASONS
from offerwright.sync.told import Told


def split_holds(verdicts: Sequence[Verdict]) -> tuple[tuple[Verdict, ...], tuple[Verdict, ...]]:
    """Verdicts on what offers say, and those that hold offers back whatever they say."""
    judged = tuple(one for one in verdicts if one.guard.check != "hold")
    holding = (one for one in verdicts if one.guard.check == "hold" and one.guard.else_ != "warn")
    return judged, tuple(holding)


def without_held(change: Changes, holding: Sequence[Verdict], said: Told, known: Known) -> Changes:
    """A change without the offers that are held back."""
    if not holding or not change.frame.height:
        return change
    held = np.logical_or.reduce([_held(change, one, said, known) for one in holding])
    return change.where(~pl.Series(held))


def hold_reasons(
    changes: Sequence[Changes], holding: Sequence[Verdict], said: Told, known: Known
) -> Iterator[pl.DataFrame]:
    """Why changes are held back, `REASONS`: of each offer and aspect, every hold."""
    for change in changes:
        for verdict in holding if change.frame.height else ():
            here = change.frame.filter(pl.Series(_held(change, verdict, said, known)))
            yield here.select(
                "at",
                "sku",
                pl.lit(change.aspect).alias("aspect"),
                pl.lit("HELD").alias("code"),
                pl.lit(_words(verdict.guard)).alias("reason"),
                pl.lit(str(verdict.guard.span)).alias("place"),
            ).select(*REASONS)


def _words(guard: GuardPlan) -> str:
    return f"guard {guard.id}" + (f": {guard.note}" if guard.note else "")


def _held(
    change: Changes, verdict: Verdict, said: Told, known: Known
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Where a hold meets a change: never an end, and never a stock that goes down."""
    at = change.frame["at"]
    covered = set(change.aspects) & set(verdict.guard.aspects)
    if change.action == "end" or not covered:
        return np.zeros(len(at), dtype=bool)
    held = verdict.fails[at.to_numpy()]
    if change.action == "update" and change.covers_stock:
        after = said.frame["quantity"].gather(at)
        before = known.beside(change.frame["sku"], "stock")["quantity"]
        less = ((after < before) | (after == 0)).fill_null(False)
        held = held & ~less.to_numpy()
    return np.asarray(held)
