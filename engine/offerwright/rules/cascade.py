"""
The cascade of scopes: which documents apply to an account or an offer, and which of them is wider.

`marketplace`, `account` and `trade_policy` select accounts and are settled when rules are linked;
`category`, `brand` and `sku` select offers, and become a condition that is tested row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

from offerwright.rules.plan import Account, DocumentInfo, TablePlan
from offerwright.rules.row_masks import table_of_rows
from offerwright.rules.rows import Findings
from offerwright.rules.tables import Setting, compile_when
from offerwright.source.document import ACCOUNT_KEYS, OFFER_KEYS, RuleDocument, Scope
from offerwright.source.located import Loaded
from offerwright.source.suggest import suggest

D = TypeVar("D", bound=RuleDocument)

# What to write in documents of these kinds instead of a scope that selects offers.
_INSTEAD = {
    "mapping": "write rows with `when: {{{key}: …}}` in the table `category`, or a `table:` at an "
    "attribute",
    "inventory": "write rows with `when: {{{key}: …}}` in `safety_stock`: the pool is one for all",
    "routing": "an order may hold several of them: write an attempt that tests the order",
}


def check_scope(
    loaded: Loaded[Any], known: Mapping[str, Sequence[str]], findings: Findings
) -> None:
    """Names in `for` that do not exist, and keys that documents of this kind cannot have."""
    scope: Scope = loaded.document.for_
    for key in ACCOUNT_KEYS:
        for index, value in enumerate(_written(loaded, key)):
            if value not in known[key]:
                findings.say(
                    f"UNKNOWN_{key.upper()}", loaded.located.at(("for", key, index)),
                    f"no {key.replace('_', ' ')} is called `{value}`",
                    suggest(value, known[key]) or _HOW_TO_NAME.get(key, ""),
                )  # fmt: skip
    instead = _INSTEAD.get(loaded.document.kind)
    for key in OFFER_KEYS:
        if instead is not None and scope.names(key):
            findings.say(
                "UNSUPPORTED_SCOPE", loaded.located.key(("for", key)),
                f"a {loaded.document.kind} document cannot be for one {key} only",
                instead.format(key=key),
            )  # fmt: skip


def _written(loaded: Loaded[Any], key: str) -> list[str]:
    """What a key names, in written order, so that the n-th stands in the n-th place."""
    value = (loaded.located.data.get("for") or {}).get(key)
    several = value if isinstance(value, list) else [] if value is None else [value]
    return [f"{one:f}" if isinstance(one, Decimal) else str(one) for one in several]


_HOW_TO_NAME = {"trade_policy": "write `trade_policy: …` at an account in offerwright.yaml"}


def applies_to(scope: Scope, account: Account) -> bool:
    """Whether a scope selects the account, or some of its offers."""
    own = own_words(account)
    return all(not scope.names(key) or own[key] in scope.names(key) for key in ACCOUNT_KEYS)


def own_words(account: Account) -> dict[str, str]:
    """By key of `for`, what the account answers to it."""
    return {
        "marketplace": account.marketplace,
        "account": account.name,
        "trade_policy": account.trade_policy,
    }


def applying(loaded: Sequence[Loaded[D]], account: Account) -> list[Loaded[D]]:
    """The documents for this account or some of its offers, wider first, then by name."""
    fitting = [d for d in loaded if applies_to(d.document.for_, account)]
    return sorted(fitting, key=lambda d: (d.document.for_.width, d.name))


def offers_of(loaded: Loaded[Any], setting: Setting) -> TablePlan | None:
    """The condition of the offers that a document is for; None for all of the account's."""
    scope: Scope = loaded.document.for_
    wanted = [key for key in OFFER_KEYS if scope.names(key)]
    if not wanted or loaded.document.kind in _INSTEAD:
        return None
    for key in wanted:
        if not _is_usable(key, setting):
            return None
    raw = {key: _cells(key, _written(loaded, key)) for key in wanted}
    return compile_when(raw, ("for",), setting, f"{loaded.name}/for")


def scopes_table(documents: Sequence[DocumentInfo]) -> TablePlan | None:
    """The documents that are for some offers as one table, so that they are all looked up at once.

    The id of a row is the document's number.
    """
    rows = [
        replace(info.only.rows[0], id=str(number))
        for number, info in enumerate(documents)
        if info.only is not None
    ]
    return table_of_rows("for", rows[0].span, "any", None, rows, (), False) if rows else None


def _cells(key: str, names: Iterable[str]) -> list[Any]:
    """`is` because a brand may be called `missing`."""
    return [{"under" if key == "category" else "is": name} for name in names]


def _is_usable(key: str, setting: Setting) -> bool:
    """Whether there is a fact that the key can select by; a finding says why not."""
    type_ = setting.scope.types.get(key)
    located = setting.loaded.located
    wanted = "path" if key == "category" else "text"
    if type_ is None:
        setting.findings.say(
            "UNKNOWN_FACT", located.key(("for", key)),
            f"`for: {{{key}: …}}` selects by the fact `{key}`, and no fact is called so",
            f"declare it: `{key}: {{type: {wanted}, from: catalogue.{key}}}`",
        )  # fmt: skip
        return False
    if type_.name == "path" or (key != "category" and type_.is_text):
        return True
    setting.findings.say(
        "WRONG_TYPE", located.key(("for", key)),
        f"`for: {{{key}: …}}` needs a {wanted}, and the fact `{key}` is {type_}",
        f"write `type: {wanted}` at the fact, or `when: {{{key}: …}}` in the steps",
    )  # fmt: skip
    return False
