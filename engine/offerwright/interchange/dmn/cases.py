"""The test cases of the DMN TCK: what goes into a model, and what must come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from offerwright.errors import Diagnostic
from offerwright.interchange.dmn.xml import Element, read_xml

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"

Value: TypeAlias = "str | tuple[Value, ...] | Mapping[str, Value] | None"
"""A text as it is written, None for null, a list, or components by name."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What one decision must give; `is_error`: it must fail, which is null here."""

    name: str
    value: Value
    element: Element
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    id: str
    inputs: Mapping[str, Value]
    results: tuple[Expected, ...]
    calls: str
    """The decision service or knowledge that the case calls by itself; "" for decisions."""


def read_cases(content: bytes, file: str) -> tuple[tuple[Case, ...], list[Diagnostic]]:
    """The cases of one file, and why there are none."""
    root, found = read_xml(content, file)
    if root is None:
        return (), found
    if root.name != "testCases":
        message = f"<{root.name}> holds no test cases"
        return (), [Diagnostic("NOT_DMN", message, root.span,
                               "a file of cases begins with <testCases>")]  # fmt: skip
    return tuple(_case(e) for e in root.all("testCase")), []


def _case(element: Element) -> Case:
    return Case(
        id=element.get("id") or element.get("name") or "",
        inputs={_name(n): _value(n) for n in element.all("inputNode")},
        results=tuple(_results(element)),
        calls=(element.get("invocableName") or "")
        if element.get("type") not in (None, "decision")
        else "",
    )


def _results(element: Element) -> Iterator[Expected]:
    for node in element.all("resultNode"):
        holder = node.one("expected", "computed")
        is_error = node.get("errorResult") == "true"
        value = None if holder is None or is_error else _value(holder)
        yield Expected(_name(node), value, node, is_error)


def _value(element: Element) -> Value:
    """The value that an element holds: of components, of a list, or written as text."""
    components = element.all("component")
    if components:
        return {_name(c): _value(c) for c in components}
    listed = element.one("list")
    if listed is not None:
        return None if _is_nil(listed) else tuple(_value(i) for i in listed.all("item"))
    value = element.one("value")
    if value is None or _is_nil(value) or _is_nil(element):
        return None
    return value.text


def _name(element: Element) -> str:
    return " ".join((element.get("name") or "").split())


def _is_nil(element: Element) -> bool:
    return element.attributes.get(_NIL) in ("true", "1")
