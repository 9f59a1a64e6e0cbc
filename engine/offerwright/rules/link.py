"""
All documents → one linked, typed rule set with a plan per account.

Everything that can be wrong with a rule without looking at a single product is found here: unknown
names, wrong types, two documents that claim one price, accounts and marketplaces that do not exist.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from offerwright.errors import Diagnostic
from offerwright.expressions.cells import Words
from offerwright.expressions.typing import DatedRate, Scope
from offerwright.facts.document import ShopDocument
from offerwright.facts.schema import FactSchema
from offerwright.marketplaces.document import MarketplaceDocument
from offerwright.money import CURRENCY_DIGITS
from offerwright.profile import staged
from offerwright.rules.analysis.prove import prove
from offerwright.rules.cascade import applying, check_scope, offers_of, scopes_table
from offerwright.rules.conflicts import check_conflicts
from offerwright.rules.decision_document import DecisionDocument
from offerwright.rules.decisions import Shared, compile_decisions
from offerwright.rules.document import (
    FeesDocument,
    ListsDocument,
)
from offerwright.rules.fees import compile_fees
from offerwright.rules.inventory import Shop, check_allocated, compile_inventory
from offerwright.rules.inventory_document import InventoryDocument
from offerwright.rules.mapping import compile_mapping
from offerwright.rules.mapping_document import MappingDocument
from offerwright.rules.plan import Account, AccountPlan, DocumentInfo, RuleSet
from offerwright.rules.pricing import compile_pricing
from offerwright.rules.pricing_document import PricingDocument
from offerwright.rules.rates import by_pair, link_rates
from offerwright.rules.rows import Findings, check_window, window
from offerwright.rules.scope import account_scope, cell_words, derived_facts, own_names
from offerwright.rules.tables import Setting
from offerwright.source.document import RuleDocument
from offerwright.source.located import Loaded
from offerwright.source.suggest import suggest

D = TypeVar("D", bound=RuleDocument)


@dataclass(frozen=True)
class Documents:
    """All documents of a repository, by what they are. `own_fees` stand in marketplace folders."""

    shop: Loaded[ShopDocument]
    schema: FactSchema
    marketplaces: Mapping[str, MarketplaceDocument]
    pricing: tuple[Loaded[PricingDocument], ...] = ()
    inventory: tuple[Loaded[InventoryDocument], ...] = ()
    mapping: tuple[Loaded[MappingDocument], ...] = ()
    fees: tuple[Loaded[FeesDocument], ...] = ()
    own_fees: tuple[Loaded[FeesDocument], ...] = ()
    lists: tuple[Loaded[ListsDocument], ...] = ()
    rates: Mapping[tuple[str, str], tuple[DatedRate, ...]] = field(default_factory=dict)
    """Those of the lists, once they are linked."""
    decisions: tuple[Loaded[DecisionDocument], ...] = ()

    @property
    def names(self) -> Mapping[str, tuple[str, ...]]:
        """The marketplaces, accounts and trade policies that conditions may ask for."""
        accounts = self.shop.document.accounts
        policies = {a.trade_policy for a in accounts.values() if a.trade_policy is not None}
        return {
            "marketplace": tuple(self.marketplaces),
            "account": tuple(accounts),
            "trade_policy": tuple(sorted(policies)),
        }


@staged("link rules")
def link(documents: Documents) -> tuple[RuleSet, list[Diagnostic]]:
    """The rule set, and every finding. With an error among them it must not be evaluated."""
    findings = Findings()
    zone = ZoneInfo(documents.shop.document.time_zone)
    accounts = _accounts(documents, findings)
    rule_documents: list[Loaded[Any]] = [
        *documents.pricing, *documents.inventory, *documents.mapping, *documents.fees,
    ]  # fmt: skip
    for loaded in rule_documents:
        check_scope(loaded, documents.names, findings)
    for loaded in (*rule_documents, *documents.own_fees):
        check_window(loaded.document.valid, zone, loaded.located.at(("valid", "before")),
                     f"`{loaded.name}`", findings)  # fmt: skip
    check_conflicts(documents.pricing, accounts, zone, findings)
    rates = link_rates(documents.lists, zone, findings)
    plans = tuple(
        _plan(account, accounts, replace(documents, rates=by_pair(rates)), zone, findings)
        for account in accounts
    )
    shop = documents.shop.document
    words = cell_words(documents.lists, zone, documents.names)
    rules = RuleSet(plans, shop.time_zone, shop.currency, _digest(documents), words, rates)
    broken = {d.span.file for d in findings.items if d.severity == "error" and d.span is not None}
    windows = {d.file: d.located.at(("valid",)) for d in (*rule_documents, *documents.own_fees)}
    return rules, [*findings.items, *prove(plans, zone, windows, broken)]


def _accounts(documents: Documents, findings: Findings) -> tuple[Account, ...]:
    found = []
    shop = documents.shop.document
    for name, settings in shop.accounts.items():
        marketplace = documents.marketplaces.get(settings.marketplace)
        span = documents.shop.located.at(("accounts", name, "marketplace"))
        if marketplace is None:
            findings.say(
                "UNKNOWN_MARKETPLACE", span, f"no marketplace is called `{settings.marketplace}`",
                suggest(settings.marketplace, documents.marketplaces),
            )  # fmt: skip
            continue
        site = marketplace.sites.get(settings.site or "")
        if settings.site and marketplace.sites and site is None:
            findings.say("UNKNOWN_SITE", documents.shop.located.at(("accounts", name, "site")),
                         f"{marketplace.title} has no site `{settings.site}`",
                         suggest(settings.site, marketplace.sites))  # fmt: skip
        currency = settings.currency or (site.currency if site else "") or shop.currency
        digits = marketplace.price_decimals.get(currency, CURRENCY_DIGITS.get(currency, 2))
        defaults = {k: s.default for k, s in marketplace.settings.items() if s.default is not None}
        found.append(
            Account(
                name, settings.marketplace, currency, digits, settings.site or "",
                settings.trade_policy or "", settings.credentials or "",
                {**defaults, **(site.settings if site else {}), **settings.settings},
            )
        )  # fmt: skip
    return tuple(found)


def _plan(
    account: Account,
    accounts: Sequence[Account],
    documents: Documents,
    zone: ZoneInfo,
    findings: Findings,
) -> AccountPlan:
    words = cell_words(documents.lists, zone, documents.names)
    scope = account_scope(
        documents.schema, documents.lists, account.currency, documents.names, findings
    )
    scope = replace(scope, rates=documents.rates)
    derived, scope = derived_facts(documents.schema, scope, findings)
    shared = Shared(words, documents.shop.document.currency, findings)
    decisions, scope = compile_decisions(documents.decisions, scope, shared)
    numbering = _Numbering(zone, scope, words, findings)
    own = [
        d for d in documents.own_fees
        if account.marketplace in d.document.for_.names("marketplace")
    ]  # fmt: skip
    fees = compile_fees(
        [*numbering.of(own, width=-1), *numbering.of(applying(documents.fees, account))],
        account, scope, words, findings,
    )  # fmt: skip
    pricing = numbering.of(applying(documents.pricing, account))
    steps, priced = compile_pricing(pricing, account, scope, words, findings)
    mappings = compile_mapping(
        numbering.of(applying(documents.mapping, account)), priced, words, findings
    )
    shop = _shop(accounts, documents, own_names(documents.schema, derived, decisions))
    inventories = [
        (compile_inventory(number, loaded, shop, scope, words, findings), loaded)
        for number, loaded in numbering.of(applying(documents.inventory, account))
    ]
    check_allocated(account, inventories, findings)
    return AccountPlan(
        account=account,
        derived=derived,
        steps=steps,
        fees=fees,
        inventories=tuple(plan for plan, _ in inventories),
        mappings=mappings,
        documents=tuple(numbering.items),
        scopes=scopes_table(numbering.items),
        scope=priced,
        decisions=decisions,
    )


def _shop(accounts: Sequence[Account], documents: Documents, own: Mapping[str, str]) -> Shop:
    """What inventories may name, and whose facts differ between accounts."""
    # What is kept per trade policy is each account's own, as far as a pool can see.
    per: dict[str, Literal["marketplace", "account"]] = {
        name: "marketplace" if fact.per == "marketplace" else "account"
        for name, fact in documents.schema.facts.items()
        if fact.per
    }
    return Shop(accounts, tuple(documents.marketplaces), own, per)


class _Numbering:
    """Numbers the documents of one plan as they are used."""

    def __init__(self, zone: ZoneInfo, scope: Scope, words: Words, findings: Findings) -> None:
        self.zone = zone
        self.scope, self.words, self.findings = scope, words, findings
        self.items: list[DocumentInfo] = []

    def of(
        self, loaded: Sequence[Loaded[D]], width: int | None = None
    ) -> list[tuple[int, Loaded[D]]]:
        found = []
        for one in loaded:
            document, at = one.document, one.located.at
            found.append((len(self.items), one))
            self.items.append(
                DocumentInfo(
                    document.kind, document.name, one.file, one.revision,
                    document.for_.width if width is None else width, document.override,
                    window(document.valid, self.zone),
                    offers_of(one, Setting(one, self.scope, self.words, self.findings)),
                    (at(("valid", "from")), at(("valid", "before"))),
                )
            )  # fmt: skip
        return found


def _digest(documents: Documents) -> str:
    """One hash of what all rules mean, whatever the order of the files."""
    lines = sorted(f"{d.document.kind} {d.name} {d.revision}" for d in _all(documents))
    lines.append(f"shop {documents.shop.revision}")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _all(documents: Documents) -> Iterator[Loaded[Any]]:
    for group in (documents.pricing, documents.inventory, documents.mapping, documents.fees,
                  documents.own_fees, documents.lists, documents.decisions):  # fmt: skip
        yield from group
