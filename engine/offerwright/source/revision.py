"""A document and its tables → a short hash of what they mean."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from offerwright.source.document import Document
from offerwright.source.located import CsvTable

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
    if isinstance(value, BaseModel):
        return {
            field.alias or name: _meaning(getattr(value, name))
            for name, field in type(value).model_fields.items()
            if name not in _FOR_PEOPLE and not _is_default(value, name)
        }
    if isinstance(value, dict):
        return {key: _meaning(element) for key, element in value.items()}
    if isinstance(value, list | tuple):
        return [_meaning(element) for element in value]
    if isinstance(value, Decimal):
        return {"number": f"{value:f}"}
    if isinstance(value, date):
        return {"time": value.isoformat()}
    return value


def _is_default(model: BaseModel, name: str) -> bool:
    field = type(model).model_fields[name]
    if field.is_required():
        return False
    return bool(getattr(model, name) == field.get_default(call_default_factory=True))


def _table(table: CsvTable) -> list[list[str]]:
    kept = [i for i, name in enumerate(table.header) if name.strip() not in _FOR_PEOPLE]
    return [[row[i] for i in kept] for row in (table.header, *table.rows)]
