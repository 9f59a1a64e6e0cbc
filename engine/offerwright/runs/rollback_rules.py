"""The way back to the rules of a commit, over the rows of now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import polars as pl

from offerwright.evaluate.partitions import Partitions
from offerwright.frames import Aspect
from offerwright.loadout import Loadout, PlanRequest, plan_parts
from offerwright.runs.folder import Kept
from offerwright.runs.present import NOTHING_LIVE, Present, without_steps
from offerwright.runs.rollback import CONTENT, hashed, plan_of
from offerwright.runs.said import hashes_of
from offerwright.runs.telling import Telling, teller
from offerwright.sync.catalogue import Ledger
from offerwright.sync.plan import OPERATIONS, PlanRows, SyncPlan

KEY = ("account", "sku", "aspect", "hash")


@dataclass(frozen=True)
class ToRules:
    """The rules to go back to, and what is asked of them."""

    loadout: Loadout
    parts: Partitions
    asked: PlanRequest
    now: Present
    skus: frozenset[str] = frozenset()
    aspects: tuple[Aspect, ...] = CONTENT


def said_before(runs: Iterable[Kept]) -> pl.DataFrame:
    """All that these runs said: `KEY`."""
    found = [pl.DataFrame(schema=dict.fromkeys(KEY, pl.String))]
    found += [hashes_of(kept.said).select(KEY) for kept in runs]
    return pl.concat(found).unique(maintain_order=True)


def way_to_rules(to: ToRules, ledger: Ledger, before: pl.DataFrame) -> SyncPlan:
    """
    Plan what these rules say of live listings and the ledger does not.

    All guards of these rules judge, and those of now. Guards that compare with what is live do not
    stop what was said before (`said_before`), word for word: that is where the way back leads.
    Nothing is listed, nothing ended.
    """
    nothing = dict.fromkeys(to.asked.accounts, NOTHING_LIVE)
    strict, relaxed = (
        plan_parts(loadout, to.parts, ledger, to.asked, planner=teller(telling))
        for loadout, telling in (
            (to.loadout, Telling(passed=to.now.passed)),
            (without_steps(to.loadout), Telling(compared=nothing, passed=to.now.passed)),
        )
    )
    found: dict[str, list[PlanRows]] = {}
    for one, other in zip(strict.parts, relaxed.parts, strict=True):
        for held, free in zip(one.rows, other.rows, strict=True):
            rows = _rows(to, one.account, (held, free), before)
            found.setdefault(one.account, []).append(rows)
    return plan_of(to.asked.basis, found, to.now)


def _rows(
    to: ToRules, account: str, both: tuple[PlanRows, PlanRows], before: pl.DataFrame
) -> PlanRows:
    held, free = both
    allowed = _asked(held.operations.collect(), to)
    more = _asked(free.operations.collect(), to)
    key = ["sku", "aspect", "action"]
    known = before.filter(pl.col("account") == account).drop("account")
    more = more.join(allowed, on=key, how="anti", maintain_order="left")
    returned = hashed(more).join(known, on=["sku", "aspect", "hash"], how="semi")
    operations = pl.concat([allowed, returned.select(*OPERATIONS)])
    operations = operations.sort("at", nulls_last=True, maintain_order=True)
    every = pl.concat([held.withheld, free.withheld]).unique(maintain_order=True).collect()
    reasons = every.sort("at", nulls_last=True, maintain_order=True).join(
        operations, on=["sku", "aspect"], how="anti", maintain_order="left"
    )
    wanted = reasons.filter(pl.col("aspect").is_in(to.aspects))
    return replace(held, operations=operations.lazy(), withheld=_of(wanted, to).lazy())


def _asked(operations: pl.DataFrame, to: ToRules) -> pl.DataFrame:
    updates = (pl.col("action") == "update") & pl.col("aspect").is_in(to.aspects)
    return _of(operations.filter(updates), to)


def _of(rows: pl.DataFrame, to: ToRules) -> pl.DataFrame:
    return rows.filter(pl.col("sku").is_in(sorted(to.skus))) if to.skus else rows
