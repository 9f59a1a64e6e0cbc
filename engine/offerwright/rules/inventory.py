"""An inventory document → one plan: which nodes, what is held back, who gets what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from offerwright.expressions.cells import Words
from offerwright.expressions.types import NUMBER
from offerwright.expressions.typing import Scope
from offerwright.rules.document import AllocationEntry, InventoryDocument, SafetyStock
from offerwright.rules.plan import Account, InventoryPlan, TablePlan
from offerwright.rules.rows import Findings
from offerwright.rules.tables import Setting, compile_table
from offerwright.source.located import Loaded, Path


def compile_inventory(
    number: int,
    loaded: Loaded[InventoryDocument],
    accounts: Sequence[Account],
    scope: Scope,
    words: Words,
    findings: Findings,
) -> InventoryPlan:
    """The plan of one document for all accounts of the shop."""
    setting = Setting(loaded, scope, words, findings)
    document = loaded.document
    pool, allocate = document.pool, document.allocate
    _check_facts(document, setting)
    _check_shares(document, setting)
    return InventoryPlan(
        document=number,
        span=loaded.located.at(("name",)),
        nodes=None if pool.nodes is None else tuple(pool.nodes),
        on_hand=pool.on_hand,
        allocated=pool.allocated,
        reserved=pool.reserved,
        reservations=pool.reservations,
        safety=_safety(document, setting),
        safety_per_node=isinstance(pool.safety_stock, SafetyStock)
        and pool.safety_stock.per == "node",
        method=allocate.method,
        redistribute=allocate.redistribute,
        last_units=allocate.last_units,
        entries=tuple(allocate.marketplaces),
        accounts=_accounts(document, accounts, setting),
        on_block=document.on_block,
    )


def _safety(document: InventoryDocument, setting: Setting) -> int | TablePlan:
    safety = document.pool.safety_stock
    if isinstance(safety, int):
        return safety
    path: Path = ("pool", "safety_stock")
    label = f"{setting.loaded.name}/safety_stock"
    return compile_table(safety, path, setting, label, {"units": NUMBER})


def _check_facts(document: InventoryDocument, setting: Setting) -> None:
    wanted = (("on_hand", "map"), ("allocated", "map"), ("reserved", "map"),
              ("reservations", "integer"))  # fmt: skip
    for key, type_name in wanted:
        fact = getattr(document.pool, key)
        if fact is None:
            continue
        path: Path = ("pool", key)
        found = setting.scope.types.get(fact)
        if found is None:
            words = "map of integer" if type_name == "map" else "integer"
            hint = f"declare it: `{fact}: {{type: {words}, from: …}}`"
            setting.say("UNKNOWN_FACT", path, f"no fact is called `{fact}`", hint)
        elif found.name != type_name or (found.of is not None and found.of.name != "integer"):
            wish = "a map of integer" if type_name == "map" else "an integer"
            setting.say("WRONG_TYPE", path, f"`{fact}` is {found}; {wish} stands here")


def _check_shares(document: InventoryDocument, setting: Setting) -> None:
    for index, entry in enumerate(document.allocate.marketplaces):
        path: Path = ("allocate", "marketplaces", index)
        if entry.share is not None and not 0 <= entry.share <= 1:
            setting.say("WRONG_SHARE", (*path, "share"), "a share is from 0% to 100%")
        if entry.share is None and document.allocate.method == "partition":
            setting.say("MISSING_SHARE", path, "under `partition` every entry needs a share",
                        "write `share: 40%`")  # fmt: skip
    shares = (entry.share or Decimal(0) for entry in document.allocate.marketplaces)
    total = sum(shares, Decimal(0))
    if document.allocate.method == "partition" and total > 1:
        setting.say(
            "SHARES_ABOVE_100", ("allocate", "marketplaces"),
            f"the shares sum to {(total * 100).normalize():f}%: more would be sold than there is",
            "lower them to 100% at most, or use `method: shared`",
        )  # fmt: skip


def _accounts(
    document: InventoryDocument, accounts: Sequence[Account], setting: Setting
) -> tuple[str | None, ...]:
    """The account that each entry speaks of."""
    found = [
        _account_of(entry, index, accounts, setting)
        for index, entry in enumerate(document.allocate.marketplaces)
    ]
    twice = [name for name, count in Counter(found).items() if name and count > 1]
    for name in twice:
        setting.say("ENTRY_TWICE", ("allocate", "marketplaces"),
                    f"the account `{name}` has two entries")  # fmt: skip
    return tuple(found)


def _account_of(
    entry: AllocationEntry, index: int, accounts: Sequence[Account], setting: Setting
) -> str | None:
    path: Path = ("allocate", "marketplaces", index)
    if entry.account is not None:
        if entry.account not in [a.name for a in accounts]:
            known = ", ".join(a.name for a in accounts)
            message = f"no account is called `{entry.account}`"
            setting.say("UNKNOWN_ACCOUNT", (*path, "account"), message, f"accounts: {known}")
        return entry.account
    named = {e.account for e in setting.loaded.document.allocate.marketplaces if e.account}
    fitting = [
        a.name for a in accounts if a.marketplace == entry.marketplace and a.name not in named
    ]
    if len(fitting) > 1:
        setting.say(
            "TWO_ACCOUNTS_SHARE", (*path, "marketplace"),
            f"{' and '.join(fitting)} both sell on {entry.marketplace}: the same units twice",
            "write one entry per account: `{account: …, share: …}`",
        )  # fmt: skip
    return fitting[0] if fitting else None
