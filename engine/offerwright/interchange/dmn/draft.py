"""One decision document while it is being written: what it derives, where each part came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from offerwright.errors import Diagnostic, Span
from offerwright.interchange.dmn.express import expressed, is_rounded, kept
from offerwright.interchange.dmn.feel import Among, At, Constant, Feel, Null, Ref, Tests
from offerwright.interchange.dmn.feel_parse import parse_expression, parse_tests
from offerwright.interchange.dmn.feel_text import FeelRefused
from offerwright.interchange.dmn.inline import inlined
from offerwright.interchange.dmn.kinds import Scope
from offerwright.interchange.dmn.model import Decision, Text
from offerwright.interchange.dmn.simplify import simplified, substituted
from offerwright.interchange.dmn.tree import bounded, parts_of
from offerwright.interchange.dmn.types import DmnType
from offerwright.interchange.dmn.vocabulary import Vocabulary, refusal
from offerwright.interchange.dmn.xml import Element

Path = tuple[str | int, ...]


class Stopped(Exception):
    """The decision cannot be written; findings say why."""


@dataclass
class Draft:
    """`places` are the elements that the parts of the document came from, by path."""

    decision: Decision
    vocabulary: Vocabulary
    scope: Scope
    values: Mapping[str, Feel] = field(default_factory=dict)
    derive: dict[str, str] = field(default_factory=dict)
    places: dict[Path, Span] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)
    types: dict[str, DmnType] = field(default_factory=dict)
    """What the results turned out to be, by fact."""

    def say(self, code: str, span: Span, message: str, hint: str = "", **more: Any) -> None:
        self.found.append(Diagnostic(code, message, span, hint, **more))

    def stop(self, element: Element, message: str, hint: str) -> Stopped:
        self.say("DMN_UNSUPPORTED", element.span, message, hint)
        return Stopped()

    def refuse(self, refused: FeelRefused, element: Element) -> Stopped:
        self.found.append(refusal(refused, element))
        return Stopped()

    def expression(self, text: Text) -> Feel:
        """The tree of a text, with knowledge inlined. Raises `Stopped`."""
        try:
            if not text.text.strip():
                hint = "write null where there is no result"
                raise FeelRefused(At(0, 1), "nothing is written here", hint)
            names = self.vocabulary.names(*self.values)
            read = bounded(substituted(parse_expression(text.text, names), self.values))
            found = bounded(simplified(inlined(read, self.vocabulary)))
        except FeelRefused as refused:
            raise self.refuse(refused, text.element) from None
        self._warn_of_decimals(found, text.element)
        return found

    def said(self, node: Feel, element: Element) -> str:
        """An expression of the language. Raises `Stopped`."""
        try:
            return expressed(node, self.scope)
        except FeelRefused as refused:
            raise self.refuse(refused, element) from None

    def tests(self, text: Text) -> Tests:
        """The unary tests of a cell, with knowledge inlined. Raises `Stopped`."""
        try:
            tests = parse_tests(text.text, self.vocabulary.names(*self.values))
            every = Among(Null(At(0, 1)), tests.tests, At(0, 1))
            held = bounded(inlined(bounded(substituted(every, self.values)), self.vocabulary))
            assert isinstance(held, Among), "a tree keeps its form"
            return Tests(held.tests, tests.is_negated)
        except FeelRefused as refused:
            raise self.refuse(refused, text.element) from None

    def derived(self, said: str, element: Element, *names: str) -> str:
        """The name of a fact that the document derives; the same expression has one name."""
        for name, known in self.derive.items():
            if known == said:
                return name
        name = self.vocabulary.namer.name(self.decision.name, *names)
        self.derive[name] = said
        self.places[("derive", name)] = element.place(0, len(element.text))
        return name

    def _warn_of_decimals(self, node: Feel, element: Element) -> None:
        value = node.value if isinstance(node, Constant) else None
        if isinstance(value, Decimal) and is_rounded(value):
            self.say("DMN_ROUNDED", element.place(node.at.start, node.at.end),
                     f"{value:f} is kept as {kept(value):f}", "numbers have at most 8 decimals",
                     severity="warning")  # fmt: skip
        for part in parts_of(node):
            self._warn_of_decimals(part, element)


def is_fact(node: Feel, scope: Scope) -> bool:
    """Whether an expression is one name that a condition can test."""
    return isinstance(node, Ref) and node.names in scope.facts
