"""Every planted fault is found at its place, or is written down as one that is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from analysis.seeded import PAGE, Fault, faults, findings, healthy, is_found, page, planted

FAULTS = faults()


def test_the_healthy_repository_has_no_finding(tmp_path: Path) -> None:
    assert findings(tmp_path, healthy(), None) == []


@pytest.mark.parametrize("fault", FAULTS, ids=[f"{f.area}: {f.name}" for f in FAULTS])
def test_a_fault(fault: Fault, tmp_path: Path) -> None:
    said = findings(tmp_path, planted(fault), fault)

    if fault.code is None:
        assert [d.code for d in said] == [], "the limit is none any more: write its code"
    else:
        assert is_found(fault, said), [(d.code, str(d.span)) for d in said]


def test_there_are_enough_of_them_and_few_limits() -> None:
    found = [fault for fault in FAULTS if fault.code]

    assert len(FAULTS) >= 40
    assert len({fault.code for fault in found}) >= 30
    assert len(FAULTS) - len(found) <= 5


def test_the_page_has_the_table_of_these_faults() -> None:
    assert PAGE.read_text("utf-8") == page()
