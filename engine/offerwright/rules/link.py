"""
All documents → one linked, typed rule set with a plan per account.

Everything that can be wrong with a rule without looking at a single product is found here: unknown
names, wrong types, two documents that claim one price, accounts and marketplaces that do not exist.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from offerwright.errors import Diagnostic, Related
from offerwright.facts.document import ShopDocument
from offerwright.facts.schema import FactSchema
from offerwright.marketplaces.document import MarketplaceDocument
from offerwright.money import CURRENCY_DIGITS
from offerwright.rules.document import (
    FeesDocument,
    InventoryDocument,
    ListsDocument,
)
from offerwright.rules.fees import compile_fees
from offerwright.rules.inventory import Shop, check_allocated, compile_inventory
from offerwright.rules.mapping import compile_mapping
from offerwright.rules.mapping_document import MappingDocument
from offerwright.rules.plan import Account, AccountPlan, DocumentInfo, RuleSet
from offerwright.rules.pricing import compile_pricing
from offerwright.rules.pricing_document import PricingDocument
from offerwright.rules.rows import Findings, Window, check_window, window
from offerwright.rules.scope import account_scope, cell_words, derived_facts, own_names
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

    @property
    def names(self) -> Mapping[str, tuple[str, ...]]:
        """The marketplaces and accounts that conditions may ask for."""
        accounts = tuple(self.shop.document.accounts)
        return {"marketplace": tuple(self.marketplaces), "account": accounts}


def link(documents: Documents) -> tuple[RuleSet, list[Diagnostic]]:
    """The rule set, and every finding. With an error among them it must not be evaluated."""
    findings = Findings()
    zone = ZoneInfo(documents.shop.document.time_zone)
    accounts = _accounts(documents, findings)
    rule_documents: list[Loaded[Any]] = [
        *documents.pricing, *documents.inventory, *documents.mapping, *documents.fees,
    ]  # fmt: skip
    for loaded in rule_documents:
        _check_scope(loaded, accounts, documents, findings)
    for loaded in (*rule_documents, *documents.own_fees):
        check_window(loaded.document.valid, zone, loaded.located.at(("valid", "before")),
                     f"`{loaded.name}`", findings)  # fmt: skip
    _check_conflicts(documents.pricing, zone, findings)
    plans = tuple(_plan(account, accounts, documents, zone, findings) for account in accounts)
    shop = documents.shop.document
    words = cell_words(documents.lists, zone, documents.names)
    rules = RuleSet(plans, shop.time_zone, shop.currency, _digest(documents), words)
    return rules, findings.items


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


def _check_scope(
    loaded: Loaded[Any], accounts: Sequence[Account], documents: Documents, findings: Findings
) -> None:
    scope = loaded.document.for_
    known_accounts = [a.name for a in accounts]
    for key, value, known in (
        ("marketplace", scope.marketplace, list(documents.marketplaces)),
        ("account", scope.account, known_accounts),
    ):
        if value is not None and value not in known:
            findings.say(f"UNKNOWN_{key.upper()}", loaded.located.at(("for", key)),
                         f"no {key} is called `{value}`", suggest(value, known))  # fmt: skip


def _check_conflicts(
    pricing: Sequence[Loaded[PricingDocument]], zone: ZoneInfo, findings: Findings
) -> None:
    """Two documents with one `for` may not set the same name in the same phase at one time."""
    for one, other in combinations(sorted(pricing, key=lambda d: d.name), 2):
        if one.document.for_ != other.document.for_:
            continue
        windows = [window(d.document.valid, zone) for d in (one, other)]
        if not _overlap(*windows):
            continue
        first, second = _claims(one), _claims(other)
        for claim in sorted(first.keys() & second.keys()):
            phase, name = claim
            here, there = second[claim], first[claim]
            findings.say(
                "SCOPE_CONFLICT", other.located.at(here),
                f"`{other.name}` and `{one.name}` both set {name} in phase {phase} "
                "for the same offers",
                "give one a narrower `for`, or windows that do not meet",
                related=(Related(one.located.at(there), "also set here"),),
            )  # fmt: skip


def _claims(loaded: Loaded[PricingDocument]) -> dict[tuple[str, str], tuple[str | int, ...]]:
    found: dict[tuple[str, str], tuple[str | int, ...]] = {}
    for index, step in enumerate(loaded.document.steps):
        path = ("steps", index, "id")
        if step.phase in ("fees", "round"):
            found.setdefault((step.phase, f"the {step.phase}"), path)
        names = {*(getattr(step, "set", None) or ()), *_result_names(step, loaded)}
        for name in sorted(names):
            found.setdefault((step.phase, f"`{name}`"), path)
    return found


def _result_names(step: Any, loaded: Loaded[PricingDocument]) -> set[str]:
    """The prices among the results of a step's table."""
    thens: list[Iterable[str]] = [row.then for row in getattr(step, "rules", None) or ()]
    thens.append(getattr(step, "otherwise", None) or ())
    csv = loaded.tables.get(getattr(step, "file", None) or "")
    if csv is not None:
        thens.append(heading.removeprefix("then.") for heading in csv.header)
    return {"price", "sale_price"} & {name for then in thens for name in then}


