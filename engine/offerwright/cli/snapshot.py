"""`snapshot`: the sources in, one typed snapshot out; and which snapshot other commands use."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from offerwright.cli.loadouts import bundle_option, ready
from offerwright.cli.options import (
    STATE,
    data_option,
    output_option,
    root_option,
)
from offerwright.cli.report import dump_pretty, echo, put, table, tell
from offerwright.errors import Diagnostic, OfferwrightError, SnapshotRefused
from offerwright.loadout import Loadout
from offerwright.profile import staged
from offerwright.source.snippet import render_text

REJECTS_SHOWN = 5

if TYPE_CHECKING:
    from offerwright.facts.snapshot import StoredSnapshot
    from offerwright.guards.sources import Sources


def snapshots_folder(root: Path) -> Path:
    return root / STATE / "snapshots"


def newest_snapshot_id(root: Path) -> str | None:
    """The id of the newest snapshot; None where there is none."""
    from offerwright.facts.archive import newest_snapshot

    newest = newest_snapshot(snapshots_folder(root))
    return None if newest is None else newest.name


@staged("sources")
def take_snapshot(
    loadout: Loadout, root: Path, data: Path | None, accept_shrink: Iterable[str] = ()
) -> StoredSnapshot:
    """Build a snapshot, held against the newest one, and keep it."""
    from offerwright.facts.snapshot import Sources, build_stored, load_manifest, newest_snapshot
    from offerwright.facts.takings import modified_times, note_taking

    folder = snapshots_folder(root)
    newest = newest_snapshot(folder)
    previous = None if newest is None else load_manifest(newest)
    sources = Sources(
        loadout.schema, loadout.shop.document, root, data, previous, frozenset(accept_shrink)
    )
    modified = modified_times(_files_of(loadout, root, data))
    stored = build_stored(sources, folder)
    note_taking(folder, stored.manifest, modified, int(time.time()))
    tell_rejects(stored)
    tell_nodes(loadout, stored)
    return stored


def _files_of(loadout: Loadout, root: Path, data: Path | None) -> dict[str, Path]:
    return {name: (data or root) / one.file for name, one in loadout.schema.sources.items()}


def sources_seen(root: Path, snapshot: str, as_of: datetime) -> Sources:
    """
    What a snapshot's sources were when it was last taken, for the guards on sources.

    A look at a later moment judges them as of now. Of a snapshot that nobody has noted, which came
    from elsewhere, the manifest tells the rows and nothing the age.
    """
    from offerwright.facts.snapshot import load_manifest
    from offerwright.facts.takings import day_before, last_of, takings
    from offerwright.guards.sources import Seen, Sources

    every = takings(snapshots_folder(root))
    taking = last_of(every, snapshot)
    before = None if taking is None else day_before(every, taking)
    modified = {} if taking is None else {n: s.modified for n, s in taking.sources.items()}
    rows = {} if before is None else {n: s.rows for n, s in before.sources.items()}
    seen = {
        one.name: Seen(one.kept, modified.get(one.name), rows.get(one.name))
        for one in load_manifest(snapshots_folder(root) / snapshot).sources
    }
    return Sources(seen, int(min(as_of.timestamp(), time.time())))


def _opened(folder: Path) -> StoredSnapshot | None:
    """A snapshot; None, said on stderr, for one that is damaged or of another version."""
    from offerwright.facts.archive import open_snapshot

    try:
        return open_snapshot(folder)
    except SnapshotRefused as problem:
        tell(f"warning: {problem} The sources are read anew.")
        return None


def tell_rejects(snapshot: StoredSnapshot) -> None:
    """Say on stderr which rows were refused: how many a source, and the first with their place."""
    for source in snapshot.manifest.sources:
        if not source.rejected:
            continue
        tell(f"warning: {source.rejected} of {source.rows_in} rows of {source.name} are refused")
        mine = snapshot.rejects.filter(snapshot.rejects["file"] == source.file)
        for record in mine.head(REJECTS_SHOWN).iter_rows(named=True):
            place = f"{record['file']}:{record['row']}"
            column = f" {record['column']}" if record["column"] else ""
            tell(f"  {place}{column} {record['value']!r}: {record['code']}: {record['reason']}")
        if len(mine) > REJECTS_SHOWN:
            tell(f"  and {len(mine) - REJECTS_SHOWN} more in the snapshot's rejects.csv")


def tell_nodes(loadout: Loadout, snapshot: StoredSnapshot) -> None:
    """Warn on stderr of nodes that the inventory names and no row of stock has."""
    from offerwright.evaluate.pool import unknown_nodes

    plans = (one for plan in loadout.rules.plans for one in plan.inventories)
    found = [
        Diagnostic("UNKNOWN_NODE", f"no row of stock has the node `{node}`", span, near, "warning")
        for span, node, near in unknown_nodes(plans, snapshot.columns)
    ]
    if found:
        put(render_text(found, loadout.repository.files) + "\n", sys.stderr)


@staged("snapshot")
def current_snapshot(loadout: Loadout, root: Path, data: Path | None) -> StoredSnapshot:
    """The newest snapshot that fits the facts; a new one where none does or `--data` is given."""
    from offerwright.facts.archive import NEWEST, newest_snapshot
    from offerwright.facts.manifest import schema_hash

    newest = None if data is not None else newest_snapshot(snapshots_folder(root))
    found = None if newest is None else _opened(newest)
    if found is not None and found.manifest.schema_sha256 == schema_hash(loadout.schema):
        taken = (snapshots_folder(root) / NEWEST).stat().st_mtime
        age = _age(int(time.time() - taken))
        tell(f"Snapshot {found.id[:12]}, {age} old, {found.manifest.rows} SKUs")
        for file in _changed_since(found, root, taken):
            tell(f"note: {file} has changed since; offerwright snapshot reads it anew")
        tell_nodes(loadout, found)
        return found
    built = take_snapshot(loadout, root, data)
    tell(f"Snapshot {built.id[:12]}, new, {built.manifest.rows} SKUs")
    return built


def _changed_since(snapshot: StoredSnapshot, root: Path, taken: float) -> Iterator[str]:
    """The source files whose bytes are no longer those that the snapshot read."""
    from offerwright.facts.manifest import sha256

    for file, digest in {s.file: s.sha256 for s in snapshot.manifest.sources}.items():
        path = root / file
        if not path.is_file():
            continue
        if path.stat().st_mtime >= taken and sha256(path.read_bytes()) != digest:
            yield file


def _age(seconds: int) -> str:
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size or (seconds >= size and unit != "days"):
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def known_skus(wanted: Iterable[str], snapshot: StoredSnapshot) -> None:
    """Refuse a SKU that the snapshot does not have."""
    from offerwright.source.suggest import did_you_mean

    asked = set(wanted)
    skus = snapshot.skus()
    if asked <= set(skus.filter(skus.is_in(sorted(asked)))):
        return
    known = skus.to_list()
    for sku in sorted(asked - set(known)):
        hint = did_you_mean(sku, known)
        raise OfferwrightError(f"the snapshot has no SKU {sku!r}" + (f"; {hint}" if hint else ""))


@click.command()
@root_option
@bundle_option
@data_option
@output_option("text", "json")
@click.option("--accept-shrink", multiple=True, metavar="SOURCE",
              help="This source lost rows, and that is right.")  # fmt: skip
def snapshot(
    root: Path | None,
    bundle: Path | None,
    data: Path | None,
    output: str,
    accept_shrink: tuple[str, ...],
) -> None:
    """Read the sources into one typed snapshot; bad rows go to its rejects.csv."""
    home, loadout = ready(root, bundle)
    sources = sorted(loadout.shop.document.sources)
    for name in sorted(set(accept_shrink) - set(sources)):
        raise click.BadParameter(
            f"no source is called {name!r}; sources: {', '.join(sources)}",
            param_hint="--accept-shrink",
        )
    built = take_snapshot(loadout, home, data, accept_shrink)
    manifest = built.manifest
    folder = snapshots_folder(home) / built.id
    if output == "json":
        echo(dump_pretty({
            "version": 1, "id": built.id, "rows": manifest.rows, "folder": str(folder),
            "sources": [{"name": s.name, "rows": s.rows_in, "kept": s.kept, "rejected": s.rejected}
                        for s in manifest.sources],
            "notes": [{"code": n.code, "source": n.source, "count": n.count}
                      for n in manifest.notes],
        }))  # fmt: skip
        return
    rows = [(s.name, str(s.rows_in), str(s.kept), str(s.rejected)) for s in manifest.sources]
    for line in table(("source", "rows", "kept", "rejected"), rows, frozenset({1, 2, 3})):
        echo(line)
    echo(f"\nSnapshot {built.id[:12]}: {manifest.rows} SKUs, {len(built.rejects)} rejects")
    for note in manifest.notes:
        shown = ", ".join(note.examples)
        tell(f"note: {note.code} in {note.source}: {note.count} ({shown})")
    tell(f"Kept in {folder}")
