"""Which classes may be read and written, by a name each, and which of their fields can wait."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module
from typing import Any, Literal

from offerwright.codec.envelope import CodecRefused

Kind = Literal["slots", "plain", "model"]
_SHOWN = 40  # characters of a name that may be anything


@dataclass(frozen=True)
class Shape:
    """One class: how its values are built, and the names of its fields in order."""

    name: str
    type: type[Any]
    kind: Kind
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Shapes:
    """
    The closed table: the name of a class → the module that holds it, imported when it is met.

    `later` names a class, the field whose length decides, and the fields that are written apart
    and read when they are first looked at, from `later_from` items on.
    """

    modules: Mapping[str, str]
    later: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    later_from: int = 16
    without: frozenset[str] = frozenset()
    """Classes whose fields do not count: only that one stands there is written."""
    expected: Mapping[str, tuple[str, ...]] | None = None
    """The fields that each class must have; any if None."""

    def named(self, name: str) -> Shape:
        """The shape of this name. Raises `KeyError` for a class that is not in the table, and
        `CodecRefused` for one with other fields than expected."""
        found = self._known.get(name)
        if found is None:
            found = _shape(name, self.modules[name])
            found = replace(found, fields=()) if name in self.without else found
            if self.expected is not None and found.fields != self.expected[name]:
                raise _otherwise(name)
            self._known[name] = found
        return found

    def of(self, type_: type[Any]) -> Shape:
        """The shape of a value's class; `KeyError` where the table lacks it."""
        name = type_.__name__
        if self.modules[name] != type_.__module__:
            raise KeyError(f"{type_.__module__}.{name}")
        return self.named(name)

    def expecting(self, classes: Mapping[str, Sequence[str]]) -> Shapes:
        """
        The same table for bytes that were written with these fields of these classes.

        A class with other fields here is refused when it is met, as is one that is not named:
        importing all of them now would take longer than reading the rules. Raises `CodecRefused`
        for a class that is not in the table, `TypeError` for what no writer says of fields.
        """
        for name, fields in classes.items():
            if name not in self.modules:
                raise _otherwise(name)
            "".join(fields)
        said = {name: tuple(fields) for name, fields in classes.items()}
        return replace(self, expected=said)

    @cached_property
    def _known(self) -> dict[str, Shape]:
        return {}


def _otherwise(name: str) -> CodecRefused:
    return CodecRefused(f"`{name[:_SHOWN]}` is made otherwise in this engine")


def _shape(name: str, module: str) -> Shape:
    found: Any = getattr(import_module(module), name)
    if not dataclasses.is_dataclass(found):
        return Shape(name, found, "model", tuple(found.model_fields))
    assert not hasattr(found, "__post_init__"), "what it checks would be left out"
    kind: Kind = "slots" if "__slots__" in vars(found) else "plain"
    fields = tuple(one.name for one in dataclasses.fields(found))
    return Shape(name, getattr(import_module(module), name), kind, fields)
