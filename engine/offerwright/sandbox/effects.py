"""What a write does to a listing's document: (document, body) → a new document."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

Change = Callable[[Any, Any], Any]


def merged(old: Any, body: Any) -> Any:
    """The fields of the body over those of the document."""
    return {**old, **body} if isinstance(old, dict) and isinstance(body, dict) else body


def replaced(_old: Any, body: Any) -> Any:
    return body


def patched(old: Any, body: Any) -> Any:
    """Amazon's patches: `{op, path, value}` on top-level attributes; `replace`, `add`, `delete`."""
    result = copy.deepcopy(old) if isinstance(old, dict) else {}
    attributes = result.setdefault("attributes", {})
    for patch in body["patches"]:
        name = patch["path"].rsplit("/", 1)[-1]
        if patch["op"] == "delete":
            attributes.pop(name, None)
        else:
            attributes[name] = patch["value"]
    return result


CHANGES: Mapping[str, Change] = {
    "create": merged, "merge": merged, "replace": replaced, "patch": patched,
}  # fmt: skip


def changed(effect: str, document: Any, at: str, body: Any) -> Any:
    """The document after the effect at one place (`/a/b`, empty: the whole)."""
    steps = [s for s in at.split("/") if s]
    return _changed_at(document, steps, CHANGES[effect], body)


def _changed_at(document: Any, steps: list[str], change: Change, body: Any) -> Any:
    if not steps:
        return change(document, body)
    inside = document if isinstance(document, dict) else {}
    return {**inside, steps[0]: _changed_at(inside.get(steps[0], {}), steps[1:], change, body)}
