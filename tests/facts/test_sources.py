"""Whole sources, with their dirt: `tests/cases/facts/sources.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from facts.small_shop import build, cases, rows

from offerwright.errors import SnapshotRefused

LONG = {"{x200}": "x" * 200, "{x201}": "x" * 201}


def filled(value: Any) -> Any:
    """The case with its long SKUs written out."""
    if isinstance(value, str):
        for mark, text in LONG.items():
            value = value.replace(mark, text)
        return value
    if isinstance(value, dict):
        return {filled(key): filled(one) for key, one in value.items()}
    return [filled(one) for one in value] if isinstance(value, list) else value


ALL = filled(cases("sources.yaml"))
GOOD = [case for case in ALL if "rows" in case]
REFUSED = [case for case in ALL if "rows" not in case]


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case["name"])
def test_sources_become_a_snapshot(case: dict[str, Any], tmp_path: Path) -> None:
    snapshot = build(tmp_path, case["facts"], case["sources"], case["files"])

    columns = case.get("columns", snapshot.frame.columns)
    expected = [{name: row.get(name) for name in columns} for row in case["rows"]]
    unknown = {name for row in case["rows"] for name in row} - set(columns)
    assert (rows(snapshot.frame), unknown) == (expected, set())

    wanted = case.get("rejects", [])
    found = [[r["file"], r["row"], r["column"], r["code"]] for r in rows(snapshot.rejects)]
    assert found == [one[:4] for one in wanted]
    reasons = [r["reason"] for r in rows(snapshot.rejects)]
    assert [
        one[4] if len(one) > 4 else r for one, r in zip(wanted, reasons, strict=True)
    ] == reasons

    notes = [[n.code, n.source, n.count, list(n.examples)] for n in snapshot.manifest.notes]
    assert notes == case.get("notes", [])
    counts = {s.name: [s.rows_in, s.kept, s.rejected] for s in snapshot.manifest.sources}
    assert {**counts, **case.get("counts", {})} == counts


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["name"])
def test_a_source_is_refused(case: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(SnapshotRefused) as refused:
        build(tmp_path, case["facts"], case["sources"], case["files"])

    message = str(refused.value)
    start = case.get("refused_starts")
    assert message == case["refused"] if start is None else message.startswith(start)
