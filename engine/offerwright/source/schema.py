"""Document models → JSON Schemas that editors complete, explain and check with."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from offerwright.errors import Diagnostic
from offerwright.source.cell_schema import CELL_DEFINITIONS, cell_reference
from offerwright.source.document import Document
from offerwright.source.editor_words import example_of, message_of, snippets_of, words_of
from offerwright.source.field_docs import field_docs
from offerwright.source.vocabulary import FILE, Vocabulary, vocabulary_text
from offerwright.source.vocabulary_schema import (
    DRAFT,
    WORDS_FILE,
    json_text,
    vocabulary_schema,
    with_vocabulary,
)

VERSION = 1
_BOUNDS = (
    ("ge", "minimum"),
    ("gt", "exclusiveMinimum"),
    ("le", "maximum"),
    ("lt", "exclusiveMaximum"),
)


class EditorSchema(GenerateJsonSchema):
    """
    Pydantic's schema of a model, changed for people who edit YAML.

    Decimals come from numbers only; a union by discriminator is an `enum` and `if`/`then`, so that
    an editor names the wrong word instead of the wrong branch; descriptions are Markdown.
    """

    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        out = super().generate_inner(schema)
        # Bounds of a type that has a schema of its own (`Whole`) are kept here, and only here.
        bounds: dict[str, Any] = {}
        while str(schema["type"]).startswith("function-"):
            bounds |= _bounds(schema.get("metadata", {}).get("pydantic_js_updates") or {})
            schema = schema["schema"]
        kept = {key: part for key, part in out.items() if key not in dict(_BOUNDS)}
        return {**kept, **bounds} if bounds else out

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        out = super().dict_schema(schema)
        for pattern, inner in out.pop("patternProperties", {}).items():
            out |= {"propertyNames": {"pattern": pattern}, "additionalProperties": inner}
        return out

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        return {"type": "number", **_bounds(schema)}

    def is_instance_schema(self, schema: core_schema.IsInstanceSchema) -> JsonSchemaValue:
        return (
            {"type": "number"} if schema["cls"] is Decimal else super().is_instance_schema(schema)
        )

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        if "enum" in inner:
            return {**inner, "enum": [*inner["enum"], None], "type": _or_null(inner["type"])}
        if "const" in inner:
            kept = {k: v for k, v in inner.items() if k != "const"}
            return {**kept, "enum": [inner["const"], None], "type": _or_null(inner["type"])}
        if "type" in inner and "$ref" not in inner:
            return {**inner, "type": _or_null(inner["type"])}
        return {"anyOf": [*inner.get("anyOf", [inner]), {"type": "null"}]}

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        expected = list(schema["expected"])
        return {"const": expected[0], "type": "string"} if len(expected) == 1 else {
            "enum": expected, "type": "string",
        }  # fmt: skip

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:
        return value

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        out = super().model_schema(schema)
        out.pop("title", None)
        model = schema["cls"]
        fields = {f.alias or name: f for name, f in model.model_fields.items()}
        texts = {model.model_fields[n].alias or n: t for n, t in field_docs(model).items()}
        models = tuple(one.__name__ for one in model.__mro__)
        for key, value in out.get("properties", {}).items():
            shown = _property(_described(value, texts.get(key)), fields[key].get_default())
            out["properties"][key] = _for_editors(shown, models, key)
            if isinstance(fields[key].deprecated, str):
                out["properties"][key]["deprecationMessage"] = fields[key].deprecated
        _explain(out)
        skeletons = snippets_of(model.__name__)
        return {**out, "defaultSnippets": skeletons} if skeletons else out

    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        key = str(schema["discriminator"])
        documentation: list[str] = []
        snippets: list[JsonSchemaValue] = []
        branches: list[JsonSchemaValue] = []
        for tag, choice in schema["choices"].items():
            reference = self.generate_inner(choice)
            definition = self.resolve_ref_schema(reference)
            documentation.append(definition.get("markdownDescription", ""))
            # Offered once, by the union: a branch is looked at when its word is there already.
            snippets += definition.pop("defaultSnippets", [_snippet(key, str(tag), definition)])
            word = definition["properties"][key]
            about, word["markdownDescription"] = word.get("description"), documentation[-1]
            # `type` is for editors: where nothing is written yet, no branch fits.
            condition = {"type": "object", "properties": {key: {"const": tag}}, "required": [key]}
            branches.append({"if": condition, "then": reference})
        words = {"enum": list(schema["choices"]), "markdownEnumDescriptions": documentation}
        written = {"type": "object", "required": [key]}
        # `allOf` says nothing; without it the language server offers each skeleton twice.
        unwritten = {"allOf": [True], "defaultSnippets": snippets}
        return {
            "type": "object",
            "required": [key],
            "properties": {key: {**words, "markdownDescription": about or ""}},
            "allOf": [{"if": written, "else": unwritten}, *branches],
        }


def generate_schemas(
    kinds: Mapping[str, type[Document]], vocabulary: Vocabulary | None = None
) -> dict[str, str]:
    """
    The schemas of all kinds.

    Args:
        kinds: the model of every kind.
        vocabulary: a shop's own words, to be offered where they may stand.

    Returns:
        `<kind>.schema.json` → canonical JSON text, the same on every machine; with a vocabulary
        also its file.
    """
    is_own = vocabulary is not None
    out = {f"{kind}.schema.json": schema_text(kind, kinds[kind], is_own) for kind in sorted(kinds)}
    if vocabulary is None:
        return out
    return {**out, WORDS_FILE: vocabulary_schema(vocabulary), FILE: vocabulary_text(vocabulary)}


def schema_text(kind: str, model: type[BaseModel], is_own: bool = False) -> str:
    """The JSON Schema of one model as text; `is_own`: with references to a shop's own words."""
    body = model.model_json_schema(schema_generator=EditorSchema)
    models = {name: _with_cells(m) for name, m in body.pop("$defs", {}).items()}
    body = _with_cells(body)
    has_cells = "#/$defs/Conditions" in f"{body}{models}" or "#/$defs/Results" in f"{body}{models}"
    definitions = models | CELL_DEFINITIONS if has_cells else models
    if "kind" in body.get("properties", {}):
        body["properties"]["kind"]["markdownDescription"] = body.get("description", "")
    schema = {
        "$schema": DRAFT,
        "$id": f"urn:offerwright:schema:{kind}:{VERSION}",
        "title": f"Offerwright: kind {kind}",
        **body,
    }
    if definitions:
        schema["$defs"] = {name: definitions[name] for name in sorted(definitions)}
    return json_text(with_vocabulary(schema) if is_own else schema)


