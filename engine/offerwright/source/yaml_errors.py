"""What a YAML parser stumbles over → a located sentence that says what to write."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from offerwright.errors import Diagnostic, Related, Span

_QUOTES = "“”„‟«»‘’‚‛"
_PAIR = re.compile(rf"[{_QUOTES}].*[{_QUOTES}]", re.DOTALL)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
_INVISIBLE = re.compile("[\n\xa0\xad\u1680\u2000-\u200d\u202f\u205f\u2060\u3000]")
_KEY_AND_VALUE = re.compile(r"^(\s*(?:- )*(?:[\w.-]+|\"[^\"]*\"|'[^']*')):[ ]+(\S.*?)\s*$")
_TEMPLATE_HINT = 'a template must be quoted: write "{{ … }}"'

Refused = tuple[str, str, str]


class Refusal(Exception):
    """Reading stops here; carries the diagnostic from the depth of the parser to `read_yaml`."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.message)


def say(code: str, message: str, span: Span, hint: str = "") -> Diagnostic:
    return Diagnostic(code, message, span, hint)


def empty_file(file: str, message: str) -> Diagnostic:
    hint = "write a document, beginning with `kind:` and `name:`, or delete the file"
    return say("EMPTY_FILE", message, Span(file, 1, 1, 1, 1), hint)


def not_a_map(span: Span) -> Diagnostic:
    hint = "begin the file with `kind:` and `name:`, each on a line of its own"
    return say("NOT_A_MAP", "the top level must be `key: value` lines", span, hint)


def template_not_quoted(span: Span) -> Diagnostic:
    return say("TEMPLATE_NOT_QUOTED", "`{{` begins a template outside quotes", span, _TEMPLATE_HINT)


def quoted(text: str) -> str:
    """The text in double quotes, or in single quotes where it holds double ones."""
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


def unsafe_key(key: str, is_quoted: bool) -> Refused | None:
    """Code, message and hint when a key must not be taken as it is written."""
    if not is_quoted and key == "<<":
        return "MERGE_KEY", "merge keys (`<<`) are not allowed", "write the keys out here"
    if not key.strip():
        return "EMPTY_KEY", "a key is missing before the colon", "write `key: value`"
    strange = _INVISIBLE.search(key)
    if strange:
        message = f"the key holds the invisible character U+{ord(strange[0]):04X}"
        return "INVISIBLE_CHARACTER", message, "replace it by an ordinary blank, or delete it"
    if not is_quoted and key[0] in _QUOTES:
        return "SMART_QUOTE", "the key stands in typographic quotes", 'write straight quotes: "…"'
    return None


def unsafe_scalar(
    event: Any, written: Callable[[], str], rest: Callable[[], str]
) -> Refused | None:
    """
    Code, message and hint when a value is not what its writer meant.

    Args:
        event: the scalar event.
        written: yields its line from where it begins.
        rest: yields its line from where it ends.
    """
    value, style = event.value, event.style
    if style == '"':
        found = _CONTROL.search(value)
        if found:
            message = f"the value holds the control character U+{ord(found[0]):04X}"
            return "INVALID_CHARACTER", message, "delete the escape"
    elif style in ("|", ">"):
        header = written()
        if header[1:2].isdigit():
            return "QUOTE_NEEDED", f"`{style}` begins a block of text here", _quote_it(header)
    elif not style:
        return _unsafe_plain(value, rest() if not value else "")
    return None


def _unsafe_plain(value: str, rest: str) -> Refused | None:
    if not value:
        comment = rest.lstrip()
        if comment[:1] == "#" and comment[1:2].isalnum():
            hint = _quote_it(comment) + "; a comment has a blank after #"
            return "QUOTE_NEEDED", "`#` begins a comment here, the value is empty", hint
    elif value[0] in _QUOTES and _PAIR.fullmatch(value):
        hint = f"write straight quotes: {quoted(value.strip(_QUOTES))}"
        return "SMART_QUOTE", "the value stands in typographic quotes", hint
    elif value != value.strip():
        strange = next(c for c in value[::-1] + value if c.isspace())
        message = f"the value begins or ends with the invisible character U+{ord(strange):04X}"
        return "INVISIBLE_CHARACTER", message, f"delete it: {value.strip()}"
    return None


def _quote_it(written: str) -> str:
    return f"quote it: {quoted(written.split(' #')[0].strip()[:60])}"


