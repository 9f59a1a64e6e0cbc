"""
Text from outside as Markdown and HTML in which nothing of it is read, and the tables it stands in.

GitHub and GitLab read both; a name that ended its place could format, link, mention or break.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from offerwright.source.escapes import escaped

LONGEST = 80
SENTENCE = 400
_BAR = "\\|"


def code(text: object, longest: int = LONGEST) -> str:
    """Text from outside as a code span, in which nothing is read as Markdown, HTML or a mention."""
    said = escaped(str(text)).replace("\n", "\\n")
    said = said if len(said) <= longest else said[: longest - 1] + "…"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", said)), default=0))
    # A blank at both ends is taken away by whoever reads the span; one of tables must be marked.
    pad = " " if not said.strip() or said[0] in "` " or said[-1] in "` " else ""
    return f"{fence}{pad}{said.replace('|', _BAR)}{pad}{fence}"


def inert(text: str) -> str:
    """Text from outside in the title of a fold, which is HTML: there, backticks are text."""
    said = escaped(text).replace("\n", "\\n")
    said = said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"
    return f"<code>{escape(said).replace('|', '&#124;')}</code>"


def fold(title: str, lines: Sequence[str]) -> Iterator[str]:
    """Lines that a click opens; nothing where there are none. The title is HTML."""
    if lines:
        yield f"<details><summary>{title}</summary>"
        yield ""
        yield from lines
        yield ""
        yield "</details>"


def table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] | range = ()
) -> Iterator[str]:
    """A table; the columns `right` hold numbers."""
    yield f"| {' | '.join(headings)} |"
    yield f"|{'|'.join('---:' if n in right else '---' for n in range(len(headings)))}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
