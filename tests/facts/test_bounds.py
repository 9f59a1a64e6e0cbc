"""F35: a source that shrinks, goes to zero or is mostly rejected stops the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from facts.small_shop import build, facts_text, link, shop_text, write_files

from offerwright.errors import SnapshotRefused
from offerwright.facts.snapshot import Snapshot, build_snapshot, newest_snapshot, write_snapshot

FACTS = {"cost": {"type": "money", "from": "costs.cost"}}
SOURCES = {"catalogue": {"file": "c.csv"}, "costs": {"file": "k.csv"}}
BOUNDS = "snapshot: {shrink_at_most: 20%, reject_at_most: 10%}"


def costs(good: int, bad: int = 0) -> str:
    lines = [f"S{n},{n}.50" for n in range(good)] + [f"S{good + n},R$ 1" for n in range(bad)]
    return "\n".join(["sku,cost", *lines, ""])


def bounded(root: Path, file: str, **options: Any) -> Snapshot:
    catalogue = "\n".join(["sku", *(f"S{n}" for n in range(10)), ""])
    write_files(root, {"c.csv": catalogue, "k.csv": file})
    shop = shop_text(SOURCES).replace(
        "snapshot: {shrink_at_most: 100%, reject_at_most: 100%}", BOUNDS
    )
    schema, document, found = link([facts_text(FACTS)], shop)
    assert found == []
    return build_snapshot(schema, document, root, **options)


def test_a_source_may_shrink_up_to_its_bound(tmp_path: Path) -> None:
    before = bounded(tmp_path, costs(10)).manifest

    assert bounded(tmp_path, costs(8), previous=before).manifest.source("costs").kept == 8  # type: ignore[union-attr]


def test_a_source_that_shrinks_beyond_its_bound_is_refused(tmp_path: Path) -> None:
    before = bounded(tmp_path, costs(10)).manifest

    with pytest.raises(SnapshotRefused) as refused:
        bounded(tmp_path, costs(7), previous=before)

    assert str(refused.value) == (
        "k.csv (source `costs`) has 7 rows; the last snapshot had 10. `shrink_at_most` allows 20% "
        "fewer. If that is right, run again with --accept-shrink costs."
    )


def test_a_source_that_goes_to_zero_is_refused_and_the_last_good_one_stays(tmp_path: Path) -> None:
    before = bounded(tmp_path, costs(10))
    place = write_snapshot(before, tmp_path / "store")

    with pytest.raises(SnapshotRefused) as refused:
        bounded(tmp_path, costs(0), previous=before.manifest)

    assert str(refused.value) == (
        "k.csv (source `costs`) has no rows; the last snapshot had 10. "
        "If that is right, run again with --accept-shrink costs."
    )
    assert newest_snapshot(tmp_path / "store") == place


def test_an_accepted_loss_is_let_through(tmp_path: Path) -> None:
    before = bounded(tmp_path, costs(10)).manifest

    snapshot = bounded(tmp_path, costs(0), previous=before, accept_shrink=frozenset({"costs"}))

    assert snapshot.frame["cost"].null_count() == 10


def test_accepting_one_source_does_not_accept_another(tmp_path: Path) -> None:
    before = bounded(tmp_path, costs(10)).manifest

    with pytest.raises(SnapshotRefused, match="source `costs`"):
        bounded(tmp_path, costs(0), previous=before, accept_shrink=frozenset({"catalogue"}))


def test_rejected_rows_count_as_lost(tmp_path: Path) -> None:
    before = bounded(tmp_path, costs(10)).manifest

    snapshot = bounded(tmp_path, costs(9, bad=1), previous=before)

    assert snapshot.manifest.source("costs").rejected == 1  # type: ignore[union-attr]


def test_too_many_rejected_rows_are_refused_with_the_first_of_them(tmp_path: Path) -> None:
    with pytest.raises(SnapshotRefused) as refused:
        bounded(tmp_path, costs(4, bad=6))

    lines = str(refused.value).splitlines()
    assert lines[0] == (
        "k.csv (source `costs`): 6 of 10 rows are rejected; `reject_at_most` allows 10%. "
        "Mend the rows. If that is right, run again with --accept-shrink costs."
    )
    assert lines[1] == "  k.csv:6 cost `R$ 1` NOT_A_NUMBER: write digits only, such as 1580.95"
    assert lines[5:] == [
        "  k.csv:10 cost `R$ 1` NOT_A_NUMBER: write digits only, such as 1580.95",
        "  and 1 more",
    ]


def test_a_new_source_has_nothing_to_shrink_from(tmp_path: Path) -> None:
    before = build(
        tmp_path,
        {"x": {"type": "text", "from": "catalogue.sku"}},
        {"catalogue": {"file": "c.csv"}},
        {"c.csv": "sku\nS1\n"},
    )

    snapshot = bounded(tmp_path, costs(2), previous=before.manifest)

    assert snapshot.manifest.source("costs").kept == 2  # type: ignore[union-attr]
