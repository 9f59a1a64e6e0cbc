"""A shop's own words in schemas: which are worth offering, and that they change no verdict."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource
from source.kinds import KINDS
from source.test_schema import CORPUS, Validator, data_of, names, schema_accepts

from offerwright.errors import OfferwrightError
from offerwright.pipeline import TEST_KINDS
from offerwright.source.schema import compare_schemas, generate_schemas, write_schemas
from offerwright.source.vocabulary import (
    FEW,
    MOST_VALUES,
    FactWords,
    Vocabulary,
    read_vocabulary,
    sorted_names,
    vocabulary_text,
    worth_offering,
)
from offerwright.source.vocabulary_schema import PLACES, WORDS_FILE

SHOP = Vocabulary(
    (
        FactWords("brand", "text", "", ("Acme", "127 V", "a$b", "12", "true"), 9),
        FactWords("category", "path", "", ("a", "a/b"), 1),
        FactWords("cost", "money", "What we pay.", (), 0, "1.00", "9.00"),
        FactWords("specs.Tipo de tecido", "text"),
    ),
    {"nodes": ("sp-1",), "lists": ("clearance",)},
)


def test_paths_are_offered_with_those_above_them() -> None:
    assert worth_offering({"a/b/c": 1, "a/d": 2}, True) == ("a", "a/b", "a/b/c", "a/d")


def test_texts_that_nearly_every_sku_has_for_itself_are_not_offered() -> None:
    own = {f"name {n}": 1 for n in range(FEW + 1)}

    assert worth_offering(own, False) == ()
    assert len(worth_offering({name: 2 for name in own}, False)) == FEW + 1


def test_a_few_texts_are_always_offered() -> None:
    assert worth_offering({"b": 1, "a": 1}, False) == ("a", "b")


def test_long_and_unprintable_texts_are_not_offered() -> None:
    assert worth_offering({"x" * 81: 5, "a\x1bb": 5, "": 5, "ok": 5}, False) == ("ok",)


def test_the_most_frequent_ones_are_offered_where_there_are_too_many() -> None:
    counts = {f"c{n:05}": 1 + (n >= 100) for n in range(MOST_VALUES + 100)}

    offered = worth_offering(counts, True)

    assert len(offered) == MOST_VALUES
    assert offered[0] == "c00100"


def test_names_come_once_and_sorted() -> None:
    assert sorted_names(["b", "a", "b"]) == ("a", "b")


def test_a_vocabulary_is_read_as_it_was_written() -> None:
    assert read_vocabulary(vocabulary_text(SHOP)) == SHOP


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 2, "facts": [], "names": {}}',
             '{"version": 1, "facts": [{"nme": "x"}], "names": {}}']
)  # fmt: skip
def test_a_vocabulary_that_somebody_has_broken_is_refused(text: str) -> None:
    with pytest.raises(OfferwrightError, match=r"vocabulary\.json is not what"):
        read_vocabulary(text)


GENERATED = {
    name: json.loads(text, parse_float=Decimal)
    for name, text in generate_schemas(KINDS, SHOP).items()
}
REGISTRY: Registry[Any] = Registry().with_resource(
    WORDS_FILE, Resource.from_contents(GENERATED[WORDS_FILE])
)


def accepts(data: dict[str, Any]) -> bool:
    schema = GENERATED[f"{data['kind']}.schema.json"]
    return bool(Validator(schema, registry=REGISTRY).is_valid(data))


@pytest.mark.parametrize(
    "name", [f"ok/{n}" for n in names("ok")] + [f"bad/{n}" for n in names("bad")]
)
def test_words_change_no_verdict(name: str) -> None:
    data = data_of(CORPUS / name)

    assert accepts(data) == schema_accepts(data, data["kind"])


def test_the_schemas_fit_the_metaschema() -> None:
    for name, text in generate_schemas(KINDS, SHOP).items():
        if name.endswith(".schema.json"):
            jsonschema.Draft202012Validator.check_schema(json.loads(text))


def test_places_of_names_exist() -> None:
    plain = [json.loads(text) for text in generate_schemas({**KINDS, **TEST_KINDS}).values()]
    keys = {
        f"{model}.{key}"
        for schema in plain
        for model, definition in schema.get("$defs", {}).items()
        for key in definition.get("properties", {})
    }

    assert [place for place in PLACES if place not in keys] == []


def test_words_that_yaml_reads_otherwise_are_written_in_quotes() -> None:
    words = json.loads(generate_schemas(KINDS, SHOP)[WORDS_FILE])["$defs"]["Cell.brand"]

    written = {s["label"]: s["bodyText"] for s in words["defaultSnippets"]}
    assert written == {
        "Acme": "Acme", "127 V": "127 V", "a$b": '"a\\$b"', "12": '"12"', "true": '"true"',
        "missing": "missing", "present": "present",
    }  # fmt: skip


def test_schemas_and_vocabulary_are_held_against_each_other(tmp_path: Any) -> None:
    write_schemas(tmp_path, generate_schemas(KINDS, SHOP))
    assert compare_schemas(tmp_path, generate_schemas(KINDS, SHOP)) == []
    (tmp_path / WORDS_FILE).write_text("{}")

    found = compare_schemas(tmp_path, generate_schemas(KINDS, SHOP))

    assert [d.message for d in found] == ["vocabulary.schema.json does not fit the models"]


def test_schemas_without_words_take_the_vocabulary_away(tmp_path: Any) -> None:
    write_schemas(tmp_path, generate_schemas(KINDS, SHOP))
    write_schemas(tmp_path, generate_schemas(KINDS))

    assert compare_schemas(tmp_path, generate_schemas(KINDS)) == []
    assert list(tmp_path.glob("vocabulary*")) == []
