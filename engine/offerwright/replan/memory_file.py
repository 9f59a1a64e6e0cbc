"""Remembered plans on disk: files named after what is in them, and a head that names them."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import polars as pl
import pyarrow as pa

from offerwright import __version__
from offerwright.incremental.arrow_bytes import arrow_bytes
from offerwright.incremental.memory import Stood, stood
from offerwright.replan.memory import KEPT_REASONS, PLAN_SIDES, Catalogue, PlanMemory
from offerwright.replan.run import Following
from offerwright.sync.plan import PlanRows

FORMAT = 2
HEAD = "plans.json"


@dataclass(frozen=True)
class Remembered:
    """Plans by account, or `why` there are none; `files` are the names that each consists of."""

    plans: Mapping[str, PlanMemory]
    heads: Mapping[str, Any]
    why: str = ""

    @property
    def bookmarks(self) -> frozenset[str]:
        """The moments of the ledger that they were made at."""
        return frozenset(one.token for one in self.plans.values())


class PlanWriter:
    """
    Keeps plans while they are made, beside those of other accounts in the same folder.

    What was remembered before counts until `finish`; one at a time writes there. Use it in a
    `with`: what is left over of a plan that failed goes with it.
    """

    def __init__(self, folder: Path, engine: str, before: Remembered) -> None:
        self.folder, self.engine, self.before = folder, engine, before
        folder.mkdir(parents=True, exist_ok=True)
        # What was read was found to be whole; anything else there may be damaged.
        self._whole = _files(before.heads)
        self._reasons: dict[str, _Reasons] = {}

    def __enter__(self) -> PlanWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for one in self._reasons.values():
            one.close()
            one.file.unlink(missing_ok=True)

    def add(self, account: str, rows: PlanRows) -> None:
        """Keep why rows of the catalogue are withheld, or warned of."""
        if rows.by_row is not None:
            if account not in self._reasons:
                self._reasons[account] = _Reasons.in_folder(self.folder)
            self._reasons[account].add(rows)

    def finish(self, made: Following) -> None:
        """Make these plans what the next ones follow."""
        now = made.prepared.standing
        skus = made.prepared.asked.source.rows(0, len(now.keys), ["sku"])["sku"]
        catalogue = self._put(arrow_bytes({
            "sku": skus.to_arrow(), "key": pa.array(now.keys), "family": pa.array(now.families),
        }))  # fmt: skip
        there = {plan.account.name for plan in made.prepared.asked.rules.plans}
        heads = {name: one for name, one in self.before.heads.items() if name in there}
        for account in made.tallies:
            heads[account] = self._account(made, account, catalogue)
        said = json.dumps(
            {"format": FORMAT, "engine": [__version__, self.engine], "accounts": heads},
            sort_keys=True, indent=1, ensure_ascii=False,
        )  # fmt: skip
        fresh = self.folder / f".{HEAD}"
        fresh.write_text(f"{_digest(said.encode())}\n{said}", encoding="utf-8")
        os.replace(fresh, self.folder / HEAD)
        self._tidy(_files(heads))

    def _account(self, made: Following, account: str, catalogue: str) -> dict[str, Any]:
        now, own = made.prepared.standing, made.prepared.grounds[account]
        rows: dict[str, Any] = {s: pa.array(now.inputs[account][s]) for s in PLAN_SIDES}
        rows["tally"] = pa.array(made.tallies[account])
        reasons = self._reasons.get(account)
        files = {
            "catalogue": catalogue,
            "rows": self._put(arrow_bytes(rows)),
            "reasons": self._put(_NO_REASONS if reasons is None else reasons.content()),
            "gone": self._put(arrow_bytes({"sku": made.gone[account].to_arrow()})),
            "unsure": self._put(arrow_bytes({"sku": made.unsure.to_arrow()})),
        }
        return {
            "files": files,
            "bookmark": made.bookmark,
            "market": own.market,
            "beside": list(own.beside),
            "documents": dict(now.documents[account]),
            "rules": made.prepared.asked.files,
            "footings": {
                side: [one.meaning, one.places, one.clock]
                for side, one in stood(own.footings).items()
            },
        }

    def _put(self, content: bytes) -> str:
        name = f"{_digest(content)[:32]}.arrow"
        if name not in self._whole:  # else it is the same again
            fresh = self.folder / f".{name}"
            fresh.write_bytes(content)
            os.replace(fresh, self.folder / name)
        return name

    def _tidy(self, used: set[str]) -> None:
        """Take away what no plan consists of any more, and what killed runs have left."""
        for one in self.folder.glob("*.arrow"):
            if one.name not in used:
                one.unlink(missing_ok=True)
        for one in self.folder.glob(".*.arrow"):
            one.unlink(missing_ok=True)


def _files(heads: Mapping[str, Any]) -> set[str]:
    """The names of all files that these plans consist of."""
    return {name for one in heads.values() for name in one["files"].values()}


class _Reasons:
    """Reasons on their way into a file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._schema = _table(pl.DataFrame(schema=KEPT_REASONS)).schema
        self._writer = pa.ipc.new_file(file, self._schema, options=_OPTIONS)

    @staticmethod
    def in_folder(folder: Path) -> _Reasons:
        handle, name = tempfile.mkstemp(prefix=".reasons-", suffix=".arrow", dir=folder)
        os.close(handle)
        return _Reasons(Path(name))

    def add(self, rows: PlanRows) -> None:
        both = ((rows.withheld, False), (rows.warnings, True))
        for frame, warns in both:
            found = frame.with_columns(pl.lit(warns).alias("warns")).collect()
            if found.height:
                self._writer.write_table(_table(found.select(KEPT_REASONS.keys())))

    def content(self) -> bytes:
        self.close()
        return self.file.read_bytes()

    def close(self) -> None:
        self._writer.close()