def _overlap(one: Window, other: Window) -> bool:
    starts = [w[0] for w in (one, other) if w[0] is not None]
    ends = [w[1] for w in (one, other) if w[1] is not None]
    return not starts or not ends or max(starts) < min(ends)


def _applying(loaded: Sequence[Loaded[D]], account: Account) -> list[Loaded[D]]:
    """The documents for this account, wider first, then by name."""

    def fits(document: RuleDocument) -> bool:
        scope = document.for_
        return (scope.marketplace in (None, account.marketplace)
                and scope.account in (None, account.name))  # fmt: skip

    fitting = [d for d in loaded if fits(d.document)]
    return sorted(fitting, key=lambda d: (d.document.for_.width, d.name))


def _plan(
    account: Account,
    accounts: Sequence[Account],
    documents: Documents,
    zone: ZoneInfo,
    findings: Findings,
) -> AccountPlan:
    words = cell_words(documents.lists, zone, documents.names)
    numbering = _Numbering(zone)
    scope = account_scope(
        documents.schema, documents.lists, account.currency, documents.names, findings
    )
    derived, scope = derived_facts(documents.schema, scope, findings)
    own = [d for d in documents.own_fees if d.document.for_.marketplace == account.marketplace]
    fees = compile_fees(
        [*numbering.of(own, width=-1), *numbering.of(_applying(documents.fees, account))],
        account, scope, words, findings,
    )  # fmt: skip
    pricing = numbering.of(_applying(documents.pricing, account))
    steps, priced = compile_pricing(pricing, account, scope, words, findings)
    mappings = compile_mapping(
        numbering.of(_applying(documents.mapping, account)), priced, words, findings
    )
    shop = Shop(accounts, tuple(documents.marketplaces), own_names(documents.schema, derived))
    inventories = [
        (compile_inventory(number, loaded, shop, scope, words, findings), loaded)
        for number, loaded in numbering.of(_applying(documents.inventory, account))
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
        scope=priced,
    )


class _Numbering:
    """Numbers the documents of one plan as they are used."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.items: list[DocumentInfo] = []

    def of(
        self, loaded: Sequence[Loaded[D]], width: int | None = None
    ) -> list[tuple[int, Loaded[D]]]:
        found = []
        for one in loaded:
            document = one.document
            found.append((len(self.items), one))
            self.items.append(
                DocumentInfo(
                    document.kind, document.name, one.file, one.revision,
                    document.for_.width if width is None else width, document.override,
                    window(document.valid, self.zone),
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
                  documents.own_fees, documents.lists):  # fmt: skip
        yield from group
