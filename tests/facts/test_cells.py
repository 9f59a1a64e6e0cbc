"""Every way of writing a cell: `tests/cases/facts/cells.yaml`."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from facts.small_shop import build, cases, rows


def csv_text(*records: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(records)
    return out.getvalue()


@pytest.mark.parametrize("case", cases("cells.yaml"), ids=lambda case: case["name"])
def test_a_cell_becomes_its_value_or_a_reason(case: dict[str, Any], tmp_path: Path) -> None:
    fact = {"type": case["type"], "from": "other.cell", **case.get("fact", {})}
    sources = {
        "catalogue": {"file": "skus.csv"},
        "other": {"file": "c.csv", **case.get("source", {})},
    }
    files = {"skus.csv": "sku\nA\n", "c.csv": csv_text(["sku", "cell"], ["A", case["cell"]])}

    snapshot = build(tmp_path, {"it": fact}, sources, files)

    if "code" in case:
        shown = case.get("shown", case["cell"])
        expected = {
            "file": "c.csv",
            "row": 2,
            "column": "cell",
            "value": shown,
            "code": case["code"],
        }
        (found,) = rows(snapshot.rejects)
        reason = found.pop("reason")
        assert (rows(snapshot.frame), found) == ([{"sku": "A", "it": None}], expected)
        assert reason == case.get("reason", reason)
    else:
        assert rows(snapshot.rejects) == []
        assert rows(snapshot.frame) == [{"sku": "A", "it": case["value"]}]
