"""Facts documents and the shop → one `FactSchema`, with every mistake located in the YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from offerwright.errors import Diagnostic, Related, Span, sorted_diagnostics
from offerwright.expressions.types import TYPE_WORDS, Type, parse_type
from offerwright.facts.document import Fact, FactsDocument, ShopDocument
from offerwright.facts.link_shop import check_shop, known_words, source_format
from offerwright.facts.literals import parse_literal
from offerwright.facts.schema import (
    RESERVED_WORDS,
    UNIT_FACTORS,
    DerivedDef,
    FactDef,
    FactSchema,
    FactValue,
    Per,
    SourceDef,
)
from offerwright.money import CURRENCY_DIGITS, SCALE
from offerwright.source.located import Loaded


@dataclass(frozen=True)
class _Written:
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


@dataclass(frozen=True)
class _Linked:
    facts: dict[str, FactDef] = field(default_factory=dict)
    derived: dict[str, DerivedDef] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)


def link_facts(
    loaded_facts: Sequence[Loaded[FactsDocument]], loaded_shop: Loaded[ShopDocument]
) -> tuple[FactSchema, list[Diagnostic]]:
    """The facts of all documents over the sources of the shop.

    A fact with a mistake in it is still in the schema where its type is known, so that rules
    which use it are not blamed as well. With an error among the diagnostics the schema must not
    be used to build a snapshot.
    """
    shop = loaded_shop.document
    linked = _collect(loaded_facts, shop)
    sources = _sources(linked.facts, shop)
    found = [
        *linked.found,
        *check_shop(loaded_shop),
        *_check_joins(linked.facts),
        *_check_sources(linked.facts),
    ]
    universe = _universe(sources)
    if not universe:
        found.append(_no_catalogue(loaded_shop))
    schema = FactSchema(
        facts=dict(sorted(linked.facts.items())),
        derived=linked.derived,
        sources=sources,
        universe=universe,
        scopes=_scopes(shop),
        time_zone=shop.time_zone,
    )
    return schema, sorted_diagnostics(found)


def _collect(loaded_facts: Sequence[Loaded[FactsDocument]], shop: ShopDocument) -> _Linked:
    linked = _Linked()
    first: dict[str, Span] = {}
    # By file, so that of two definitions the same one is called the second, whatever the order.
    for loaded in sorted(loaded_facts, key=lambda one: one.file):
        for name, fact in loaded.document.facts.items():
            written = _Written(loaded, name, fact)
            linked.found.extend(_check_name(name, written.span, first))
            linked.found.extend(_check_fact(written, shop))
            definition = _define(written, shop)
            if definition is not None:
                linked.facts.setdefault(name, definition)
        for name, expression in loaded.document.derive.items():
            span = loaded.located.key(("derive", name))
            linked.found.extend(_check_name(name, span, first))
            at = loaded.located.at(("derive", name))
            linked.derived.setdefault(name, DerivedDef(name, expression, at, loaded.name))
    return linked


def _check_name(name: str, span: Span, first: dict[str, Span]) -> Iterator[Diagnostic]:
    if name in RESERVED_WORDS:
        yield Diagnostic(
            "RESERVED_NAME",
            f"`{name}` is a word of the language and cannot be the name of a fact.",
            span,
            hint=f"Choose another name, such as `{name}_fact`.",
        )
    elif name in first:
        yield Diagnostic(
            "DUPLICATE_FACT",
            f"The fact `{name}` is defined twice.",
            span,
            hint="Keep one of the two, or give one another name.",
            related=(Related(first[name], "first defined here"),),
        )
    first.setdefault(name, span)


def _values(fact: Fact) -> tuple[str, ...]:
    return tuple(fact.of or ())


def _type(fact: Fact, shop: ShopDocument) -> Type | None:
    return parse_type(fact.type, fact.currency or shop.currency, _values(fact))


def _define(written: _Written, shop: ShopDocument) -> FactDef | None:
    fact = written.fact
    type_ = _type(fact, shop)
    if type_ is None:
        return None
    source, _, column = fact.from_.partition(".")
    element = _element(type_)
    return FactDef(
        name=written.name,
        type=type_,
        source=source,
        column=column,
        span=written.span,
        key=fact.key,
        per=fact.per,
        join=fact.join,
        missing=_missing(written, type_, shop.time_zone)[0],
        minimum=fact.minimum,
        maximum=fact.maximum,
        unit=fact.unit or next(iter(UNIT_FACTORS.get(element.name, {})), ""),
        separator=fact.separator,
    )


def _element(type_: Type) -> Type:
    return type_.of or type_


def _check_fact(written: _Written, shop: ShopDocument) -> Iterator[Diagnostic]:
    type_ = _type(written.fact, shop)
    if type_ is None:
        yield _unknown_type(written)
    else:
        yield from _check_type(written, type_)
        yield from _check_bounds(written, _element(type_))
        message = _missing(written, type_, shop.time_zone)[1]
        if message:
            yield Diagnostic(
                "BAD_MISSING",
                f"`missing` of the fact `{written.name}` is no {type_}.",
                written.at("missing"),
                hint=f"{message[0].upper()}{message[1:]}.",
            )
    yield from _check_origin(written, shop)


def _unknown_type(written: _Written) -> Diagnostic:
    words = [word for word in TYPE_WORDS if "…" not in word]
    return Diagnostic(
        "UNKNOWN_TYPE",
        f"`{written.fact.type}` is no type.",
        written.at("type"),
        hint=known_words(written.fact.type, words, "The types are", TYPE_WORDS),
    )


def _check_type(written: _Written, type_: Type) -> Iterator[Diagnostic]:
    fact, name, element = written.fact, written.name, _element(type_)
    if element.name == "enum":
        yield from _check_words(written)
    elif fact.of is not None:
        message = f"`of` lists the words of an enum, and `{name}` is {type_}."
        yield Diagnostic(
            "OF_WITHOUT_ENUM", message, written.at("of"), hint="Write `type: enum`, or drop `of`."
        )
    if type_.name == "map" and fact.key is None:
        message = f"The map `{name}` does not say which column holds its keys."
        yield Diagnostic(
            "MAP_WITHOUT_KEY", message, written.at("type"), hint="Add `key: <column>`, say `node`."
        )
    if type_.name != "map" and fact.key is not None:
        message = f"`key` belongs to a map, and `{name}` is {type_}."
        hint = f"Write `type: map of {type_}`, or drop `key`."
        yield Diagnostic("KEY_WITHOUT_MAP", message, written.at("key"), hint=hint)
    if fact.key is not None and fact.per is not None:
        message = f"The fact `{name}` has both `key` and `per`."
        hint = "Keep one of the two: a map cannot be kept per marketplace or account."
        yield Diagnostic("KEY_AND_PER", message, written.at("per"), hint=hint)
    yield from _check_currency_and_unit(written, type_)


def _check_words(written: _Written) -> Iterator[Diagnostic]:
    words = _values(written.fact)
    if not words:
        message = f"The enum `{written.name}` does not say which words it may be."
        hint = "Add `of: [gold, silver]` with your words."
        yield Diagnostic("ENUM_WITHOUT_OF", message, written.at("type"), hint=hint)
    bad = sorted({word for word in words if words.count(word) > 1 or word != word.strip(" \t")})
    if bad or "" in words:
        message = f"The words of the enum `{written.name}` are blank, padded or written twice."
        hint = "Write every word once, without blanks around it."
        yield Diagnostic("BAD_ENUM", message, written.at("of"), hint=hint)


def _check_currency_and_unit(written: _Written, type_: Type) -> Iterator[Diagnostic]:
    fact, element = written.fact, _element(type_)
    if fact.currency is not None and element.name != "money":
        message = f"`currency` belongs to money, and `{written.name}` is {type_}."
        hint = "Write `type: money`, or drop `currency`."
        yield Diagnostic("CURRENCY_WITHOUT_MONEY", message, written.at("currency"), hint=hint)
    elif fact.currency is not None and fact.currency not in CURRENCY_DIGITS:
        message = f"`{fact.currency}` is no currency that we know."
        hint = known_words(fact.currency, sorted(CURRENCY_DIGITS), "The currencies are")
        yield Diagnostic("UNKNOWN_CURRENCY", message, written.at("currency"), hint=hint)
    units = UNIT_FACTORS.get(element.name, {})
    if fact.unit is not None and fact.unit not in units:
        message = f"`{fact.unit}` is no unit for `{written.name}`, which is {type_}."
        hint = f"Write one of {', '.join(units)}." if units else "Drop `unit`."
        yield Diagnostic("BAD_UNIT", message, written.at("unit"), hint=hint)


def _check_bounds(written: _Written, element: Type) -> Iterator[Diagnostic]:
    bounds = {"minimum": written.fact.minimum, "maximum": written.fact.maximum}
    for key, bound in bounds.items():
        if bound is None:
            continue
        is_percent = isinstance(written.raw(key), str)
        hint = ""
        if not element.is_decimal:
            hint = f"Drop `{key}`: only numbers have bounds."
        elif element.name == "percent" and not is_percent:
            hint = f"Write `{key}: {bound:f}%`."
        elif element.name != "percent" and is_percent:
            hint = "Write a number without %."
        elif bound != round(bound, SCALE):
            hint = f"Write at most {SCALE} decimals."
        if hint:
            message = f"`{key}` does not fit the fact `{written.name}`, which is {element}."
            yield Diagnostic("BAD_BOUND", message, written.at(key), hint=hint)
    low, high = bounds.values()
    if low is not None and high is not None and low > high:
        message = f"`minimum` of the fact `{written.name}` is above its `maximum`."
        yield Diagnostic("BAD_BOUND", message, written.at("minimum"), hint="Swap the two.")


def _missing(written: _Written, type_: Type, time_zone: str) -> tuple[FactValue | None, str]:
    """The default and, where it does not fit, the way to write it."""
    fact = written.fact
    if fact.missing is None:
        return None, ""
    try:
        value = parse_literal(fact.missing, type_, time_zone)
    except ValueError as wrong:
        return None, str(wrong)
    except OSError:  # an unknown time zone has a diagnostic of its own
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


def _check_origin(written: _Written, shop: ShopDocument) -> Iterator[Diagnostic]:
    source, dot, column = written.fact.from_.partition(".")
    if not (source and dot and column):
        yield Diagnostic(
            "BAD_FROM",
            f"`{written.fact.from_}` does not name a source and a column.",
            written.at("from"),
            hint="Write `from: source.column`, such as `catalogue.brand`.",
        )
    elif source not in shop.sources:
        yield Diagnostic(
            "UNKNOWN_SOURCE",
            f"`{source}` is no source of the shop.",
            written.at("from"),
            hint=known_words(source, sorted(shop.sources), "The sources are"),
        )


def _check_joins(facts: Mapping[str, FactDef]) -> Iterator[Diagnostic]:
    """`join` names a text that the SKU has once, so that it can stand in the SKU's place."""
    for fact in facts.values():
        if fact.join is None:
            continue
        target = facts.get(fact.join)
        plain = target and target.type.is_text and not (target.key or target.per or target.join)
        if not plain:
            possible = sorted(
                one.name
                for one in facts.values()
                if one.type.is_text and not (one.key or one.per or one.join)
            )
            what = "no fact" if target is None else "no text fact that is read by SKU"
            yield Diagnostic(
                "BAD_JOIN",
                f"`{fact.join}`, which the fact `{fact.name}` joins on, is {what}.",
                fact.span,
                hint=known_words(fact.join, possible, "Facts to join on are"),
            )