def explain(error: Any, lines: list[str], file: str) -> Diagnostic:
    """The diagnostic for an error of a YAML parser: libyaml's words and PyYAML's own are one."""
    problem = str(getattr(error, "problem", "") or "").lower()
    context = str(getattr(error, "context", "") or "").lower()
    at = _span(getattr(error, "problem_mark", None), lines, file)
    opened = getattr(error, "context_mark", None)
    start = _span(opened, lines, file) if opened is not None else at
    words = f"{context} | {problem}"
    for fragment, describe in _PROBLEMS:
        if fragment in words:
            return _with_better_hint(describe(at, start, lines), lines)
    return say("YAML_SYNTAX", "this is not YAML", at, "compare it with the lines above")


def _span(mark: Any, lines: list[str], file: str) -> Span:
    """The character at a parser's mark; past the end of the file, the end of its last line."""
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    while line > 0 and (line >= len(lines) or (column == 0 and not lines[line].strip())):
        line -= 1
        column = len(lines[line])
    return Span(file, line + 1, column + 1, line + 1, column + 2)


def _line(span: Span, lines: list[str]) -> str:
    return lines[span.line - 1] if span.line <= len(lines) else ""


def _with_better_hint(found: Diagnostic, lines: list[str]) -> Diagnostic:
    """Templates and typographic quotes break YAML in many ways; the cure is always the same."""
    line = _line(found.span, lines) if found.span else ""
    where = found.span or Span("", 1, 1, 1, 1)
    value = _value(line)
    if "{{" in line and value.startswith("{{"):
        return say("TEMPLATE_NOT_QUOTED", "a template stands outside quotes", where,
                   f"quote it: {quoted(value)}")  # fmt: skip
    if value[:1] and value[0] in _QUOTES:
        return say("SMART_QUOTE", "the value stands in typographic quotes", where,
                   f"write straight quotes: {quoted(value.strip(_QUOTES))}")  # fmt: skip
    return found


def _value(line: str) -> str:
    found = _KEY_AND_VALUE.match(line)
    return found[2] if found else ""


def _quote_value(span: Span, lines: list[str], message: str) -> Diagnostic:
    """Point at the whole value of the line and show it in quotes."""
    found = _KEY_AND_VALUE.match(_line(span, lines))
    if not found or not found.start(2) < span.column <= found.end(2) + 1:
        inside = re.match(r"[^,}\]#]+", _line(span, lines)[span.column - 1 :])
        hint = f"write {quoted(inside[0].strip())}" if inside else "quote the text"
        return say("QUOTE_NEEDED", message, span, hint)
    value = found[2]
    where = Span(span.file, span.line, found.start(2) + 1, span.line, found.end(2) + 1)
    return say("QUOTE_NEEDED", message, where, f"write {found[1].strip()}: {quoted(value)}")


def _special(at: Span, _: Span, lines: list[str]) -> Diagnostic:
    character = _line(at, lines)[at.column - 1 : at.column]
    return _quote_value(at, lines, f"a value that begins with `{character}` must be quoted")


def _anchor(at: Span, start: Span, lines: list[str]) -> Diagnostic:
    return _special(start, start, lines)


def _second_colon(at: Span, _: Span, lines: list[str]) -> Diagnostic:
    line = _line(at, lines)
    found = _KEY_AND_VALUE.match(line)
    if found and found.start(2) < at.column:
        return _quote_value(at, lines, "a value that holds `: ` must be quoted")
    above = next((n for n in range(at.line - 2, -1, -1) if lines[n].strip()), None)
    if above is not None and re.match(r"\s*(- )*[\w.-]+:\S+\s*$", lines[above]):
        text = lines[above]
        column = text.index(":") + 1
        where = Span(at.file, above + 1, column, above + 1, column + 1)
        key, value = text.strip().split(":", 1)
        return say("YAML_SYNTAX", "a blank is missing after the colon", where,
                   f"write {key}: {value}")  # fmt: skip
    return say("YAML_SYNTAX", "a key cannot stand here", at,
               "indent it like its neighbours, or delete the value above it")  # fmt: skip


def _quote_open(at: Span, start: Span, lines: list[str]) -> Diagnostic:
    mark = _line(start, lines)[start.column - 1 : start.column]
    return Diagnostic(
        "UNCLOSED_QUOTE", f"the quote `{mark}` is never closed", start, f"write {mark} at its end"
    )


