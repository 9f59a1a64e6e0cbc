"""What one fact says → what is wrong with it, each mistake at its place in the YAML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from offerwright.errors import Diagnostic, Span
from offerwright.expressions.types import TYPE_WORDS, Type, parse_type
from offerwright.facts.document import Fact, FactsDocument, ShopDocument
from offerwright.facts.literals import parse_literal
from offerwright.facts.schema import UNIT_FACTORS, FactValue
from offerwright.money import CURRENCY_DIGITS, SCALE
from offerwright.source.located import Loaded
from offerwright.source.suggest import did_you_mean, suggest, suggest_among


@dataclass(frozen=True)
class WrittenFact:
    """One fact as written, and where."""

    loaded: Loaded[FactsDocument]
    name: str
    fact: Fact

    def at(self, key: str) -> Span:
        return self.loaded.located.at(("facts", self.name, key))

    def raw(self, key: str) -> object:
        data = self.loaded.located.data
        return data["facts"][self.name].get(key)

    @property
    def span(self) -> Span:
        return self.loaded.located.key(("facts", self.name))


def _values(fact: Fact) -> tuple[str, ...]:
    return tuple(fact.of or ())


def type_of(fact: Fact, shop: ShopDocument) -> Type | None:
    """The fact's type with its words and its currency; None for words that name no type."""
    return parse_type(fact.type, fact.currency or shop.currency, _values(fact))


def element_of(type_: Type) -> Type:
    """What a list or map holds, else the type itself."""
    return type_.of or type_


def check_fact(written: WrittenFact, shop: ShopDocument) -> Iterator[Diagnostic]:
    """Every mistake of one fact that can be seen without the other facts."""
    type_ = type_of(written.fact, shop)
    if type_ is None:
        yield _unknown_type(written)
    else:
        yield from _check_type(written, type_)
        yield from _check_bounds(written, element_of(type_))
        message = default_value(written, type_, shop.time_zone)[1]
        if message:
            yield Diagnostic(
                "BAD_MISSING",
                f"`missing` of the fact `{written.name}` is no {type_}",
                written.at("missing"),
                hint=message,
            )
    yield from _check_origin(written, shop)


def _unknown_type(written: WrittenFact) -> Diagnostic:
    return Diagnostic(
        "UNKNOWN_TYPE",
        f"`{written.fact.type}` is no type",
        written.at("type"),
        hint=_types_hint(written.fact.type),
    )


def _types_hint(word: str) -> str:
    near = did_you_mean(word, [one for one in TYPE_WORDS if "…" not in one])
    listed = f"the types are {', '.join(TYPE_WORDS)}"
    return f"{near} {listed}" if near else listed


def _check_type(written: WrittenFact, type_: Type) -> Iterator[Diagnostic]:
    fact, name, element = written.fact, written.name, element_of(type_)
    if element.name == "enum":
        yield from _check_words(written)
    elif fact.of is not None:
        message = f"`of` lists the words of an enum, and `{name}` is {type_}"
        yield Diagnostic(
            "OF_WITHOUT_ENUM", message, written.at("of"), hint="write `type: enum`, or drop `of`"
        )
    if type_.name == "map" and fact.key is None:
        message = f"the map `{name}` does not say which column holds its keys"
        yield Diagnostic(
            "MAP_WITHOUT_KEY", message, written.at("type"), hint="add `key: <column>`, say `node`"
        )
    if type_.name != "map" and fact.key is not None:
        message = f"`key` belongs to a map, and `{name}` is {type_}"
        hint = f"write `type: map of {type_}`, or drop `key`"
        yield Diagnostic("KEY_WITHOUT_MAP", message, written.at("key"), hint=hint)
    if fact.key is not None and fact.per is not None:
        message = f"the fact `{name}` has both `key` and `per`"
        hint = "keep one of the two: a map cannot be kept per marketplace, account or policy"
        yield Diagnostic("KEY_AND_PER", message, written.at("per"), hint=hint)
    yield from _check_currency_and_unit(written, type_)


