"""
Rows of sources on disk, in buckets by their id: all rows of one id are in one bucket.

SKUs that differ only by case, blanks around them or composed letters share a bucket too, so that
what looks alike is found inside buckets.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from offerwright.facts.read import Records
from offerwright.facts.rejects import Reject

_SEED = 1
_ROW, _BUCKET = "_row", "_bucket"


@dataclass
class Spill:
    """One source on its way to disk; what was refused before its cells were read stays here."""

    folder: Path
    buckets: int
    id_column: str
    digest: str = ""
    rows_in: int = 0
    rejects: dict[int, list[Reject]] = field(default_factory=dict)
    writers: dict[int, Any] = field(default_factory=dict)
    nothing: pl.DataFrame | None = None

    def add(self, records: Records) -> None:
        """Put some records into their buckets."""
        self.digest, self.rows_in = records.sha256, self.rows_in + records.rows_in
        self.nothing = records.cells.clear() if self.nothing is None else self.nothing
        ids = pl.Series([r.id for r in records.rejects], dtype=pl.String)
        for reject, bucket in zip(records.rejects, buckets_of(ids, self.buckets), strict=True):
            self.rejects.setdefault(bucket, []).append(reject)
        number = buckets_of(records.cells[self.id_column], self.buckets)
        frame = records.cells.with_columns(records.rows.alias(_ROW), number.alias(_BUCKET))
        for key, part in frame.partition_by(_BUCKET, as_dict=True, include_key=False).items():
            self._write(int(key[0]), part)

    def _write(self, bucket: int, part: pl.DataFrame) -> None:
        table = part.to_arrow()
        if bucket not in self.writers:
            self.writers[bucket] = pa.ipc.new_stream(str(self._path(bucket)), table.schema)
        self.writers[bucket].write_table(table)

    def _path(self, bucket: int) -> Path:
        return self.folder / f"{bucket:04}"

    def close(self) -> None:
        for writer in self.writers.values():
            writer.close()

    def bucket(self, number: int) -> Records:
        """The records of one bucket, in the order of the file. Everything must be added before."""
        assert self.nothing is not None
        rejects = tuple(self.rejects.get(number, ()))
        if number not in self.writers:
            return Records(self.nothing, pl.Series([], dtype=pl.Int64), rejects, self.digest)
        with pa.memory_map(str(self._path(number))) as file:
            frame = pl.DataFrame(pl.from_arrow(pa.ipc.open_stream(file).read_all()))
        return Records(frame.drop(_ROW), frame[_ROW], rejects, self.digest)


def spilled(folder: Path, buckets: int, id_column: str, parts: Iterable[Records]) -> Spill:
    """All records of a source, in buckets below a folder."""
    folder.mkdir(parents=True)
    spill = Spill(folder, buckets, id_column)
    try:
        for records in parts:
            spill.add(records)
    finally:
        spill.close()
    return spill


def buckets_of(ids: pl.Series, buckets: int) -> pl.Series:
    """The bucket of every id; of ids that look alike the same. Means nothing outside of a run."""
    folded = pl.DataFrame({"id": ids}).select(
        pl.col("id").fill_null("").str.strip_chars().str.to_lowercase()
    )["id"]
    odd = (folded.str.len_bytes() != folded.str.len_chars()).arg_true()
    if len(odd):
        texts = [
            unicodedata.normalize("NFC", (ids[n] or "").strip()).casefold() for n in odd.to_list()
        ]
        folded = folded.scatter(odd, texts)
    return (folded.hash(_SEED) % buckets).cast(pl.Int64)
