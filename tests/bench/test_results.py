"""RESULTS.md is written section by section, and every section says which command makes it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture(scope="module", autouse=True)
def _path() -> Iterator[None]:
    sys.path.append(str(BENCH))
    yield
    sys.path.remove(str(BENCH))


@pytest.fixture(scope="module")
def results(_path: None) -> Any:
    return importlib.import_module("results")


def test_what_is_written_is_read_again_section_by_section(results: Any) -> None:
    sections = {"few": "## Few\n\n| a |\n|---|", "check": "## Check\n\nwords, <!-- no mark -->"}

    assert results.sections_of(results.written("# Results\n", sections)) == sections


def test_a_file_without_marks_has_no_sections(results: Any) -> None:
    assert results.sections_of("# Results\n\n## Old\n") == {}


def test_every_section_is_a_module_with_a_section(_path: None) -> None:
    for name, module in importlib.import_module("run").SECTIONS.items():
        text = (BENCH / f"{module.replace('.', '/')}.py").read_text("utf-8")

        assert "\ndef section(setup: Setup) -> str:" in text, name


def test_the_file_has_known_sections_only_and_their_commands(results: Any) -> None:
    known = importlib.import_module("run").SECTIONS
    held = results.sections_of((BENCH / "RESULTS.md").read_text("utf-8"))

    assert set(held) <= set(known)
    for name, text in held.items():
        assert f"`python bench/run.py --only {name}`" in text, name


def test_bodies_that_cannot_be_learned_are_refused() -> None:
    by_dict = importlib.import_module("peers.by_dict")

    with pytest.raises(by_dict.NotLearned, match="comes from nowhere"):
        by_dict.learned(["sku"], [("A",), ("B",)], ['{"x": 1}', '{"x": 2}'])


def test_a_body_is_learned_from_examples() -> None:
    by_dict = importlib.import_module("peers.by_dict")
    rows = [("A-100", 3), ("B-200", 0)]
    bodies = [
        '{"sku": "A-100", "label": "x/A-100", "units": 3, "on": true, "kind": "new"}',
        '{"sku": "B-200", "label": "x/B-200", "units": 0, "on": false, "kind": "new"}',
    ]
    build = by_dict.learned(["sku", "quantity"], rows, bodies)

    assert build(("C-300", 7)) == {
        "sku": "C-300", "label": "x/C-300", "units": 7, "on": True, "kind": "new",
    }  # fmt: skip
