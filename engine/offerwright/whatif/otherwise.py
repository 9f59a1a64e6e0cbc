"""Two explanations of one offer → what is another one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from offerwright.whatif.explained import Record

FIELDS = ("price", "sale_price", "tiers", "quantity", "category", "title")
TEXTS = ("description", "images")


def otherwise(one: Record, other: Record) -> list[dict[str, Any]]:
    """
    What differs, in a fixed order: the offer, its content, decisions, verdicts, blocks.

    `field` names it (`price`, `attributes/BRAND`, `guard/floor`, `blocked/stock`), `before` and
    `after` are as the records have them; None where one has no such thing.
    """
    before, after = dict(_said(one)), dict(_said(other))
    fields = [*before, *(name for name in after if name not in before)]
    return [
        {"field": name, "before": before.get(name), "after": after.get(name)}
        for name in fields
        if before.get(name) != after.get(name)
    ]


def _said(record: Record) -> Iterator[tuple[str, Any]]:
    for name in FIELDS:
        yield name, record[name]
    content: Mapping[str, Any] = record["content"]
    for name in TEXTS:
        yield name, content[name]
    for name, value in content["attributes"].items():
        yield f"attributes/{name}", value
    for one in record["decisions"]:
        for name, value in one["results"].items():
            yield f"decided/{name}", value
    for one in record["guards"]:
        yield f"guard/{one['guard']}", one["verdict"]
    for aspect in ("price", "stock", "content"):
        codes = sorted({b["code"] for b in record["blocked"] if b["aspect"] == aspect})
        yield f"blocked/{aspect}", codes or None


def beside(one: Record, other: Record) -> list[tuple[dict[str, Any] | None, dict[str, Any] | None]]:
    """The steps of both, side by side in their order: a step that only one has stands alone."""
    left, right = list(one["steps"]), list(other["steps"])
    found: list[tuple[dict[str, Any] | None, dict[str, Any] | None]] = []
    for step in left:
        names = [s["step"] for s in right]
        if step["step"] not in names:
            found.append((step, None))
            continue
        at = names.index(step["step"])
        found += [(None, alone) for alone in right[:at]]
        found.append((step, right[at]))
        right = right[at + 1 :]
    return found + [(None, alone) for alone in right]


def steps_beside(one: Record, other: Record) -> list[dict[str, Any]]:
    """The pairs of `beside`, each with whether it gives another price or another rule gives it."""
    return [
        {"now": now, "instead": instead, "differs": _differ(now, instead)}
        for now, instead in beside(one, other)
    ]


def _differ(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    if one is None or other is None:
        return True
    names = ("rules", "after", "sale_after", "notes")
    return any(one[name] != other[name] for name in names)
