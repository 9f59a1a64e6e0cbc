"""
What went wrong in other shops, as their stories tell it, and which guards would have stopped it.

Every file of `tests/cases/incidents` is one: the facts with their source, rules and rows of before,
what changed, and by hand what a review says, what a plan withholds, and which bytes are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from incident import found_in_head, incident_of, incidents, reviewed, told
from lived import lived
from store.builders import OWNER

from offerwright.store import Store, open_store

FOLDER = Path(__file__).parent / "cases" / "incidents"
INCIDENTS = list(incidents(FOLDER))
OF_PRICES = [pytest.param(told, id=name) for name, told in INCIDENTS if "review" in told]
OF_TIME = [pytest.param(told, id=name) for name, told in INCIDENTS if "moments" in told]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = open_store("sqlite:///state.db", tmp_path)
    found.lead(OWNER, now=0, lease_s=10**10)
    yield found
    found.close()


@pytest.mark.parametrize("written", OF_PRICES)
def test_the_review_stops_it(written: dict[str, Any]) -> None:
    incident = incident_of(written)
    record = reviewed(incident)
    said = {one["guard"]: one for one in record["guards"] if one["result"] != "passes"}
    offers = {
        name: sorted(offer["sku"] for offer in one["offers"])
        for name, one in said.items()
        if one["offers"]
    }

    assert {name: one["result"] for name, one in said.items()} == written["review"]["says"]
    assert offers == written["review"]["offers"]
    assert found_in_head(incident) == written["review"].get("finds", [])
    assert record["blocks"] is (written["review"]["blocks"] == "true")


@pytest.mark.parametrize("written", OF_PRICES)
def test_the_plan_withholds_it_and_the_bytes_are_refused(
    written: dict[str, Any], store: Store, tmp_path: Path
) -> None:
    found = told(incident_of(written), store, tmp_path)

    assert found.sent == written["plan"]["sends"]
    assert found.withheld == written["plan"]["withholds"]
    assert found.refused == written["send"]["refuses"]


@pytest.mark.parametrize("written", OF_TIME)
def test_moment_after_moment_it_does_not_happen(
    written: dict[str, Any], store: Store, tmp_path: Path
) -> None:
    for one, wished in zip(lived(written, store, tmp_path), written["moments"], strict=True):
        assert one.sent == sorted(wished["sends"])
        assert one.withheld == wished.get("withholds", {})
        assert one.refused == wished.get("refuses", {})
        assert one.stale == int(wished.get("stale", 0))
        if "answers" in wished:
            assert one.answered == sorted(wished["answers"])


def test_every_incident_says_where_it_is_told() -> None:
    assert all(told["incident"] and told["source"] and told["facts"] for _, told in INCIDENTS)


def test_every_incident_stands_in_the_documentation() -> None:
    text = (FOLDER.parents[2] / "docs" / "incidents.md").read_text(encoding="utf-8")

    named = re.findall(r"`([a-z0-9-]+)` \|$", text, re.MULTILINE)

    assert sorted(named) == sorted(name for name, _ in INCIDENTS)
