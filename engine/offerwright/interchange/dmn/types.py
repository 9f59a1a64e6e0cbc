"""Type references of a model → what the language can keep: kinds, words, bounds, components."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from offerwright.interchange.dmn.feel import At, Compared, Constant, Interval, Kind, Tests
from offerwright.interchange.dmn.feel_parse import parse_tests
from offerwright.interchange.dmn.feel_text import FeelRefused, Names
from offerwright.interchange.dmn.model import ItemDefinition, Model, Text

MAX_LEVELS = 8
MAX_VALUES = 200
NOTHING = Names.of(())
_KINDS: dict[str, Kind] = {
    "number": "number", "string": "text", "boolean": "boolean", "date": "date",
    "date and time": "datetime", "dateTime": "datetime", "days and time duration": "duration",
    "dayTimeDuration": "duration", "Any": "any", "any": "any",
    # What some tools write instead.
    "integer": "number", "long": "number", "double": "number", "decimal": "number",
}  # fmt: skip
_UNKEPT = {
    "time": "keep the time as a number of minutes, or as a date and time",
    "years and months duration": "count months as a number",
    "yearMonthDuration": "count months as a number",
}
LANGUAGE_TYPE: dict[Kind, str] = {
    "number": "number", "text": "text", "boolean": "boolean", "date": "date",
    "datetime": "datetime", "duration": "duration",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DmnType:
    """`words` of a text, `low` and `high` of a number; a structure has components."""

    kind: Kind = "any"
    words: tuple[str, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None
    components: tuple[tuple[str, DmnType], ...] = ()
    is_list: bool = False


def resolved(reference: str | None, model: Model, level: int = 0) -> DmnType:
    """The type of a reference; none is any. Raises `FeelRefused`, placed at the start."""
    if reference is None:
        return DmnType()
    item = next((i for i in model.items if i.name == reference), None)
    if item is not None:
        return _of_item(item, model, level)
    kind = _KINDS.get(reference)
    if kind is None:
        raise FeelRefused(At(0, 1), f"the type `{reference}` has no counterpart",
                          _UNKEPT.get(reference, "use number, string, boolean, date, date and time "
                                      "or days and time duration"), "DMN_UNSUPPORTED")  # fmt: skip
    return DmnType(kind)


def _of_item(item: ItemDefinition, model: Model, level: int) -> DmnType:
    if level > MAX_LEVELS:
        raise FeelRefused(At(0, 1), f"the type `{item.name}` holds itself, or is nested too deep",
                          code="DMN_UNSUPPORTED")  # fmt: skip
    if item.components:
        return DmnType(components=_components(item, model, level), is_list=item.is_list)
    found = resolved(item.type_ref, model, level + 1)
    found = narrowed(found, item.allowed)
    return replace(found, is_list=found.is_list or item.is_list)


def _components(item: ItemDefinition, model: Model, level: int) -> tuple[tuple[str, DmnType], ...]:
    """Counted while they are read: types of types of types would have no end."""
    parts: tuple[tuple[str, DmnType], ...] = ()
    count = 0
    for component in item.components:
        type_ = _of_item(component, model, level + 1)
        count += sum(1 for _ in leaves("", type_))
        if count > MAX_VALUES:
            message = f"the type `{item.name}` holds more than {MAX_VALUES} values"
            hint = "give the parts that are used as inputs"
            raise FeelRefused(At(0, 1), message, hint, "DMN_UNSUPPORTED")
        parts = (*parts, (" ".join(component.name.split()), type_))
    return parts


def narrowed(type_: DmnType, allowed: Text | None) -> DmnType:
    """The type with its allowed values, where they are words or one closed range of numbers."""
    if allowed is None:
        return type_
    try:
        tests = parse_tests(allowed.text, NOTHING)
    except FeelRefused:
        return type_
    words = words_of(tests)
    if words and type_.kind in ("text", "any"):
        return replace(type_, kind="text", words=words)
    if type_.kind == "number" and len(tests.tests) == 1 and not tests.is_negated:
        low, high = _closed(tests.tests[0])
        return replace(type_, low=low, high=high)
    return type_


def words_of(tests: Tests) -> tuple[str, ...]:
    """The texts that a list of values names; none where something else stands there too."""
    found = []
    for test in () if tests.is_negated else tests.tests:
        if not (isinstance(test, Compared) and test.operator == "="
                and isinstance(test.value, Constant) and test.value.kind == "text"):  # fmt: skip
            return ()
        found.append(str(test.value.value))
    return tuple(dict.fromkeys(found))


def _closed(test: object) -> tuple[Decimal | None, Decimal | None]:
    """The ends of a range that belong to it: bounds of facts are included."""
    if isinstance(test, Compared):
        value = _number(test.value)
        return (value if test.operator == ">=" else None, value if test.operator == "<=" else None)
    if isinstance(test, Interval):
        return (_number(test.low) if test.low_included else None,
                _number(test.high) if test.high_included else None)  # fmt: skip
    return None, None


def _number(node: object) -> Decimal | None:
    if isinstance(node, Constant) and isinstance(node.value, Decimal):
        return node.value
    operand = getattr(node, "operand", None)
    found = _number(operand) if operand is not None else None
    return None if found is None else -found


def leaves(name: str, type_: DmnType) -> Iterator[tuple[tuple[str, ...], DmnType]]:
    """The values that a structure holds, each under the names that lead to it."""
    if not type_.components:
        yield (name,), type_
    for below, inner in type_.components:
        for path, leaf in leaves(below, inner):
            yield (name, *path), leaf
