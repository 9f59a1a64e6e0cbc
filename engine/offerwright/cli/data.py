"""`snapshot` and `offers`: inputs in, computed offers out."""

from __future__ import annotations

import io
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from offerwright.cli.options import (
    STATE,
    account_option,
    as_of_option,
    data_option,
    found_root,
    known_accounts,
    moment,
    output_option,
    root_option,
)
from offerwright.cli.report import VERSION, dump_pretty, echo, escaped, put, table, tell
from offerwright.errors import Diagnostic, OfferwrightError
from offerwright.pipeline import Loadout, load
from offerwright.source.snippet import render_text

ATTRIBUTE = "attribute."
REJECTS_SHOWN = 5

if TYPE_CHECKING:
    import polars as pl

    from offerwright.facts.snapshot import Snapshot


def snapshots_folder(root: Path) -> Path:
    return root / STATE / "snapshots"


def newest_snapshot_id(root: Path) -> str | None:
    """The id of the newest snapshot; None where there is none."""
    from offerwright.facts.snapshot import newest_snapshot

    newest = newest_snapshot(snapshots_folder(root))
    return None if newest is None else newest.name


def take_snapshot(
    loadout: Loadout, root: Path, data: Path | None, accept_shrink: Iterable[str] = ()
) -> Snapshot:
    """Build a snapshot, held against the newest one, and keep it."""
    from offerwright.facts.snapshot import (
        build_snapshot,
        load_snapshot,
        newest_snapshot,
        write_snapshot,
    )

    folder = snapshots_folder(root)
    newest = newest_snapshot(folder)
    previous = load_snapshot(newest).manifest if newest is not None else None
    built = build_snapshot(
        loadout.schema, loadout.shop.document, root,
        data_root=data, previous=previous, accept_shrink=frozenset(accept_shrink),
    )  # fmt: skip
    write_snapshot(built, folder)
    tell_rejects(built)
    tell_nodes(loadout, built)
    return built


def tell_rejects(snapshot: Snapshot) -> None:
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


def tell_nodes(loadout: Loadout, snapshot: Snapshot) -> None:
    """Warn on stderr of nodes that the inventory names and no row of stock has."""
    from offerwright.evaluate.inventory import unknown_nodes

    plans = (one for plan in loadout.rules.plans for one in plan.inventories)
    found = [
        Diagnostic("UNKNOWN_NODE", f"no row of stock has the node `{node}`", span, near, "warning")
        for span, node, near in unknown_nodes(plans, snapshot.frame.columns)
    ]
    if found:
        put(render_text(found, loadout.repository.files) + "\n", sys.stderr)


def current_snapshot(loadout: Loadout, root: Path, data: Path | None) -> Snapshot:
    """The newest snapshot that fits the facts; a new one where none does or `--data` is given."""
    from offerwright.facts.archive import NEWEST
    from offerwright.facts.manifest import schema_hash
    from offerwright.facts.snapshot import load_snapshot, newest_snapshot

    newest = None if data is not None else newest_snapshot(snapshots_folder(root))
    if newest is not None:
        found = load_snapshot(newest)
        if found.manifest.schema_sha256 == schema_hash(loadout.schema):
            taken = (snapshots_folder(root) / NEWEST).stat().st_mtime
            age = _age(int(time.time() - taken))
            tell(f"Snapshot {found.id[:12]}, {age} old, {len(found.frame)} SKUs")
            for file in _changed_since(found, root, taken):
                tell(f"note: {file} has changed since; offerwright snapshot reads it anew")
            tell_nodes(loadout, found)
            return found
    built = take_snapshot(loadout, root, data)
    tell(f"Snapshot {built.id[:12]}, new, {len(built.frame)} SKUs")
    return built


def _changed_since(snapshot: Snapshot, root: Path, taken: float) -> Iterator[str]:
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


@click.command()
@root_option
@data_option
@output_option("text", "json")
@click.option("--accept-shrink", multiple=True, metavar="SOURCE",
              help="This source lost rows, and that is right.")  # fmt: skip
def snapshot(
    root: Path | None, data: Path | None, output: str, accept_shrink: tuple[str, ...]
) -> None:
    """Read the sources into one typed snapshot; bad rows go to its rejects.csv."""
    home = found_root(root)
    loadout = load(home)
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


