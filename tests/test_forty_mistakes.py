"""
Forty typical mistakes of a merchandiser: does the first line of the output name place and fix?

Each case of `tests/cases/errors/forty.yaml` plants one mistake in a repository that is in order:
it writes `write` where `for` stood. The caret stands where `mark` begins in `line`; `says` is a part
of the fix.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from engine_under_test import compiled
from test_cases import SHOP

from offerwright.source.snippet import render_text
from offerwright.source.yaml import read_yaml

CASES = Path(__file__).parent / "cases" / "errors" / "forty.yaml"


def shared() -> dict[str, Any]:
    located, wrong = read_yaml(CASES.read_bytes(), CASES.name)
    assert located is not None, wrong
    return located.data


def planted(files: dict[str, str], case: dict[str, Any]) -> dict[str, str]:
    file, text = case["in"], files[case["in"]]
    for change in (case, case.get("also")):
        if change is not None:
            assert change["for"] in text, (case["name"], change["for"])
            text = text.replace(change["for"], change["write"], 1)
    return {**files, file: text}


def repository(files: dict[str, str]) -> dict[str, str]:
    return {**SHOP, **files}


def first_line(files: dict[str, str]) -> str:
    _, found = compiled(files)
    worth = [d for d in found if d.severity != "note"]
    text = render_text(worth, {name: body.encode() for name, body in files.items()})
    return text.split("\n", 1)[0]


def test_the_repository_without_a_mistake_is_in_order() -> None:
    assert first_line(repository(shared()["files"])) == ""


def test_there_are_forty() -> None:
    assert len(shared()["cases"]) == 40


@pytest.mark.parametrize("case", shared()["cases"], ids=lambda case: case["name"])
def test_the_first_line_names_the_place_and_the_fix(case: dict[str, Any]) -> None:
    files = planted(shared()["files"], case)
    wrong = files[case["in"]].split("\n")[int(case["line"]) - 1]
    line = first_line(repository(files))

    place, _, said = line.partition(": ")
    assert place == f"{case['in']}:{case['line']}:{wrong.index(case['mark']) + 1}", line
    assert said.startswith(f"error[{case['code']}]"), line
    assert case["says"] in said, line
