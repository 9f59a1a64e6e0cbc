"""The whole story on one screen: a repository and its data → offers → payloads → a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from offerwright.errors import ConfigError, Diagnostic, has_errors, sorted_diagnostics
from offerwright.facts.document import FactsDocument, ShopDocument
from offerwright.facts.link import link_facts
from offerwright.facts.link_entities import link_entities
from offerwright.guards.document import GuardsDocument
from offerwright.guards.link import link_guards
from offerwright.guards.proofs import prove_rules
from offerwright.loadout import Loadout as Loadout
from offerwright.loadout import next_changes as next_changes
from offerwright.loadout import plan_sync as plan_sync
from offerwright.marketplaces.load import load_marketplaces
from offerwright.marketplaces.marketplace import Marketplace
from offerwright.rules.decision_document import DecisionDocument
from offerwright.rules.document import (
    ApprovalsDocument,
    FeesDocument,
    ListsDocument,
)
from offerwright.rules.findings.expected import wrong_expectations
from offerwright.rules.findings.untold import untold_tiers
from offerwright.rules.findings.unused import unused_facts
from offerwright.rules.inventory_document import InventoryDocument
from offerwright.rules.lifecycle import link_lifecycles
from offerwright.rules.lifecycle_document import LifecycleDocument
from offerwright.rules.link import Documents, link
from offerwright.rules.mapping_document import MappingDocument
from offerwright.rules.pricing_document import PricingDocument
from offerwright.rules.routing import link_routing
from offerwright.rules.routing_document import RoutingDocument
from offerwright.rules.routing_scope import RoutingFacts
from offerwright.source.document import Document
from offerwright.source.garbage import without_garbage_collection
from offerwright.source.load import load_documents, load_one
from offerwright.source.located import Loaded
from offerwright.source.repository import Repository, read_repository, shipped_marketplaces
from offerwright.source.written_secrets import written_secrets
from offerwright.testing.document import RuleTestDocument
from offerwright.testing.link import Bench, CasePlan, link_tests

D = TypeVar("D", bound=Document)

# What may stand under `rules/`: the name of the kind and its model.
KINDS: dict[str, type[Document]] = {
    "facts": FactsDocument,
    "pricing": PricingDocument,
    "inventory": InventoryDocument,
    "mapping": MappingDocument,
    "fees": FeesDocument,
    "guards": GuardsDocument,
    "approvals": ApprovalsDocument,
    "lists": ListsDocument,
    "decision": DecisionDocument,
    "lifecycle": LifecycleDocument,
    "routing": RoutingDocument,
}
# What files named `*.test.yaml` hold. No price comes from them, so they are no part of a loadout.
TEST_KINDS: dict[str, type[Document]] = {"test": RuleTestDocument}
HOME = "offerwright.yaml"
# What a test document may name; while a rule cannot be read, its names are missed for that alone.
NAMED_BY_TESTS = (
    "UNKNOWN_ACCOUNT",
    "UNKNOWN_ATTRIBUTE",
    "UNKNOWN_CODE",
    "UNKNOWN_FACT",
    "UNKNOWN_GUARD",
    "UNKNOWN_RULE",
)


def check(
    root: Path, marketplaces: Path | None = None
) -> tuple[Loadout | None, list[Diagnostic], Repository]:
    """
    Read, link and compile a repository; every finding, sorted by place.

    Args:
        root: the folder with `offerwright.yaml`.
        marketplaces: folders of marketplaces that the repository does not bring itself; those
            that ship with the package if None.
    """
    loadout, found, repository = _compiled(root, marketplaces)
    more = [] if loadout is None else findings_of(loadout, found)
    return loadout, sorted_diagnostics([*found, *more]), repository


def findings_of(loadout: Loadout, found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """
    What `check` says beside what compiling has found: of tests, and of documents together.

    Nothing is proved of rules with an error, and no name in a test is called unknown: what is
    left out could be what is missed.
    """
    tested = linked_tests(loadout)[1]
    if has_errors(found):
        return [one for one in tested if one.code not in NAMED_BY_TESTS]
    return [
        *tested,
        *prove_rules(loadout.rules, loadout.guards),
        *unused_facts(loadout.schema, loadout.documents, loadout.repository.files),
        *untold_tiers(loadout.rules, loadout.marketplaces),
    ]


def _compiled(
    root: Path, marketplaces: Path | None
) -> tuple[Loadout | None, list[Diagnostic], Repository]:
    """The repository without its tests, and every finding."""
    repository, found = read_repository(root, marketplaces or shipped_marketplaces())
    loadout, more = compile_repository(repository)
    return loadout, [*found, *more], repository


def linked_tests(loadout: Loadout) -> tuple[tuple[CasePlan, ...], list[Diagnostic]]:
    """The cases of all test documents, ready to be run, and what is wrong with them."""
    documents, unread = load_documents(loadout.repository, TEST_KINDS, tests=True)
    plans, found = link_tests(_of(documents, RuleTestDocument), bench_of(loadout))
    return plans, [*unread, *found]


def bench_of(loadout: Loadout) -> Bench:
    """What tests of rules are run against."""
    return Bench(loadout.rules, loadout.guards, loadout.schema)


def compile_repository(repository: Repository) -> tuple[Loadout | None, list[Diagnostic]]:
    """The pure part of `check`: from the bytes of all files to a linked rule set."""
    documents, unread = load_documents(repository, KINDS)
    shop, more = load_one(repository, HOME, ShopDocument)
    marketplaces, wrong = load_marketplaces(repository.files)
    found = [*unread, *more, *wrong, *written_secrets(repository.files)]
    if shop is None:
        return None, found
    facts = _of(documents, FactsDocument)
    schema, wrong = link_facts([one for one in facts if one.document.of == "sku"], shop)
    if any(d.code == "UNKNOWN_TIME_ZONE" for d in wrong):
        # Nothing can be dated without it, and rules are about windows.
        return None, [*found, *wrong]
    own_fees, fee_findings = _own_fees(repository, marketplaces)
    rules, linked = link(
        Documents(
            shop=shop,
            schema=schema,
            marketplaces={name: m.document for name, m in marketplaces.items()},
            pricing=_of(documents, PricingDocument),
            inventory=_of(documents, InventoryDocument),
            mapping=_of(documents, MappingDocument),
            fees=_of(documents, FeesDocument),
            own_fees=own_fees,
            lists=_of(documents, ListsDocument),
            decisions=_of(documents, DecisionDocument),
        )
    )
    guards, guarded = link_guards(
        _of(documents, GuardsDocument), _of(documents, ApprovalsDocument), rules,
        all_loaded=not has_errors(unread), sources=shop.document.sources,
    )  # fmt: skip
    sold_on = {a.marketplace for a in shop.document.accounts.values()}
    lifecycles, lived = link_lifecycles(
        _of(documents, LifecycleDocument),
        {name: m.document for name, m in marketplaces.items() if name in sold_on},
    )
    entities, named = link_entities(facts, shop)
    routing, routed = link_routing(
        _of(documents, RoutingDocument), RoutingFacts(schema, entities), rules, tuple(marketplaces)
    )
    # An expectation that nobody reads would let everything go: it is an error at plan too.
    expected = wrong_expectations(rules.plans)
    found = [
        *found, *wrong, *fee_findings, *linked, *expected, *guarded, *lived, *named, *routed
    ]  # fmt: skip
    loadout = Loadout(
        repository, shop, schema, rules, guards, marketplaces, documents, lifecycles, routing,
        own_fees,
    )  # fmt: skip
    return loadout, found


def load(root: Path, marketplaces: Path | None = None) -> Loadout:
    """
    The repository, ready to be evaluated. Raises `ConfigError` with all findings.

    Tests are left out: a mistake in one of them is no reason not to send a price.
    """
    return linked(*read_repository(root, marketplaces or shipped_marketplaces()))


def linked(repository: Repository, unread: Sequence[Diagnostic]) -> Loadout:
    """What `load` says of files that are read already; `unread` is what reading them has found."""
    with without_garbage_collection():
        loadout, found = compile_repository(repository)
    if loadout is None or has_errors([*unread, *found]):
        raise ConfigError([*unread, *found])
    return loadout


def _of(documents: tuple[Loaded[Document], ...], model: type[D]) -> tuple[Loaded[D], ...]:
    kept: list[Any] = [d for d in documents if isinstance(d.document, model)]
    return tuple(sorted(kept, key=lambda d: d.name))


def _own_fees(
    repository: Repository, marketplaces: Mapping[str, Marketplace]
) -> tuple[tuple[Loaded[FeesDocument], ...], list[Diagnostic]]:
    """The schedules that marketplaces' own folders bring."""
    loaded: list[Loaded[FeesDocument]] = []
    found: list[Diagnostic] = []
    for name in sorted(marketplaces):
        file = f"marketplaces/{name}/fees.yaml"
        if file in repository.files:
            one, more = load_one(repository, file, FeesDocument)
            found += more
            loaded += [one] if one is not None else []
    return tuple(loaded), found
