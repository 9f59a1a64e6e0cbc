"""Two runs over the same SKUs → in which aspects each offer is another one."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.compare.stable_hash import Hashes
from offerwright.frames import ASPECTS
from offerwright.review.causes import Run
from offerwright.review.seen import PAYLOAD

Mask: TypeAlias = NDArray[np.bool_]
OFFER, MARGIN, PAYLOADS = "offer", "margin", "payload"
ORDER = (OFFER, *ASPECTS, MARGIN, PAYLOADS)
"""
What a cause can be of, the first first: that there is an offer at all; price, stock, content as
marketplaces are told them; the margin where the price stays; the bytes that are sent where nothing
else of the offer is another.
"""


def told_apart(one: Run, other: Run, hashes: tuple[Hashes, Hashes]) -> pl.DataFrame:
    """
    `place, aspect`, sorted by aspect: the rows of two runs over the same SKUs that differ.

    `hashes` are those of the aspects of these rows, `offer_state.aspect_hashes`.
    """
    told: dict[str, Mask] = {
        aspect: hashes[0][n] != hashes[1][n] for n, aspect in enumerate(ASPECTS)
    }
    anything = np.logical_or.reduce(list(told.values()))
    margin = _apart(one, other, [MARGIN]) & ~told["price"]
    sent = [_bodies(run.seen) for run in (one, other)]
    # A side that is not written is written as the other one.
    bodies = sorted({*sent[0], *sent[1]}) if all(sent) else []
    masks = {**told, MARGIN: margin, PAYLOADS: _apart(one, other, bodies) & ~anything}
    found = [
        pl.DataFrame({"place": np.flatnonzero(mask)}, schema={"place": pl.Int64}).with_columns(
            pl.lit(aspect).alias("aspect")
        )
        for aspect, mask in masks.items()
    ]
    return pl.concat(found)


def _bodies(frame: pl.DataFrame) -> list[str]:
    """The columns of a frame that are hashes of bodies."""
    return [name for name in frame.columns if name.startswith(PAYLOAD)]


def _apart(one: Run, other: Run, names: list[str]) -> Mask:
    """Where one of these columns is not the same; one that a side does not have is all null."""
    found = np.zeros(len(other.rows), dtype=bool)
    for name in names:
        left, right = (_column(run.seen, name) for run in (one, other))
        found |= left.ne_missing(right).to_numpy()
    return found


def _column(frame: pl.DataFrame, name: str) -> pl.Series:
    if name in frame.columns:
        return frame[name]
    return pl.Series(name, [None], dtype=pl.String).new_from_index(0, len(frame))
