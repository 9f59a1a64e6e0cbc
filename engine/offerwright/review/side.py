"""The two states that are compared, and where they can differ at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Literal

import polars as pl

from offerwright.evaluate.run import Executor
from offerwright.incremental.footing import SIDES, Tables, footings
from offerwright.loadout import TOLD, Loadout
from offerwright.rules.plan import Account
from offerwright.sync.told import settings_of

Difference = Literal["account", "offers", "payloads", "guards"]
"""Why an account may differ: it is new or gone; its prices, stock or content are computed
otherwise; the same offers are written otherwise; other guards look at them."""


@dataclass(frozen=True)
class Side:
    """
    One state of the rules, and the snapshot that they are evaluated over.

    `name` is what a reader calls it, `commit` its commit (empty: no commit). `snapshot` is
    `frames.SNAPSHOT`, or the Parquet file that holds one; equal `snapshot_id`s, equal rows.
    """

    name: str
    commit: str
    loadout: Loadout
    snapshot: pl.DataFrame | Path
    snapshot_id: str
    live: Mapping[str, pl.DataFrame] = field(default_factory=dict)

    @cached_property
    def executor(self) -> Executor:
        """One for all parts: tables learn once."""
        return Executor(self.loadout.rules)

    @property
    def accounts(self) -> dict[str, Account]:
        """All accounts by name, in the order of the rules."""
        return {plan.account.name: plan.account for plan in self.loadout.rules.plans}


def differing(base: Side, head: Side, as_of: datetime) -> dict[str, frozenset[Difference]]:
    """
    The accounts whose offers, payloads or verdicts may differ, with why; sorted by name.

    What is not here is equal, and nobody needs to evaluate it: the same rules, facts and clock over
    the same rows.
    """
    tables = Tables(), Tables()
    found: dict[str, frozenset[Difference]] = {}
    for name in sorted({*base.accounts, *head.accounts}):
        if name not in base.accounts or name not in head.accounts:
            found[name] = frozenset({"account"})
        elif reasons := frozenset(_reasons(base, head, name, as_of, tables)):
            found[name] = reasons
    return found


def _reasons(
    base: Side, head: Side, account: str, as_of: datetime, tables: tuple[Tables, Tables]
) -> Iterator[Difference]:
    one, other = (
        footings(side.loadout.rules, account, as_of, table)
        for side, table in zip((base, head), tables, strict=True)
    )
    moved = any(
        (one[side].meaning, one[side].clock) != (other[side].meaning, other[side].clock)
        for side in SIDES
    )
    if moved or base.snapshot_id != head.snapshot_id:
        yield "offers"
    if _written(base, account) != _written(head, account):
        yield "payloads"
    if base.loadout.guards.by_account[account] != head.loadout.guards.by_account[account]:
        yield "guards"


def _written(side: Side, name: str) -> tuple[object, ...]:
    """All that decides how the offers of an account are written."""
    account = side.accounts[name]
    market = side.loadout.marketplaces[account.marketplace]
    files = side.loadout.repository.files
    folder = f"marketplaces/{account.marketplace}/"
    told = {file: files[file] for file in files if _is_told(file, folder)}
    return tuple(sorted(settings_of(account, market).items())), told


def _is_told(file: str, folder: str) -> bool:
    return file.startswith(folder) and file.removeprefix(folder).startswith(TOLD)
