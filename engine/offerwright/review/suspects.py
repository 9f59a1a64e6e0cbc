"""
Which of several changed documents moved an offer: the head is evaluated once more without each.

Where that gives another offer than the head, the document is a cause. With one document alone the
base is the head without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from offerwright.compare.difference import aspects_of, difference
from offerwright.compare.offer_state import offer_state
from offerwright.compare.stable_hash import text_hashes
from offerwright.evaluate.listing import listing
from offerwright.loadout import Loadout
from offerwright.review.causes import Run, moved_by
from offerwright.review.documents import DocumentChange
from offerwright.review.side import Side
from offerwright.source.repository import Repository

Compiled = Callable[[Repository], Loadout | None]
MOST = 12
"""Of more changed documents nobody is told apart: each costs one more evaluation."""
TELLS_NOTHING = frozenset({"guards", "approvals", "lifecycle", "routing", "test"})
"""Kinds of documents that no offer is made of."""
CAUSES: Mapping[str, type[pl.DataType]] = {
    "account": pl.String, "sku": pl.String, "aspect": pl.String, "kind": pl.String,
    "document": pl.String, "rule": pl.String, "file": pl.String, "line": pl.Int64,
}  # fmt: skip
"""One row per offer, aspect and document that moved it. `rule` is empty where no rule is known."""
TOGETHER = "together"
"""The kind of a cause where no document alone makes the difference."""


@dataclass(frozen=True)
class Suspect:
    """One changed document, and the head without it; None where that does not compile."""

    document: DocumentChange
    without: Side | None


def may_move(document: DocumentChange) -> bool:
    """Whether offers can be other ones because of it."""
    return document.kind not in TELLS_NOTHING and document.change != "moved"


def suspects(
    base: Side, head: Side, documents: Sequence[DocumentChange], compiled: Compiled
) -> tuple[Suspect, ...]:
    """The changed documents that may move offers, each with the head without it."""
    known = [one for one in documents if may_move(one)]
    if len(known) == 1:
        return (Suspect(known[0], base),)
    if len(known) > MOST:
        return tuple(Suspect(one, None) for one in known)
    return tuple(Suspect(one, _without(base, head, one, compiled)) for one in known)


def _without(base: Side, head: Side, document: DocumentChange, compiled: Compiled) -> Side | None:
    old, new = base.loadout.repository.files, head.loadout.repository.files
    files = document.undone(old, new)
    loadout = compiled(Repository(head.loadout.repository.root, dict(sorted(files.items()))))
    if loadout is None:
        return None
    return replace(head, name=f"{head.name} without {document.title}", loadout=loadout)


def caused(document: DocumentChange, without: Run, head: Run) -> pl.DataFrame:
    """The offers that are another without a document: `CAUSES`, by account and SKU."""
    account = head.offers.account.name
    aspects = _aspects(without, head)
    skus = head.offers.frame["sku"].gather(head.rows)
    moved = moved_by(without, head)
    rows = aspects.join(
        moved.select("place", "rule", "file", "line").with_columns(pl.lit("price").alias("aspect")),
        on=["place", "aspect"], how="left", maintain_order="left",
    )  # fmt: skip
    return rows.select(
        pl.lit(account).alias("account"),
        skus.gather(rows["place"]).alias("sku"),
        "aspect",
        pl.lit(document.kind).alias("kind"),
        pl.lit(document.name).alias("document"),
        pl.col("rule").fill_null(""),
        pl.col("file").fill_null(document.file),
        pl.col("line").fill_null(1),
    )


def together(base: Run, head: Run, asked: pl.Series) -> pl.DataFrame:
    """The offers that no document alone explains, with the first step that differs."""
    skus = head.offers.frame["sku"].gather(head.rows)
    left = skus.is_in(asked.implode()).to_numpy()
    if not left.any():
        return pl.DataFrame(schema=CAUSES)
    part = [Run(run.offers, run.rows[left]) for run in (base, head)]
    found = moved_by(part[0], part[1])
    here = skus.filter(pl.Series(left))
    return found.select(
        pl.lit(head.offers.account.name).alias("account"),
        here.gather(found["place"]).alias("sku"),
        pl.lit("price").alias("aspect"),
        pl.lit(TOGETHER).alias("kind"),
        "document", "rule", "file", "line",
    )  # fmt: skip


def _aspects(one: Run, other: Run) -> pl.DataFrame:
    """`place, aspect`: where two runs over the same SKUs tell something else."""
    frames = [listing(run.offers).select(pl.all().gather(run.rows)) for run in (one, other)]
    found = difference(offer_state(frames[0]), offer_state(frames[1])).accounts
    keys = text_hashes(frames[1]["sku"])
    places: list[tuple[int, str]] = []
    for account in found:
        order = np.argsort(keys)
        at = order[np.searchsorted(keys[order], account.changed)]
        for place, bits in sorted(zip(at.tolist(), account.aspects.tolist(), strict=True)):
            places += [(place, aspect) for aspect in aspects_of(bits)]
    return pl.DataFrame(places, schema={"place": pl.Int64, "aspect": pl.String}, orient="row")
