"""Sources → one typed, content-addressed snapshot: build, write, load, find the newest."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from offerwright import __version__
from offerwright.facts.archive import (
    Snapshot,
    StoredSnapshot,
    load_manifest,
    load_snapshot,
    newest_snapshot,
    open_snapshot,
    put_snapshot,
    write_snapshot,
)
from offerwright.facts.bounds import check_bounds
from offerwright.facts.build_parts import Built, Origin, SourceRows, build_in_parts
from offerwright.facts.document import ShopDocument
from offerwright.facts.join import join_tables
from offerwright.facts.manifest import (
    Manifest,
    SourceCount,
    columns_of,
    schema_hash,
    snapshot_id,
)
from offerwright.facts.read import Wanted, read_source
from offerwright.facts.rejects import rejects_frame
from offerwright.facts.schema import FactDef, FactSchema, SourceDef
from offerwright.facts.table import SourceTable, typed_table
from offerwright.profile import stage

__all__ = [
    "Snapshot",
    "Sources",
    "StoredSnapshot",
    "build_snapshot",
    "build_stored",
    "load_manifest",
    "load_snapshot",
    "newest_snapshot",
    "open_snapshot",
    "source_table",
    "write_snapshot",
]


IN_MEMORY_ROWS = 2_000_000
"""Records of Parquet sources; more of them are joined on disk."""
BUCKET_ROWS, MOST_BUCKETS = 1_000_000, 200


@dataclass(frozen=True)
class Sources:
    """
    What a snapshot is built of, and what it is held against.

    Attributes:
        schema: linked facts, without errors.
        root: the repository; the paths of sources are relative to it, or to `data_root` if given.
        previous: the manifest of the last good snapshot, for `snapshot.shrink_at_most`.
        accept_shrink: names of sources whose losses are known and right.
    """

    schema: FactSchema
    shop: ShopDocument
    root: Path
    data_root: Path | None = None
    previous: Manifest | None = None
    accept_shrink: frozenset[str] = frozenset()


def build_stored(sources: Sources, folder: Path, buckets: int | None = None) -> StoredSnapshot:
    """
    Build a snapshot and write it below `folder`, on disk where its sources are large.

    Args:
        buckets: into how many buckets large sources go; by their size if None.

    Raises:
        SnapshotRefused: as `build_snapshot`, or the disk does not take it. The snapshot before
            stays in force.
    """
    schema = sources.schema
    wanted = {n: _wanted(s, [schema.facts[f] for f in s.facts]) for n, s in schema.sources.items()}
    origin = Origin(schema, sources.root, sources.data_root, wanted)
    height = origin.height() if buckets is None else 0
    if buckets is None and height <= IN_MEMORY_ROWS:
        built = build_snapshot(
            schema, sources.shop, sources.root, data_root=sources.data_root,
            previous=sources.previous, accept_shrink=sources.accept_shrink,
        )  # fmt: skip
        return StoredSnapshot(write_snapshot(built, folder), built.manifest, built.rejects)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".building.", dir=folder) as room:
        number = buckets or min(height // BUCKET_ROWS + 1, MOST_BUCKETS)
        found = build_in_parts(origin, Path(room), number)
        manifest, rejects = _labelled(sources, found)
        place = put_snapshot(folder, manifest, rejects, found.facts)
    return StoredSnapshot(place, manifest, rejects)


def _labelled(sources: Sources, built: Built) -> tuple[Manifest, pl.DataFrame]:
    """The manifest and the rejects of what was built in parts. Raises SnapshotRefused."""
    schema = sources.schema
    counts = tuple(_count_of(one) for one in built.sources)
    rejects = {one.source.name: tuple(one.rejects) for one in built.sources}
    check_bounds(
        counts, rejects, schema.universe, sources.shop.snapshot, sources.previous,
        sources.accept_shrink,
    )  # fmt: skip
    digest = schema_hash(schema)
    manifest = Manifest(
        id=snapshot_id(digest, counts),
        engine=__version__,
        schema_sha256=digest,
        rows=built.rows,
        sources=counts,
        columns=columns_of(schema, built.nothing),
        notes=built.notes,
        outputs={},
        doubtful=built.doubtful,
        nameless=sum(reject.id is None for reject in rejects[schema.universe]),
    )
    refused = pl.concat(rejects_frame(one.source.file, one.rejects) for one in built.sources)
    return manifest, refused


def _count_of(one: SourceRows) -> SourceCount:
    return SourceCount(
        one.source.name, one.source.file, one.sha256, one.rows_in, one.kept, one.rejected
    )


def build_snapshot(
    schema: FactSchema,
    shop: ShopDocument,
    root: Path,
    *,
    data_root: Path | None = None,
    previous: Manifest | None = None,
    accept_shrink: frozenset[str] = frozenset(),
) -> Snapshot:
    """Read, type and join all sources: `frames.SNAPSHOT`, one row per SKU in catalogue order.

    Args:
        schema: linked facts, without errors.
        root: the repository; the paths of sources are relative to it, or to `data_root` if given.
        previous: the manifest of the last good snapshot, for `snapshot.shrink_at_most`.
        accept_shrink: names of sources whose losses are known and right.

    Raises:
        SnapshotRefused: a file is absent, unreadable or lacks a column, or a source lost more
            than the shop's bounds allow. Nothing is written by this function.
    """
    tables = {
        name: source_table(schema, source, root, data_root)
        for name, source in schema.sources.items()
    }
    counts = tuple(_count(table) for table in tables.values())
    rejects = {name: table.rejects for name, table in tables.items()}
    check_bounds(counts, rejects, schema.universe, shop.snapshot, previous, accept_shrink)
    with stage("joining"):
        joined = join_tables(schema, tables)
    digest = schema_hash(schema)
    doubtful, nameless = _not_gone(tables[schema.universe], joined.frame)
    manifest = Manifest(
        id=snapshot_id(digest, counts),
        engine=__version__,
        schema_sha256=digest,
        rows=joined.frame.height,
        sources=counts,
        columns=columns_of(schema, joined.frame),
        notes=joined.notes,
        outputs={},
        doubtful=doubtful,
        nameless=nameless,
    )
    refused = pl.concat(
        rejects_frame(table.source.file, table.rejects) for table in tables.values()
    )
    return Snapshot(joined.frame, manifest, refused)


def _not_gone(universe: SourceTable, frame: pl.DataFrame) -> tuple[tuple[str, ...], int]:
    """SKUs whose every row was refused, and the number of refused rows without a SKU."""
    doubtful = universe.doubtful
    doubtful = doubtful.filter(~doubtful.is_in(frame["sku"].implode()))
    return tuple(doubtful.to_list()), sum(reject.id is None for reject in universe.rejects)


def source_table(
    schema: FactSchema, source: SourceDef, root: Path, data_root: Path | None = None
) -> SourceTable:
    """One source of a schema, read and typed. Raises `SnapshotRefused` where it cannot be read."""
    facts = [schema.facts[name] for name in source.facts]
    with stage(f"source {source.name}"):
        records = read_source(source, _wanted(source, facts), root, data_root)
        return typed_table(source, records, schema.facts, schema.time_zone)


def _wanted(source: SourceDef, facts: Iterable[FactDef]) -> Wanted:
    columns = {source.id_column: f"holds its {'keys' if source.join else 'SKUs'}"}
    key_column = source.key or source.per
    if key_column:
        columns.setdefault(key_column, f"tells its rows apart (`{key_column}`)")
    for fact in facts:
        columns.setdefault(fact.column, f"the fact `{fact.name}` reads ({fact.span})")
    lists = frozenset(fact.column for fact in facts if fact.cell.name == "list")
    return Wanted(columns, lists)


def _count(table: SourceTable) -> SourceCount:
    return SourceCount(
        name=table.source.name,
        file=table.source.file,
        sha256=table.sha256,
        rows_in=table.rows_in,
        kept=table.frame.height,
        rejected=table.rejected,
    )
