"""Guards on a whole run, by cases: what stays in the plan when too much moves at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from guards.catalogue import ledger, part_of, planned, shop
from guards.one_offer import cases

FOLDER = Path(__file__).parents[1] / "cases" / "guards"
CASES = list(cases(FOLDER, "run.yaml"))
LIVE = ("price", "quantity", "ended")


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_a_run_is_withheld_as_the_case_says(case: dict[str, Any]) -> None:
    live = {sku: dict(zip(LIVE, said, strict=False)) for sku, said in case.get("live", {}).items()}
    rows = [
        {"sku": sku, "asked": price, "units": {} if units is None else {"sp": units}}
        for sku, (price, units) in case["wanted"].items()
    ]
    loadout = shop(case["guards"], case.get("approves", ()))
    plan = planned(
        loadout, rows, ledger(live), first_publication=case.get("first_publication", False)
    )
    part = part_of(plan)
    sent: dict[str, list[str]] = {}
    for one in part.changes:
        word = "end" if one.change.action == "end" else one.change.aspect
        sent.setdefault(one.change.sku, []).append(word)

    assert [v.guard.id for v in part.run_verdicts if v.failed] == case["failed"]
    assert sent == case["sent"]
