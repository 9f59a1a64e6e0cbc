"""
Bad inputs that no other case holds, by what they try: each ends with a located message, quickly.

Those of YAML and templates stand in tests/cases/reading and tests/cases/mapping, hostile files in
tests/source/test_hostile.py, files and links in tests/source/test_repository.py.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from engine_under_test import compiled
from test_cases import SHOP

from offerwright.errors import Diagnostic
from offerwright.source.repository import read_repository
from offerwright.source.snippet import render_text

FACTS = """\
kind: facts
name: shop
facts:
  brand: {type: text, from: catalogue.brand}
  cost: {type: money, from: catalogue.cost, minimum: 0.01}
"""


def found_in(**documents: str) -> list[Diagnostic]:
    files = {**SHOP,
             "rules/facts.yaml": FACTS,
             **{f"rules/{name}.yaml": text for name, text in documents.items()}}  # fmt: skip
    return [d for d in compiled(files)[1] if d.severity == "error"]


def step(rest: str) -> str:
    return f"kind: pricing\nname: p\nsteps:\n  - {{id: s, phase: base, {rest}}}\n"


def test_one_id_in_two_files_is_no_mistake_and_one_name_is() -> None:
    one = step("set: {price: cost}")

    assert found_in(a=one, b=one.replace("name: p", "name: q").replace("base", "adjust")) == []
    assert [d.code for d in found_in(a=one, b=one.replace("base", "adjust"))] == ["DUPLICATE_NAME"]


def test_ten_thousand_rules_are_linked_in_seconds() -> None:
    rows = "\n".join(
        f"      - {{id: r{n}, when: {{brand: b{n}}}, then: {{x: {n}}}}}" for n in range(10_000)
    )
    start = time.process_time()

    assert found_in(p=(
        "kind: pricing\nname: p\nsteps:\n  - id: s\n    phase: base\n"
        f"    rules:\n{rows}\n    otherwise: {{x: 0}}\n    set: {{price: cost + x}}\n"
    )) == []  # fmt: skip
    assert time.process_time() - start < 30


def test_a_condition_of_a_hundred_thousand_letters_is_read() -> None:
    assert found_in(p=step(f"when: {{brand: {'x' * 100_000}}}, set: {{price: cost}}")) == []


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(a+)+b", ""),
        ("(?<!a)b", "look-around"),
        (r"(a)\\1", "RE2"),
        ("a{1001}", "RE2"),
        ("(", "RE2"),
    ],
)
def test_a_pattern_runs_in_linear_time_or_is_refused_with_the_reason(
    pattern: str, says: str
) -> None:
    found = found_in(p=step(f'when: {{brand: {{matches: "{pattern}"}}}}, set: {{price: cost}}'))

    assert [(d.code, says in f"{d.message} {d.hint}") for d in found] == (
        [("WRONG_CONDITION", True)] if says else []
    )


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN RSA PRIVATE KEY-----",
        "APP_USR-1234567890-112410-0123456789abcdef0123456789abcdef-1",
        "TG-0123456789abcdef01234567-1",
        "Atzr|IwEBIAbcdefghijklmnopqrst",
        "AKIA" + "A" * 16,
        "ghp_" + "a" * 36,
    ],
)
def test_a_secret_in_a_file_is_found_and_never_shown_again(secret: str) -> None:
    text = f"kind: lists\nname: l\nnote: '{secret}'\nvalues: [a]\n"
    found = found_in(l=text)

    assert [(d.code, str(d.span)) for d in found] == [("SECRET_WRITTEN", "rules/l.yaml:3:8")]
    assert secret not in render_text(found, {"rules/l.yaml": text.encode()})


def test_a_pointer_of_git_lfs_is_no_document() -> None:
    found = found_in(p="version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")

    assert [(d.code, str(d.span)) for d in found] == [("NOT_A_MAP", "rules/p.yaml:1:1")]


def test_a_link_to_a_file_that_is_gone_is_said(tmp_path: Path) -> None:
    (tmp_path / "offerwright.yaml").write_text("kind: shop\n", "utf-8")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "gone.yaml").symlink_to(tmp_path / "rules" / "nowhere.yaml")
    _, found = read_repository(tmp_path)

    assert [(d.code, str(d.span)) for d in found] == [("UNREADABLE", "rules/gone.yaml:1:1")]
