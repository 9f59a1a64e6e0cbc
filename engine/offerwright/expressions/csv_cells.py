"""The text of CSV cells of `when` → the shapes that YAML gives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_CSV_WORDS = (
    (re.compile(r"starts with (.+)"), "starts_with"),
    (re.compile(r"under (.+)"), "under"),
    (re.compile(r"in (.+)"), "in"),
    (re.compile(r"has (.+)"), "has"),
    (re.compile(r"is (.+)"), "is"),
)


def from_csv(text: str) -> Any:
    """The text of a CSV cell in the shape YAML would give: `a | b` a list, `not a` a map."""
    text = text.strip()
    if text.startswith("not "):
        return {"not": from_csv(text[4:])}
    if text.startswith("matches "):
        return {"matches": text[8:]}
    if " | " in text:
        return [from_csv(part) for part in text.split(" | ")]
    for pattern, operator in _CSV_WORDS:
        found = pattern.fullmatch(text)
        if found:
            operand = from_csv(found[1]) if operator == "has" else found[1]
            return {operator: operand}
    return text


def csv_row(cells: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The `when` of a CSV row from (fact, text) pairs; an empty cell tests nothing."""
    return {fact: from_csv(text) for fact, text in cells if text.strip()}
