"""Facts documents about nodes, places, orders and lines → one schema each: the words of routing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from offerwright.errors import Diagnostic, sorted_diagnostics
from offerwright.facts.document import FactsDocument, ShopDocument, SourceFile
from offerwright.facts.entities import Entity as Entity
from offerwright.facts.entities import EntityFacts as EntityFacts
from offerwright.facts.link import check_sources, collect_facts, sources_of
from offerwright.facts.schema import FactDef, FactSchema, SourceDef
from offerwright.source.located import Loaded

ENTITIES: tuple[Entity, ...] = ("node", "place", "order", "line")
# What is said of orders and lines stands in the file that is routed, whatever its name.
FILED: Mapping[Entity, str] = {"order": "orders", "line": "lines"}
# The engine's own words of each; a fact cannot take their place.
OWN_WORDS: Mapping[Entity, frozenset[str]] = {
    "node": frozenset({"id", "load"}),
    "place": frozenset({"id"}),
    "order": frozenset(
        {"id", "status", "placed_at", "time", "zip", "value", "units", "lines", "destination"}
    ),
    "line": frozenset({"id", "quantity", "order"}),
}


def link_entities(
    loaded_facts: Sequence[Loaded[FactsDocument]], loaded_shop: Loaded[ShopDocument]
) -> tuple[EntityFacts, list[Diagnostic]]:
    """The facts of nodes, places, orders and lines; documents about SKUs are passed over."""
    shop = loaded_shop.document
    schemas: dict[Entity, FactSchema] = {}
    found: list[Diagnostic] = []
    for entity in ENTITIES:
        own = [one for one in loaded_facts if one.document.of == entity]
        linked = collect_facts(own, _with_files(shop, entity))
        found += linked.found
        found += check_sources(linked.facts)
        for one in own:
            found += _check_document(one, entity)
        schemas[entity] = FactSchema(
            facts=dict(sorted(linked.facts.items())),
            derived={},
            sources=_sources(linked.facts, shop, entity),
            universe="",
            scopes={"marketplace": (), "account": ()},
            time_zone=shop.time_zone,
        )
    return EntityFacts(schemas), sorted_diagnostics(found)


def _with_files(shop: ShopDocument, entity: Entity) -> ShopDocument:
    """The shop as the facts of an entity see it: orders and lines read the file that is routed."""
    name = FILED.get(entity)
    if name is None:
        return shop
    return shop.model_copy(update={"sources": {name: SourceFile(file=f"{name}.jsonl")}})


def _sources(
    facts: Mapping[str, FactDef], shop: ShopDocument, entity: Entity
) -> dict[str, SourceDef]:
    if entity in FILED:
        return {}
    read = {fact.source for fact in facts.values()}
    return {name: one for name, one in sources_of(facts, shop).items() if name in read}


def _check_document(loaded: Loaded[FactsDocument], entity: Entity) -> Iterator[Diagnostic]:
    located, document = loaded.located, loaded.document
    for name in document.derive:
        yield Diagnostic(
            "WRONG_FACT", f"facts of a {entity} are read, not derived",
            located.key(("derive", name)), hint="derive it in the routing document, under `derive`",
        )  # fmt: skip
    for name, fact in document.facts.items():
        span = located.key(("facts", name))
        if name in OWN_WORDS[entity]:
            yield Diagnostic(
                "RESERVED_NAME", f"`{entity}.{name}` is a word of the language",
                span, hint=f"choose another name, such as `{name}_fact`",
            )  # fmt: skip
        for key in ("per", "join"):
            if getattr(fact, key) is not None:
                yield Diagnostic(
                    "WRONG_FACT", f"`{key}` is for SKUs, and `{name}` is a fact of a {entity}",
                    located.at(("facts", name, key)), hint=f"drop `{key}`",
                )  # fmt: skip
        if fact.key is not None and entity != "node":
            yield Diagnostic(
                "WRONG_FACT", f"a {entity} has no maps, and `{name}` is one",
                located.at(("facts", name, "key")),
                hint="only a node has one: its units by SKU, `key` being the column of the SKU",
            )  # fmt: skip