def _check_words(written: WrittenFact) -> Iterator[Diagnostic]:
    words = _values(written.fact)
    if not words:
        message = f"the enum `{written.name}` does not say which words it may be"
        hint = "add `of: [gold, silver]` with your words"
        yield Diagnostic("ENUM_WITHOUT_OF", message, written.at("type"), hint=hint)
    bad = sorted({word for word in words if words.count(word) > 1 or word != word.strip(" \t")})
    if bad or "" in words:
        message = f"the words of the enum `{written.name}` are blank, padded or written twice"
        hint = "write every word once, without blanks around it"
        yield Diagnostic("BAD_ENUM", message, written.at("of"), hint=hint)


def _check_currency_and_unit(written: WrittenFact, type_: Type) -> Iterator[Diagnostic]:
    fact, element = written.fact, element_of(type_)
    if fact.currency is not None and element.name != "money":
        message = f"`currency` belongs to money, and `{written.name}` is {type_}"
        hint = "write `type: money`, or drop `currency`"
        yield Diagnostic("CURRENCY_WITHOUT_MONEY", message, written.at("currency"), hint=hint)
    elif fact.currency is not None and fact.currency not in CURRENCY_DIGITS:
        message = f"`{fact.currency}` is no currency that we know"
        hint = suggest(fact.currency, CURRENCY_DIGITS)
        yield Diagnostic("UNKNOWN_CURRENCY", message, written.at("currency"), hint=hint)
    units = UNIT_FACTORS.get(element.name, {})
    if fact.unit is not None and fact.unit not in units:
        message = f"`{fact.unit}` is no unit for `{written.name}`, which is {type_}"
        hint = f"write one of {', '.join(units)}" if units else "drop `unit`"
        yield Diagnostic("BAD_UNIT", message, written.at("unit"), hint=hint)


def _check_bounds(written: WrittenFact, element: Type) -> Iterator[Diagnostic]:
    bounds = {"minimum": written.fact.minimum, "maximum": written.fact.maximum}
    for key, bound in bounds.items():
        if bound is None:
            continue
        is_percent = isinstance(written.raw(key), str)
        hint = ""
        if not element.is_decimal:
            hint = f"drop `{key}`: only numbers have bounds"
        elif element.name == "percent" and not is_percent:
            hint = f"write `{key}: {bound:f}%`"
        elif element.name != "percent" and is_percent:
            hint = "write a number without %"
        elif bound != round(bound, SCALE):
            hint = f"write at most {SCALE} decimals"
        if hint:
            message = f"`{key}` does not fit the fact `{written.name}`, which is {element}"
            yield Diagnostic("BAD_BOUND", message, written.at(key), hint=hint)
    low, high = bounds.values()
    if low is not None and high is not None and low > high:
        message = f"`minimum` of the fact `{written.name}` is above its `maximum`"
        yield Diagnostic("BAD_BOUND", message, written.at("minimum"), hint="swap the two")


def default_value(
    written: WrittenFact, type_: Type, time_zone: str
) -> tuple[FactValue | None, str]:
    """The default and, where it does not fit, the way to write it."""
    fact = written.fact
    if fact.missing is None:
        return None, ""
    try:
        value = parse_literal(fact.missing, type_, time_zone)
    except ValueError as wrong:
        return None, str(wrong)
    except (KeyError, OSError):  # an unknown time zone has a diagnostic of its own
        return None, ""
    for element in value if isinstance(value, tuple) else (value,):
        if isinstance(element, str) and not element.strip():
            return None, "drop `missing`: a blank text is a missing one"
        if isinstance(element, int | Decimal):
            low = fact.minimum is not None and element < fact.minimum
            high = fact.maximum is not None and element > fact.maximum
            if low or high:
                return None, "write a value between `minimum` and `maximum`"
    return value, ""


def _check_origin(written: WrittenFact, shop: ShopDocument) -> Iterator[Diagnostic]:
    source, dot, column = written.fact.from_.partition(".")
    if not (source and dot and column):
        yield Diagnostic(
            "BAD_FROM",
            f"`{written.fact.from_}` does not name a source and a column",
            written.at("from"),
            hint="write `from: source.column`, such as `catalogue.brand`",
        )
    elif source not in shop.sources:
        yield Diagnostic(
            "UNKNOWN_SOURCE",
            f"`{source}` is no source of the shop",
            written.at("from"),
            hint=suggest_among(source, sorted(shop.sources)),
        )
