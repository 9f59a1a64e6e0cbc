"""One document while its sentences are written: its places, its conditions, the reader's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from offerwright.errors import Span
from offerwright.expressions.cells import Wrong, read_when
from offerwright.expressions.conditions import Condition
from offerwright.facts.schema import FactSchema
from offerwright.facts.shop import Shop
from offerwright.guards.plan import GuardSet
from offerwright.rules.document import FeesDocument
from offerwright.rules.lifecycle_table import Lifecycle
from offerwright.rules.plan import RowPlan, RuleSet, TablePlan
from offerwright.rules.rows import Window
from offerwright.sentences.conditions import Reader, condition_text
from offerwright.sentences.sentence import Sentence
from offerwright.sentences.values import expression_text, moment_text
from offerwright.sentences.wording import Wording
from offerwright.source.document import Document, Valid
from offerwright.source.located import Loaded


class Linked(Protocol):
    """What sentences are made of: a repository that `pipeline` has linked."""

    @property
    def shop(self) -> Shop: ...
    @property
    def schema(self) -> FactSchema: ...
    @property
    def rules(self) -> RuleSet: ...
    @property
    def guards(self) -> GuardSet: ...
    @property
    def documents(self) -> tuple[Loaded[Document], ...]: ...
    @property
    def own_fees(self) -> tuple[Loaded[FeesDocument], ...]: ...
    @property
    def lifecycles(self) -> Mapping[str, Lifecycle]: ...


@dataclass(frozen=True)
class Telling:
    """Where one document is told: what it needs to know, and how its sentences are made."""

    loaded: Loaded[Any]
    linked: Linked
    words: Wording
    conditions: Mapping[Span, Condition]
    zone: ZoneInfo

    def say(self, key: str, /, **values: str) -> str:
        """A phrase of the catalogue."""
        return self.words.say(key, **values)

    def at(self, *path: str | int) -> Span:
        """Where the value at this path stands."""
        return self.loaded.located.at(path)

    def sentence(self, rule: str, text: str, span: Span) -> Sentence:
        """One finished sentence of this document."""
        document = self.loaded.document
        return Sentence(document.kind, document.name, rule, self.words.sentence(text), span)

    def expression(self, raw: object) -> str:
        """An expression of this document as a reader writes it."""
        return expression_text(raw, self.words)

    def expressions(self, raws: Iterator[object] | list[Any]) -> list[str]:
        """Several of them."""
        return [self.expression(raw) for raw in raws]

    def condition(self, raw: Mapping[str, Any] | None, span: Span) -> str:
        """The phrase of a `when`; the empty text where it asks nothing."""
        if not raw:
            return ""
        linked = self.conditions.get(span)
        condition = self._read(raw) if linked is None else linked
        if condition is None:
            return flow(dict(raw)).strip("{}")
        return condition_text(condition, Reader(self.words, self.zone, f"{self.loaded.name}/"))

    def _read(self, raw: Mapping[str, Any]) -> Condition | None:
        """The condition where no account is reached and so nothing is linked."""
        for plan in self.linked.rules.plans:
            try:
                return read_when(raw, plan.scope.types, self.linked.rules.words)
            except Wrong:
                continue
        return None

    def window(self, window: Window) -> str:
        """`from 2026-11-20 until before 2026-12-01`, or the empty text."""
        ends = [None if end is None else moment_text(end, self.zone) for end in window]
        return self.between(ends[0], ends[1])

    def valid(self, valid: Valid | None) -> str:
        """The same, of the head of a document, with moments as they are written."""
        if valid is None:
            return ""
        return self.between(*(None if m is None else m.isoformat()
                               for m in (valid.from_, valid.before)))  # fmt: skip

    def between(self, start: str | None, end: str | None) -> str:
        """A stretch of time with the ends that are written."""
        if start and end:
            return self.say("window.both", start=start, end=end)
        if start:
            return self.say("window.from", start=start)
        return self.say("window.before", end=end) if end else ""

    def lead(self, *phrases: str) -> str:
        """The phrases that are there, as the first half of a sentence."""
        return ", ".join(filter(None, phrases))

    def when(self, raw: Mapping[str, Any] | None, span: Span) -> str:
        """`when category is under phones`, or the empty text."""
        condition = self.condition(raw, span)
        return self.say("when", condition=condition) if condition else ""


def linked_conditions(linked: Linked) -> dict[Span, Condition]:
    """Every compiled condition by the place where it is written."""
    found: dict[Span, Condition] = {}
    whole: Any = linked
    for field in fields(whole):
        for row in _rows(getattr(whole, field.name)):
            found.setdefault(row.span, row.condition)
    return found


def _rows(value: Any) -> Iterator[RowPlan]:
    """All rows of all tables within plans, whatever the plans are; documents hold none."""
    if isinstance(value, TablePlan):
        yield from value.rows
    elif isinstance(value, tuple):
        for element in value:
            yield from _rows(element)
    elif isinstance(value, Mapping):
        for element in value.values():
            yield from _rows(element)
    elif is_dataclass(value) and type(value).__module__.startswith(
        ("offerwright.rules", "offerwright.guards")
    ):
        for field in fields(value):
            yield from _rows(getattr(value, field.name))


def flow(value: Any) -> str:
    """A value as one line of YAML, for cells and for what cannot be told otherwise."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)
