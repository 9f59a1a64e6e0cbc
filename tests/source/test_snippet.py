"""Findings as text: golden screens, hostile text, limits."""

from __future__ import annotations

from offerwright.errors import Diagnostic, Related, Span
from offerwright.source.snippet import PER_FILE, cell_width, render_text, visible


def test_a_finding_shows_its_line_with_a_caret_and_a_hint() -> None:
    files = {"rules/a.yaml": b"kind: lists\nnmae: x\n"}
    found = Diagnostic(
        "UNKNOWN_KEY",
        "unknown key 'nmae'",
        Span("rules/a.yaml", 2, 1, 2, 5),
        "did you mean 'name'?",
    )

    assert render_text([found], files) == (
        "rules/a.yaml:2:1: error[UNKNOWN_KEY]: unknown key 'nmae'; did you mean 'name'?\n"
        "2 | nmae: x\n"
        "  | ^^^^\n"
    )


def test_a_related_place_is_a_second_snippet() -> None:
    files = {"a": b"".join(b"k%d: 1\n" % i for i in range(1, 13)) + b"k2: 1\n"}
    related = (Related(Span("a", 2, 1, 2, 3), "first written here"),)
    found = Diagnostic(
        "DUPLICATE_KEY", "twice", Span("a", 13, 1, 13, 3), severity="warning", related=related
    )

    assert render_text([found], files) == (
        "a:13:1: warning[DUPLICATE_KEY]: twice\n"
        "13 | k2: 1\n"
        "   | ^^\n"
        "  ::: a:2:1\n"
        " 2 | k2: 1\n"
        "   | ^^ first written here\n"
    )


def test_the_caret_stands_under_wide_characters() -> None:
    files = {"a": "日本👟é: x\n".encode()}

    text = render_text([Diagnostic("C", "m", Span("a", 1, 7, 1, 8))], files)

    assert text.splitlines()[-2:] == ["1 | 日本👟é: x", "  | " + " " * 9 + "^"]
    assert cell_width("日本👟é") == 7
    assert cell_width("e\u0301") == 1


def test_control_characters_cannot_steer_the_terminal() -> None:
    files = {"a\x1b": b"x: \x1b[31m\r\n"}
    found = Diagnostic("C", "say \x1b]0;x\x07", Span("a\x1b", 1, 4, 1, 5), "h\x9bint \u202e")

    text = render_text([found], files)

    assert "\x1b" not in text and "\x07" not in text and "\x9b" not in text and "\u202e" not in text
    assert "1 | x: \\x1b[31m" in text
    assert "  |    ^^^^" in text
    assert visible("a\tb\n") == "a\\tb\\n"


def test_a_long_line_is_cut_around_the_place() -> None:
    files = {"a": b"x" * 5000 + b"HERE" + b"y" * 5000}

    lines = render_text([Diagnostic("C", "m", Span("a", 1, 5001, 1, 5005))], files).splitlines()

    assert max(map(len, lines)) < 120
    assert lines[1].startswith("1 | …x") and lines[1].endswith("y…")
    assert lines[1].index("HERE") == lines[2].index("^^^^")


def test_a_finding_without_a_place_has_no_snippet() -> None:
    assert render_text([Diagnostic("NO_SHOP", "none", None, "write it")], {}) == (
        "error[NO_SHOP]: none; write it\n"
    )


def test_a_place_in_an_unknown_or_shorter_file_has_no_snippet() -> None:
    found = [
        Diagnostic("C", "m", Span("gone", 3, 1, 3, 2)),
        Diagnostic("D", "m", Span("short", 9, 1, 9, 2)),
    ]

    assert render_text(found, {"short": b"a\n"}) == (
        "gone:3:1: error[C]: m\n\nshort:9:1: error[D]: m\n"
    )


def test_at_most_twenty_findings_of_a_file_are_shown() -> None:
    found = [
        Diagnostic("C", f"m{i}", Span(file, i, 1, i, 2)) for i in range(1, 26) for file in "ab"
    ]

    text = render_text(found, {})

    assert text.count("error[C]") == 2 * PER_FILE
    assert "… and 5 more in a\n" in text
    assert "… and 5 more in b\n" in text


def test_findings_are_ordered_by_place_without_doubles() -> None:
    one, two = (
        Diagnostic("B", "x", Span("a", 1, 1, 1, 2)),
        Diagnostic("A", "y", Span("a", 2, 1, 2, 2)),
    )

    assert render_text([two, one, two], {}) == render_text([one, two], {})
    assert render_text([], {}) == ""


def test_a_span_at_the_end_of_a_line_has_one_caret() -> None:
    text = render_text([Diagnostic("C", "m", Span("a", 1, 6, 1, 6))], {"a": b"name:\n"})

    assert text.splitlines()[-1] == "  |      ^"
