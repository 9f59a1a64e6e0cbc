"""What a case gives → the typed facts of one SKU, each read by its type as a rule reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from offerwright.errors import Diagnostic, Span
from offerwright.expressions.types import Type
from offerwright.facts.literals import parse_literal
from offerwright.facts.schema import ENGINE_WORDS, FactDef, FactSchema, FactValue
from offerwright.source.located import Loaded, Path
from offerwright.source.spellings import moment_hint, number_hint, percent_hint, shown
from offerwright.source.suggest import did_you_mean, suggest, suggest_among
from offerwright.testing.document import MISSING, RuleTestDocument

Cells = FactValue | Mapping[str, FactValue]
"""A fact's value; of a map by its keys, of a fact kept per marketplace by marketplace."""
_INSTEAD = {
    "live_price": "write `live: {price: …}` beside `given`",
    "live_quantity": "write `live: {quantity: …}` beside `given`",
    "as_of": "write `as_of: …` beside `given`",
    "today": "write `as_of: …` beside `given`",
    "account": "write `account: …` beside `given`",
    "marketplace": "write `marketplace: …` beside `given`",
    "currency": "an account has its currency from offerwright.yaml",
}


@dataclass(frozen=True, slots=True)
class Product:
    """The facts of one SKU; a fact that is not among them is missing. `sku` may be empty."""

    sku: str
    facts: Mapping[str, Cells]


@dataclass(frozen=True, slots=True)
class Written:
    """Facts as they are written, and where."""

    loaded: Loaded[RuleTestDocument]
    path: Path
    raw: Mapping[str, Any]

    def key(self, *below: str) -> Span:
        return self.loaded.located.key((*self.path, *below))

    def at(self, *below: str) -> Span:
        return self.loaded.located.at((*self.path, *below))


Fixtures = Mapping[str, Written]


def read_product(
    given: Written, fixtures: Fixtures, schema: FactSchema
) -> tuple[Product, list[Diagnostic]]:
    """
    The product that facts describe, with those of the fixture it is `like` below them.

    Args:
        given: the facts of a case or of a fixture.
        fixtures: what `like` may name.
        schema: the facts of the shop.
    """
    found: list[Diagnostic] = []
    facts: dict[str, Cells | None] = {}
    sku = ""
    for layer in reversed(list(_layers(given, fixtures, found))):
        for name, raw in layer.raw.items():
            try:
                if name == "sku":
                    sku = _sku(raw)
                elif name != "like":
                    facts |= _read_fact(name, raw, schema, facts)
            except _Wrong as wrong:
                span = layer.key(name) if wrong.code == "UNKNOWN_FACT" else (
                    layer.at(name, *wrong.below)
                )  # fmt: skip
                found.append(Diagnostic(wrong.code, f"`{name}`{wrong.message}", span, wrong.hint))
    return Product(sku, {name: cells for name, cells in facts.items() if cells is not None}), found


def _layers(given: Written, fixtures: Fixtures, found: list[Diagnostic]) -> Iterator[Written]:
    """The facts, then those of the fixture that they are like, and so on."""
    seen: list[str] = []
    layer = given
    while True:
        yield layer
        like = layer.raw.get("like")
        if like is None:
            return
        span = layer.at("like")
        if not isinstance(like, str) or like not in fixtures:
            found.append(unknown_fixture(like, span, fixtures))
            return
        if like in seen:
            message = f"the fixture {shown(like)} is like itself"
            found.append(Diagnostic("FIXTURE_LOOP", message, span, "let `like` end at facts"))
            return
        seen.append(like)
        layer = fixtures[like]


def unknown_fixture(name: Any, span: Span, fixtures: Fixtures) -> Diagnostic:
    """A fixture is named that is not there."""
    hint = suggest_among(str(name), sorted(fixtures)) or "write it under `fixtures:`"
    return Diagnostic("UNKNOWN_FIXTURE", f"no fixture is called {shown(name)}", span, hint)


def _sku(raw: Any) -> str:
    if isinstance(raw, Decimal):
        return f"{raw:f}"
    if isinstance(raw, str) and raw.strip():
        return raw
    raise _Wrong(" is no SKU", "write a text such as A-1, or leave it out")


def _read_fact(
    name: str, raw: Any, schema: FactSchema, facts: Mapping[str, Cells | None]
) -> dict[str, Cells | None]:
    """One written fact over those that are there; None takes it away. Raises `_Wrong`."""
    fact, key = _named(name, schema)
    if fact is None:
        raise _unknown_fact(name, schema)
    if key is None:
        return {fact.name: _cells(raw, fact, schema)}
    value = _one(raw, fact, fact.element, schema)
    return {fact.name: _with_key(_as_map(facts.get(fact.name)), key, value)}


def _as_map(cells: Cells | None) -> Mapping[str, FactValue]:
    return cells if isinstance(cells, Mapping) else {}


def _with_key(cells: Mapping[str, FactValue], key: str, value: FactValue | None) -> Cells:
    kept = {k: v for k, v in cells.items() if k != key}
    return kept if value is None else {**kept, key: value}