def _table(frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")
_NO_REASONS = arrow_bytes(
    {n: c for n, c in zip(KEPT_REASONS, _table(pl.DataFrame(schema=KEPT_REASONS)).columns,
                          strict=True)}
)  # fmt: skip


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read_plans(folder: Path, engine: str) -> Remembered:
    """
    The plans that were remembered, or why there are none.

    One that is damaged is as good as none.
    """
    file = folder / HEAD
    if not file.is_file():
        return Remembered({}, {}, "nothing was remembered")
    try:
        digest, _, said = file.read_text(encoding="utf-8").partition("\n")
        if _digest(said.encode()) != digest:
            raise ValueError(f"{HEAD} is damaged")
        head = json.loads(said)
        if head["format"] != FORMAT or head["engine"] != [__version__, engine]:
            return Remembered({}, {}, "another version of the engine has run since")
        catalogues: dict[str, Catalogue] = {}
        plans = {
            account: _plan(folder, one, catalogues) for account, one in head["accounts"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as problem:
        return Remembered({}, {}, f"what was remembered cannot be read: {problem}")
    return Remembered(plans, head["accounts"])


def _plan(folder: Path, head: Mapping[str, Any], catalogues: dict[str, Catalogue]) -> PlanMemory:
    files = head["files"]
    name = files["catalogue"]
    if name not in catalogues:
        table = _read(folder, name)
        catalogues[name] = Catalogue(
            table["sku"], table["key"].to_numpy(), table["family"].to_numpy()
        )
    rows = _read(folder, files["rows"])
    if rows.height != len(catalogues[name].keys):
        raise ValueError(f"{HEAD} is damaged")
    return PlanMemory(
        catalogue=catalogues[name],
        footings={side: Stood(*head["footings"][side]) for side in PLAN_SIDES},
        inputs={side: rows[side].to_numpy() for side in PLAN_SIDES},
        tally=rows["tally"].to_numpy(),
        reasons=_read(folder, files["reasons"]).select(
            pl.col(name).cast(dtype) for name, dtype in KEPT_REASONS.items()
        ),
        gone=_read(folder, files["gone"])["sku"].cast(pl.String),
        unsure=_read(folder, files["unsure"])["sku"].cast(pl.String),
        token=head["bookmark"],
        market=head["market"],
        beside=tuple(head["beside"]),
        documents=head["documents"],
        files=head["rules"],
    )


def _read(folder: Path, name: str) -> pl.DataFrame:
    """One file, which must be what its name says."""
    place = folder / Path(name).name
    content = place.read_bytes()
    if f"{_digest(content)[:32]}.arrow" != place.name:
        raise ValueError(f"{place.name} is damaged")
    found = pl.from_arrow(pa.ipc.open_file(pa.BufferReader(content)).read_all())
    assert isinstance(found, pl.DataFrame)
    return found