def _bracket(at: Span, start: Span, lines: list[str]) -> Diagnostic:
    opening = _line(start, lines)[start.column - 1 : start.column]
    closing = {"[": "]", "{": "}"}.get(opening, "]")
    if at.line == start.line and at.column <= len(_line(at, lines).rstrip()):
        message = f"a comma or `{closing}` is missing before this"
        related = (Related(start, f"`{opening}` opens here"),)
        hint = "separate the elements with commas, and quote text that holds , : [ ] { }"
        return Diagnostic("YAML_SYNTAX", message, at, hint, related=related)
    ends = Related(at, "here at the latest")
    return Diagnostic(
        "UNCLOSED_BRACKET", f"`{opening}` is never closed", start, f"write `{closing}`",
        related=(ends,),
    )  # fmt: skip


def _escape(at: Span, _: Span, lines: list[str]) -> Diagnostic:
    return say("YAML_SYNTAX", "this is no escape that YAML knows", at,
               r"write \\ for a backslash, or use single quotes")  # fmt: skip


def _block_text(at: Span, start: Span, lines: list[str]) -> Diagnostic:
    sign = _line(start, lines)[start.column - 1 : start.column]
    return _quote_value(start, lines, f"a value that begins with `{sign}` must be quoted")


def _indented(at: Span, start: Span, lines: list[str]) -> Diagnostic:
    line = _line(at, lines)
    if line.lstrip().startswith(":"):
        return say("EMPTY_KEY", "a key is missing before the colon", at, "write `key: value`")
    if at.column > 1 and line[: at.column - 1].strip() and line[at.column - 1] not in "}]":
        value = _value(line)
        if value[:1] in ("'", '"'):
            hint = "quote the whole value, and double a quote that belongs to it"
            return say("QUOTE_NEEDED", "text follows after the closing quote", at, hint)
        return say("YAML_SYNTAX", "this does not belong here", at, "quote the whole value")
    if line[at.column - 1 : at.column] in ("}", "]"):
        return say("YAML_SYNTAX", "this bracket closes nothing", at, "delete it, or open it before")
    return Diagnostic(
        "BAD_INDENTATION", "the indentation fits none of the lines above", at,
        "keys of one map, and dashes of one list, begin in the same column",
        related=(Related(start, "the map or list begins here"),),
    )  # fmt: skip


def _no_colon(at: Span, start: Span, lines: list[str]) -> Diagnostic:
    word = _line(start, lines)[start.column - 1 :].strip()
    if re.match(r"[\w.-]+:\S", word):
        key, value = word.split(":", 1)
        return say("YAML_SYNTAX", "a blank is missing after the colon", start,
                   f"write {key}: {value}")  # fmt: skip
    return say("YAML_SYNTAX", "`key: value` is expected here", start,
               "write a colon and a blank after the key")  # fmt: skip


def _list_here(at: Span, _: Span, lines: list[str]) -> Diagnostic:
    return _quote_value(at, lines, "a list cannot begin on its key's line; text must be quoted")


def _tagged(at: Span, start: Span, lines: list[str]) -> Diagnostic:
    return say("TAG", "tags (`!`) are not allowed", start, "quote the value if `!` is part of it")


def _directive(at: Span, start: Span, lines: list[str]) -> Diagnostic:
    return say("DIRECTIVE", "a line that begins with % is a directive", start, "delete the line")


def _no_content(at: Span, _: Span, lines: list[str]) -> Diagnostic:
    line = _line(at, lines)
    if at.column > len(line):  # the file ends where an element should begin
        column = max(line.rfind("["), line.rfind("{"), 0) + 1
        where = Span(at.file, at.line, column, at.line, column + 1)
        return say("UNCLOSED_BRACKET", f"`{line[column - 1 : column]}` is never closed", where,
                   "write its closing bracket")  # fmt: skip
    return _quote_value(at, lines, "a value cannot begin with this; text must be quoted")


Describe = Callable[[Span, Span, list[str]], Diagnostic]

# The first fragment found in "context | problem" wins: libyaml's and PyYAML's words.
_PROBLEMS: tuple[tuple[str, Describe], ...] = (
    ("directive", _directive),
    ("while scanning a tag", _tagged),
    ("tag handle", _tagged),
    ("cannot start any token", _special),
    ("scanning an alias", _anchor),
    ("scanning an anchor", _anchor),
    ("mapping values are not allowed", _second_colon),
    ("escape", _escape),
    ("hexdecimal", _escape),
    ("hexadecimal", _escape),
    ("quoted scalar", _quote_open),
    ("block scalar", _block_text),
    ("simple key", _no_colon),
    ("sequence entries are not allowed", _list_here),
    ("mapping keys are not allowed", _special),
    ("',' or", _bracket),
    ("node content", _no_content),
    ("block mapping", _indented),
    ("block collection", _indented),
    ("block sequence", _indented),
    ("document start", _indented),
)
