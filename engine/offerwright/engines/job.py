"""What is to be computed, and what comes of it: plain values that any worker can be handed."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

Format = Literal["jsonl", "csv", "parquet"]
PoolKey: TypeAlias = tuple[str, int, str]
"""An inventory document: file, line and name."""


@dataclass(frozen=True)
class Job:
    """
    The offers of some accounts over one snapshot.

    Attributes:
        rules: the bytes of a bundle; every worker unpacks them once.
        snapshot: the Parquet file of a snapshot. Workers read it themselves, part by part.
        as_of: the moment of the computation, with a zone.
        accounts: by name, in the order of the output.
        rows: about how many rows a part has.
        output: how the offers are written; not at all if None.
        folder: where the pieces of the output go, one file per part and account.
        has_digest: whether offers are hashed.
        states: where the state of each part goes (`compare.state_file`); nowhere if None.
    """

    rules: bytes
    snapshot: Path
    as_of: datetime
    accounts: tuple[str, ...]
    rows: int
    output: Format | None = None
    folder: Path = Path()
    has_digest: bool = False
    states: Path | None = None

    def piece(self, part: int, account: int) -> Path:
        """The file with the offers of one account of one part."""
        return self.folder / f"{part:06}-{account:04}"


@dataclass(frozen=True)
class Pool:
    """Of one inventory document: units that could be sold twice, and of how many SKUs."""

    units: int
    skus: int


@dataclass(frozen=True)
class Tally:
    """
    Counts of some offers; those of parts are added up.

    Attributes:
        status: offers by account and status.
        blocked: offers by account, aspect and code of what blocks them.
        pools: what could be sold twice, by the place of the document and its name.
        sums: by account, two sums of hashes of its offers, modulo 2⁶⁴.
    """

    status: Mapping[tuple[str, str], int] = field(default_factory=dict)
    blocked: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    pools: Mapping[PoolKey, Pool] = field(default_factory=dict)
    sums: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def offers(self, account: str | None = None) -> int:
        """How many offers there are, of one account or of all."""
        return sum(n for (name, _), n in self.status.items() if account in (None, name))

    def digest(self) -> str:
        """
        SHA-256 of the number of offers of every account and of the sums of their hashes.

        Sums know no order, so the size of parts, threads and machines leave it as it is.
        """
        said = [[name, self.offers(name), *sums] for name, sums in sorted(self.sums.items())]
        return hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()


def total(tallies: Iterable[Tally]) -> Tally:
    """The counts of all parts together."""
    status: Counter[tuple[str, str]] = Counter()
    blocked: Counter[tuple[str, str, str]] = Counter()
    pools: dict[PoolKey, Pool] = {}
    sums: dict[str, tuple[int, int]] = {}
    for one in tallies:
        status.update(one.status)
        blocked.update(one.blocked)
        for key, pool in one.pools.items():
            before = pools.get(key, Pool(0, 0))
            pools[key] = Pool(before.units + pool.units, before.skus + pool.skus)
        for name, (first, second) in one.sums.items():
            had = sums.get(name, (0, 0))
            sums[name] = ((had[0] + first) % 2**64, (had[1] + second) % 2**64)
    return Tally(dict(status), dict(blocked), pools, sums)


def tally_json(tally: Tally) -> str:
    """A tally as a line of JSON, for workers that can only answer with text."""
    return json.dumps({
        "status": [[*key, n] for key, n in tally.status.items()],
        "blocked": [[*key, n] for key, n in tally.blocked.items()],
        "pools": [[*key, pool.units, pool.skus] for key, pool in tally.pools.items()],
        "sums": [[key, *both] for key, both in tally.sums.items()],
    })  # fmt: skip


def tally_from_json(text: str) -> Tally:
    """The tally that `tally_json` wrote."""
    data: dict[str, list[list[Any]]] = json.loads(text)
    return Tally(
        {(account, status): n for account, status, n in data["status"]},
        {(account, aspect, code): n for account, aspect, code, n in data["blocked"]},
        {(file, line, name): Pool(units, skus) for file, line, name, units, skus in data["pools"]},
        {account: (first, second) for account, first, second in data["sums"]},
    )
