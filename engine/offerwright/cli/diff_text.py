"""A difference for the terminal: counts per account, then some offers with what moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from offerwright.cli.report import table

# Heading of a column -> the count that stands in it.
_COUNTS = {
    "offers": "after", "new": "added", "gone": "removed", "changed": "changed", "price": "price",
    "stock": "stock", "content": "content", "raised": "raised", "lowered": "lowered",
    "blocked": "blocked", "unblocked": "unblocked",
}  # fmt: skip
_WORDS = {"added": "new", "removed": "gone", "changed": "changed"}
_OF_NEW = ("price", "sale_price", "quantity", "blocked")
_LONGEST = 60


def summary(record: Mapping[str, Any]) -> str:
    """The text of a master document (`compare.report.master`)."""
    lines = [_side(record, "before"), _side(record, "after")]
    if not record["differs"]:
        return "\n".join([*lines, "", "nothing differs", ""])
    headings = {h: key for h, key in _COUNTS.items() if key in record["totals"]}
    accounts = [*record["accounts"]]
    if len(accounts) > 1:
        accounts.append({"account": "all", **record["totals"]})
    rows = [(a["account"], *(f"{a[key]:,}" for key in headings.values())) for a in accounts]
    lines += ["", *table(("account", *headings), rows, frozenset(range(1, len(headings) + 1)))]
    lines += ["", *map(_sample, record["samples"])] if record["samples"] else []
    return "\n".join([*lines, *_hint(record), ""])


def _side(record: Mapping[str, Any], name: str) -> str:
    side = record[name]
    return (
        f"{name:7} {side['name']}: {side['offers']:,} offers ({side['form']} {side['digest'][:12]})"
    )


def _hint(record: Mapping[str, Any]) -> Iterator[str]:
    forms = [record[side]["form"] for side in ("before", "after")]
    if "state" in forms:
        yield ""
        yield "A state has no values: compare two Parquet files of offers to see them."


def _sample(one: Mapping[str, Any]) -> str:
    """One offer in a line: what is new as it is, what changed with its old value."""
    head = f"{one['account']} {one['sku']} {_WORDS[one['change']]}"
    values = one["values"]
    if one["change"] == "changed":
        parts = [_moved(name, values[name]) for name in values]
    else:
        side = "after" if one["change"] == "added" else "before"
        parts = [
            f"{n} {_short(values[n][side])}" for n in _OF_NEW if n in values and values[n][side]
        ]
    return f"{head}: {', '.join(parts)}" if parts else head


def _moved(name: str, value: Mapping[str, Any]) -> str:
    before, after = value["before"], value["after"]
    share = _percent(before, after) if name.endswith("price") else ""
    return f"{name} {_short(before)} → {_short(after)}{share}"


def _percent(before: str | None, after: str | None) -> str:
    """By how much of the old value; nothing where there is no old one to speak of."""
    if before is None or after is None or not Decimal(before):
        return ""
    share = (Decimal(after) - Decimal(before)) / Decimal(before) * 100
    return f" ({share.quantize(Decimal('0.1'), ROUND_HALF_UP):+} %)"


def _short(value: Any) -> str:
    if value is None or value == []:
        return "none"
    text = ", ".join(_short(one) for one in value) if isinstance(value, list) else str(value)
    if isinstance(value, dict):
        text = " ".join(f"{k} {v}" for k, v in value.items())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
