"""The words a payload body may use: what each one holds and how it can be written as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

Kind = Literal["text", "money", "integer", "moment", "list", "attributes", "tiers"]

# The columns of frames.OFFERS. `node_stock` is what lies in the account's own node: never the
# result of an allocation.
NAMES: dict[str, Kind] = {
    "sku": "text", "currency": "text", "category": "text", "title": "text", "description": "text",
    "price": "money", "sale_price": "money", "list_price": "money",
    "quantity": "integer", "node_stock": "integer",
    "sale_from": "moment", "sale_before": "moment",
    "images": "list", "attributes": "attributes", "tiers": "tiers",
}  # fmt: skip
PATTERNS: tuple[tuple[str, Kind], ...] = (
    (r"attribute\.[A-Za-z][A-Za-z0-9_.-]{0,63}", "text"),
    (r"images\.\d{1,2}", "text"),
    (r"account\.[a-z][a-z0-9_]{0,63}", "text"),
)

# The first encoding of a kind is its default.
ENCODINGS: dict[Kind, tuple[str, ...]] = {
    "text": ("string", "number", "boolean"),
    "money": ("number", "string", "cents", "micros", "comma"),
    "integer": ("number", "string", "boolean"),
    "moment": ("string", "date"),
    "list": (),
    "attributes": (),
    "tiers": (),
}
# What an `$each` over these can name inside its `$item`.
EACH_WORDS: dict[str, dict[str, Kind]] = {
    "list": {"item": "text"},
    "attributes": {"item": "text", "key": "text"},
    "tiers": {"tier_quantity": "integer", "tier_price": "money"},
}
_WORDS: dict[str, Kind] = {word: kind for w in EACH_WORDS.values() for word, kind in w.items()}
# What the guards look at: a payload that says it must read it back.
GUARDED: dict[str, str] = {
    "price": "price", "sale_price": "sale_price", "quantity": "quantity",
    "node_stock": "quantity", "tier_quantity": "tiers", "tier_price": "tiers",
}  # fmt: skip


def kind_of(name: str, extra: Iterable[str] = ()) -> Kind | None:
    """What a name holds; `extra` are the words of an `$each`. None: no such name."""
    if name in extra:
        return _WORDS[name]
    if name in NAMES:
        return NAMES[name]
    return next((kind for pattern, kind in PATTERNS if re.fullmatch(pattern, name)), None)
