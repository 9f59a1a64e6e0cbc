"""
A vocabulary → a schema of the shop's own words, and generated schemas that refer to it.

The words stand in one file, because a repository keeps it: twelve schemas with the same two
thousand categories would be twelve times the change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from offerwright.source.cell_schema import CELL_DEFINITIONS, OPERATORS, cell
from offerwright.source.vocabulary import FactWords, Vocabulary

WORDS_FILE = "vocabulary.schema.json"
DRAFT = "https://json-schema.org/draft/2020-12/schema"

# Model.key -> which names may stand there.
PLACES: dict[str, str] = {
    "AllocationEntry.account": "accounts",
    "AllocationEntry.marketplace": "marketplaces",
    "Approval.guard": "guards",
    "Attribute.from": "facts",
    "BoundsStep.at_least": "facts",
    "BoundsStep.at_most": "facts",
    "Case.account": "accounts",
    "Case.marketplace": "marketplaces",
    "Expect.not_rules": "rules",
    "Expect.rules": "rules",
    "Fact.join": "facts",
    "Images.from": "facts",
    "Pool.allocated": "facts",
    "Pool.nodes": "nodes",
    "Pool.on_hand": "facts",
    "Pool.reservations": "facts",
    "Pool.reserved": "facts",
    "Scope.account": "accounts",
    "Scope.brand": "brands",
    "Scope.category": "categories",
    "Scope.marketplace": "marketplaces",
}
_ANYWHERE = {"any", "all", "not"}
_PLAIN = re.compile(r"[A-Za-z0-9][\w./-]*( [\w./-]+)*")
_NOT_TEXT = re.compile(r"-?[0-9.]+|true|false|null|~|missing|present", re.IGNORECASE)
_ORDERED = '`0..500` · `">= 500"` · `{not: …}` · `missing` · `present`'
_WORDS = "`gold` · `[gold, silver]` · `{not: gold}` · `missing` · `present`"
_PATHS = "`a/b` · `{under: a/b}` · `{not: {under: a/b}}` · `missing` · `present`"


def vocabulary_schema(vocabulary: Vocabulary) -> str:
    """The text of `WORDS_FILE`: cells of conditions by fact, and names by what they name."""
    known = {
        fact.name: {"$ref": f"#/$defs/{_cell_name(fact)}", "markdownDescription": _about(fact)}
        for fact in vocabulary.facts if fact.name not in _ANYWHERE
    }  # fmt: skip
    conditions = CELL_DEFINITIONS["Conditions"]
    definitions = {
        **CELL_DEFINITIONS,
        "Conditions": {**conditions, "properties": {**known, **conditions["properties"]}},
        **{_cell_name(fact): _cell(fact, vocabulary) for fact in vocabulary.facts},
        **{f"names.{what}": _choice(_names(what, vocabulary)) for what in PLACES.values()},
    }
    return json_text({
        "$schema": DRAFT,
        "$id": "urn:offerwright:schema:vocabulary:1",
        "$defs": {name: definitions[name] for name in sorted(definitions)},
    })  # fmt: skip


def with_vocabulary(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with references to the shop's words. It accepts what it accepted before."""
    if "$defs" not in schema:
        return schema
    definitions = {name: _with_names(name, model) for name, model in schema["$defs"].items()}
    if "Conditions" in definitions:
        definitions["Conditions"] = {"$ref": f"{WORDS_FILE}#/$defs/Conditions"}
    # A relative reference cannot start from the `$id`, which is no place: editors take the file's.
    kept = {key: part for key, part in schema.items() if key != "$id"}
    return {**kept, "$defs": definitions}


def _with_names(name: str, model: dict[str, Any]) -> dict[str, Any]:
    """A model with names offered where they may stand."""
    if "properties" not in model:
        return model
    properties = {
        key: _offered(value, PLACES[f"{name}.{key}"]) if f"{name}.{key}" in PLACES else value
        for key, value in model["properties"].items()
    }
    return {**model, "properties": properties}


def _offered(value: dict[str, Any], what: str) -> dict[str, Any]:
    """The value with names to choose from; of a list, its elements."""
    if "anyOf" in value:
        return {**value, "anyOf": [_offered(one, what) for one in value["anyOf"]]}
    if "items" in value:
        return {**value, "items": _offered(value["items"], what)}
    return {**value, "$ref": f"{WORDS_FILE}#/$defs/names.{what}"}


def _names(what: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    if what == "facts":
        return tuple(fact.name for fact in vocabulary.facts)
    fact = {"brands": "brand", "categories": "category"}.get(what)
    if fact is None:
        return vocabulary.names.get(what, ())
    return next((one.values for one in vocabulary.facts if one.name == fact), ())


def _choice(words: Iterable[str]) -> dict[str, Any]:
    return {"defaultSnippets": [_snippet(word) for word in words]}


def _snippet(word: str) -> dict[str, Any]:
    text = word if _PLAIN.fullmatch(word) and not _NOT_TEXT.fullmatch(word) else json.dumps(word)
    return {"label": word, "bodyText": text.replace("\\", "\\\\").replace("$", "\\$")}


def _cell_name(fact: FactWords) -> str:
    """The name of its definition; a pointer to it must need no escapes."""
    return "Cell." + "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):x}_" if c not in "._-"
                             else c for c in fact.name)  # fmt: skip


def _cell(fact: FactWords, vocabulary: Vocabulary) -> dict[str, Any]:
    """The cells of one fact: what the general ones are, with its values offered."""
    own = {"$ref": f"#/$defs/{_cell_name(fact)}"}
    operators = {
        **OPERATORS,
        "not": {**OPERATORS["not"], **own},
        "has": {**OPERATORS["has"], **own},
        "in": {**OPERATORS["in"], **_choice(vocabulary.names.get("lists", ()))},
    }
    if fact.type == "path":
        operators["under"] = {**operators["under"], **_choice(fact.values)}
    values = ("true", "false") if fact.type == "boolean" else fact.values
    asked = [{"label": word, "bodyText": word} for word in ("missing", "present")]
    return {
        "markdownDescription": _about(fact),
        **cell(own, operators),
        "defaultSnippets": [*map(_snippet, values), *asked],
    }


def json_text(schema: dict[str, Any]) -> str:
    """A schema as text that ends in a line break."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _about(fact: FactWords) -> str:
    """What hovering over a fact shows: its type, its meaning, what it holds, how to ask."""
    lines = [f"**{fact.name}**: {fact.type}"]
    if fact.about:
        lines.append(fact.about)
    if fact.low:
        lines.append(f"From {fact.low} to {fact.high}.")
    if fact.values:
        shown = ", ".join(f"`{value}`" for value in fact.values[:5])
        more = "" if len(fact.values) <= 5 else ", …"
        lines.append(f"Such as {shown}{more}")
    if fact.values_seen > len(fact.values) > 0:
        lines.append(f"The {len(fact.values):,} most frequent of {fact.values_seen:,} are offered.")
    lines.append(_PATHS if fact.type == "path" else _ORDERED if fact.low else _WORDS)
    return "\n\n".join(lines)
