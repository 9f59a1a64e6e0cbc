"""Text from outside → the same, in which nothing stands that a terminal would obey."""

from __future__ import annotations

import json
from unicodedata import category


def escaped(text: str) -> str:
    """JSON text in which what a terminal would obey stands as \\u009b; it means the same."""
    return "\n".join(map(_escaped_line, text.split("\n")))


def _escaped_line(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line)


def shown(text: str) -> str:
    """Text in which control characters, and what turns the direction of writing, can be seen."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or category(c) == "Zs" else _code_of(c) for c in text)


def _code_of(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
