"""The five pull requests of the example end as its README says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BRANCHES = (
    "1-harmless", "2-large-but-fine", "3-missed-digit", "4-leaking-selector", "5-blank-floor",
)  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("example") / "review"
    script = ROOT / "examples" / "pull-request" / "build.py"
    done = subprocess.run(
        [sys.executable, str(script), str(folder)], capture_output=True, text=True, timeout=300
    )

    assert (done.returncode, done.stderr) == (0, "")
    return folder


def record(built: Path, branch: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((built / branch / "review.json").read_text(encoding="utf-8"))
    return found


def blocking(built: Path, branch: str) -> list[str]:
    return [g["guard"] for g in record(built, branch)["guards"] if g["result"] == "blocks"]


def test_every_pull_request_has_all_its_renderings(built: Path) -> None:
    names = {"summary.txt", "comment.md", "report.html", "offers.csv", "review.json"}

    assert {b: {p.name for p in (built / b).iterdir()} for b in BRANCHES} == dict.fromkeys(
        BRANCHES, names
    )


def test_a_comment_in_a_rule_changes_no_offer(built: Path) -> None:
    found = record(built, "1-harmless")

    assert (found["differs"], found["blocks"]) == (False, False)
    assert [f["file"] for f in found["files"]] == ["rules/pricing/mercadolibre.yaml"]


def test_two_points_more_move_many_prices_a_little(built: Path) -> None:
    totals = record(built, "2-large-but-fine")["totals"]

    assert (totals["changed_offers"], totals["down"]) == (104, 0)
    assert blocking(built, "2-large-but-fine") == []


def test_a_missed_digit_is_stopped_by_all_that_look_at_falls(built: Path) -> None:
    assert blocking(built, "3-missed-digit") == ["at-stake", "depth", "margin", "step"]
    offers = record(built, "3-missed-digit")["offers"]
    assert {(o["rule"]["rule"], o["rule"]["file"], o["rule"]["line"]) for o in offers} == {
        ("markups/casa-cozinha-low", "rules/pricing/markups.csv", 2)
    }


def test_half_price_for_a_whole_category_is_stopped(built: Path) -> None:
    assert {"margin", "step"} <= set(blocking(built, "4-leaking-selector"))


def test_a_floor_that_cannot_be_computed_blocks(built: Path) -> None:
    found = record(built, "5-blank-floor")
    floor = next(g for g in found["guards"] if g["guard"] == "floor")

    assert found["totals"]["changed_offers"] == 0
    assert (floor["result"], floor["missing"] > 1000) == ("blocks", True)


def test_the_readme_says_what_the_reviews_say(built: Path) -> None:
    readme = (ROOT / "examples" / "pull-request" / "README.md").read_text(encoding="utf-8")
    counts = {b: record(built, b)["totals"]["changed_offers"] for b in BRANCHES[1:4]}

    for branch, count in counts.items():
        line = next(row for row in readme.splitlines() if row.startswith(f"| `{branch}`"))
        assert f"{count} offers" in line
