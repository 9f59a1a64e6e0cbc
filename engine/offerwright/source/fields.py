"""A place in a model, as pydantic names it → the path in the YAML file and the field's type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from offerwright.source.located import Path


@dataclass(frozen=True)
class Place:
    """Where a `loc` leads.

    `owner` is the model that the last key of `path` belongs to (or should not belong to), `type`
    that of the value there, `arms` the unions on the way: (length of the path there, arm).
    """

    path: Path
    owner: type[BaseModel] | None
    type: Any
    arms: tuple[tuple[int, str], ...] = ()
    is_key: bool = False


def locate(model: type[BaseModel], loc: Sequence[str | int]) -> Place:
    """Follow `loc` along the types of `model`: arms of unions are in it, but not in the file."""
    path: Path = ()
    here: Any = model
    owner: type[BaseModel] | None = None
    arms: list[tuple[int, str]] = []
    is_key = False
    for part in loc:
        here = _plain(here)
        if part == "[key]":
            is_key = True
        elif _is_union(here):
            arms.append((len(path), str(part)))
            here = _arm(here, str(part))
        elif isinstance(here, type) and issubclass(here, BaseModel):
            owner, path = here, (*path, part)
            here = types_by_key(here).get(str(part), Any)
        elif get_origin(here) in (list, dict):
            owner, path = None, (*path, part)
            here = get_args(here)[-1]
    return Place(path, owner, _plain(here), tuple(arms), is_key)


def types_by_key(model: type[BaseModel]) -> dict[str, Any]:
    """The types of a model's fields by the keys they have in YAML."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _plain(annotation: Any) -> Any:
    """The type without `Annotated`, and without None where only one type is left."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if _is_union(annotation):
        left = [arm for arm in get_args(annotation) if arm is not NoneType]
        return _plain(left[0]) if len(left) == 1 else Union[tuple(left)]  # noqa: UP007
    return annotation


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, UnionType)


def _arm(union: Any, tag: str) -> Any:
    """The arm that pydantic's tag names: a discriminator's value, a class, `list[…]`, `dict[…]`."""
    for arm in map(_plain, get_args(union)):
        if isinstance(arm, type) and issubclass(arm, BaseModel):
            if tag in _literals(arm) or re.search(rf"\b{arm.__name__}\b", tag):
                return arm
        elif get_origin(arm) in (list, dict) and tag.startswith(get_origin(arm).__name__):
            return arm
    return Any


def _literals(model: type[BaseModel]) -> set[Any]:
    """All values of the model's `Literal` fields: its discriminator is among them."""
    types = map(_plain, types_by_key(model).values())
    return {value for t in types if get_origin(t) is Literal for value in get_args(t)}
