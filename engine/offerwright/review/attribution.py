"""
One account without a changed document, beside the head → which offers that document moves.

An offer that is another one without it is moved by it. What no document alone explains is moved by
several together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from offerwright.compare.stable_hash import Hashes
from offerwright.review.aspects import OFFER, told_apart
from offerwright.review.causes import Run, moved_by, run_of
from offerwright.review.documents import DocumentChange
from offerwright.review.seen import Seen

CAUSES: Mapping[str, type[pl.DataType]] = {
    "account": pl.String, "sku": pl.String, "aspect": pl.String, "kind": pl.String,
    "document": pl.String, "rule": pl.String, "file": pl.String, "line": pl.Int64,
}  # fmt: skip
"""One row per offer, aspect (`aspects.ORDER`) and document that moved it. `rule` is empty where no
rule of the document is known; the place is then the first line of it that is another."""
TOGETHER = "together"
"""The kind of a cause where no document alone makes the difference."""
_KEY = ("account", "sku", "aspect")
_RULE = ("kind", "document", "rule", "file", "line")
_FOUND: Mapping[str, type[pl.DataType]] = {"sku": pl.String, "aspect": pl.String,
                                           **{name: CAUSES[name] for name in _RULE}}  # fmt: skip


def caused(
    document: DocumentChange, sides: tuple[Seen | None, Seen | None], skus: pl.Series
) -> pl.DataFrame:
    """
    The offers that are another without a document, and the rule of it that moved the price.

    Args:
        document: the changed document.
        sides: the account without it, and at the head; None where there is no such account.
        skus: the offers to look at.
    """
    found = _differences(sides, skus)
    file, line = document.place
    mine = (pl.col("kind") == document.kind) & (pl.col("document") == document.name)
    return found.select(
        "sku", "aspect",
        pl.lit(document.kind).alias("kind"),
        pl.lit(document.name).alias("document"),
        pl.when(mine).then("rule").otherwise(pl.lit("")).alias("rule"),
        pl.when(mine).then("file").otherwise(pl.lit(file)).alias("file"),
        pl.when(mine).then("line").otherwise(pl.lit(line, pl.Int64)).alias("line"),
    )  # fmt: skip


def together(
    sides: tuple[Seen | None, Seen | None],
    skus: pl.Series,
    known: pl.DataFrame,
    changes: Sequence[DocumentChange],
) -> pl.DataFrame:
    """
    What no document alone explains, with the first rule that differs where that is known.

    Args:
        sides: the account at the base and at the head.
        skus: the offers that differ.
        known: what is explained, with `sku` and `aspect`.
        changes: the documents that may have moved them; the first one is the place to look at
            where no rule is known.
    """
    left = _differences(sides, skus).join(known, on=["sku", "aspect"], how="anti")
    if not changes:
        return left.clear()
    first = changes[0]
    file, line = first.place
    return left.with_columns(
        pl.lit(TOGETHER).alias("kind"),
        pl.col("document").fill_null(first.name),
        pl.col("rule").fill_null(""),
        pl.col("file").fill_null(file),
        pl.col("line").fill_null(line),
    )


def of_account(account: str, found: pl.DataFrame) -> pl.DataFrame:
    """The causes of one account, `CAUSES`."""
    return found.select(pl.lit(account).alias("account"), *_FOUND).select(*CAUSES)


def nothing() -> pl.DataFrame:
    """No cause at all, as `caused` gives them."""
    return pl.DataFrame(schema=_FOUND)


def _differences(sides: tuple[Seen | None, Seen | None], skus: pl.Series) -> pl.DataFrame:
    """`sku, aspect` of what two states of an account have apart; of a price the rule there."""
    one, other = (_there(side, skus) for side in sides)
    alone = skus.filter(one != other).to_frame("sku").with_columns(pl.lit(OFFER).alias("aspect"))
    both = skus.filter(one & other)
    before, after = sides
    told = nothing()
    if before is not None and after is not None and len(both):
        runs = [run_of(side.offers, side.frame, both) for side in (before, after)]
        hashes = before.hashes[:, runs[0].rows], after.hashes[:, runs[1].rows]
        told = _told((runs[0], runs[1]), hashes, both)
    return pl.concat([nothing(), told, alone], how="diagonal")


def _there(side: Seen | None, skus: pl.Series) -> pl.Series:
    if side is None:
        return pl.Series([False]).new_from_index(0, len(skus))
    return skus.is_in(side.frame["sku"].implode())


def _told(runs: tuple[Run, Run], hashes: tuple[Hashes, Hashes], skus: pl.Series) -> pl.DataFrame:
    aspects = told_apart(*runs, hashes)
    rules = moved_by(*runs).with_columns(pl.lit("price").alias("aspect"))
    rows = aspects.join(rules, on=["place", "aspect"], how="left", maintain_order="left")
    return rows.select(skus.gather(rows["place"]).alias("sku"), "aspect", *_RULE)
