"""`fmt`: the layout of YAML text, and that nothing else changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from source.kinds import ROOT
from source.test_yaml_positions import seen_by_ruamel

from offerwright.source.layout.comments import comments_of
from offerwright.source.layout.document import lay_out
from offerwright.source.yaml import read_yaml

CASES = ROOT / "tests" / "cases" / "layout"


def cases() -> list[Any]:
    found = []
    for path in sorted(CASES.glob("*.yaml")):
        located, wrong = read_yaml(b"cases:\n" + path.read_bytes(), path.name)
        assert located is not None, wrong
        found += [
            pytest.param(case["before"], case.get("after", case["before"]),
                         id=f"{path.stem}: {case['name']}")
            for case in located.data["cases"]
        ]  # fmt: skip
    return found


def committed_files() -> list[Path]:
    folders = ("rules", "examples", "marketplaces", "tests/corpus")
    found = [file for folder in folders for file in sorted((ROOT / folder).rglob("*.yaml"))]
    return [ROOT / "offerwright.yaml", *found]


def laid_out(text: str) -> str:
    after, found = lay_out(text.encode("utf-8"), "x.yaml")
    assert found == []
    assert after is not None
    return after.decode("utf-8")


@pytest.mark.parametrize(("before", "after"), cases())
def test_a_text_is_laid_out(before: str, after: str) -> None:
    assert laid_out(before) == after


@pytest.mark.parametrize(("before", "after"), cases())
def test_a_text_that_is_laid_out_stays(before: str, after: str) -> None:
    assert laid_out(after) == after


@pytest.mark.parametrize(
    "file",
    [file for file in committed_files() if "corpus" not in file.parts],
    ids=lambda file: str(file.relative_to(ROOT)),
)
def test_the_committed_files_are_in_order(file: Path) -> None:
    content = file.read_bytes()

    assert lay_out(content, file.name) == (content, [])


def test_a_byte_order_mark_goes() -> None:
    assert laid_out("\ufeffa: x\n") == "a: x\n"


def test_an_explicit_key_is_refused_with_its_place() -> None:
    after, found = lay_out(b"a: 1\n? b\n: 2\n", "x.yaml")

    assert after is None
    assert [(d.code, d.span and d.span.line) for d in found] == [("LAYOUT_REFUSED", 2)]


def test_a_file_that_cannot_be_read_is_refused_with_its_own_reason() -> None:
    after, found = lay_out(b"a: 1\na: 2\n", "x.yaml")

    assert after is None
    assert [d.code for d in found] == ["DUPLICATE_KEY"]


TEXTS = {file: file.read_bytes().decode("utf-8") for file in committed_files()}
INSERTED = (" ", "  ", "\n", "\n\n", "  # x", "\n# y\n", "\n    # z\n", "#", "\r\n", ",", "{", "]",
            "- ", ": ", "\"", "'", "|\n", "&a ", "*a", "x", "?", "é👟")  # fmt: skip
edits = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(0, 6), st.sampled_from(INSERTED)), max_size=4
)


def edited(text: str, changes: list[tuple[int, int, str]]) -> str:
    """The text with some places cut out or written over: most results are still YAML."""
    for place, length, inserted in changes:
        start = place % (len(text) + 1)
        text = text[:start] + inserted + text[start + length :]
    return text


@settings(max_examples=120)
@given(st.sampled_from(sorted(TEXTS)), edits)
def test_a_layout_changes_neither_data_nor_comments(
    file: Path, changes: list[tuple[int, int, str]]
) -> None:
    text = edited(TEXTS[file], changes)
    after, found = lay_out(text.encode("utf-8"), "x.yaml")

    if after is None:
        assert found
        return
    new = after.decode("utf-8")
    # Told by another parser than the one that made the layout.
    assert seen_by_ruamel(new)[0] == seen_by_ruamel(text.removeprefix("\ufeff"))[0]
    assert comments_of(new) == comments_of(text.removeprefix("\ufeff"))
    assert lay_out(after, "x.yaml") == (after, [])


@settings(max_examples=120)
@given(st.sampled_from(sorted(TEXTS)), st.lists(st.integers(1, 3), min_size=1, max_size=20))
def test_whatever_the_indentation_was_the_layout_is_the_same(file: Path, widths: list[int]) -> None:
    """Every level of the file gets a width of its own; block texts would change their meaning."""
    text = TEXTS[file]
    if "|" in text or ">" in text:
        return
    lines = []
    for line in text.split("\n"):
        depth, rest = divmod(len(line) - len(line.lstrip(" ")), 2)
        wide = sum(widths[level % len(widths)] for level in range(depth)) + rest
        lines.append(" " * wide + line.lstrip(" "))

    after, _ = lay_out("\n".join(lines).encode("utf-8"), "x.yaml")

    expected, _ = lay_out(text.encode("utf-8"), "x.yaml")
    if after is not None:
        assert after == expected
