"""What editors show beyond the models speaks of models and keys that exist, in words that hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError
from source.kinds import KINDS

from offerwright.pipeline import TEST_KINDS
from offerwright.source.editor_words import (
    BY_PATTERN,
    EXAMPLES,
    SNIPPETS,
    WORDS,
    message_of,
)
from offerwright.source.schema import generate_schemas
from offerwright.source.yaml import read_yaml


def models() -> dict[str, type[BaseModel]]:
    """All models of all kinds, and what they extend, by name."""
    found: dict[str, type[BaseModel]] = {}
    pending: list[Any] = [*KINDS.values(), *TEST_KINDS.values()]
    while pending:
        one = pending.pop()
        if not isinstance(one, type) or not issubclass(one, BaseModel):
            pending += get_args(one)
        elif one.__name__ not in found:
            found |= {m.__name__: m for m in one.__mro__ if issubclass(m, BaseModel)}
            pending += [field.annotation for field in one.model_fields.values()]
    return found


MODELS = models()


def fields(model: str) -> dict[str, Any]:
    return {f.alias or name: f for name, f in MODELS[model].model_fields.items()}


@pytest.mark.parametrize("name", sorted({*EXAMPLES, *WORDS}))
def test_what_is_said_of_a_key_speaks_of_one_that_exists(name: str) -> None:
    model, key = name.split(".")

    assert key in fields(model)


@pytest.mark.parametrize("name", sorted(SNIPPETS))
def test_a_skeleton_belongs_to_a_model(name: str) -> None:
    assert name in MODELS


def literals(annotation: Any) -> Iterator[str]:
    for one in get_args(annotation):
        if isinstance(one, str):
            yield one
        else:
            yield from literals(one)


@pytest.mark.parametrize("name", sorted(WORDS))
def test_all_words_of_a_key_are_explained_and_no_others(name: str) -> None:
    model, key = name.split(".")
    allowed = list(literals(fields(model)[key].annotation))

    assert not allowed or sorted(WORDS[name]) == sorted(allowed)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_is_yaml_of_its_key_and_the_model_takes_it(name: str) -> None:
    model, key = name.split(".")
    located, found = read_yaml(EXAMPLES[name].encode(), name)

    assert found == []
    assert located is not None
    assert list(located.data) == [key]
    try:
        MODELS[model].model_validate(located.data)
    except ValidationError as error:
        # Other keys are missing, or are wanted beside it; this one is right.
        assert [e for e in error.errors() if key in e["loc"]] == []


def filled(text: str) -> str:
    """A skeleton as it stands when all its places keep what they suggest."""
    text = re.sub(r"\$\{\d+\|([^,|]*)[^}]*\|\}", r"\1", text)
    text = text.replace("\\}", "\0")
    text = re.sub(r"\$\{\d+:([^}]*)\}", r"\1", text)
    return text.replace("\0", "}")


def written(text: str | dict[str, Any]) -> str:
    if isinstance(text, str):
        return filled(text) + "\n"
    lines = []
    for key, value in text.items():
        below = [f"  - {filled(v)}" for v in value] if isinstance(value, list) else []
        lines += [f"{key}:", *below] if below else [f"{key}: {filled(value)}"]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", sorted(SNIPPETS))
def test_a_skeleton_that_is_taken_as_it_stands_is_right(name: str) -> None:
    for label, _, text in SNIPPETS[name]:
        located, found = read_yaml(written(text).encode(), label)

        assert found == []
        assert located is not None
        assert MODELS[name].model_validate(located.data)


def test_every_pattern_of_a_message_stands_in_a_schema() -> None:
    text = "".join(generate_schemas(KINDS).values()).replace("\\\\", "\\")

    assert [pattern for pattern in BY_PATTERN if pattern not in text] == []


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"type": "string"}, {}),
        ({"type": ["number", "null"]}, {"errorMessage": "Write a number without quotes, with a point: 1299.90"}),
        ({"type": ["string", "number"]}, {}),
        ({"type": "boolean"}, {"errorMessage": "Write true or false"}),
    ],
)  # fmt: skip
def test_a_type_has_a_message_where_it_is_the_only_one(
    value: dict[str, Any], told: dict[str, str]
) -> None:
    assert message_of(value) == told
