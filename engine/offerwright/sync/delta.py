"""What differs from the ledger → changes; what is withheld because it was refused before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.frames import ASPECTS, Aspect
from offerwright.marketplaces.operation import Action
from offerwright.marketplaces.payload import CompiledPayload
from offerwright.marketplaces.render import ROW
from offerwright.sync.known import Known
from offerwright.sync.ports import GUARD_REFUSED
from offerwright.sync.told import Bodies, Told, bodies

Why = Literal["new", "changed", "gone"]
REFUSED = ("rejected", "quarantined")
UNSENT = ("none", "queued")
ON_ITS_WAY = ("sending", "submitted", "in_doubt", "confirmed")
REFUSALS = {"at": pl.Int64, "sku": pl.String, "aspect": pl.String, "state": pl.String,
            "problems": pl.String}  # fmt: skip


_WHY = (
    pl.when(pl.col("confirmed_hash").is_not_null()).then(pl.lit("changed")).otherwise(pl.lit("new"))
)


@dataclass(frozen=True)
class Changes:
    """
    What is told of many SKUs in the same way: one payload.

    `frame`: `at` Int64 (position in the offers; null for a SKU that is not among them), `sku`,
    `why`, one `part.NAME` per part, and for every one of `aspects` its hash
    `covers.ASPECT` and the ledger's desired generation `base.ASPECT` when the plan was made.
    """

    payload: CompiledPayload
    action: Action
    aspect: Aspect
    aspects: tuple[Aspect, ...]
    """What it settles: an update its own aspect alone."""
    frame: pl.DataFrame

    @property
    def says_price(self) -> bool:
        """An end says no price."""
        return "price" in self.aspects and self.action != "end"

    @property
    def covers_stock(self) -> bool:
        return "stock" in self.aspects

    def where(self, kept: pl.Series) -> Changes:
        """Some of them."""
        return replace(self, frame=self.frame.filter(kept))


@dataclass(frozen=True, slots=True)
class Doubt:
    """SKUs that may be missing from a snapshot only because their rows were refused."""

    skus: frozenset[str] = frozenset()
    anyone: bool = False
    """Rows were refused whose SKU nobody can read: it may be any."""

    def of(self, skus: pl.Series) -> pl.Series:
        """Which of these SKUs."""
        return self.named(skus) | self.anyone

    def named(self, skus: pl.Series) -> pl.Series:
        """Which of these SKUs had rows that name them."""
        return skus.is_in(pl.Series(sorted(self.skus), dtype=pl.String).implode())


NO_DOUBT = Doubt()


@dataclass(frozen=True)
class Delta:
    """
    What some rows of an account must be told now.

    By row, `in_step` counts its aspects that are so, and `waits` is where a SKU cannot be listed
    yet. `refused` is what would be said and was refused in the same words, `REFUSALS`.
    """

    changes: tuple[Changes, ...]
    in_step: NDArray[np.uint8]
    waits: NDArray[np.bool_]
    refused: pl.DataFrame


def delta(said: Told, known: Known) -> Delta:
    """
    What differs from the ledger of these rows, aspect by aspect.

    A desired value that is submitted or refused already is not said again; a listing that is to be
    created waits until all its aspects are there.
    """
    skus = said.offers.frame["sku"]
    standing = {aspect: _standing(known, skus, aspect) for aspect in ASPECTS}
    create = said.create
    unlisted = (
        ~known.is_listed(skus) if create is not None else pl.repeat(False, len(skus), eager=True)
    )
    found = [
        _updates(aspect, one, skus, ~unlisted, standing[aspect])
        for aspect, one in said.updates.items()
    ]
    if create is not None:
        found.append(_creates(said, create, skus, unlisted, standing))
    refused = pl.concat([pl.DataFrame(schema=REFUSALS), *(one.refused for one in found)])
    return Delta(
        tuple(change for one in found for change in one.changes),
        sum((one.in_step for one in found), np.zeros(len(skus), dtype=np.uint8)),
        np.logical_or.reduce([np.zeros(len(skus), dtype=bool), *(one.waits for one in found)]),
        refused.sort("at", maintain_order=True),
    )


def _standing(known: Known, skus: pl.Series, aspect: Aspect) -> pl.DataFrame:
    """The ledger beside the offers, and which refusals were our own guards' (`is_ours`)."""
    rows = known.beside(skus, aspect)
    texts = rows.filter(pl.col("state").is_in(REFUSED))["problems"].drop_nulls().unique()
    wanted = pl.Series([text for text in texts.to_list() if _is_ours(text)], dtype=pl.String)
    return rows.with_columns(
        pl.col("problems").is_in(wanted.implode()).fill_null(False).alias("is_ours")
    )