@click.command()
@root_option
@data_option
@as_of_option
@account_option
@output_option("text", "jsonl", "csv", "parquet")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Write to this file instead of stdout.")  # fmt: skip
@click.option("--sku", "skus", multiple=True, help="Only this SKU (repeatable).")
@click.option("--fail-on", type=click.Choice(["never", "blocked"]), default="never")
def offers(
    root: Path | None,
    data: Path | None,
    as_of: str | None,
    accounts: tuple[str, ...],
    output: str,
    out: Path | None,
    skus: tuple[str, ...],
    fail_on: str,
) -> None:
    """Compute the offers of all accounts: price, stock, content, and what is blocked and why."""
    import polars as pl

    from offerwright.evaluate.listing import listing
    from offerwright.evaluate.run import Executor

    home = found_root(root)
    loadout = load(home)
    wanted = known_accounts(accounts, [p.account.name for p in loadout.rules.plans])
    snapshot_ = current_snapshot(loadout, home, data)
    frame = snapshot_.frame
    if skus:
        frame = frame.filter(pl.col("sku").is_in(skus))
    at = moment(as_of, loadout.rules.time_zone)
    computed = Executor(loadout.rules).run(frame, at, None, wanted)
    listings = [listing(one) for one in computed]
    if output == "text" and out is None:
        _summary(listings)
    else:
        _write(pl.concat(listings, how="diagonal_relaxed"), output, out)
    blocked = any((one["status"] == "blocked").any() for one in listings)
    sys.exit(1 if blocked and fail_on == "blocked" else 0)


def _summary(listings: list[pl.DataFrame]) -> None:
    """Counts per account, and what is blocked by reason."""
    rows = []
    for one in listings:
        counts = Counter(one["status"].to_list())
        account = one["account"][0] if len(one) else "–"
        rows.append(
            (
                account,
                str(len(one)),
                str(counts["offer"]),
                str(counts["partial"]),
                str(counts["blocked"]),
            )
        )
    for line in table(
        ("account", "offers", "whole", "partial", "blocked"), rows, frozenset({1, 2, 3, 4})
    ):
        echo(line)
    reasons: Counter[tuple[str, str, str]] = Counter()
    for one in listings:
        for record in (
            one.select("account", "blocked").explode("blocked").drop_nulls("blocked").iter_rows()
        ):
            account, block = record
            reasons[(account, block["aspect"], block["code"])] += 1
    if reasons:
        echo()
        body = [(*key, str(count)) for key, count in sorted(reasons.items())]
        for line in table(("account", "aspect", "blocked by", "SKUs"), body, frozenset({3})):
            echo(line)


def _write(frame: pl.DataFrame, output: str, out: Path | None) -> None:
    if output == "parquet":
        if out is None and sys.stdout.isatty():
            raise OfferwrightError("Parquet is not for the terminal; give --out FILE")
        held = io.BytesIO()
        frame.write_parquet(held if out is None else out)
        put(held.getvalue())
    elif output == "csv":
        text = _flat(frame).write_csv()
        _put(text, out)
    else:
        _put("".join(line + "\n" for line in json_lines(frame)), out)
    if out is not None:
        tell(f"Wrote {len(frame)} offers to {out}")


def _put(text: str, out: Path | None) -> None:
    if out is None:
        put(text)
    else:
        out.write_text(text, encoding="utf-8", newline="\n")


def json_lines(frame: pl.DataFrame) -> Iterable[str]:
    """One object per offer (`schemas/output/offers.schema.json`); money as exact text."""
    import json
    from decimal import Decimal

    def plain(value: Any) -> str:
        if isinstance(value, Decimal):
            return f"{value:f}"
        raise TypeError(f"{value!r} in an offer")

    for record in frame.iter_rows(named=True):
        held: dict[str, Any] = {"version": VERSION}
        held |= {k: v for k, v in record.items() if not k.startswith(ATTRIBUTE)}
        held["attributes"] = {
            k.removeprefix(ATTRIBUTE): v
            for k, v in record.items()
            if k.startswith(ATTRIBUTE) and v is not None
        }
        text = json.dumps(held, ensure_ascii=False, separators=(",", ":"), default=plain)
        yield escaped(text)


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Lists as text; cells that a spreadsheet would run are disarmed."""
    import polars as pl

    blocked = pl.col("blocked").list.eval(pl.element().struct.field("code")).list.join(" ")
    lists = [pl.col(n).list.join(" ") for n in ("rules", "images") if n in frame.columns]
    flat = frame.with_columns(blocked.alias("blocked"), *lists)
    texts = [n for n, t in flat.schema.items() if t == pl.String]
    risky = r"^[=+\-@\t\r]"
    return flat.with_columns(
        pl.when(pl.col(n).str.contains(risky)).then("'" + pl.col(n)).otherwise(pl.col(n)).alias(n)
        for n in texts
    )