def _check_sources(facts: Mapping[str, FactDef]) -> Iterator[Diagnostic]:
    """All facts of one source have its rows keyed the same way: else rows could not be told
    apart from doubles."""
    first: dict[str, FactDef] = {}
    for fact in sorted(facts.values(), key=lambda one: one.span):
        other = first.setdefault(fact.source, fact)
        if (fact.key, fact.per, fact.join) != (other.key, other.per, other.join):
            yield Diagnostic(
                "MIXED_SOURCE",
                f"The facts `{other.name}` and `{fact.name}` read the source `{fact.source}` "
                "with a different `key`, `per` or `join`.",
                fact.span,
                hint="Make the three equal, or list the file as a second source in "
                "offerwright.yaml.",
                related=(Related(other.span, f"`{other.name}` stands here"),),
            )


def _sources(facts: Mapping[str, FactDef], shop: ShopDocument) -> dict[str, SourceDef]:
    return {
        name: _source(name, facts, shop)
        for name in shop.sources
        if name == "catalogue" or any(fact.source == name for fact in facts.values())
    }


def _source(name: str, facts: Mapping[str, FactDef], shop: ShopDocument) -> SourceDef:
    settings = shop.sources[name]
    own = sorted((f for f in facts.values() if f.source == name), key=lambda fact: fact.span)
    return SourceDef(
        name=name,
        file=settings.file,
        format=source_format(settings.file) or "csv",
        id_column=settings.sku,
        delimiter=settings.delimiter,
        decimal_comma=settings.decimal_comma,
        facts=tuple(sorted(fact.name for fact in own)),
        key=own[0].key if own else None,
        per=own[0].per if own else None,
        join=own[0].join if own else None,
    )


def _universe(sources: Mapping[str, SourceDef]) -> str:
    names = [name for name, source in sources.items() if source.is_one_per_sku]
    if "catalogue" in sources:
        return "catalogue" if "catalogue" in names else ""
    return names[0] if names else ""


def _no_catalogue(loaded_shop: Loaded[ShopDocument]) -> Diagnostic:
    return Diagnostic(
        "NO_CATALOGUE",
        "No source says which SKUs there are.",
        loaded_shop.located.key(("sources",)),
        hint="Add a source `catalogue` with one row per SKU, without `key`, `per` or `join`.",
    )


def _scopes(shop: ShopDocument) -> dict[Per, tuple[str, ...]]:
    marketplaces = {account.marketplace for account in shop.accounts.values()}
    return {"marketplace": tuple(sorted(marketplaces)), "account": tuple(sorted(shop.accounts))}
