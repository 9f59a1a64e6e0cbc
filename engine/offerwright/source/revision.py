"""A document and its tables → a short hash of what they mean."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from pydantic import BaseModel

from offerwright.source.document import Document
from offerwright.source.located import CsvTable

_REQUIRED = object()
# For people only: they may change without a new revision.
_FOR_PEOPLE = frozenset({"version", "note", "owner"})


def revision(document: Document, tables: Mapping[str, CsvTable]) -> str:
    """
    The first 16 hexadecimal digits of a SHA-256 over what the document means.

    Comments, layout, key order, defaults that are written out, `version`, `note` and `owner` do
    not change it; the order of steps and rows does. A column `note` of a table does not count.
    """
    meaning = [_meaning(document), {name: _table(table) for name, table in tables.items()}]
    text = json.dumps(meaning, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _meaning(value: Any) -> Any:
    """JSON data in which a number and the text of that number still differ."""
    if type(value) is str:
        return value
    if isinstance(value, dict):
        return {key: _meaning(element) for key, element in value.items()}
    if isinstance(value, list | tuple):
        return [_meaning(element) for element in value]
    if isinstance(value, Decimal):
        return {"number": f"{value:f}"}
    if isinstance(value, date):
        return {"time": value.isoformat()}
    # Asked last: whether something is a model is the slowest of these questions.
    if isinstance(value, BaseModel):
        return {
            key: _meaning(below)
            for key, name, default in _fields(type(value))
            if (below := getattr(value, name)) != default
        }
    return value


@cache
def _fields(model: type[BaseModel]) -> tuple[tuple[str, str, Any], ...]:
    """Key, attribute and default of every field that means something."""
    return tuple(
        (
            field.alias or name,
            name,
            _REQUIRED if field.is_required() else field.get_default(call_default_factory=True),
        )
        for name, field in model.model_fields.items()
        if name not in _FOR_PEOPLE
    )


def _table(table: CsvTable) -> list[list[str]]:
    kept = [i for i, name in enumerate(table.header) if name.strip() not in _FOR_PEOPLE]
    return [[row[i] for i in kept] for row in (table.header, *table.rows)]
