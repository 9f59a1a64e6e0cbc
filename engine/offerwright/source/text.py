"""Bytes of a file → text that is safe to parse, or the place of the first character that is not."""

from __future__ import annotations

import re

from offerwright.errors import Diagnostic, Span

MAX_YAML_BYTES = 1 << 20
MAX_CSV_BYTES = 20 << 20
LINE_BREAK = re.compile(r"\r\n|\r|\n")

# All but tab and line breaks; NEL, LS and PS are line breaks to some readers and not to others.
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_SAVE = "save the file as UTF-8"


def decode(content: bytes, file: str, limit: int) -> tuple[str | None, list[Diagnostic]]:
    """
    The text of a UTF-8 file without its byte order mark.

    Args:
        content: the file; refused above `limit` bytes.
        file: its name in diagnostics.

    Returns:
        The text, or None with one diagnostic: too large, not UTF-8, control characters.
    """
    if len(content) > limit:
        return None, [too_large(file, len(content), limit)]
    if content.startswith(_UTF16):
        return None, [_not_utf8(file, 1, 1, "the file is UTF-16")]
    try:
        text = content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8").removeprefix("\ufeff")
        line, column = position(before, len(before))
        byte = content[error.start]
        return None, [_not_utf8(file, line, column, f"the byte 0x{byte:02X} is not UTF-8")]
    found = _REFUSED.search(text)
    if found is None:
        return text, []
    return None, [_refused(text, found.start(), file)]


def position(text: str, index: int) -> tuple[int, int]:
    """Line and column, both from 1, of the character at `index`."""
    start, line = 0, 1
    for line_break in LINE_BREAK.finditer(text, 0, index):
        start, line = line_break.end(), line + 1
    return line, index - start + 1


def span_at(text: str, index: int, file: str, length: int = 1) -> Span:
    """The span of `length` characters from `index` on one line."""
    line, column = position(text, index)
    return Span(file, line, column, line, column + length)


def split_lines(text: str) -> list[str]:
    """The lines without their breaks: LF, CR LF and CR count, nothing else."""
    return LINE_BREAK.split(text)


def too_large(file: str, size: int, limit: int) -> Diagnostic:
    """The file has more bytes than its kind may have."""
    allowed = f"{limit >> 20} MiB" if limit >= 1 << 20 else f"{limit} bytes"
    return Diagnostic(
        "FILE_TOO_LARGE",
        f"the file has {size:,} bytes; at most {allowed} are read",
        Span(file, 1, 1, 1, 1),
        "split it into several files, or move long tables into CSV files",
    )


def _not_utf8(file: str, line: int, column: int, message: str) -> Diagnostic:
    return Diagnostic("NOT_UTF8", message, Span(file, line, column, line, column + 1), _SAVE)


def _refused(text: str, index: int, file: str) -> Diagnostic:
    span = span_at(text, index, file)
    character = text[index]
    if character == "\0" and text[index + 2 : index + 3] == "\0":
        return Diagnostic("NOT_UTF8", "the file looks like UTF-16", span, _SAVE)
    return Diagnostic(
        "INVALID_CHARACTER",
        f"the invisible character U+{ord(character):04X} is not allowed",
        span,
        "delete it; it often comes along when text is pasted",
    )
