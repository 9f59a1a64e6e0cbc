"""Snapshots on disk: named by content, whole or absent, verified when read."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from facts.small_shop import build, rows, write_files

from offerwright.errors import SnapshotRefused
from offerwright.facts.snapshot import Snapshot, load_snapshot, newest_snapshot, write_snapshot

FACTS = {
    "cost": {"type": "money", "from": "costs.cost"},
    "brand": {"type": "text", "from": "catalogue.brand"},
    "tags": {"type": "list of money", "from": "catalogue.tags"},
    "seen_at": {"type": "datetime", "from": "catalogue.seen_at"},
    "stock": {"type": "map of integer", "from": "stock.q", "key": "node"},
}
SOURCES = {"catalogue": {"file": "c.csv"}, "costs": {"file": "k.csv"}, "stock": {"file": "s.csv"}}
FILES = {
    "c.csv": "sku,brand,tags,seen_at\nA,Acme,1.5|2,2026-01-01T10:00:00Z\nB,,,\n",
    "k.csv": "sku,cost\nA,51.50\nB,=1+1\n",
    "s.csv": "sku,node,q\nA,sp,3\nB,rj,4\nA,rj,5\n",
}


def small(root: Path, **changes: str) -> Snapshot:
    files = {**FILES, **{f"{name}.csv": text for name, text in changes.items()}}
    return build(root, FACTS, SOURCES, files)


def test_a_written_snapshot_is_read_back_the_same(tmp_path: Path) -> None:
    snapshot = small(tmp_path)

    place = write_snapshot(snapshot, tmp_path / "store")
    loaded = load_snapshot(place)

    assert place == tmp_path / "store" / snapshot.id
    assert loaded.frame.schema == snapshot.frame.schema
    assert loaded.frame.equals(snapshot.frame)
    assert loaded.rejects.schema == snapshot.rejects.schema
    assert loaded.rejects.equals(snapshot.rejects)
    assert loaded.manifest.sources == snapshot.manifest.sources
    assert loaded.manifest.notes == snapshot.manifest.notes
    assert sorted(loaded.manifest.outputs) == ["facts.parquet", "rejects.csv"]


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    one = write_snapshot(small(tmp_path / "one"), tmp_path / "store-one")
    other = write_snapshot(small(tmp_path / "other"), tmp_path / "store-other")

    assert one.name == other.name
    for name in ("facts.parquet", "rejects.csv", "manifest.json"):
        assert (one / name).read_bytes() == (other / name).read_bytes()


def test_a_changed_source_or_fact_gives_another_name(tmp_path: Path) -> None:
    first = small(tmp_path).id
    source = small(tmp_path, k="sku,cost\nA,51.51\n").id
    facts = {**FACTS, "cost": {"type": "money", "from": "costs.cost", "minimum": 1}}
    fact = build(tmp_path, facts, SOURCES, FILES).id

    assert len({first, source, fact}) == 3


def test_the_order_of_rows_of_other_sources_does_not_matter(tmp_path: Path) -> None:
    one = small(tmp_path)
    other = small(
        tmp_path, k="sku,cost\nB,=1+1\nA,51.50\n", s="sku,node,q\nA,rj,5\nA,sp,3\nB,rj,4\n"
    )

    assert other.frame.equals(one.frame)
    assert other.frame.schema == one.frame.schema


def test_the_manifest_counts_every_row_and_holds_no_clock(tmp_path: Path) -> None:
    place = write_snapshot(small(tmp_path), tmp_path / "store")

    label = json.loads((place / "manifest.json").read_text())

    assert sorted(label) == [
        "columns", "doubtful", "engine", "format", "id", "nameless", "notes", "outputs", "rows",
        "schema_sha256", "sources",
    ]  # fmt: skip
    costs = label["sources"][1]
    assert (costs["rows_in"], costs["kept"], costs["rejected"]) == (2, 1, 1)
    assert label["columns"][2] == {
        "name": "cost", "fact": "cost", "type": "money in BRL",
        "dtype": "Decimal(precision=38, scale=1)", "scale": 1,
    }  # fmt: skip


def test_rejects_do_not_run_in_a_spreadsheet(tmp_path: Path) -> None:
    files = {
        **FILES,
        "k.csv": "sku,cost\nA,=1+1\nB,+x\nC,-x\nD,@x\nE,\tx\nF,'x\n",
    }
    snapshot = build(tmp_path, FACTS, SOURCES, files)

    place = write_snapshot(snapshot, tmp_path / "store")

    cells = list(csv.reader(io.StringIO((place / "rejects.csv").read_text(), newline="")))
    assert [row[3] for row in cells[1:]] == ["'=1+1", "'+x", "'-x", "'@x", "\\tx", "''x"]
    read_back = [row["value"] for row in rows(load_snapshot(place).rejects)]
    assert read_back == ["=1+1", "+x", "-x", "@x", "\\tx", "'x"]


def test_a_rejected_value_is_cut_and_its_control_characters_are_shown(tmp_path: Path) -> None:
    snapshot = small(tmp_path, k='sku,cost\nA,"1\n\x1b[31m' + "x" * 200 + '"\n')

    (reject,) = rows(snapshot.rejects)

    assert reject["value"] == "1\\n\\x1b[31m" + "x" * 69
    assert len(reject["value"]) == 80


def test_the_newest_snapshot_is_the_one_written_last(tmp_path: Path) -> None:
    store = tmp_path / "store"
    first = small(tmp_path)
    second = small(tmp_path, k="sku,cost\nA,1\n")

    assert newest_snapshot(store) is None
    write_snapshot(first, store)
    write_snapshot(second, store)
    assert newest_snapshot(store) == store / second.id
    write_snapshot(first, store)
    assert newest_snapshot(store) == store / first.id
    assert sorted(p.name for p in store.iterdir()) == sorted([first.id, second.id, "newest"])


@pytest.mark.parametrize("name", ["facts.parquet", "rejects.csv"])
def test_a_changed_file_is_not_read(name: str, tmp_path: Path) -> None:
    place = write_snapshot(small(tmp_path), tmp_path / "store")
    content = (place / name).read_bytes()
    (place / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    with pytest.raises(SnapshotRefused, match="is not what was written"):
        load_snapshot(place)


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'{"format": 2}'])
def test_a_broken_manifest_is_not_read(content: bytes, tmp_path: Path) -> None:
    place = write_snapshot(small(tmp_path), tmp_path / "store")
    (place / "manifest.json").write_bytes(content)

    with pytest.raises(SnapshotRefused, match="is no snapshot"):
        load_snapshot(place)


def test_writing_again_mends_a_damaged_snapshot(tmp_path: Path) -> None:
    snapshot = small(tmp_path)
    place = write_snapshot(snapshot, tmp_path / "store")
    (place / "facts.parquet").unlink()

    write_snapshot(snapshot, tmp_path / "store")

    assert load_snapshot(place).frame.equals(snapshot.frame)
    assert sorted(p.name for p in place.parent.iterdir()) == sorted([snapshot.id, "newest"])


def test_a_folder_that_a_crash_left_behind_is_not_taken_for_a_snapshot(tmp_path: Path) -> None:
    snapshot = small(tmp_path)
    store = tmp_path / "store"
    write_files(store, {f".{snapshot.id}.abc/facts.parquet": "half"})

    place = write_snapshot(snapshot, store)

    assert newest_snapshot(store) == place
    assert load_snapshot(place).frame.equals(snapshot.frame)


def test_a_store_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")

    with pytest.raises(SnapshotRefused, match="cannot be written"):
        write_snapshot(small(tmp_path), tmp_path / "store")
