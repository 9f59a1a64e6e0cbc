"""Models in the shapes of the TCK's level 2: every result is what was worked out by hand."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from interchange.tck import counted, models

from offerwright.interchange.dmn.run import import_dmn
from offerwright.interchange.dmn.vocabulary import Given

SHAPES = Path(__file__).parent / "shapes"
FOUND = {model.stem: (model, cases) for model, cases in models(SHAPES)}
REFUSED = ("08-power-of-names",)


@pytest.mark.parametrize("name", sorted(set(FOUND) - set(REFUSED)))
def test_every_result_is_the_expected_one(name: str) -> None:
    counts, why = counted(*FOUND[name])

    assert counts["pass"] == counts.total() > 0, why


@pytest.mark.parametrize("name", sorted(set(FOUND) - set(REFUSED)))
def test_what_is_written_passes_check(name: str) -> None:
    model, _ = FOUND[name]
    made, found = import_dmn(model.read_bytes(), model.name, Given(ZoneInfo("UTC")))

    assert made is not None and made.loadout is not None
    assert [d for d in found if d.severity == "error"] == []


def test_a_power_of_a_name_is_refused_at_its_place() -> None:
    model, cases = FOUND[REFUSED[0]]
    counts, why = counted(model, cases)
    _, found = import_dmn(model.read_bytes(), model.name, Given(ZoneInfo("UTC")))

    assert dict(counts) == {"refused": 1}
    assert [(d.code, str(d.span)) for d in found] == [("FEEL_UNSUPPORTED", f"{model.name}:17:14")]
    assert why == [found[0].message]
