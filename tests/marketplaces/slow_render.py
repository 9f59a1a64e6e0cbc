"""
The body language once more, row by row and from the YAML alone: the oracle of the renderer.

It shares no code with the engine: it builds Python data from the document and writes it with the
standard library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

LEFT_OUT = object()


@dataclass(frozen=True)
class Exact:
    """A number as it was written."""

    text: str


def slow_body(data: Any, offer: Mapping[str, Any], settings: Mapping[str, str]) -> str | None:
    """The JSON text of one part; None when it is not sent."""
    built = build(data, {**offer, **{f"account.{k}": v for k, v in settings.items()}})
    if built is LEFT_OUT:
        return None
    text = json.dumps(mark(built), ensure_ascii=False, separators=(",", ":"))
    return re.sub('"<<number:([^">]*)>>"', r"\1", text)


def mark(value: Any) -> Any:
    """Numbers as marked strings, so that the standard library keeps their digits."""
    if isinstance(value, Exact):
        return f"<<number:{value.text}>>"
    if isinstance(value, dict):
        return {k: mark(v) for k, v in value.items()}
    return [mark(v) for v in value] if isinstance(value, list) else value


def build(data: Any, scope: Mapping[str, Any]) -> Any:
    if isinstance(data, Decimal):
        return Exact(f"{data:f}")
    if isinstance(data, list):
        return [x for element in data for x in elements(element, scope)]
    if not isinstance(data, dict):
        return data
    if "$when" in data and not holds(data["$when"], scope):
        return build(data["$else"], scope) if "$else" in data else LEFT_OUT
    if "$then" in data:
        return build(data["$then"], scope)
    if "$value" in data:
        return value(data, scope)
    if "$text" in data:
        return template(data, scope)
    if "$each" in data:
        return [item for _, item in each(data, scope)]
    return members(data, scope)


def elements(element: Any, scope: Mapping[str, Any]) -> list[Any]:
    if isinstance(element, dict) and "$each" in element:
        return [item for _, item in each(element, scope)]
    built = build(element, scope)
    return [] if built is LEFT_OUT else [built]


def members(data: Mapping[str, Any], scope: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, inner in data.items():
        if key == "$members":
            for one in inner if isinstance(inner, list) else [inner]:
                result |= dict(each(one, scope))
        elif not key.startswith("$"):
            built = build(inner, scope)
            if built is not LEFT_OUT:
                result[key] = built
    return result


def each(data: Mapping[str, Any], scope: Mapping[str, Any]) -> list[tuple[str, Any]]:
    if data["$each"] == "images":
        return [("", build(data["$item"], {**scope, "item": i})) for i in scope.get("images") or []]
    if data["$each"] == "tiers":
        words = [{f"tier_{k}": v for k, v in tier.items()} for tier in scope.get("tiers") or []]
        return [("", build(data["$item"], {**scope, **one})) for one in words]
    result = []
    for name in sorted(n for n in scope if n.startswith("attribute.")):
        key = name.removeprefix("attribute.")
        chosen = key in data.get("$only", [key]) and key not in data.get("$except", [])
        if chosen and scope[name] is not None:
            result.append((key, build(data["$item"], {**scope, "item": scope[name], "key": key})))
    return result


def lookup(name: str, scope: Mapping[str, Any]) -> Any:
    if name.startswith("images."):
        images, index = scope.get("images") or [], int(name.removeprefix("images."))
        return images[index] if index < len(images) else None
    return scope.get(name)


def holds(condition: Mapping[str, Any], scope: Mapping[str, Any]) -> bool:
    def there(name: str) -> bool:
        if name == "attributes":
            return any(v is not None for n, v in scope.items() if n.startswith("attribute."))
        found = lookup(name, scope)
        return bool(found) if isinstance(found, list) else found is not None

    def names(side: str) -> list[str]:
        found = condition.get(side, [])
        return [found] if isinstance(found, str) else found

    return all(map(there, names("present"))) and not any(map(there, names("missing")))


def value(data: Mapping[str, Any], scope: Mapping[str, Any]) -> Any:
    names = data["$value"] if isinstance(data["$value"], list) else [data["$value"]]
    found = next((v for v in (lookup(n, scope) for n in names) if v is not None), None)
    if found is None:
        return LEFT_OUT if data.get("$optional") else None
    return encoded(found, data.get("$as"))


def encoded(found: Any, how: str | None) -> Any:
    if isinstance(found, datetime):
        utc = found.astimezone(UTC)
        return utc.strftime("%Y-%m-%d" if how == "date" else "%Y-%m-%dT%H:%M:%SZ")
    if how == "boolean":
        return {"true": True, "false": False}.get(found) if isinstance(found, str) else found > 0
    if how == "number" and isinstance(found, str):
        return Exact(found) if re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", found) else None
    if how == "cents":
        return Exact(f"{found * 10 ** -found.as_tuple().exponent:.0f}")
    if how == "micros":
        return f"{found * 1_000_000:.0f}"
    if how == "comma":
        return str(found).replace(".", ",")
    if isinstance(found, str) or how == "string":
        return str(found)
    return Exact(str(found))


def template(data: Mapping[str, Any], scope: Mapping[str, Any]) -> Any:
    names = re.findall(r"\{\{\s*([\w.]+)\s*\}\}", data["$text"])
    if any(lookup(name, scope) is None for name in names):
        return LEFT_OUT if data.get("$optional") else None
    return re.sub(r"\{\{\s*([\w.]+)\s*\}\}", lambda m: str(lookup(m[1], scope)), data["$text"])
