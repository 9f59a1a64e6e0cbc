"""The JSON Schema of test documents accepts what the engine accepts, and names what it refuses."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from testing.small import HEAD, cases
from testing.test_expectations import of_file

from offerwright.source.yaml import read_yaml

ROOT = Path(__file__).parents[2]
FILES = [
    file
    for folder in (ROOT / "rules", ROOT / "examples")
    for file in sorted(folder.rglob("*.test.yaml"))
]


def faults(text: str) -> list[str]:
    located, wrong = read_yaml(text.encode(), "x.test.yaml")
    assert located is not None, wrong
    schema = json.loads((ROOT / "schemas" / "test.schema.json").read_text("utf-8"))
    errors = Draft202012Validator(schema).iter_errors(plain(located.data))
    return [f"{list(e.absolute_path)}: {e.message}" for e in errors]


def plain(value: Any) -> Any:
    """Numbers as JSON has them."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.relative_to(ROOT).as_posix())
def test_the_tests_of_this_repository_fit(file: Path) -> None:
    assert faults(file.read_text("utf-8")) == []


@pytest.mark.parametrize("case", of_file("expectations.yaml"))
def test_every_expectation_of_the_cases_fits(case: dict[str, Any]) -> None:
    assert faults(cases(case["case"])) == []


@pytest.mark.parametrize(
    "line",
    [
        "{given: phone, expect: {price: 1}}",
        "{name: x, given: phone}",
        "{name: x, given: phone, expct: {}}",
        "{name: x, given: phone, expect: {prize: 1}}",
        "{name: x, given: [phone], expect: {price: 1}}",
        "{name: x, given: phone, expect: {guards: {floor: ok}}}",
        "{name: x, given: phone, expect: {blocked: {prize: X}}}",
        "{name: x, given: phone, expect: {only: sure}}",
    ],
)
def test_an_editor_sees_what_is_wrong(line: str) -> None:
    assert faults(cases(line)) != []


def test_the_head_fits() -> None:
    assert faults(HEAD) == []
    assert faults(HEAD.replace("kind: test", "kind: tests")) != []
