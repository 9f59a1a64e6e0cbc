"""Spans: by hand, and against another parser (ruamel.yaml) over every good file there is."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import ruamel.yaml
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from source.kinds import ROOT

from offerwright.errors import Span
from offerwright.source.located import Located
from offerwright.source.yaml import read_yaml

CANONICAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?\Z")
FIXED_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}

# Layouts that parsers place differently when they are careless.
LAYOUTS = {
    "accents and emoji": "é: 👟x\n👟: {é: [é, 👟, 日本], b: 'é'}\n",
    "CR LF": "a: 1\r\nb:\r\n  - x\r\n  - y: z\r\n",
    "comments": "# é\na: 1 # one\n\n# two\nb: 2\n",
    "block texts": "a: |\n  one\n  two\nb: >-\n  three\n  four\nc: x\n",
    "texts over lines": "a: one\n  two\n  three\nb: \"four\n  five\"\nc: 'six\n\n  seven'\n",
    "flow over lines": "a: [1,\n    {b: 2,\n     c: é}]\nd: x\n",
    "nothing": "a:\nb: [x, ]\nc: {d, e: , f: x}\ng: ''\nh: z\n",
    "escapes": 'a: "\\u00e9\\n\\t\\x41"\nb: "x"\n',
    "dashes below their key": "a:\n- 1\n- - 2\n  - 3\n-1x: 4\n",
    "explicit keys": "? a\n: 1\n? 'b'\n: - x\n",
    "numbers": "a: [0, -0, 1.50, 01, +1, 1., .5, 1e3, 0x1f, 1_0, 12:30]\n",
    "words": "a: [true, True, yes, no, null, NULL, ~, on]\n",
    "document marks": "---\na: 1\n...\n",
    "quotes in keys": "'a b': 1\n\"c: d\": 2\n",
    "colons and hashes": "a: http://x/#y\nb: x#y\nc: a:b\n",
}


def good_files() -> list[Path]:
    found = [*(ROOT / "tests" / "corpus" / "ok").rglob("*.yaml"), *(ROOT / "rules").rglob("*.yaml")]
    return sorted([*found, *(ROOT / "marketplaces").rglob("*.yaml")])


def read(text: str) -> Located:
    located, found = read_yaml(text.encode("utf-8"), "x.yaml")
    assert found == []
    assert located is not None
    return located


def resolved(node: Any) -> Any:
    written = str(node.value)
    if node.style in ("'", '"', "|", ">"):
        return written
    if written in FIXED_WORDS:
        return FIXED_WORDS[written]
    return Decimal(written) if CANONICAL.match(written) else written


def span(node: Any) -> tuple[int, int, int, int]:
    start, end = node.start_mark, node.end_mark
    return start.line + 1, start.column + 1, end.line + 1, end.column + 1


def seen_by_ruamel(text: str) -> tuple[Any, dict[Any, Any], dict[Any, Any]]:
    """Data, spans of values and spans of keys; the end of a block is that of its last part."""
    values: dict[Any, Any] = {}
    keys: dict[Any, Any] = {}

    def walk(node: Any, path: tuple[Any, ...]) -> Any:
        data: Any
        if isinstance(node, ruamel.yaml.nodes.ScalarNode):
            values[path] = span(node)
            return resolved(node)
        last = None
        if isinstance(node, ruamel.yaml.nodes.SequenceNode):
            data = []
            for index, child in enumerate(node.value):
                last = (*path, index)
                data.append(walk(child, last))
        else:
            data = {}
            for key, child in node.value:
                last = (*path, str(key.value))
                keys[last] = span(key)
                data[str(key.value)] = walk(child, last)
        start, end = span(node)[:2], span(node)[2:]
        values[path] = (*start, *(end if node.flow_style or last is None else values[last][2:]))
        return data

    reader = ruamel.yaml.YAML(typ="safe", pure=True)
    return walk(reader.compose(text), ()), written(values), keys


def is_scalar(data: Any, path: tuple[Any, ...]) -> bool:
    for part in path:
        data = data[part]
    return not isinstance(data, dict | list)


def plain(spans: Any) -> dict[Any, Any]:
    return written({p: (s.line, s.column, s.end_line, s.end_column) for p, s in spans.items()})


def written(spans: dict[Any, Any]) -> dict[Any, Any]:
    """Without values of no width: ruamel puts nothing where the next thing begins."""
    return {path: place for path, place in spans.items() if place[:2] != place[2:]}


@pytest.mark.parametrize("name", LAYOUTS)
def test_ruamel_sees_the_same_data_in_the_same_places(name: str) -> None:
    located = read(LAYOUTS[name])

    data, values, keys = seen_by_ruamel(LAYOUTS[name])

    assert located.data == data
    assert repr(located.data) == repr(data)
    assert plain(located.values) == values
    assert plain(located.keys) == keys


@pytest.mark.parametrize("file", good_files(), ids=lambda file: str(file.relative_to(ROOT)))
def test_ruamel_sees_every_good_file_alike(file: Path) -> None:
    text = file.read_bytes().decode("utf-8")
    located = read(text)

    data, values, keys = seen_by_ruamel(text)

    assert (located.data, plain(located.keys)) == (data, keys)
    # A list that ends with an alias ends at the alias; ruamel cannot tell where that stands.
    has_aliases = re.search(r"[:\-,\[] \*\w", text) is not None
    compared = {path for path in values if not has_aliases or is_scalar(data, path)}
    assert {p: s for p, s in plain(located.values).items() if p in compared} == {
        path: values[path] for path in compared
    }


words = st.text(st.sampled_from("abé👟日 _.-:#'\"%@0123456789,[]{}&*!|>~\\"), max_size=8)
values = st.recursive(
    words | st.booleans() | st.none() | st.integers(-999, 999),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(words.filter(str.strip), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(words.filter(str.strip), values, min_size=1, max_size=4), st.booleans())
def test_ruamel_sees_generated_files_alike(data: dict[str, Any], is_flow: bool) -> None:
    text = yaml.safe_dump(data, allow_unicode=True, default_flow_style=is_flow, width=40)
    located = read(text)

    theirs, their_values, their_keys = seen_by_ruamel(text)

    assert located.data == theirs
    assert plain(located.values) == their_values
    assert plain(located.keys) == their_keys


def test_spans_count_characters_from_one_and_exclude_their_end() -> None:
    located = read("é: 👟x\nb: {é: [10, 'é']}\n")

    assert located.key(("é",)) == Span("x.yaml", 1, 1, 1, 2)
    assert located.at(("é",)) == Span("x.yaml", 1, 4, 1, 6)
    assert located.key(("b", "é")) == Span("x.yaml", 2, 5, 2, 6)
    assert located.at(("b", "é", 0)) == Span("x.yaml", 2, 9, 2, 11)
    assert located.at(("b", "é", 1)) == Span("x.yaml", 2, 13, 2, 16)
    assert located.at(("b",)) == Span("x.yaml", 2, 4, 2, 18)


def test_a_byte_order_mark_takes_no_column() -> None:
    located, _ = read_yaml(b"\xef\xbb\xbfa: 1\n", "x.yaml")

    assert located is not None
    assert located.key(("a",)) == Span("x.yaml", 1, 1, 1, 2)


def test_a_path_that_does_not_exist_has_the_span_of_what_is_around_it() -> None:
    located = read("a:\n  b: 1\n")

    assert located.at(("a", "c", 0)) == located.at(("a",))
    assert ("a", "c") not in located.values
    assert ("a", 0) not in located.values
    assert ("a", "b", "c") not in located.keys


def test_an_alias_has_the_places_of_what_it_repeats() -> None:
    located = read("a: &x {b: 1}\nc: *x\n")

    assert located.data == {"a": {"b": Decimal(1)}, "c": {"b": Decimal(1)}}
    assert located.at(("c", "b")) == located.at(("a", "b")) == Span("x.yaml", 1, 11, 1, 12)
    assert located.key(("c",)) == Span("x.yaml", 2, 1, 2, 2)


def test_all_mistakes_of_a_file_are_reported_together() -> None:
    text = b"a: 1\na: 2\nb: !x 1\n<<: 3\n"

    found = read_yaml(text, "x.yaml")[1]

    assert [(d.code, d.span and d.span.line) for d in found] == [
        ("DUPLICATE_KEY", 2),
        ("TAG", 3),
        ("MERGE_KEY", 4),
    ]
