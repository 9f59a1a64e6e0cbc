"""
What the source says of a model's fields: the text that stands under each of them.

Read where schemas are written, and not when a model is made: every command makes models, and
looking into source files was a third of what that cost.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache

from pydantic import BaseModel


def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """The text under each field, by its name; a field that is redefined has its own, or none."""
    found: dict[str, str] = {}
    for name in model.model_fields:
        owner = next(one for one in model.__mro__ if name in vars(one).get("__annotations__", {}))
        text = _docs_of_module(owner.__module__).get(owner.__qualname__, {}).get(name)
        if text is not None:
            found[name] = text
    return found


@cache
def _docs_of_module(name: str) -> Mapping[str, Mapping[str, str]]:
    """By qualified class name, then by field."""
    return dict(_classes(ast.parse(inspect.getsource(sys.modules[name])), ""))


def _classes(node: ast.AST, prefix: str) -> Iterator[tuple[str, dict[str, str]]]:
    for child in ast.iter_child_nodes(node):
        inside = prefix
        if isinstance(child, ast.ClassDef):
            yield prefix + child.name, _texts(child)
            inside = f"{prefix}{child.name}."
        elif isinstance(child, ast.FunctionDef):
            inside = f"{prefix}{child.name}.<locals>."
        yield from _classes(child, inside)


def _texts(made: ast.ClassDef) -> dict[str, str]:
    found: dict[str, str] = {}
    for line, below in zip(made.body, made.body[1:], strict=False):
        if not (isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            found[line.target.id] = inspect.cleandoc(str(below.value.value))
    return found