def settled(hashes: pl.Series, standing: pl.DataFrame) -> pl.Series:
    """
    Whether the ledger has these values, is on its way to them, or knows them to be refused.

    What is queued is not on its way: it is planned anew, so that guards judge it by the bounds of
    now, and the plan that is applied replaces it.
    """
    state, hash_ = pl.col("state"), pl.lit(hashes)
    nothing_under_way = pl.col("sent_generation") == pl.col("confirmed_generation")
    is_live = (pl.col("confirmed_hash") == hash_) & state.is_in(UNSENT) & nothing_under_way
    was_refused = (pl.col("rejected_hash") == hash_) & state.is_in(REFUSED)
    is_coming = state.is_in(ON_ITS_WAY) & (pl.col("desired_hash") == hash_)
    # What a guard refused at send is judged anew at every plan: an approval may have come.
    known = is_live | is_coming | (was_refused & ~pl.col("is_ours"))
    return standing.select(known.fill_null(False).alias("settled"))["settled"]


def is_settled(row: Mapping[str, Any], hash_: str) -> bool:
    """What `settled` says, of one row; an empty one is nowhere."""
    nothing_under_way = row.get("sent_generation") == row.get("confirmed_generation")
    if row.get("confirmed_hash") == hash_ and row.get("state") in UNSENT and nothing_under_way:
        return True
    if row.get("rejected_hash") == hash_ and row.get("state") in REFUSED:
        return not _is_ours(row.get("problems"))
    return row.get("state") in ON_ITS_WAY and row.get("desired_hash") == hash_


def _is_ours(problems: str | None) -> bool:
    """Whether a guard of ours was among those who refused."""
    return any(problem["code"] == GUARD_REFUSED for problem in json.loads(problems or "[]"))


def _updates(
    aspect: Aspect, said: Bodies, skus: pl.Series, where: pl.Series, standing: pl.DataFrame
) -> Delta:
    """What one aspect of listed offers must be told."""
    hashes = said.hashes(len(skus))
    there = where & hashes.is_not_null()
    in_step = settled(hashes, standing)
    refused = _refused(standing, aspect, there & in_step)
    head = standing.select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("at"),
        "sku",
        _WHY.alias("why"),
        pl.lit(hashes).alias(f"covers.{aspect}"),
        generation().alias(f"base.{aspect}"),
    )
    change = Changes(
        said.payload, "update", aspect, (aspect,), _with_parts(head, said, there & ~in_step)
    )
    nobody = np.zeros(len(skus), dtype=bool)
    return Delta((change,), _in_step(there & in_step, refused), nobody, refused)


def _in_step(settled_: pl.Series, refused: pl.DataFrame) -> NDArray[np.uint8]:
    """1 where the ledger has what is said, and not because it was refused."""
    found = settled_.to_numpy().astype(np.uint8)
    found[refused["at"].to_numpy()] = 0
    return found


def generation() -> pl.Expr:
    """The ledger's desired generation; 0 where it has no row."""
    return pl.col("desired_generation").fill_null(0)


