"""Sources larger than memory → a snapshot: bucket by bucket, then in the order of the catalogue."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from offerwright.facts.archive import FACTS, ROW_GROUP
from offerwright.facts.join import (
    Note,
    at_scales,
    columns_in_order,
    default_of,
    join_some,
    least_scales,
    merged_notes,
    refuse_too_many_keys,
    trusted_rows,
    unknown_ids,
)
from offerwright.facts.read import Records, Wanted, read_source, source_path
from offerwright.facts.read_parquet import parquet_height, parquet_parts
from offerwright.facts.rejects import Reject
from offerwright.facts.schema import FactSchema, SourceDef
from offerwright.facts.spill import Spill, spilled
from offerwright.facts.table import ID, SourceTable, typed_table
from offerwright.frames import map_column

CHUNK_ROWS = 262_144
_ROW, _TRUSTED = "_row", "_trusted "
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Origin:
    """Where sources lie, and which of their columns are wanted."""

    schema: FactSchema
    root: Path
    data_root: Path | None
    wanted: Mapping[str, Wanted]

    def parts(self, source: SourceDef) -> Iterator[Records]:
        """The records of a source; of Parquet some at a time."""
        wanted, path = self.wanted[source.name], source_path(source, self.root, self.data_root)
        if source.format != "parquet" or not path.is_file():
            yield read_source(source, wanted, self.root, self.data_root)
            return
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        yield from parquet_parts(source, path, digest, wanted, CHUNK_ROWS)

    def typed(self, source: SourceDef, records: Records) -> SourceTable:
        return typed_table(source, records, self.schema.facts, self.schema.time_zone)

    def height(self) -> int:
        """The records of all Parquet files."""
        return sum(
            parquet_height(source_path(source, self.root, self.data_root))
            for source in self.schema.sources.values()
            if source.format == "parquet"
        )


@dataclass
class SourceRows:
    """What became of the rows of one source."""

    source: SourceDef
    sha256: str
    rows_in: int
    kept: int = 0
    rejects: list[Reject] = field(default_factory=list)

    def add(self, table: SourceTable) -> None:
        self.kept += table.frame.height
        self.rejects += table.rejects

    @property
    def rejected(self) -> int:
        """The number of refused rows; a row with several bad cells counts once."""
        return len({reject.row for reject in self.rejects})


@dataclass(frozen=True)
class Built:
    """
    A snapshot whose rows lie in a Parquet file.

    `nothing` has its columns and no row. `doubtful` are the SKUs of which the catalogue has only
    refused rows, sorted.
    """

    facts: Path
    nothing: pl.DataFrame
    rows: int
    sources: tuple[SourceRows, ...]
    notes: tuple[Note, ...]
    doubtful: tuple[str, ...]


@dataclass(frozen=True)
class _Bucket:
    """Some SKUs joined, on disk; `rows` are their places in the catalogue's file, rising."""

    path: Path
    schema: Mapping[str, pl.DataType]
    rows: Rows
    scales: Mapping[str, int]
    notes: tuple[Note, ...]
    doubtful: tuple[str, ...]
    joined_on: Mapping[str, pl.Series]
    """By source that is joined on another fact, the values of that fact."""


def build_in_parts(origin: Origin, folder: Path, buckets: int) -> Built:
    """
    What `build_snapshot` builds, in the memory of one bucket.

    Sources that are keyed by SKU go to disk, into so many buckets; those that are joined on another
    fact stay in memory, and so does what is refused. `folder` takes buckets and result. Raises
    SnapshotRefused as `build_snapshot` does.
    """
    schema = origin.schema
    spills = {
        name: spilled(folder / name, buckets, source.id_column, origin.parts(source))
        for name, source in schema.sources.items()
        if source.join is None
    }
    shared = {
        name: origin.typed(source, _whole(origin.parts(source)))
        for name, source in schema.sources.items()
        if source.join is not None
    }
    counts = {n: SourceRows(schema.sources[n], s.digest, s.rows_in) for n, s in spills.items()}
    joined = []
    for number in range(buckets):
        tables = {n: origin.typed(schema.sources[n], s.bucket(number)) for n, s in spills.items()}
        for name, table in tables.items():
            counts[name].add(table)
        places = _places(schema, spills, number)
        path = folder / f"joined-{number:04}"
        joined.append(_joined(schema, {**tables, **shared}, places, path))
    for name, table in shared.items():
        counts[name] = SourceRows(table.source, table.sha256, table.rows_in)
        counts[name].add(table)
    facts, nothing = _merged(schema, joined, folder / FACTS)
    return Built(
        facts=facts,
        nothing=nothing,
        rows=sum(len(one.rows) for one in joined),
        sources=tuple(counts[name] for name in schema.sources),
        notes=merged_notes(schema, _notes(joined, shared)),
        doubtful=tuple(sorted(sku for one in joined for sku in one.doubtful)),
    )


def _whole(parts: Iterable[Records]) -> Records:
    held = list(parts)
    return Records(
        pl.concat([one.cells for one in held]),
        pl.concat([one.rows for one in held]),
        tuple(reject for one in held for reject in one.rejects),
        held[0].sha256,
    )


def _places(schema: FactSchema, spills: Mapping[str, Spill], number: int) -> pl.DataFrame:
    """By SKU, the first row of the catalogue that has it: of equal rows that one is kept."""
    records = spills[schema.universe].bucket(number)
    ids = records.cells[schema.sources[schema.universe].id_column]
    return pl.DataFrame({ID: ids, _ROW: records.rows}).group_by(ID).agg(pl.col(_ROW).min())