def write_schemas(folder: Path, generated: Mapping[str, str]) -> list[str]:
    """Write the schemas that differ into `folder`; returns their names. Other files stay, but for
    a vocabulary that is no longer wanted."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in {FILE, WORDS_FILE} - set(generated):
        (folder / name).unlink(missing_ok=True)
    written = []
    for name, text in generated.items():
        path = folder / name
        if not path.is_file() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8", newline="\n")
            written.append(name)
    return written


def compare_schemas(folder: Path, generated: Mapping[str, str]) -> list[Diagnostic]:
    """A finding for every schema in `folder` that is missing, stale or no longer generated."""
    present = {path.name for path in folder.glob("*.schema.json")}
    present |= {FILE} & {path.name for path in folder.glob("*.json")}
    found = []
    for name in sorted(present | set(generated)):
        if name not in generated:
            found.append(_stale(f"{name} belongs to no kind", "delete it"))
        elif name not in present:
            found.append(_stale(f"{name} is missing", "run `offerwright schema`"))
        elif (folder / name).read_text("utf-8") != generated[name]:
            found.append(_stale(f"{name} does not fit the models", "run `offerwright schema`"))
    return found


def _stale(message: str, hint: str) -> Diagnostic:
    return Diagnostic("SCHEMA_STALE", message, None, hint)


def _described(value: JsonSchemaValue, text: str | None) -> JsonSchemaValue:
    if text is None:
        return value
    last = {key: part for key, part in value.items() if key == "deprecated"}
    first = {key: part for key, part in value.items() if key != "deprecated"}
    return {**first, "description": text, **last}


def _property(value: JsonSchemaValue, default: Any) -> JsonSchemaValue:
    """One field: its description for people, its default as it would be written in YAML."""
    out = {name: part for name, part in value.items() if name != "default"}
    written = _written(default, out)
    if written is not None:
        out["default"] = written
    _explain(out)
    return out


def _for_editors(value: JsonSchemaValue, models: tuple[str, ...], key: str) -> JsonSchemaValue:
    """One field with its example, the meanings of its words, and what to write instead."""
    out = {**value, **message_of(value)}
    example = example_of(models, key)
    if example:
        out["markdownDescription"] = out.get("markdownDescription", "") + example
    words = words_of(models, key)
    if "enum" in out and words:
        out["markdownEnumDescriptions"] = [words.get(str(word), "") for word in out["enum"]]
    elif words:
        # Not an `enum`: the models, which have the last word, take any text here.
        out["defaultSnippets"] = [
            {"label": word, "markdownDescription": meaning, "bodyText": word}
            for word, meaning in words.items()
        ]
    return out


def _with_cells(model: JsonSchemaValue) -> JsonSchemaValue:
    """The schema of a model with its conditions and results as references to those of cells."""
    if "properties" not in model:
        return model
    fields = {key: cell_reference(key, value) for key, value in model["properties"].items()}
    return {**model, "properties": fields}


def _written(default: Any, value: JsonSchemaValue) -> Any:
    """A scalar default in YAML's words; None where there is nothing worth showing."""
    if isinstance(default, Decimal):
        if "%" in str(value.get("pattern", "")):
            return f"{(default * 100).normalize():f}%"
        return _number(default)
    return default if isinstance(default, str | int) else None


def _explain(out: JsonSchemaValue) -> None:
    if "description" in out:
        out["description"] = inspect.cleandoc(out["description"])
        out["markdownDescription"] = out["description"]


def _snippet(key: str, tag: str, definition: JsonSchemaValue) -> JsonSchemaValue:
    """What an editor writes when `tag` is chosen: the required keys, to be filled in."""
    needed = [name for name in definition.get("required", []) if name != key]
    body = {key: tag, **{name: f"${number}" for number, name in enumerate(needed, start=1)}}
    description = definition.get("markdownDescription", "")
    return {"label": tag, "markdownDescription": description, "body": body}


def _bounds(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        out: _number(Decimal(schema[key])) for key, out in _BOUNDS if schema.get(key) is not None
    }


def _number(value: Decimal) -> int | float:
    """A bound as JSON writes it; bounds are short, so a float shows all their digits."""
    return int(value) if value == value.to_integral_value() else float(value)


def _or_null(types: str | list[str]) -> list[str]:
    return [*([types] if isinstance(types, str) else types), "null"]
