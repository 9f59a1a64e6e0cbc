"""`{name}` in manifest texts: which names a text uses, and the text with their values filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

NAME = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[A-Za-z0-9_-]+)?)\}")

Names = Mapping[str, Any]


class NameMissing(Exception):
    """A manifest text needs a value that this account or operation does not have."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def names_in(text: str) -> list[str]:
    """The names between braces, in order of appearance."""
    return NAME.findall(text)


def fill(text: str, names: Names, *, escape: bool = False) -> str:
    """The text with every `{name}` replaced; `escape` percent-encodes each value as one segment.

    Raises:
        NameMissing: a name has no value.
    """

    def value(found: re.Match[str]) -> str:
        written = as_text(lookup(found[1], names))
        return _segment(written) if escape else written

    return NAME.sub(value, text)


def fill_value(template: Any, names: Names) -> Any:
    """A JSON template filled in; a text that is one `{name}` keeps the value's type."""
    if isinstance(template, dict):
        return {key: fill_value(value, names) for key, value in template.items()}
    if isinstance(template, list):
        return [fill_value(value, names) for value in template]
    if not isinstance(template, str):
        return template
    whole = NAME.fullmatch(template)
    return lookup(whole[1], names) if whole else fill(template, names)


def lookup(name: str, names: Names) -> Any:
    """The value of a name; an absent or empty one raises `NameMissing`."""
    value = names.get(name)
    if value is None or value == "":
        raise NameMissing(name)
    return value


def as_text(value: Any) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _segment(value: str) -> str:
    # `.` and `..` would be folded away by URL normalisation, ours or a proxy's.
    return quote(value, safe="") if value.strip(".") else value.replace(".", "%2E")