def _joined(
    schema: FactSchema, tables: Mapping[str, SourceTable], places: pl.DataFrame, path: Path
) -> _Bucket:
    found = join_some(schema, tables)
    frame = found.frame.with_columns(
        trusted_rows(schema, schema.sources[name], tables).alias(_TRUSTED + name)
        for name in _with_defaults_by_key(schema)
    )
    frame = frame.join(places, on=ID, how="left", maintain_order="left").sort(_ROW)
    doubtful = tables[schema.universe].doubtful
    bucket = _Bucket(
        path=path,
        schema=dict(frame.schema),
        rows=frame[_ROW].to_numpy().astype(np.int64),
        scales=least_scales(frame),
        notes=found.notes,
        doubtful=tuple(doubtful.filter(~doubtful.is_in(frame[ID].implode())).to_list()),
        joined_on={
            name: frame[table.source.join].drop_nulls().unique()
            for name, table in tables.items()
            if table.source.join is not None
        },
    )
    _write(frame, path)
    return bucket


def _with_defaults_by_key(schema: FactSchema) -> list[str]:
    """The sources of maps that have a value where a key is missing."""
    facts = schema.facts.values()
    return sorted({f.source for f in facts if f.type.name == "map" and f.missing is not None})


def _write(frame: pl.DataFrame, path: Path) -> None:
    table = frame.to_arrow()
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


def _read(bucket: _Bucket, start: int, stop: int) -> pl.DataFrame:
    with pa.memory_map(str(bucket.path)) as file:
        table = pa.ipc.open_file(file).read_all().slice(start, stop - start)
        return pl.DataFrame(pl.from_arrow(table), schema_overrides=bucket.schema)


def _notes(joined: Iterable[_Bucket], shared: Mapping[str, SourceTable]) -> Iterator[Note]:
    """Those of all buckets; which keys are unknown, only all of them together can say."""
    seen: dict[str, list[pl.Series]] = {name: [] for name in shared}
    for bucket in joined:
        yield from (note for note in bucket.notes if note.source not in shared)
        for name, values in bucket.joined_on.items():
            seen[name].append(values)
    for name, table in shared.items():
        known = pl.concat(seen[name]).unique().implode()
        yield from unknown_ids(table, table.frame.filter(pl.col(ID).is_in(known)))
    # The scopes of a source that is shared are the same in every bucket: said once.
    first = next(iter(joined))
    yield from (n for n in first.notes if n.source in shared and n.code == "UNKNOWN_SCOPE")


def _merged(
    schema: FactSchema, joined: Sequence[_Bucket], facts: Path
) -> tuple[Path, pl.DataFrame]:
    """Write the rows of all buckets in the order of the catalogue."""
    types = {name: dtype for one in joined for name, dtype in one.schema.items()}
    names = columns_in_order(schema, types)
    for fact in schema.facts.values():
        if fact.type.name == "map":
            refuse_too_many_keys(fact, sum(n.startswith(map_column(fact.name, "")) for n in names))
    whole = [_completed(schema, one, {name: types[name] for name in names}) for one in joined]
    scales: dict[str, int] = {}
    for one in whole:
        for name, scale in one.scales.items():
            scales[name] = max(scale, scales.get(name, 0))
    nothing = at_scales(_read(whole[0], 0, 0).select(names), scales)
    order = np.sort(np.concatenate([one.rows for one in whole]))
    with pq.ParquetWriter(facts, nothing.to_arrow().schema, compression="zstd") as writer:
        for low in range(0, len(order), ROW_GROUP):
            part = _between(whole, order[low], order[min(low + ROW_GROUP, len(order)) - 1])
            frame = at_scales(part.select(names), scales)
            writer.write_table(frame.to_arrow(), row_group_size=ROW_GROUP)
    return facts, nothing


def _between(buckets: Iterable[_Bucket], first: int, last: int) -> pl.DataFrame:
    """The rows of a range of the catalogue's file, in order."""
    parts = []
    for one in buckets:
        start, stop = np.searchsorted(one.rows, [first, last + 1])
        if start < stop:
            part = _read(one, int(start), int(stop))
            parts.append(part.select(sorted(part.columns)))
    return pl.concat(parts).sort(_ROW)


def _completed(schema: FactSchema, bucket: _Bucket, types: Mapping[str, pl.DataType]) -> _Bucket:
    """With the keys of maps that only other buckets have, and their values for missing ones."""
    absent = {name: dtype for name, dtype in types.items() if name not in bucket.schema}
    if not absent:
        return bucket
    frame = _read(bucket, 0, len(bucket.rows)).with_columns(
        pl.lit(None, dtype=dtype).alias(name) for name, dtype in absent.items()
    )
    for fact in schema.facts.values():
        if fact.type.name == "map" and fact.missing is not None:
            own = [name for name in absent if name.startswith(map_column(fact.name, ""))]
            frame = frame.with_columns(
                pl.when(pl.col(_TRUSTED + fact.source)).then(default_of(fact)).alias(name)
                for name in own
            )
    # Another file: the rows above still lie in the pages of the first.
    path = bucket.path.with_suffix(".whole")
    _write(frame, path)
    return replace(bucket, path=path, schema=dict(frame.schema), scales=least_scales(frame))
