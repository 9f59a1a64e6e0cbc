"""Facts documents and the shop → one `FactSchema`, with every mistake located in the YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from offerwright.errors import Diagnostic, Related, Span, sorted_diagnostics
from offerwright.facts.check_fact import (
    WrittenFact,
    check_fact,
    default_value,
    element_of,
    type_of,
)
from offerwright.facts.document import FactsDocument, ShopDocument
from offerwright.facts.link_shop import check_shop, source_format
from offerwright.facts.schema import (
    RESERVED_WORDS,
    UNIT_FACTORS,
    DerivedDef,
    FactDef,
    FactSchema,
    Per,
    SourceDef,
)
from offerwright.source.located import Loaded
from offerwright.source.suggest import suggest_among


@dataclass(frozen=True)
class LinkedFacts:
    """The facts of some documents, before their sources are known."""

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
    linked = collect_facts(loaded_facts, shop)
    sources = sources_of(linked.facts, shop)
    found = [
        *linked.found,
        *check_shop(loaded_shop),
        *_check_joins(linked.facts),
        *check_sources(linked.facts),
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


def collect_facts(loaded_facts: Sequence[Loaded[FactsDocument]], shop: ShopDocument) -> LinkedFacts:
    """Every fact of these documents, and what is wrong with each on its own."""
    linked = LinkedFacts()
    first: dict[str, Span] = {}
    # By file, so that of two definitions the same one is called the second, whatever the order.
    for loaded in sorted(loaded_facts, key=lambda one: one.file):
        for name, fact in loaded.document.facts.items():
            written = WrittenFact(loaded, name, fact)
            linked.found.extend(_check_name(name, written.span, first))
            linked.found.extend(check_fact(written, shop))
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
            f"`{name}` is a word of the language and cannot be the name of a fact",
            span,
            hint=f"choose another name, such as `{name}_fact`",
        )
    elif name in first:
        yield Diagnostic(
            "DUPLICATE_FACT",
            f"the fact `{name}` is defined twice",
            span,
            hint="keep one of the two, or give one another name",
            related=(Related(first[name], "first defined here"),),
        )
    first.setdefault(name, span)


def _define(written: WrittenFact, shop: ShopDocument) -> FactDef | None:
    fact = written.fact
    type_ = type_of(fact, shop)
    if type_ is None:
        return None
    source, _, column = fact.from_.partition(".")
    element = element_of(type_)
    return FactDef(
        name=written.name,
        type=type_,
        source=source,
        column=column,
        span=written.span,
        key=fact.key,
        per=fact.per,
        join=fact.join,
        missing=default_value(written, type_, shop.time_zone)[0],
        minimum=fact.minimum,
        maximum=fact.maximum,
        unit=fact.unit or next(iter(UNIT_FACTORS.get(element.name, {})), ""),
        separator=fact.separator,
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
                f"`{fact.join}`, which the fact `{fact.name}` joins on, is {what}",
                fact.span,
                hint=suggest_among(fact.join, possible),
            )


def check_sources(facts: Mapping[str, FactDef]) -> Iterator[Diagnostic]:
    """All facts of one source have its rows keyed the same way: else rows could not be told
    apart from doubles."""
    first: dict[str, FactDef] = {}
    for fact in sorted(facts.values(), key=lambda one: one.span):
        other = first.setdefault(fact.source, fact)
        if (fact.key, fact.per, fact.join) != (other.key, other.per, other.join):
            yield Diagnostic(
                "MIXED_SOURCE",
                f"the facts `{other.name}` and `{fact.name}` read the source `{fact.source}` "
                "with a different `key`, `per` or `join`",
                fact.span,
                hint="make the three equal, or list the file as a second source in "
                "offerwright.yaml",
                related=(Related(other.span, f"`{other.name}` stands here"),),
            )


def sources_of(facts: Mapping[str, FactDef], shop: ShopDocument) -> dict[str, SourceDef]:
    """The sources that these facts read, and the catalogue."""
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
        "no source says which SKUs there are",
        loaded_shop.located.key(("sources",)),
        hint="add a source `catalogue` with one row per SKU, without `key`, `per` or `join`",
    )


def _scopes(shop: ShopDocument) -> dict[Per, tuple[str, ...]]:
    accounts = shop.accounts.values()
    return {
        "marketplace": tuple(sorted({account.marketplace for account in accounts})),
        "account": tuple(sorted(shop.accounts)),
        "trade_policy": tuple(sorted({a.trade_policy for a in accounts if a.trade_policy})),
    }
