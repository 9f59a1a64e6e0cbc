"""Which rows of a plan a change can reach: of the inputs, of the rules, and of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from offerwright.compare.stable_hash import text_hashes
from offerwright.incremental.affected import NOWHERE, Standing, affected, with_kin
from offerwright.incremental.memory import Mask, Places
from offerwright.replan.grounds import Grounds
from offerwright.replan.memory import PlanMemory, Together
from offerwright.sync.tally import HAS_OPERATION, has

SIDE_WORDS = {"told": "prices and content", "stock": "stock", "guards": "guards"}


@dataclass(frozen=True)
class Reached:
    """
    The rows of an account that are planned again.

    `mask` is over the rows of now, `old` where each stood before, `NOWHERE` for what is new, and
    `why` the reasons why it is all of them. `touched` are the SKUs that the ledger may know
    otherwise, in the catalogue or not; None where all that is known is to be read.
    """

    old: Places
    mask: Mask
    why: tuple[str, ...] = ()
    touched: pl.Series | None = None

    def whole(self, *why: str) -> Reached:
        return replace(self, mask=np.ones_like(self.mask), why=(*self.why, *why))


def reached(
    memory: Mapping[str, PlanMemory], now: Standing, stands: Mapping[str, Grounds]
) -> dict[str, Reached]:
    """What a change of inputs or rules reaches, by account; the ledger is not asked yet."""
    nowhere = np.full(len(now.keys), NOWHERE, dtype=np.int64)
    fresh = Reached(nowhere, np.ones(len(nowhere), dtype=bool), ("nothing was remembered of it",))
    found = dict.fromkeys(stands, fresh)
    for group in _groups(memory, stands):
        own = replace(now, footings={account: now.footings[account] for account in group.accounts})
        sides = affected(group, own)
        for account, held in group.accounts.items():
            mask = np.logical_or.reduce(list(sides.masks[account].values()))
            why = _reasons((r.side, r.why) for r in sides.reasons if r.account == account)
            again = has(held.tally, HAS_OPERATION) | _aging(held, stands[account])
            one = Reached(sides.old, mask | _at(again, sides.old), why)
            other = tuple(_otherwise(held, stands[account]))
            found[account] = one.whole(*other) if other else one
    return found


def _groups(memory: Mapping[str, PlanMemory], stands: Mapping[str, Grounds]) -> Iterable[Together]:
    """Accounts whose rows stand in the same order are compared together."""
    groups: dict[int, dict[str, PlanMemory]] = {}
    for account in stands:
        if account in memory:
            groups.setdefault(id(memory[account].catalogue), {})[account] = memory[account]
    for accounts in groups.values():
        held = next(iter(accounts.values())).catalogue
        yield Together(held.keys, held.families, accounts)


def _reasons(found: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(
        f"{SIDE_WORDS[side]}: {why}" if why.startswith("the moment") else why
        for side, why in found
    ))  # fmt: skip


def _aging(held: PlanMemory, now: Grounds) -> Mask:
    """Rows that a guard withheld for the moves of days that may be over: no input tells of that."""
    found = np.zeros(len(held.tally), dtype=bool)
    if now.aging:
        reasons = pl.Series(now.aging, dtype=pl.String)
        rows = held.reasons.filter(pl.col("reason").is_in(reasons.implode()))
        found[rows["at"].to_numpy()] = True
    return found


def _at(before: Mask, old: Places) -> Mask:
    """What was so of the rows where they stood before."""
    found = np.zeros(len(old), dtype=bool)
    there = old != NOWHERE
    found[there] = before[old[there]]
    return found


def _otherwise(held: PlanMemory, now: Grounds) -> Iterable[str]:
    if held.market != now.market:
        yield "the folder of its marketplace has changed"
    if held.beside != now.beside:
        yield "it is planned beside other accounts"


def with_ledger(
    found: Reached, held: PlanMemory, now: Standing, touched: pl.Series | None
) -> Reached:
    """With all that the ledger may know otherwise, on any account, and their kin."""
    if touched is None:
        return found.whole("the ledger does not know the moment that was remembered")
    skus = pl.concat([touched, held.unsure]).unique().sort()
    rows = np.isin(now.keys, text_hashes(skus))
    kin = with_kin(rows, _left(found.old, held), found.old, held.catalogue.families, now.families)
    return replace(found, mask=found.mask | kin, touched=skus)


def _left(old: Places, held: PlanMemory) -> Mask:
    """The rows of before that are no more."""
    left = np.ones(len(held.catalogue.keys), dtype=bool)
    left[old[old != NOWHERE]] = False
    return left


def candidates(found: Reached, held: PlanMemory) -> pl.Series | None:
    """SKUs without a row that may be live; more may be among them. None: nobody knows."""
    if found.touched is None:
        return None
    left = held.catalogue.skus.filter(pl.Series(_left(found.old, held)))
    return pl.concat([held.gone, found.touched, left]).unique().sort()