def _with_parts(head: pl.DataFrame, said: Bodies, where: pl.Series) -> pl.DataFrame:
    """The chosen offers with their bodies."""
    parts = said.frame.drop("hash").with_columns(pl.col(ROW).cast(pl.Int64).alias("at")).drop(ROW)
    return head.filter(where).join(parts, on="at", how="left", maintain_order="left")


def _refused(standing: pl.DataFrame, aspect: Aspect, where: pl.Series) -> pl.DataFrame:
    """The refusals that keep an aspect from being said; none where it is in step."""
    return (
        standing.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("at"))
        .filter(pl.lit(where) & pl.col("state").is_in(REFUSED).fill_null(False))
        .select("at", "sku", pl.lit(aspect).alias("aspect"), "state", "problems")
    )


def _creates(
    said: Told,
    create: Bodies,
    skus: pl.Series,
    unlisted: pl.Series,
    standing: dict[Aspect, pl.DataFrame],
) -> Delta:
    """What is to be listed; it waits until all its aspects are there."""
    size = len(skus)
    hashes = create.hashes(size)
    there = unlisted & hashes.is_not_null()
    covers = {
        aspect: said.updates[aspect].hashes(size).zip_with(
            said.updates[aspect].hashes(size).is_not_null(), hashes
        )
        if aspect in said.updates
        else hashes
        for aspect in create.payload.covers
    }  # fmt: skip
    in_step = pl.repeat(True, size, eager=True)
    for aspect, hash_ in covers.items():
        in_step &= settled(hash_, standing[aspect])
    refused = _refused(standing["content"], "content", there & in_step)
    head = pl.DataFrame({
        "at": pl.int_range(size, dtype=pl.Int64, eager=True),
        "sku": skus,
        "why": pl.repeat("new", size, dtype=pl.String, eager=True),
        **{f"covers.{aspect}": hash_ for aspect, hash_ in covers.items()},
        **{f"base.{a}": standing[a].select(generation()).to_series() for a in covers},
    })  # fmt: skip
    change = Changes(
        create.payload,
        "create",
        "content",
        tuple(covers),
        _with_parts(head, create, there & ~in_step),
    )
    waits = (unlisted & hashes.is_null()).to_numpy()
    return Delta((change,), _in_step(there & in_step, refused), waits, refused)


def ends(
    payload: CompiledPayload, settings: Mapping[str, str], known: Known, gone: pl.Series
) -> Changes:
    """The ends of live listings whose SKU is no longer in the catalogue."""
    found = bodies(payload, gone.to_frame("sku"), settings)
    return _apart(found, "end", payload.aspect, payload.covers, known, gone)


def zeros(
    payload: CompiledPayload, settings: Mapping[str, str], known: Known, skus: pl.Series
) -> Changes:
    """Nought for live listings whose rows were refused: what they have in stock is not known."""
    nought = skus.to_frame("sku").with_columns(pl.lit(0, dtype=pl.Int64).alias("quantity"))
    found = bodies(payload, nought, settings)
    return _apart(found, "update", "stock", ("stock",), known, skus)


def _apart(
    found: Bodies,
    action: Action,
    aspect: Aspect,
    covers: tuple[Aspect, ...],
    known: Known,
    skus: pl.Series,
) -> Changes:
    """What is told of SKUs that have no offer."""
    hashes = found.hashes(len(skus))
    standing = {one: _standing(known, skus, one) for one in covers}
    in_step = pl.repeat(True, len(skus), eager=True)
    for one in covers:
        in_step &= settled(hashes, standing[one])
    head = standing[covers[0]].select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("at"),
        "sku",
        (pl.lit("gone") if action == "end" else _WHY).alias("why"),
        *(pl.lit(hashes).alias(f"covers.{one}") for one in covers),
        *(standing[one].select(generation()).to_series().alias(f"base.{one}") for one in covers),
    )
    frame = _with_parts(head, found, hashes.is_not_null() & ~in_step)
    nowhere = pl.lit(None, dtype=pl.Int64).alias("at")
    return Changes(found.payload, action, aspect, covers, frame.with_columns(nowhere))
