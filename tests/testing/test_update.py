"""`--update`: wrong expectations are replaced at their place, and nothing else changes."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from testing.small import HEAD, bed, cases

from offerwright.errors import Span
from offerwright.testing.patch import Patch, patched, written_at
from offerwright.testing.update import Updates, updates

FILE = "rules/sample.test.yaml"


def updated(text: str) -> Updates:
    here = bed(text)
    assert here.found == []
    return updates(here.report, here.loadout.repository.files)


def changed_lines(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("price: 99.99", "price: 576.00"),
        ("price: missing", "price: 576.00"),
        ("sale_price: 5.00", "sale_price: missing"),
        ("quantity: 7", "quantity: 5"),
        ("sale_from: 2026-12-01", "sale_from: missing"),
        ("category: P9", "category: P1"),
        ("attributes: {NAME: 'Outro'}", "attributes: {NAME: Fone}"),
        ("rules: [gold]", "rules: [small]"),
        ("rules: [safety_stock/otherwise, gold]", "rules: [safety_stock/otherwise, small]"),
        ("rules: [gold, small]", "rules: [small]"),
        ("rules: [old]", "rules: []"),
        ("rules: [], only: true", "rules: [small], only: true"),
        ("not_rules: [gold, small]", "not_rules: [gold]"),
        ("notes: [CHANGE_HELD]", "notes: []"),
        ("guards: {floor: block, step: pass}", "guards: {floor: pass, step: pass}"),
    ],
)
def test_an_expectation_is_replaced(wrong: str, right: str) -> None:
    text = cases(f"{{name: x, given: phone, expect: {{{wrong}}}}}  # why")
    found = updated(text)

    assert found.files[FILE].decode() == text.replace(wrong, right)
    assert found.refused == ()
    # A list that became empty is a warning: nothing is left that could fail.
    assert bed(found.files[FILE].decode()).report.failed == ()


def test_the_ends_of_a_sale_and_tiers_are_replaced() -> None:
    line = "{{name: x, given: {{like: phone, category: sale}}, expect: {{{}}}}}"
    wrong = "sale_from: 2026-11-30, sale_before: missing, tiers: {5: 1.00}"
    right = "sale_from: 2026-12-01, sale_before: 2026-12-24T12:00:00-03:00, tiers: {5: 600.00}"
    found = updated(cases(line.format(wrong)))

    assert found.files[FILE].decode() == cases(line.format(right))


def test_a_block_is_replaced() -> None:
    line = "{{name: x, given: {{like: phone, cost: missing}}, expect: {{blocked: {{price: {}}}}}}}"
    found = updated(cases(line.format("BOUNDS_CROSS")))

    assert found.files[FILE].decode() == cases(line.format("NO_PRICE"))


def test_lists_over_several_lines_keep_their_lines_and_comments() -> None:
    text = HEAD + (
        "cases:\n"
        "  - name: x   # the first\n"
        "    given: phone\n"
        "    expect:\n"
        "      rules:\n"
        "        - gold  # the row\n"
        "        - safety_stock/otherwise\n"
        "      price:   99.99\n"
    )
    found = updated(text)

    assert found.files[FILE].decode() == text.replace("gold  #", "small  #").replace(
        "99.99", "576.00"
    )


def test_what_passes_stays_and_nothing_is_written() -> None:
    found = updated(cases("{name: x, given: phone, expect: {price: 576.00}}"))

    assert (found.files, found.diff, found.placed) == ({}, (), 0)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{name: x, given: phone, expect: {blocked: {price: NO_PRICE}}}", "delete"),
        ("{name: x, given: phone, account: [a, b], expect: {quantity: 9}}", "accounts"),
        ("{name: x, given: phone, account: [a, b], expect: {quantity: 5}}", "accounts"),
    ],
)
def test_what_cannot_be_placed_is_refused_with_its_place(line: str, why: str) -> None:
    found = updated(cases(line))

    assert found.files == {}
    assert len(found.refused) == 1
    assert found.refused[0].startswith(f"{FILE}:8: `x`, ")
    assert why in found.refused[0]


def test_a_list_over_several_lines_that_gets_shorter_is_refused() -> None:
    text = HEAD + (
        "cases:\n  - name: x\n    given: phone\n    expect:\n      rules:\n        - small\n        - old\n"
    )
    found = updated(text)

    assert found.files == {}
    assert "on one line as [small]" in found.refused[0]


def test_accounts_that_agree_are_replaced_once() -> None:
    line = "{{name: x, given: phone, account: [a, b], expect: {{price: {}}}}}"
    found = updated(cases(line.format("1.00")))

    assert found.files[FILE].decode() == cases(line.format("576.00"))
    assert found.placed == 1


def test_the_diff_shows_the_lines_that_change() -> None:
    text = cases("{name: x, given: phone, expect: {price: 1.00}}")
    found = updated(text)
    after = found.files[FILE].decode()

    assert [line for line in found.diff if line[:2] in ("- ", "+ ")] == [
        line.replace("- ", "-", 1) if line[0] == "-" else line.replace("+ ", "+", 1)
        for line in changed_lines(text, after)
    ]


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_line_breaks_and_the_byte_order_mark_stay(line_break: str, bom: str) -> None:
    text = bom + cases("{name: ü, given: phone, expect: {price: 1.00}}").replace("\n", line_break)
    found = updated(text)

    assert found.files[FILE] == text.replace("1.00", "576.00").encode()


@given(st.lists(st.text("aé€😀 ", max_size=6), min_size=1, max_size=6), st.data())
def test_a_patch_changes_its_span_and_nothing_else(lines: list[str], data: st.DataObject) -> None:
    content = "\n".join(lines).encode()
    line = data.draw(st.integers(0, len(lines) - 1))
    start = data.draw(st.integers(0, len(lines[line])))
    end = data.draw(st.integers(start, len(lines[line])))
    span = Span("f", line + 1, start + 1, line + 1, end + 1)
    after = patched(content, [Patch(span, "NEW")]).decode().split("\n")

    assert written_at(content, span) == lines[line][start:end]
    assert after[line] == lines[line][:start] + "NEW" + lines[line][end:]
    assert after[:line] + after[line + 1 :] == lines[:line] + lines[line + 1 :]
