"""Data → YAML text that reads back as the same data, in the layout of our own documents."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./%-]*(?: [A-Za-z0-9_./%-]+)*\Z")
# Percents, ranges and days are texts without quotes.
_COUNTED = re.compile(r"-?\d+(?:\.\d+)?%|\d+(?:\.\d+)?\.\.\d+(?:\.\d+)?|\d{4}-\d\d-\d\d")
_NOT_TEXT = frozenset({"true", "false", "null"})
Path = tuple[str | int, ...]


def scalar(value: Any) -> str:
    """One value on one line; a text is quoted wherever it could be read as something else."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _NOT_TEXT and not text.endswith("/"):
        return text
    if _COUNTED.fullmatch(text):
        return text
    if '"' in text and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return quoted(text)


def quoted(text: str) -> str:
    """A text in double quotes; what cannot be shown is escaped."""
    escaped = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else _escaped(c) for c in escaped)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def flow(value: Any) -> str:
    """A value on one line: `{a: 1, b: [x, y]}`."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(flow, value)) + "]"
    return scalar(value)


def block(data: Mapping[str, Any], open_keys: frozenset[str]) -> list[tuple[Path, str]]:
    """The lines of a document, each with the path of what it says.

    What stands under `open_keys` has a line for each entry.
    """
    lines: list[tuple[Path, str]] = []
    for key, value in data.items():
        if key in open_keys and isinstance(value, Mapping) and value:
            lines.append(((key,), f"{scalar(key)}:"))
            lines += [((key, k), f"  {scalar(k)}: {flow(v)}") for k, v in value.items()]
        elif key in open_keys and isinstance(value, list) and value:
            lines.append(((key,), f"{scalar(key)}:"))
            lines += [((key, n), f"  - {flow(v)}") for n, v in enumerate(value)]
        else:
            lines.append(((key,), f"{scalar(key)}: {flow(value)}"))
    return lines