def _named(name: str, schema: FactSchema) -> tuple[FactDef | None, str | None]:
    """The fact, and the key of a map where a dotted name stands for one."""
    if name in schema.facts:
        return schema.facts[name], None
    stem, dot, key = name.partition(".")
    fact = schema.facts.get(stem)
    if dot and key and fact is not None and fact.type.name == "map":
        return fact, key
    return None, None


def _unknown_fact(name: str, schema: FactSchema) -> _Wrong:
    derived = schema.derived.get(name)
    if derived is not None:
        hint = f"it is computed as `{derived.expression}`: give the facts in it"
        return _Wrong(" cannot be given", hint, code="UNKNOWN_FACT")
    if name in ENGINE_WORDS:
        hint = _INSTEAD.get(name, "rules set it: write it under `expect`")
        return _Wrong(" cannot be given", hint, code="UNKNOWN_FACT")
    hint = did_you_mean(name, schema.facts) or "declare it in a `kind: facts` document"
    return _Wrong(" is no fact", hint, code="UNKNOWN_FACT")


@dataclass(frozen=True, slots=True)
class _Wrong(Exception):
    """How the sentence about a fact goes on, what to write, and where below it."""

    message: str
    hint: str
    below: tuple[str, ...] = ()
    code: str = "WRONG_GIVEN"


def _cells(raw: Any, fact: FactDef, schema: FactSchema) -> Cells | None:
    """The value of a fact as written; None takes it away. Raises `_Wrong`."""
    if raw == MISSING:
        return None
    if fact.type.name == "map":
        if not isinstance(raw, dict):
            raise _Wrong(f" is {fact.type}, not {shown(raw)}", "write {key: value}")
        return _by_key(raw, fact, schema)
    if fact.per is not None and isinstance(raw, dict) and set(raw) != {"is"}:
        scopes = schema.scopes[fact.per]
        for key in raw:
            if key not in scopes:
                raise _Wrong(f" is kept per {fact.per}, and none is called {shown(key)}",
                             suggest(key, scopes), (key,))  # fmt: skip
        return _by_key(raw, fact, schema)
    return _one(raw, fact, fact.type, schema)


def _by_key(raw: Mapping[str, Any], fact: FactDef, schema: FactSchema) -> Mapping[str, FactValue]:
    found: dict[str, FactValue] = {}
    for key, cell in raw.items():
        try:
            value = _one(cell, fact, fact.cell, schema)
        except _Wrong as wrong:
            message = f" of {shown(key)}{wrong.message}"
            raise _Wrong(message, wrong.hint, (key, *wrong.below)) from None
        if value is not None:
            found[str(key)] = value
    return found


def _one(raw: Any, fact: FactDef, type_: Type, schema: FactSchema) -> FactValue | None:
    """One written value by its type; None where it is `missing`. Raises `_Wrong`."""
    if raw == MISSING:
        return None
    if isinstance(raw, dict) and set(raw) == {"is"} and type_.is_text:
        raw = raw["is"]
    raw = _as_written(raw, type_)
    try:
        value = parse_literal(raw, type_, schema.time_zone)
    except ValueError as wrong:
        raise _Wrong(f" is {type_}, not {shown(raw)}", _hint(raw, type_, str(wrong))) from None
    for element in value if isinstance(value, tuple) else (value,):
        _check_element(element, fact)
    return value


def _as_written(raw: Any, type_: Type) -> Any:
    """For a text, what was written, as in the cells of `when` and of CSV files."""
    if type_.name == "list" and type_.of is not None and isinstance(raw, list):
        return [_as_written(element, type_.of) for element in raw]
    if type_.is_text and isinstance(raw, bool):
        return "true" if raw else "false"
    return f"{raw:f}" if type_.is_text and isinstance(raw, Decimal) else raw


def _hint(raw: Any, type_: Type, otherwise: str) -> str:
    if raw is None:
        return f"write a value, or `{MISSING}` to take the fact away"
    if isinstance(raw, str):
        if type_.name == "percent":
            return percent_hint(raw)
        if type_.is_decimal:
            return number_hint(raw)
        if type_.name in ("date", "datetime"):
            return moment_hint(raw) if "clocks change" not in otherwise else otherwise
    return otherwise


def _check_element(value: object, fact: FactDef) -> None:
    """A value that the snapshot would refuse is refused here too."""
    if isinstance(value, str) and not value.strip():
        raise _Wrong(" is blank", f"a blank text is a missing one: write `{MISSING}`")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return
    if fact.minimum is not None and value < fact.minimum:
        raise _Wrong(f" must be at least {fact.minimum:f}", "a row of the source that has less "
                     "is refused before any rule sees it")  # fmt: skip
    if fact.maximum is not None and value > fact.maximum:
        raise _Wrong(f" must be at most {fact.maximum:f}", "a row of the source that has more "
                     "is refused before any rule sees it")  # fmt: skip
