"""An inventory document → one plan: which nodes, what is held back, who gets what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from offerwright.errors import Span
from offerwright.expressions.cells import Words
from offerwright.expressions.conditions import tests
from offerwright.expressions.syntax import columns
from offerwright.expressions.types import NUMBER
from offerwright.expressions.typing import Scope
from offerwright.rules.inventory_checks import check_entries, check_facts, check_shares
from offerwright.rules.inventory_document import (
    AllocationEntry,
    Buffer,
    InventoryDocument,
    SafetyStock,
)
from offerwright.rules.plan import (
    Account,
    EntryPlan,
    InventoryPlan,
    KitPlan,
    RatePlan,
    TablePlan,
)
from offerwright.rules.rows import Findings
from offerwright.rules.tables import Setting, compile_table
from offerwright.source.located import Loaded, Path
from offerwright.source.suggest import suggest

_PARTS = (("pool",), ("pool", "safety_stock"), ("pool", "reservations"), ("allocate",), ("kits",))


@dataclass(frozen=True, slots=True)
class Shop:
    """What an inventory document may speak of, and the names that differ from account to account,
    each with the words that say why."""

    accounts: Sequence[Account]
    marketplaces: Sequence[str]
    own_names: Mapping[str, str]
    per: Mapping[str, Literal["marketplace", "account", "trade_policy"]]
    """Of the facts that are kept so."""


def compile_inventory(
    number: int,
    loaded: Loaded[InventoryDocument],
    shop: Shop,
    scope: Scope,
    words: Words,
    findings: Findings,
) -> InventoryPlan:
    """The plan of one document for all accounts of the shop."""
    setting = Setting(loaded, scope, words, findings)
    document = loaded.document
    pool, allocate, kits = document.pool, document.allocate, document.kits
    check_facts(document, setting)
    check_shares(document, setting)
    safety = _safety(document, setting)
    _check_shared(document, safety, shop, setting)
    check_entries(document, setting)
    return InventoryPlan(
        document=number,
        span=loaded.located.at(("name",)),
        nodes=None if pool.nodes is None else tuple(pool.nodes),
        on_hand=pool.on_hand,
        allocated=pool.allocated,
        reserved=pool.reserved,
        reservations=pool.reservations,
        safety=safety,
        safety_per_node=isinstance(pool.safety_stock, SafetyStock)
        and pool.safety_stock.per == "node",
        method=allocate.method,
        redistribute=allocate.redistribute,
        last_units=allocate.last_units,
        oversell_at_most=allocate.oversell_at_most,
        rate=_rate(allocate.sold_per_hour, shop),
        entries=_entries(document, shop, setting),
        kits=None if kits is None else KitPlan(kits.components, kits.first),
        on_block=document.on_block,
        places={path[-1]: loaded.located.at(path) for path in _PARTS},
    )


def _rate(fact: str | None, shop: Shop) -> RatePlan | None:
    """A derived rate that differs by account is that of each account."""
    if fact is None:
        return None
    per = shop.per.get(fact)
    return RatePlan(fact, per or ("account" if fact in shop.own_names else "all"))


def _entries(document: InventoryDocument, shop: Shop, setting: Setting) -> tuple[EntryPlan, ...]:
    at = setting.loaded.located.at
    written = zip(document.allocate.marketplaces, _accounts(document, shop, setting), strict=True)
    return tuple(
        _entry(entry, account, shop, at(("allocate", "marketplaces", index)))
        for index, (entry, account) in enumerate(written)
    )


def _entry(entry: AllocationEntry, account: str | None, shop: Shop, span: Span) -> EntryPlan:
    buffer, hysteresis, raise_ = entry.buffer, entry.hysteresis, entry.raise_needs
    own = next((a for a in shop.accounts if a.name == account), None)
    return EntryPlan(
        account=account,
        marketplace=entry.marketplace or (own.marketplace if own else ""),
        trade_policy=own.trade_policy if own else "",
        span=span,
        share=entry.share,
        cap=entry.cap,
        buffer=buffer.units if isinstance(buffer, Buffer) else buffer,
        sold_elsewhere_s=buffer.sold_elsewhere_in if isinstance(buffer, Buffer) else 0,
        min_list=entry.min_list,
        zero_below=hysteresis.zero_below if hysteresis else 0,
        back_at=hysteresis.back_at if hysteresis else 0,
        orders_read=raise_.orders_read if raise_ else None,
        orders_within_s=raise_.within if raise_ else 0,
    )


def _safety(document: InventoryDocument, setting: Setting) -> int | TablePlan:
    safety = document.pool.safety_stock
    if isinstance(safety, int):
        return safety
    path: Path = ("pool", "safety_stock")
    label = f"{setting.loaded.name}/safety_stock"
    return compile_table(safety, path, setting, label, {"units": NUMBER})


def _check_shared(
    document: InventoryDocument, safety: int | TablePlan, shop: Shop, setting: Setting
) -> None:
    """Two accounts that saw two pools could publish more than there is."""
    for name, span in (*_pool_names(document, setting), *_safety_names(safety, setting)):
        why = shop.own_names.get(name)
        if why is not None:
            setting.findings.say(
                "POOL_PER_ACCOUNT", span, f"{why}, and one pool is shared by all accounts",
                "use a fact that is the same for all; `buffer` and `cap` hold units back from one",
            )  # fmt: skip


def _pool_names(document: InventoryDocument, setting: Setting) -> Iterator[tuple[str, Span]]:
    for key in ("on_hand", "allocated", "reserved", "reservations"):
        name = getattr(document.pool, key)
        if name is not None:
            yield name, setting.loaded.located.at(("pool", key))
    if document.kits is not None:
        yield document.kits.components, setting.loaded.located.at(("kits", "components"))


def _safety_names(safety: int | TablePlan, setting: Setting) -> Iterator[tuple[str, Span]]:
    """What the safety stock reads, row by row; the last cell of a result is `otherwise`."""
    if isinstance(safety, int):
        return
    for row in safety.rows:
        yield from ((test.fact, row.span) for test in tests(row.condition))
    otherwise = setting.loaded.located.at(("pool", "safety_stock", "otherwise"))
    spans = [*(row.span for row in safety.rows), otherwise]
    for result in safety.results:
        for choice, span in zip(result.choice_of, spans, strict=False):
            if choice >= 0:
                yield from ((name, span) for name in columns(result.choices[choice]))


def _accounts(document: InventoryDocument, shop: Shop, setting: Setting) -> tuple[str | None, ...]:
    """The account that each entry speaks of."""
    found = [
        _account_of(entry, index, shop, setting)
        for index, entry in enumerate(document.allocate.marketplaces)
    ]
    twice = [name for name, count in Counter(found).items() if name and count > 1]
    for name in twice:
        setting.say("ENTRY_TWICE", ("allocate", "marketplaces"),
                    f"the account `{name}` has two entries")  # fmt: skip
    return tuple(found)


def _account_of(entry: AllocationEntry, index: int, shop: Shop, setting: Setting) -> str | None:
    path: Path = ("allocate", "marketplaces", index)
    if entry.account is not None:
        known = [a.name for a in shop.accounts]
        if entry.account not in known:
            message = f"no account is called `{entry.account}`"
            setting.say("UNKNOWN_ACCOUNT", (*path, "account"), message,
                        suggest(entry.account, known))  # fmt: skip
        return entry.account
    named = {e.account for e in setting.loaded.document.allocate.marketplaces if e.account}
    fitting = [
        a.name for a in shop.accounts if a.marketplace == entry.marketplace and a.name not in named
    ]
    if not fitting:
        _say_nobody(entry.marketplace or "", (*path, "marketplace"), shop, setting)
    if len(fitting) > 1:
        setting.say(
            "TWO_ACCOUNTS_SHARE", (*path, "marketplace"),
            f"{' and '.join(fitting)} both sell on {entry.marketplace}: the same units twice",
            "write one entry per account: `{account: …, share: …}`",
        )  # fmt: skip
    return fitting[0] if fitting else None


def _say_nobody(marketplace: str, path: Path, shop: Shop, setting: Setting) -> None:
    if marketplace not in shop.marketplaces:
        setting.say("UNKNOWN_MARKETPLACE", path, f"no marketplace is called `{marketplace}`",
                    suggest(marketplace, shop.marketplaces))  # fmt: skip
        return
    setting.findings.say(
        "ENTRY_WITHOUT_ACCOUNT", setting.loaded.located.at(path),
        f"no account sells on {marketplace} that has no entry of its own: its share goes to nobody",
        "add the account to offerwright.yaml, or delete the entry", severity="warning",
    )  # fmt: skip


def check_allocated(
    account: Account,
    plans: Sequence[tuple[InventoryPlan, Loaded[InventoryDocument]]],
    findings: Findings,
) -> None:
    """Warn where the document that counts for an account, narrowest last, has no entry for it."""
    for plan, loaded in reversed(plans):
        if account.name not in plan.accounts:
            findings.say(
                "UNALLOCATED_ACCOUNT", loaded.located.at(("allocate", "marketplaces")),
                f"`{account.name}` has no entry: its stock is blocked",
                f"add `{{account: {account.name}, …}}`", severity="warning",
            )  # fmt: skip
        if loaded.document.valid is None:
            return
