"""One remark → a workflow command of GitHub, which shows it beside the line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from offerwright.source.escapes import shown

ANNOTATIONS = 10
"""GitHub shows no more of one level and step."""
Level = Literal["error", "warning", "notice"]
_IN_TEXT = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTY = {**_IN_TEXT, ":": "%3A", ",": "%2C"}


def command(level: Level, properties: Mapping[str, object], text: str) -> str:
    """A line without its end; properties and text are escaped as GitHub's toolkit does."""
    named = ",".join(f"{key}={_escaped(str(v), _IN_PROPERTY)}" for key, v in properties.items())
    return f"::{level}{' ' if named else ''}{named}::{_escaped(text, _IN_TEXT)}"


def _escaped(text: str, marks: Mapping[str, str]) -> str:
    return "".join(marks.get(c) or shown(c) for c in text)
