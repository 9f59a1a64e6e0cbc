"""What a plan leaves behind for the next one, account by account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from offerwright.compare.stable_hash import Hashes
from offerwright.incremental.footing import SIDES, Side
from offerwright.incremental.memory import Mask, Places, Stood
from offerwright.sync.plan import REASONS
from offerwright.sync.tally import HAS_REASON, Tally, has

PLAN_SIDES: tuple[Side, ...] = (*SIDES, "guards")
KEPT_REASONS = {**REASONS, "warns": pl.Boolean}
"""Reasons as they are kept: `at` is the row of the snapshot, and what warns withholds nothing."""


@dataclass(frozen=True)
class Catalogue:
    """The rows of a snapshot: its SKUs, their hashes, and the number of the kits and components
    that a row shares stock with, −1 for none."""

    skus: pl.Series
    keys: Hashes
    families: Places


@dataclass(frozen=True)
class PlanMemory:
    """
    One account of a remembered plan.

    `inputs` are hashes of what each side read of a row, `tally` what the row added to the plan.
    `token` is a bookmark in the ledger from just before it was read, and `unsure` are the SKUs
    written in between: a backup from that moment may not have them. `gone` are the live listings
    that had no row. `beside` and `market` are as in `Grounds`; `files` as in `incremental.Memory`.
    """

    catalogue: Catalogue
    footings: Mapping[Side, Stood]
    inputs: Mapping[Side, Hashes]
    tally: Tally
    reasons: pl.DataFrame
    gone: pl.Series
    unsure: pl.Series
    token: str
    market: str
    beside: tuple[str, ...]
    documents: Mapping[str, str]
    files: str

    @property
    def blocked(self) -> Mapping[Side, Mask]:
        """Where reasons are given, which name places in the rules."""
        return dict.fromkeys(PLAN_SIDES, has(self.tally, HAS_REASON))


@dataclass(frozen=True)
class Together:
    """Accounts that were remembered over the same catalogue."""

    keys: Hashes
    families: Places
    accounts: Mapping[str, PlanMemory]
