"""
The bytes of a YAML file → the same document in canonical layout, or the reason why not.

What is written is written only if three things hold: both texts have the same data, the same
comments, and laying out the result changes nothing.
"""

from __future__ import annotations

from typing import Any

from offerwright.errors import Diagnostic, Span
from offerwright.source.layout.comments import Unclear, comments_of
from offerwright.source.layout.head import order_head
from offerwright.source.layout.lines import lay_out_lines
from offerwright.source.layout.pieces import read_pieces
from offerwright.source.text import split_lines
from offerwright.source.yaml import read_yaml
from offerwright.source.yaml_errors import Refusal, say


def lay_out(content: bytes, file: str) -> tuple[bytes | None, list[Diagnostic]]:
    """
    Lay out one YAML document.

    Args:
        content: the bytes of the file.
        file: its name in diagnostics.

    Returns:
        The bytes in canonical layout: UTF-8 without a byte order mark, the line break that most
        of its lines have, one at the end. Or None, with what is wrong in the file, or with the
        place of what cannot be laid out safely.
    """
    located, found = read_yaml(content, file)
    if located is None:
        return None, found
    text = content.decode("utf-8").removeprefix("\ufeff")
    try:
        once = _text(text, file)
    except Refusal as refusal:
        return None, [refusal.diagnostic]
    if once != text:
        reason = _unsafe(text, located.data, once, file)
        if reason is not None:
            return None, [reason]
    return once.encode("utf-8"), []


def _text(text: str, file: str) -> str:
    lines = split_lines(text)
    laid_out = lay_out_lines(lines, read_pieces(text, lines, file))
    is_windows = text.count("\r\n") * 2 > text.count("\n")
    line_break = "\r\n" if is_windows else "\n"
    return line_break.join([*order_head(laid_out), ""])


def _unsafe(before: str, data: Any, after: str, file: str) -> Diagnostic | None:
    """Why the new text must not replace the old one; None when it may."""
    located, found = read_yaml(after.encode("utf-8"), file)
    if located is None:
        return _refused(file, 1, f"the result could not be read: {found[0].message}")
    if not _is_same(data, located.data):
        return _refused(file, _first_change(before, after), "a value would change")
    try:
        lost = comments_of(before) - comments_of(after)
    except Unclear as unclear:
        return _refused(file, unclear.line, "YAML readers do not agree on this place")
    if lost:
        comment = min(lost)
        line = next(n for n, line in enumerate(split_lines(before), 1) if comment in line)
        return _refused(file, line, f"the comment {comment!r} would be lost")
    try:
        again = _text(after, file)
    except Refusal as refusal:
        return refusal.diagnostic
    if again != after:
        return _refused(file, _first_change(after, again), "the layout would not come to rest")
    return None


def _is_same(one: Any, two: Any) -> bool:
    """Equal in type and value, and below the top level also in order."""
    return bool(one == two) and repr(sorted(one.items())) == repr(sorted(two.items()))


def _first_change(before: str, after: str) -> int:
    pairs = zip(split_lines(before), split_lines(after), strict=False)
    return next((n for n, (one, two) in enumerate(pairs, 1) if one != two), 1)


def _refused(file: str, line: int, reason: str) -> Diagnostic:
    hint = "write this place more plainly: one `key: value` a line, comments on lines of their own"
    message = f"the file is left as it is: {reason}"
    return say("LAYOUT_REFUSED", message, Span(file, line, 1, line, 1), hint)
