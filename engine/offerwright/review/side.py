"""The two states that are compared, and where they can differ at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

import polars as pl

from offerwright.evaluate.run import Executor
from offerwright.incremental.footing import SIDES, Part, Tables, footing, footings
from offerwright.incremental.needs import needs
from offerwright.loadout import TOLD, Loadout
from offerwright.rules.plan import Account, RuleSet
from offerwright.sync.told import settings_of

Difference = Literal["account", "offers", "margin", "payloads", "guards"]
"""Why an account may differ: it is new or gone; its prices, stock or content are computed
otherwise; of the same prices something else is left; the same offers are written otherwise; other
guards look at them."""


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


@dataclass(frozen=True)
class Standing:
    """All that decides what an account is told at a moment: rules with rows, writing, guards."""

    offers: object
    margin: object
    payloads: object
    guards: object


Standings: TypeAlias = Mapping[str, Standing]
"""By account."""


def differing(base: Side, head: Side, as_of: datetime) -> dict[str, frozenset[Difference]]:
    """
    The accounts whose offers, payloads or verdicts may differ, with why; sorted by name.

    What is not here is equal, and nobody needs to evaluate it: the same rules, facts and clock over
    the same rows.
    """
    return differing_between(standings(base, as_of), standings(head, as_of))


def differing_between(base: Standings, head: Standings) -> dict[str, frozenset[Difference]]:
    """`differing` of what is known of both sides."""
    found: dict[str, frozenset[Difference]] = {}
    for name in sorted({*base, *head}):
        if name not in base or name not in head:
            found[name] = frozenset({"account"})
        elif reasons := frozenset(_reasons(base[name], head[name])):
            found[name] = reasons
    return found


def _reasons(base: Standing, head: Standing) -> Iterator[Difference]:
    if base.offers != head.offers:
        yield "offers"
    if base.margin != head.margin:
        yield "margin"
    if base.payloads != head.payloads:
        yield "payloads"
    if base.guards != head.guards:
        yield "guards"


def standings(side: Side, as_of: datetime) -> Standings:
    """What every account of a side stands on."""
    tables = Tables()
    return {name: _standing(side, name, as_of, tables) for name in side.accounts}


def _standing(side: Side, account: str, as_of: datetime, tables: Tables) -> Standing:
    rules, guards = side.loadout.rules, side.loadout.guards.by_account[account]
    found = footings(rules, account, as_of, tables)
    fees = footing(rules, _fees(rules, account), as_of, tables)
    meaning = [(one.meaning, one.clock) for one in (*(found[part] for part in SIDES), fees)]
    return Standing(
        offers=(side.snapshot_id, meaning[:-1]),
        margin=(side.snapshot_id, meaning[-1]),
        payloads=_written(side, account),
        guards=guards,
    )


def _fees(rules: RuleSet, account: str) -> Part:
    """What a marketplace takes, whether or not a price is made of it."""
    plan = rules.plan(account)
    documents = [plan.documents[number] for number in sorted({fee.document for fee in plan.fees})]
    numbers = {fee.document: n for n, fee in enumerate(plan.fees)}
    items = (
        *(replace(fee, document=numbers[fee.document]) for fee in plan.fees),
        *(replace(one, revision="", ends=None) for one in documents),
    )
    return Part(items, (needs(plan, items),))


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
