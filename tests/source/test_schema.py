"""Editors' schemas: fresh, valid, and of one opinion with the models."""

from __future__ import annotations

import copy
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError
from source.kinds import KINDS, ROOT

from offerwright.source.document import Model
from offerwright.source.load import load_documents
from offerwright.source.located import Located
from offerwright.source.model_errors import explain_errors
from offerwright.source.repository import Repository
from offerwright.source.schema import (
    compare_schemas,
    generate_schemas,
    schema_text,
    write_schemas,
)
from offerwright.source.yaml import read_yaml

CORPUS = ROOT / "tests" / "corpus"
SCHEMAS = {
    kind: json.loads(generate_schemas({kind: model})[f"{kind}.schema.json"], parse_float=Decimal)
    for kind, model in KINDS.items()
}


def is_number(_: Any, value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def is_integer(_: Any, value: Any) -> bool:
    return is_number(_, value) and value == int(value)


EXACT = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
    {"number": is_number, "integer": is_integer}
)
Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=EXACT)


def data_of(file: Path) -> dict[str, Any]:
    located, found = read_yaml(file.read_bytes(), file.name)
    assert found == []
    assert located is not None
    data: dict[str, Any] = located.data
    return data


def schema_accepts(data: dict[str, Any], kind: str) -> bool:
    return bool(Validator(SCHEMAS[kind]).is_valid(data))


def model_accepts(data: dict[str, Any], kind: str) -> bool:
    try:
        KINDS[kind].model_validate(data)
    except ValidationError:
        return False
    return True


def names(folder: str) -> list[str]:
    return sorted(file.name for file in (CORPUS / folder).glob("*.yaml"))


@pytest.mark.parametrize("name", names("ok"))
def test_model_and_schema_accept_a_good_document(name: str) -> None:
    data = data_of(CORPUS / "ok" / name)

    errors = [
        f"{e.json_path}: {e.message}" for e in Validator(SCHEMAS[data["kind"]]).iter_errors(data)
    ]

    assert errors == []
    assert KINDS[data["kind"]].model_validate(data).kind == data["kind"]


