"""Guards on a whole run, by cases: what stays in the plan when too much moves at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from guards.catalogue import ledger, part_of, planned, shop
from guards.one_offer import INVENTORY, cases, moment

from offerwright.guards.whole import Moves, judge_run

FOLDER = Path(__file__).parents[1] / "cases" / "guards"
CASES = list(cases(FOLDER, "run.yaml"))
ZEROING = INVENTORY.replace("marketplace: market", "marketplace: example-market")
LIVE = ("price", "quantity", "ended")


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_a_run_is_withheld_as_the_case_says(case: dict[str, Any]) -> None:
    live = {sku: dict(zip(LIVE, said, strict=False)) for sku, said in case.get("live", {}).items()}
    rows = [
        {"sku": sku, "asked": price, "units": {} if units is None else {"sp": units}}
        | {"cost": cost[0] if cost else None}
        for sku, (price, units, *cost) in case["wanted"].items()
    ]
    inventory = ZEROING + ("on_block: hold\n" if case.get("holds") else "")
    loadout = shop(case["guards"], case.get("approves", ()), inventory=inventory)
    plan = planned(
        loadout,
        rows,
        ledger(live, case.get("currency")),
        first_publication=case.get("first_publication", False),
    )
    part = part_of(plan)
    sent: dict[str, list[str]] = {}
    for one in part.changes:
        word = "end" if one.change.action == "end" else one.change.aspect
        sent.setdefault(one.change.sku, []).append(word)

    assert [v.guard.id for v in part.run_verdicts if v.failed] == case["failed"]
    assert sent == case["sent"]
    told = {v.guard.id: v.reason for v in part.run_verdicts}
    assert {one: told[one] for one in case.get("reasons", {})} == case.get("reasons", {})


def test_an_approval_of_a_run_counts_until_the_last_moment_of_its_day_and_no_longer() -> None:
    ends = {"id": "ends", "check": "share_delisted", "at_most": "5%", "else": "needs_approval"}
    agreed = {"guard": "ends", "at_most": "50%", "reason": "agreed", "approver": "maria",
              "expires": "2026-11-27"}  # fmt: skip
    guards = shop([ends], [agreed]).guards.by_account["market"]
    over = moment("2026-11-28T00:00:00-03:00")
    shrinks = Moves(0, 0, 0, 0, live=10, ended=5)
    said = [judge_run(guards, shrinks, at, False)[0] for at in (over - 1, over)]

    assert [(one.failed, one.approved_by) for one in said] == [(False, "maria"), (True, "")]
