"""Guards on one offer, by cases: at plan on what was computed, at send on what the bytes say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from guards.one_offer import AS_OF, cases, judged, values

FOLDER = Path(__file__).parents[1] / "cases" / "guards"
FILES = ("offer.yaml", "approvals.yaml", "tiers.yaml")
CASES = [case for name in FILES for case in cases(FOLDER, name)]


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_guards_say_what_the_case_says(case: dict[str, Any]) -> None:
    at = case.get("at", AS_OF)
    found = judged(
        case["guards"],
        case["facts"],
        live=case.get("live"),
        approves=case.get("approves", ()),
        at=at,
        head=case.get("head"),
    )
    said = [
        found.refused(values(s["say"]), s.get("live", case.get("live")) or {}, s.get("at", at))
        for s in case.get("send", ())
    ]

    assert found.words() == case["plan"]
    assert said == [s["refused"] for s in case.get("send", ())]
