"""What the offers of now stand on, row by row: one hash a row, account and side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from offerwright.compare.stable_hash import Hashes, text_hashes
from offerwright.evaluate.match import Walks
from offerwright.evaluate.partitions import PART_ROWS, Source, families, source_of
from offerwright.incremental.affected import Standing
from offerwright.incremental.footing import Footing, Side
from offerwright.incremental.inputs import Inputs
from offerwright.incremental.memory import Places
from offerwright.rules.plan import RuleSet


@dataclass(frozen=True)
class Asked:
    """
    What a run is asked for: as `Executor.run` takes it. All accounts if none is named.

    `snapshot` is `frames.SNAPSHOT`, a Parquet file that holds one and is read part by part, or
    what reads either.
    `files` is a hash of the files that the rules were read from, if it is known: with the same
    ones nobody has to look whether the rules mean the same.
    """

    rules: RuleSet
    snapshot: pl.DataFrame | Path | Source
    as_of: datetime
    live: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    accounts: tuple[str, ...] = ()
    part_rows: int = PART_ROWS
    files: str = ""

    @cached_property
    def source(self) -> Source:
        """The rows, in memory or in a file."""
        return source_of(self.snapshot)

    @property
    def wanted(self) -> tuple[str, ...]:
        every = tuple(plan.account.name for plan in self.rules.plans)
        return tuple(a for a in every if not self.accounts or a in self.accounts)


def standing(asked: Asked, found: Mapping[str, Mapping[Side, Footing]], walks: Walks) -> Standing:
    """Hashes of what these footings need of every row; accounts and sides are those of them."""
    keys: list[Hashes] = [np.zeros(0, dtype=np.uint64)]
    hashes = {account: {side: [keys[0]] for side in sides} for account, sides in found.items()}
    names = _names(asked, found)
    for start in range(0, asked.source.height, asked.part_rows):
        stop = min(start + asked.part_rows, asked.source.height)
        block = asked.source.rows(start, stop, names)
        keys.append(text_hashes(block["sku"]))
        inputs = Inputs(asked.rules, block, asked.as_of, asked.live, walks)
        for account, sides in found.items():
            for side, footing in sides.items():
                hashes[account][side].append(inputs.of(footing.needs))
    return Standing(
        keys=np.concatenate(keys),
        families=_families(asked),
        footings=found,
        inputs={
            account: {side: np.concatenate(own) for side, own in sides.items()}
            for account, sides in hashes.items()
        },
        documents={
            plan.account.name: {f"{d.kind} {d.name}": d.revision for d in plan.documents}
            for plan in asked.rules.plans
        },
        files=asked.files,
    )


def _names(asked: Asked, found: Mapping[str, Mapping[Side, Footing]]) -> list[str] | None:
    """The columns that some account reads; all where facts must be derived to know."""
    every = [one for sides in found.values() for f in sides.values() for one in f.needs]
    if any(one.timed or one.reads.fresh for one in every):
        return None
    facts = frozenset[str]().union(*(one.reads.facts for one in every)) | {"sku"}
    return [
        name for name in asked.source.names if not facts.isdisjoint({name, *_without_scope(name)})
    ]


def _without_scope(name: str) -> tuple[str, str]:
    """The fact of a column, with and without its key."""
    plain = name.rpartition("@")[0] or name
    return plain, plain.partition(".")[0]


def _families(asked: Asked) -> Places:
    found = families(asked.rules, asked.source)
    numbers = np.full(asked.source.height, -1, dtype=np.int64)
    numbers[found.rows] = found.family
    return numbers
