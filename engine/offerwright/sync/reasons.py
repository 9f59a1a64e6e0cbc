"""Why aspects of offers are not in a plan, or are in it with a warning, as `REASONS` frames."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.evaluate.run import Offers
from offerwright.guards.judge import Verdict
from offerwright.sync.delta import Changes
from offerwright.sync.known import Known

Truth = NDArray[np.bool_]


def stopped_by(verdicts: Sequence[Verdict], size: int) -> Truth:
    """Where a guard on a single offer stops its price."""
    stopped = np.zeros(size, dtype=bool)
    for verdict in verdicts:
        stopped |= verdict.withholds
    return stopped


def blocked(offers: Offers) -> Iterator[pl.DataFrame]:
    """What the rules themselves withhold."""
    documents, skus = offers.plan.documents, offers.frame["sku"]
    for block in offers.blocks:
        info = documents[block.document] if 0 <= block.document < len(documents) else None
        where = f"{info.name}/{block.step}" if info is not None else block.step
        place = info.file if info is not None else ""
        at = np.flatnonzero(block.mask)
        yield _reasons(skus, at, (block.aspect, block.code, where, place))


def objections(verdicts: Sequence[Verdict], changes: Sequence[Changes]) -> Iterator[pl.DataFrame]:
    """What guards withhold, of the changes that would have been sent."""
    withholding = [(verdict, verdict.withholds) for verdict in verdicts]
    for change in changes:
        if not change.says_price:
            continue
        at = change.frame["at"].to_numpy()
        for verdict, withheld in withholding:
            guard = verdict.guard
            for code, mask in (
                ("GUARD_INPUT_MISSING", withheld & verdict.missing),
                (guard.else_.upper(), withheld & ~verdict.missing),
            ):
                yield _of(change, at, mask, code, verdict)


def warned(verdicts: Sequence[Verdict], changes: Sequence[Changes]) -> Iterator[pl.DataFrame]:
    """What guards warn of, of the changes that would have been sent."""
    for change in changes:
        at = change.frame["at"].to_numpy()
        for verdict in verdicts:
            if verdict.guard.else_ == "warn" and change.says_price:
                yield _of(change, at, verdict.fails, "WARN", verdict)


def _of(change: Changes, at: Any, mask: Truth, code: str, verdict: Verdict) -> pl.DataFrame:
    guard = verdict.guard
    chosen = np.flatnonzero(mask[at])
    words = ("price", code, f"guard {guard.id}", str(guard.span))
    return _reasons(change.frame["sku"].gather(chosen), None, words, at[chosen])


def live_breaches(
    verdicts: Sequence[Verdict], changes: Sequence[Changes], offers: Offers, known: Known
) -> Iterator[pl.DataFrame]:
    """Live prices that stay as they are although a guard would not let them out today."""
    skus = offers.frame["sku"]
    stays = known.is_listed(skus).to_numpy().copy()
    for change in changes:
        if change.says_price:
            stays[change.frame["at"].to_numpy()] = False
    for verdict in verdicts:
        at = np.flatnonzero(verdict.withholds & stays)
        guard = verdict.guard
        words = ("price", "LIVE_BREAKS_GUARD", f"guard {guard.id}", str(guard.span))
        yield _reasons(skus, at, words)


def refusals(refused: pl.DataFrame) -> pl.DataFrame:
    """What was refused before in the same words."""
    texts = refused["problems"].unique()
    words = pl.DataFrame(
        {"problems": texts, "reason": [_words(text) for text in texts.to_list()]},
        schema={"problems": pl.String, "reason": pl.String},
    )
    joined = refused.join(words, on="problems", how="left", nulls_equal=True, maintain_order="left")
    return joined.select(
        "at",
        "sku",
        "aspect",
        pl.col("state").str.to_uppercase().alias("code"),
        "reason",
        pl.lit("").alias("place"),
    )


def _words(text: str | None) -> str:
    problems = [f"{p['code']} {p['message']}".strip() for p in json.loads(text or "[]")]
    return f"refused before: {'; '.join(problems[:2])}" if problems else "refused before"


def spared(held: pl.Series) -> pl.DataFrame:
    """Live listings that are not ended, because their rows may have been refused."""
    words = ("content", "ROW_REFUSED", "not ended: its row was refused", "")
    nowhere = pl.lit(None, dtype=pl.Int64).alias("at")
    return _reasons(held, None, words, None).with_columns(nowhere)


def _reasons(
    skus: pl.Series, chosen: Any, words: tuple[str, str, str, str], at: Any = None
) -> pl.DataFrame:
    """The same words for these SKUs: of all offers those at `chosen`, or all, which stand `at`."""
    if chosen is not None:
        skus, at = skus.gather(chosen), chosen
    aspect, code, reason, place = words
    return skus.to_frame("sku").select(
        pl.lit(pl.Series(np.zeros(len(skus)) if at is None else at, dtype=pl.Int64)).alias("at"),
        "sku",
        pl.lit(aspect).alias("aspect"),
        pl.lit(code).alias("code"),
        pl.lit(reason).alias("reason"),
        pl.lit(place).alias("place"),
    )
