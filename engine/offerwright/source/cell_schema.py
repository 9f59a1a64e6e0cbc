"""The JSON Schema of cells: what may stand in `when` and `then`, for completion in editors."""

from __future__ import annotations

from typing import Any

_CONDITIONS = ("when", "select")
_RESULTS = ("then", "otherwise")
SCALAR: dict[str, Any] = {"type": ["string", "number", "boolean", "null"]}


def _text(markdown: str) -> dict[str, Any]:
    return {"type": "string", "markdownDescription": markdown}


def cell(items: dict[str, Any], operators: dict[str, Any]) -> dict[str, Any]:
    """
    A scalar, a list of `items`, or a map of `operators`.

    One schema and no `anyOf`: each keyword speaks of its own type, so that an editor names the
    wrong key of a map instead of saying that a map is no text.
    """
    return {
        "type": [*SCALAR["type"], "array", "object"],
        "items": items,
        "properties": operators,
        "additionalProperties": False,
        "minProperties": 1,
    }


OPERATORS: dict[str, dict[str, Any]] = {
    "not": {
        "$ref": "#/$defs/Cell",
        "markdownDescription": "True when the cell inside is false; unknown stays unknown.",
    },
    "under": _text("The path is this one or lies below it: `{under: phones/android}`."),
    "starts_with": _text("The text begins with this."),
    "matches": _text("An RE2 pattern that matches the whole text: `{matches: 'AB[0-9]+'}`."),
    "in": _text("The value stands in the `kind: lists` document of this name."),
    "has": {
        "$ref": "#/$defs/Cell",
        "markdownDescription": "Some element of the list passes the cell inside.",
    },
    "is": _text("The text itself: `{is: missing}` is the word `missing`."),
}

_CELL = {
    "markdownDescription": (
        '`gold` · `[gold, silver]` · `0..500` · `">= 500"` · `{not: gold}` · '
        "`{under: phones}` · `missing` · `present`"
    ),
    **cell({"$ref": "#/$defs/Cell"}, OPERATORS),
}

_RESULT = {
    "markdownDescription": "A value, an expression over facts, or `{expr: brand}` for text.",
    **cell(
        SCALAR,
        {
            "expr": {
                "type": ["string", "number"],
                "markdownDescription": "An expression where a literal text would stand.",
            },
            "block": _text("Block with this code: `{block: NO_CATEGORY}`."),
        },
    ),
}

_NESTED = {"type": "array", "items": {"$ref": "#/$defs/Conditions"}, "minItems": 1}

_WHEN = {
    "type": "object",
    "markdownDescription": "Conditions by fact name; all must hold.",
    "properties": {
        "any": {**_NESTED, "markdownDescription": "One of these holds."},
        "all": {**_NESTED, "markdownDescription": "All of these hold."},
        "not": {"$ref": "#/$defs/Conditions", "markdownDescription": "This does not hold."},
    },
    "additionalProperties": {"$ref": "#/$defs/Cell"},
}

CELL_DEFINITIONS: dict[str, Any] = {
    "Cell": _CELL,
    "Conditions": _WHEN,
    "Result": _RESULT,
    "Results": {
        "type": "object",
        "markdownDescription": "Results by name.",
        "additionalProperties": {"$ref": "#/$defs/Result"},
    },
}


def cell_reference(key: str, value: dict[str, Any]) -> dict[str, Any]:
    """The schema of a field; maps of anything under `when`, `select`, `then` and `otherwise` become
    references to the schemas of cells."""
    name = "Conditions" if key in _CONDITIONS else "Results" if key in _RESULTS else ""
    if not name or value.get("additionalProperties") is not True:
        return dict(value)
    reference: dict[str, Any] = {"$ref": f"#/$defs/{name}"}
    kept: dict[str, Any] = {
        k: value[k] for k in ("description", "markdownDescription") if k in value
    }
    if "null" in value["type"]:
        return {"anyOf": [reference, {"type": "null"}], **kept}
    return {**reference, **kept}
