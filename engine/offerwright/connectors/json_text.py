"""Exact JSON: what a marketplace answered, and bodies written back with their decimals."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from offerwright.marketplaces.exact_json import BodyRefused, parse_json

__all__ = ["BodyRefused", "dump_json", "parse_json"]


def dump_json(value: Any) -> bytes:
    """Compact JSON of dict, list, str, int, Decimal, bool and None; decimals as written."""
    return _text(value).encode("utf-8", "backslashreplace")


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_text, value)) + "]"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
