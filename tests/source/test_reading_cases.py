"""Every case under tests/cases/reading: a file's text, and what the reader says or yields."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from source.kinds import KINDS

from offerwright.errors import Diagnostic, sorted_diagnostics
from offerwright.source.load import load_documents
from offerwright.source.repository import Repository
from offerwright.source.snippet import render_text
from offerwright.source.yaml import read_yaml

CASES = Path(__file__).parents[1] / "cases" / "reading"
FILE = "rules/case.yaml"


def all_cases() -> list[Any]:
    return [
        pytest.param(case, id=f"{file.stem}: {case['name']}")
        for file in sorted(CASES.glob("*.yaml"))
        for case in yaml.safe_load(file.read_text("utf-8"))
    ]


def content_of(case: dict[str, Any]) -> bytes:
    if "hex" in case:
        return bytes.fromhex(case["hex"])
    text: str = case["text"]
    return text.encode("utf-8")


def findings(content: bytes) -> list[Diagnostic]:
    return sorted_diagnostics(load_documents(Repository(Path("."), {FILE: content}), KINDS)[1])


def expected_value(written: Any) -> Any:
    """`{number: "1.10"}` stands for the decimal, all else for itself."""
    if isinstance(written, dict):
        if set(written) == {"number"}:
            return Decimal(written["number"])
        return {key: expected_value(value) for key, value in written.items()}
    return written


def exactly(value: Any) -> Any:
    """The value with decimals as their text: 1.10 and 1.1 differ."""
    if isinstance(value, dict):
        return {key: exactly(element) for key, element in value.items()}
    return f"number {value}" if isinstance(value, Decimal) else value


@pytest.mark.parametrize("case", [c for c in all_cases() if "code" in c.values[0]])
def test_a_mistake_is_found_where_it_is_and_named(case: dict[str, Any]) -> None:
    content = content_of(case)

    found = findings(content)

    assert found, "nothing was found"
    first = found[0]
    assert first.span is not None
    place = (first.code, first.span.file, first.span.line, first.span.column)
    assert place == (case["code"], FILE, case["line"], case["column"])
    assert case["says"] in first.message
    assert case.get("hint", "") in first.hint
    if "related" in case:
        assert [related.span.line for related in first.related] == [case["related"]]


@pytest.mark.parametrize("case", [c for c in all_cases() if "values" in c.values[0]])
def test_a_good_file_means_what_is_written(case: dict[str, Any]) -> None:
    located, found = read_yaml(content_of(case), FILE)

    assert found == []
    assert located is not None
    seen = {key: exactly(located.data[key]) for key in case["values"]}
    assert seen == exactly(expected_value(case["values"]))


@pytest.mark.parametrize("case", all_cases())
def test_libyaml_and_the_pure_parser_say_the_same(case: dict[str, Any]) -> None:
    content = content_of(case)

    fast = read_yaml(content, FILE)
    pure = read_yaml(content, FILE, yaml.SafeLoader)

    if "surrogate" in case["name"]:  # only libyaml refuses the escape itself
        assert pure[1][0].code == "INVALID_CHARACTER"
        return
    assert [(d.code, d.span and d.span.line) for d in pure[1]] == [
        (d.code, d.span and d.span.line) for d in fast[1]
    ]
    assert (pure[0] and pure[0].data) == (fast[0] and fast[0].data)


@pytest.mark.parametrize("case", [c for c in all_cases() if "code" in c.values[0]])
def test_a_message_speaks_to_people_who_do_not_program(case: dict[str, Any]) -> None:
    content = content_of(case)

    text = render_text(findings(content), {FILE: content})

    words = ("Traceback", "Decimal", "dict", "NoneType", "str ", "Input should", "token", "None ")
    assert [word for word in words if word in text] == []
    assert f"{FILE}:{case['line']}:{case['column']}" in text
    assert all(character.isprintable() or character == "\n" for character in text)
