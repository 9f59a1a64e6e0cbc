"""JSON text → the same JSON, in which nothing stands that a terminal would obey."""

from __future__ import annotations

import json


def escaped(text: str) -> str:
    """JSON text in which what a terminal would obey stands as \\u009b; it means the same."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
