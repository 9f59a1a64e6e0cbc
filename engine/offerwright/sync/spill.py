"""Plans of whole catalogues on disk: the parts of their rows, written once and read in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from offerwright.errors import OfferwrightError
from offerwright.sync.plan import PlanRows


def _on_disk(frame: pl.LazyFrame, file: Path) -> pl.LazyFrame:
    # lz4: written and read a few times, so speed counts; bodies of one payload shrink well.
    try:
        frame.collect().write_ipc(file, compression="lz4")
    except OSError as problem:
        raise OfferwrightError(f"{file.parent} cannot be written: {problem}") from problem
    return pl.scan_ipc(file)


@dataclass
class Spill:
    """
    The parts of one account's rows, in order; with a folder their frames are files in it.

    Then only counts stay in memory. The folder belongs to whoever made it, and goes with it.
    """

    account: str
    folder: Path | None = None
    _parts: list[PlanRows] = field(default_factory=list)

    def add(self, rows: PlanRows) -> None:
        """Keep one more part."""
        self._parts.append(rows if self.folder is None else self._written(rows, self.folder))

    def _written(self, rows: PlanRows, folder: Path) -> PlanRows:
        place = folder / self.account
        place.mkdir(exist_ok=True)
        head = place / f"{len(self._parts):06}"
        return replace(
            rows,
            operations=_on_disk(rows.operations, head.with_suffix(".operations")),
            withheld=_on_disk(rows.withheld, head.with_suffix(".withheld")),
            warnings=_on_disk(rows.warnings, head.with_suffix(".warnings")),
        )

    def __iter__(self) -> Iterator[PlanRows]:
        return iter(self._parts)
