"""The comments of a YAML text, as ruamel.yaml sees them: a second reader, independent of ours."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import ruamel.yaml

_BREAK = re.compile(r"\r\n|\r|\n")


class Unclear(Exception):
    """Two readers disagree about the text; carries the line."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(line)


def comments_of(text: str) -> Counter[str]:
    """
    Every comment with how often it is written; a `#` inside a value is none.

    Raises:
        Unclear: ruamel.yaml cannot read what libyaml could.
    """
    found: Counter[str] = Counter()
    end = 0
    for token in _tokens(text):
        start = token.start_mark.index
        if start > end:
            found.update(_in_gap(text[end:start]))
        end = max(end, token.end_mark.index)
    found.update(_in_gap(text[end:]))
    return found


def _tokens(text: str) -> list[Any]:
    try:
        return list(ruamel.yaml.YAML(typ="rt", pure=True).scan(text))
    except ruamel.yaml.error.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Unclear(1 if mark is None else mark.line + 1) from error


def _in_gap(gap: str) -> list[str]:
    return [line.strip() for line in _BREAK.split(gap) if line.strip().startswith("#")]
