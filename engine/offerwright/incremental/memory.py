"""What a run leaves behind for the next one: its offers, and hashes of all that they stand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.compare.stable_hash import Hashes
from offerwright.incremental.footing import SIDES, Footing, Side

Mask = NDArray[np.bool_]
Places = NDArray[np.int64]


class Listing(Protocol):
    """Offers of an account, by their position in its snapshot."""

    def rows(self, at: Places) -> pl.DataFrame:
        """The rows at these positions, in this order."""


@dataclass(frozen=True)
class FrameListing:
    """Offers in memory."""

    frame: pl.DataFrame

    def rows(self, at: Places) -> pl.DataFrame:
        return self.frame.select(pl.all().gather(pl.Series(at, dtype=pl.Int64)))


@dataclass(frozen=True)
class Stood:
    """The hashes of a `Footing`, without what it needs."""

    meaning: str
    places: str
    clock: str


class Before(Protocol):
    """
    What an account stood on when it was remembered, row by row in the order of its snapshot.

    `inputs` are hashes of what each side read of the row; `blocked` is where what is said of it
    names a place in the rules. `documents` are the revisions of its documents, by kind and name.
    """

    @property
    def footings(self) -> Mapping[Side, Stood]: ...
    @property
    def inputs(self) -> Mapping[Side, Hashes]: ...
    @property
    def blocked(self) -> Mapping[Side, Mask]: ...
    @property
    def documents(self) -> Mapping[str, str]: ...


class Remembered(Protocol):
    """What was remembered of a run or a plan, as far as it decides what a change reaches."""

    @property
    def keys(self) -> Hashes: ...
    @property
    def families(self) -> Places: ...
    @property
    def accounts(self) -> Mapping[str, Before]: ...


@dataclass(frozen=True)
class AccountMemory:
    """
    One account of a remembered run, row by row in the order of its snapshot.

    `inputs` are hashes of what each side of the offers read of the row; `blocked` is where a side
    is withheld. `documents` are the revisions of its documents, by kind and name.
    """

    account: str
    footings: Mapping[Side, Stood]
    inputs: Mapping[Side, Hashes]
    blocked: Mapping[Side, Mask]
    listing: Listing
    documents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Memory:
    """
    A remembered run. `keys` are the hashes of its SKUs, in the order of its snapshot; `families`
    the number of the kits and components that a row shares stock with, −1 for none; `files` names
    the files that its rules were read from, byte for byte, empty where nobody said it.
    """

    keys: Hashes
    families: Places
    accounts: Mapping[str, AccountMemory]
    files: str = ""


def stood(found: Mapping[Side, Footing]) -> dict[Side, Stood]:
    return {side: Stood(one.meaning, one.places, one.clock) for side, one in sorted(found.items())}


def blocked_sides(listing: pl.DataFrame) -> dict[Side, Mask]:
    """Where each side of these offers is withheld."""
    size = len(listing)
    found: dict[Side, Any] = {side: np.zeros(size, dtype=bool) for side in SIDES}
    rows = pl.DataFrame({"row": pl.int_range(size, eager=True), "blocked": listing["blocked"]})
    rows = rows.filter(pl.col("blocked").list.len() > 0).explode("blocked")
    aspects = rows.select("row", (pl.col("blocked").struct.field("aspect") == "stock").alias("is"))
    for side, mine in (("stock", pl.col("is")), ("told", ~pl.col("is"))):
        found[side][aspects.filter(mine)["row"].to_numpy()] = True  # type: ignore[index]
    return found
