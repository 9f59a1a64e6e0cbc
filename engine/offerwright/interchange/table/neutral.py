"""
Cells that a spreadsheet would take for formulas → text, and back.

A cell that begins with a sign of a formula gets an apostrophe in front; one that begins with
apostrophes and then such a sign gets one more, so that taking one away always gives what was there.
Numbers stay numbers: `-5` is no formula.
"""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_MARKED = re.compile(r"'+[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"-[0-9]+(?:\.[0-9]+)?%?\Z")


def neutralised(text: str) -> str:
    """The text as a cell that no spreadsheet computes."""
    is_formula = _FORMULA.match(text) and not _NUMBER.match(text)
    return f"'{text}" if is_formula else text


def plain(cell: str) -> str:
    """The text that a cell stands for."""
    return cell[1:] if _MARKED.match(cell) else cell