@pytest.mark.parametrize("name", names("bad"))
def test_model_and_schema_refuse_a_bad_document(name: str) -> None:
    content = (CORPUS / "bad" / name).read_bytes()
    data = data_of(CORPUS / "bad" / name)
    expected = re.search(r"# expect: (\w+) on line (\d+)", content.decode())
    assert expected is not None

    found = load_documents(Repository(Path("."), {"rules/x.yaml": content}), KINDS)[1]

    assert [(d.code, d.span and d.span.line) for d in found] == [(expected[1], int(expected[2]))]
    assert not schema_accepts(data, data["kind"])
    assert not model_accepts(data, data["kind"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_fits_the_metaschema(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[kind])


def test_the_committed_schemas_are_fresh() -> None:
    generated = generate_schemas(KINDS)

    committed = {name: (ROOT / "schemas" / name).read_text("utf-8") for name in generated}

    assert committed == generated


def test_a_stale_a_missing_and_a_foreign_schema_are_found(tmp_path: Path) -> None:
    generated = generate_schemas(KINDS)
    assert sorted(write_schemas(tmp_path, generated)) == sorted(generated)
    assert write_schemas(tmp_path, generated) == []
    assert compare_schemas(tmp_path, generated) == []
    (tmp_path / "fees.schema.json").unlink()
    (tmp_path / "lists.schema.json").write_text("{}")
    (tmp_path / "old.schema.json").write_text("{}")

    found = compare_schemas(tmp_path, generated)

    assert [(d.code, d.message) for d in found] == [
        ("SCHEMA_STALE", "fees.schema.json is missing"),
        ("SCHEMA_STALE", "lists.schema.json does not fit the models"),
        ("SCHEMA_STALE", "old.schema.json belongs to no kind"),
    ]


def test_a_phase_is_an_enum_with_documentation_and_snippets() -> None:
    step = SCHEMAS["pricing"]["properties"]["steps"]["items"]

    phases = ["base", "adjust", "fees", "competitor", "tiers", "bounds", "round"]
    assert step["properties"]["phase"]["enum"] == phases
    assert len(step["properties"]["phase"]["markdownEnumDescriptions"]) == len(phases)
    labels = [s["label"].split(":")[0] for s in step["allOf"][0]["else"]["defaultSnippets"]]
    assert list(dict.fromkeys(labels)) == phases
    assert "oneOf" not in json.dumps(SCHEMAS["pricing"], default=str)


def test_a_wrong_word_is_the_only_error_of_its_step() -> None:
    data = {
        "kind": "pricing",
        "name": "p",
        "steps": [{"phase": "ronud", "id": "r", "to": Decimal(1)}],
    }

    errors = list(Validator(SCHEMAS["pricing"]).iter_errors(data))

    assert [(e.json_path, e.validator) for e in errors] == [("$.steps[0].phase", "enum")]


def test_money_is_a_number_and_a_percent_shows_its_default_as_written() -> None:
    to = SCHEMAS["pricing"]["$defs"]["RoundStep"]["properties"]["to"]
    bounds = SCHEMAS["shop"]["$defs"]["SnapshotBounds"]["properties"]["shrink_at_most"]
    least = SCHEMAS["inventory"]["$defs"]["AllocationEntry"]["properties"]["min_list"]

    assert (to["type"], to["exclusiveMinimum"]) == (["number", "null"], 0)
    assert (bounds["type"], bounds["default"]) == ("string", "20%")
    assert (least["type"], least["minimum"], least["default"]) == ("integer", 0, 0)


def test_a_key_that_is_going_says_what_to_write_instead() -> None:
    class Going(Model):
        old: Annotated[str | None, Field(deprecated="Write `new` instead")] = None

    schema = json.loads(schema_text("going", Going))

    assert schema["properties"]["old"]["deprecationMessage"] == "Write `new` instead"


@pytest.mark.parametrize(
    ("cell", "is_accepted"),
    [
        ("gold", True),
        ({"under": "a/b"}, True),
        ({"not": {"has": ["a", "b"]}}, True),
        ({"undr": "a/b"}, False),
        ({}, False),
        ([{"starts_with": 5}], False),
    ],
)
def test_an_editor_knows_the_cells_of_when(cell: Any, is_accepted: bool) -> None:
    when = {"category": cell, "any": [{"brand": cell}]}
    data = {
        "kind": "pricing",
        "name": "p",
        "steps": [{"phase": "base", "id": "b", "when": when, "set": {"price": "cost"}}],
    }

    assert schema_accepts(data, "pricing") is is_accepted


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all keys outside of cells, whose content only the linker knows."""
    found = []
    children = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in children:
        found.append((*path, key))
        if isinstance(value, dict | list) and key not in (
            "when",
            "then",
            "otherwise",
            "select",
            "map",
        ):
            found += places(value, (*path, key))
    return found


def changed(data: Any, path: tuple[Any, ...], change: Any) -> Any:
    """The data with one key dropped, renamed, or given another value."""
    out = copy.deepcopy(data)
    parent = out
    for part in path[:-1]:
        parent = parent[part]
    what, value = change
    if what == "value" or isinstance(parent, list):
        parent[path[-1]] = value
    elif what == "drop":
        del parent[path[-1]]
    else:
        parent[f"{path[-1]}x"] = parent.pop(path[-1])
    return out


other_values: st.SearchStrategy[Any] = st.sampled_from(
    ["text", "", "12", "12%", "2026-12-01", "Two Words", True, None, [], {}, ["a"], {"a": "b"}]
) | st.sampled_from(
    [Decimal(0), Decimal("0.5"), Decimal(-3), Decimal(7), [Decimal(1)], {"a": Decimal(1)}]
)
changes = (
    st.tuples(st.just("drop"), st.none())
    | st.tuples(st.just("rename"), st.none())
    | st.tuples(st.just("value"), other_values)
)


def breaks_a_rule_of_the_whole(data: dict[str, Any], kind: str) -> bool:
    """Models refuse some combinations in words of their own; schemas do not speak of them."""
    try:
        KINDS[kind].model_validate(data)
    except ValidationError as error:
        found = explain_errors(KINDS[kind], error.errors(), Located("x", data, {}, {}))
        return {d.code for d in found} == {"INVALID"}
    return False


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(names("ok")), st.data())
def test_model_and_schema_agree_on_changed_documents(name: str, draw: st.DataObject) -> None:
    data = data_of(CORPUS / "ok" / name)
    kind = data["kind"]
    path = draw.draw(st.sampled_from(places(data)))
    mutant = changed(data, path, draw.draw(changes))

    if breaks_a_rule_of_the_whole(mutant, kind):
        return
    assert schema_accepts(mutant, kind) == model_accepts(mutant, kind), (path, mutant)
