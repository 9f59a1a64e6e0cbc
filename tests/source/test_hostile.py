"""Files made to hurt: each ends with a message, quickly, in little memory."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from source.kinds import ROOT

from offerwright.source.compose import MAX_DEPTH
from offerwright.source.csv import read_csv_table
from offerwright.source.snippet import render_text
from offerwright.source.yaml import PARSER, read_yaml

MIB = 1 << 20
# Long texts after `kind: lists\n`, with the code that must answer; "" where the file is harmless.
HOSTILE: dict[str, tuple[str, str]] = {
    "30,000 open brackets": ("v: " + "[" * 30_000, "TOO_DEEP"),
    "a mebibyte of open brackets": ("v: " + "[" * (MIB - 100), "TOO_DEEP"),
    "brackets on a line each": ("v: " + "[\n " * 30_000, "TOO_DEEP"),
    "30,000 open braces": ("v: " + "{a: " * 30_000, "TOO_DEEP"),
    "30,000 dashes": ("v:\n  " + "- " * 30_000, "TOO_DEEP"),
    "3,000 levels of indentation": (
        "".join(" " * i + "a:\n" for i in range(1300)),
        "TOO_DEEP",
    ),
    "30,000 question marks": ("v:\n  " + "? " * 30_000, "KEY_NOT_TEXT"),
    "brackets in a quoted text are harmless": ('v: "' + "[" * 30_000 + '"', ""),
    "brackets in a comment are harmless": ("v: 1 # " + "[" * 30_000, ""),
    "a quote that opens a mebibyte": ('v: "' + "x" * (MIB - 100), "UNCLOSED_QUOTE"),
    "a text of a mebibyte": ("v: " + "x" * (MIB - 100), ""),
    "a key of a mebibyte": ("x" * (MIB - 100) + ": 1", "YAML_SYNTAX"),
    "a number of 5,000 digits": ("v: " + "9" * 5000, ""),
    "a number of a million digits": ("v: " + "9" * 1_000_000, ""),
    "an alias bomb": (
        "a: &a [x, x]\n"
        + "".join(
            f"{c}: &{c} [{', '.join([f'*{b}'] * 9)}]\n"
            for b, c in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "ALIAS",
    ),
    "a wide list repeated 90 times": (
        "a: &a [" + "x, " * 4000 + "x]\nv: [" + "*a, " * 90 + "x]",
        "TOO_MANY_VALUES",
    ),
    "101 aliases": ("a: &a x\nv: [" + "*a, " * 101 + "x]", "ALIAS"),
    "aliases that nest": (
        "a0: &a0 [x]\n" + "".join(f"a{i + 1}: &a{i + 1} [*a{i}]\n" for i in range(70)),
        "ALIAS",
    ),
    "a value that contains itself": ("a: &a {b: [*a]}", "ALIAS"),
    "250,000 values": ("v: [" + "1," * 250_000 + "1]", "TOO_MANY_VALUES"),
    "60,000 keys": ("".join(f"k{i}: 1\n" for i in range(60_000)), ""),
    "20,000 equal keys": ("k: 1\n" * 20_000, "DUPLICATE_KEY"),
    "20,000 tags": ("v: [" + "!x 1," * 20_000 + "1]", "TAG"),
    "20,000 documents": ("v: 1\n" + "---\nv: 1\n" * 20_000, "SECOND_DOCUMENT"),
    "100,000 directives": ("%YAML 1.1\n" * 90_000, "DIRECTIVE"),
    "100,000 tabs": ("\t" * 100_000, "TAB"),
    "a mebibyte of blanks": (" " * (MIB - 100), ""),
    "a mebibyte of line breaks": ("\n" * (MIB - 100) + "v: [", "UNCLOSED_BRACKET"),
    "a mebibyte of NUL": ("\0" * (MIB - 100), "NOT_UTF8"),
    "more than a mebibyte": ("v: " + "x" * MIB, "FILE_TOO_LARGE"),
    "300,000 colons": ("a" + ":a" * 300_000, "YAML_SYNTAX"),
    "300,000 colons with blanks": ("a" + ": a" * 300_000, "QUOTE_NEEDED"),
    "half a mebibyte of apostrophes": ("v: '" + "''" * 260_000, "UNCLOSED_QUOTE"),
    "half a mebibyte of backslashes": ('v: "' + "\\\\" * 260_000, "UNCLOSED_QUOTE"),
    "100,000 anchors": ("".join(f"k{i}: &a{i} 1\n" for i in range(40_000)), "QUOTE_NEEDED"),
    "a template bomb": ("v: {{ 'a' * 10**9 }}", "TEMPLATE_NOT_QUOTED"),
    "a Python object": ("v: !!python/object/apply:os.system [exit]", "TAG"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_answered_quickly(name: str) -> None:
    text, code = HOSTILE[name]
    content = b"kind: lists\n" + text.encode() if not text.startswith("%") else text.encode()
    start = time.process_time()

    located, found = read_yaml(content, "rules/x.yaml")

    assert time.process_time() - start < 2.0
    if code:
        assert located is None
        assert found[0].code == code
    else:
        assert (found, located is not None) == ([], True)


def test_no_hostile_file_takes_more_than_half_a_gigabyte_or_ends_the_process() -> None:
    # In a process of its own: a parser that overflows its stack would end this one.
    program = (
        "import json, resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))\n"
        "from offerwright.source.yaml import read_yaml\n"
        "for text in json.load(sys.stdin):\n"
        "    read_yaml(text.encode(), 'x')\n"
        "print('survived')\n"
    )
    texts = json.dumps(["kind: lists\n" + text for text, _ in HOSTILE.values()])
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "engine")}

    ran = subprocess.run(
        [sys.executable, "-c", program],
        input=texts,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        check=False,
    )

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "survived\n", "")


@pytest.mark.parametrize("name", ["30,000 open brackets", "an alias bomb", "30,000 dashes"])
def test_the_pure_parser_is_as_safe(name: str) -> None:
    text, code = HOSTILE[name]
    content = b"kind: lists\n" + text.encode()
    start = time.process_time()

    found = read_yaml(content, "rules/x.yaml", yaml.SafeLoader)[1]

    assert found[0].code == code
    assert time.process_time() - start < 5.0


pieces = st.lists(
    st.sampled_from(
        ["a", "é", "👟", ": ", ":", "- ", "-", "? ", "[", "]", "{", "}", ", ", ",", "\n", "\n  ",
         "\r\n", "'", '"', "|", ">", "|2", "&a ", "*a", "!t ", "!!", "# ", "#", "%", "@", "`", "{{ ",
         " }}", "<<: ", "---\n", "...\n", "\\", "\\x", "~", "1,5", "“", "”", "\u00a0", "\ufeff",
         "k: v\n", "k:\n  - "]
    ),
    max_size=14,
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(pieces.map("".join) | pieces.map(lambda p: "kind: lists\n" + "".join(p)))
def test_no_text_at_all_ends_in_a_traceback(text: str) -> None:
    content = text.encode()

    for parser in (PARSER, yaml.SafeLoader):
        located, found = read_yaml(content, "x", parser)

        assert (located is None) == bool(found)
        assert all(d.span is not None and d.span.line >= 1 and d.span.column >= 1 for d in found)
        assert render_text(found, {"x": content}).count("error[") == min(len(set(found)), 20)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40))
def test_no_bytes_at_all_end_in_a_traceback(content: bytes) -> None:
    for read in (read_yaml, read_csv_table):
        value, found = read(content, "x")

        assert (value is None) == bool(found)
        assert render_text(found, {"x": content}).count("error[") == min(len(set(found)), 20)


def test_64_levels_are_allowed_and_65_are_not() -> None:
    def nested(levels: int) -> bytes:
        return f"v: {'[' * levels}{']' * levels}".encode()

    assert read_yaml(nested(MAX_DEPTH - 1), "x")[1] == []
    assert [d.code for d in read_yaml(nested(MAX_DEPTH), "x")[1]] == ["TOO_DEEP"]


def test_an_alias_counts_its_depth_where_it_stands() -> None:
    deep = f"a: &a {'[' * 40}{']' * 40}\n"

    assert read_yaml(f"{deep}b: {'[' * 23}*a{']' * 23}".encode(), "x")[1] == []
    found = read_yaml(f"{deep}b: {'[' * 24}*a{']' * 24}".encode(), "x")[1]
    assert [d.code for d in found] == ["TOO_DEEP"]


def test_100_aliases_are_allowed() -> None:
    located, found = read_yaml(f"a: &a x\nv: [{', '.join(['*a'] * 100)}]".encode(), "x")

    assert found == []
    assert located is not None
    assert located.data["v"] == ["x"] * 100


@pytest.mark.parametrize("text", [b"a: 1", b"a: [", b"a: !x 1", b"\xff"])
def test_garbage_collection_is_on_again_after_reading(text: bytes) -> None:
    assert gc.isenabled()

    read_yaml(text, "x")

    assert gc.isenabled()
