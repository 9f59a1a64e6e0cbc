"""
The cascade of scopes: which documents apply to an account or an offer, which of them is wider, and
which two must not both claim a price.

`marketplace`, `account` and `trade_policy` select accounts and are settled when rules are linked;
`category`, `brand` and `sku` select offers, and become a condition that is tested row by row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from offerwright.errors import Related
from offerwright.rules.plan import Account, TablePlan
from offerwright.rules.pricing_document import PricingDocument
from offerwright.rules.rows import Findings, Window, window
from offerwright.rules.tables import Setting, compile_when
from offerwright.source.document import ACCOUNT_KEYS, OFFER_KEYS, SCOPE_KEYS, RuleDocument, Scope
from offerwright.source.located import Loaded
from offerwright.source.suggest import suggest

D = TypeVar("D", bound=RuleDocument)
Claims = dict[tuple[str, str], tuple[str | int, ...]]
"""(phase, what is set) → the path of the step that sets it."""

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
    own = _own(account)
    return all(not scope.names(key) or own[key] in scope.names(key) for key in ACCOUNT_KEYS)


def _own(account: Account) -> dict[str, str]:
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


# --- two documents, one price -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Claimant:
    """One document: for which accounts and offers it is, when, and what it sets."""

    loaded: Loaded[PricingDocument]
    scope: Scope
    width: int
    accounts: Mapping[str, Account]
    """Those that it is for, by name."""
    named: tuple[frozenset[str], ...]
    """The brands and the SKUs that it names."""
    claims: Claims
    window: Window

    def can_meet(self, other: _Claimant) -> bool:
        """A quick no for most pairs of a large repository; `_meeting` has the last word."""
        return not self.accounts.keys().isdisjoint(other.accounts.keys()) and not any(
            here and there and here.isdisjoint(there)
            for here, there in zip(self.named, other.named, strict=True)
        )


def check_conflicts(
    pricing: Sequence[Loaded[PricingDocument]],
    accounts: Sequence[Account],
    zone: ZoneInfo,
    findings: Findings,
) -> None:
    """
    Documents that claim the same thing for one offer at one time.

    Of one width neither would win: an error. Of two widths the narrower one wins, which is worth a
    word where that cannot have been meant.
    """
    found = [_claimant(d, accounts, zone) for d in sorted(pricing, key=lambda d: d.name)]
    for one, other in combinations(found, 2):
        if not one.can_meet(other) or not _overlap(one.window, other.window):
            continue
        witness = _meeting(one, other)
        if witness is None:
            continue
        if one.width == other.width:
            _say_conflicts(one, other, witness, findings)
        else:
            wide, narrow = sorted((one, other), key=lambda c: c.width)
            if not narrow.loaded.document.override:
                _say_hidden(wide, narrow, witness, findings)
                _say_fees_twice(wide, narrow, witness, findings)


def _claimant(
    loaded: Loaded[PricingDocument], accounts: Sequence[Account], zone: ZoneInfo
) -> _Claimant:
    scope = loaded.document.for_
    return _Claimant(
        loaded=loaded,
        scope=scope,
        width=scope.width,
        accounts={a.name: a for a in accounts if applies_to(scope, a)},
        named=tuple(frozenset(scope.names(key)) for key in ("brand", "sku")),
        claims=_claims(loaded),
        window=window(loaded.document.valid, zone),
    )


def _meeting(one: _Claimant, other: _Claimant) -> str | None:
    """An offer that both documents are for, in words; None where there can be none."""
    account = one.accounts[min(one.accounts.keys() & other.accounts.keys())]
    own = _own(account)
    parts: list[str] = []
    for key in SCOPE_KEYS:
        here, there = one.scope.names(key), other.scope.names(key)
        if not (here or there):
            continue
        value = own.get(key) or _common(key, here or there, there or here)
        if value is None:
            return None
        parts.append(f"{key.replace('_', ' ')} {value}")
    return ", ".join(parts)


def _common(key: str, here: Sequence[str], there: Sequence[str]) -> str | None:
    if key != "category":
        return min(set(here) & set(there), default=None)
    pairs = [(a.strip("/"), b.strip("/")) for a in here for b in there]
    meets = [max(pair, key=len) for pair in pairs if _is_under(*pair) or _is_under(*pair[::-1])]
    return min(meets, default=None)


def _is_under(path: str, other: str) -> bool:
    return path == other or path.startswith(f"{other}/")


def _say_conflicts(one: _Claimant, other: _Claimant, witness: str, findings: Findings) -> None:
    for claim in sorted(one.claims.keys() & other.claims.keys()):
        phase, name = claim
        findings.say(
            "SCOPE_CONFLICT", other.loaded.located.at(other.claims[claim]),
            f"`{other.loaded.name}` and `{one.loaded.name}` both set {name} in phase {phase} "
            f"for the same offers{_for_whom(witness)}",
            "give one a narrower `for`, or windows that do not meet",
            related=(Related(one.loaded.located.at(one.claims[claim]), "also set here"),),
        )  # fmt: skip


def _say_hidden(wide: _Claimant, narrow: _Claimant, witness: str, findings: Findings) -> None:
    """A base price that the narrower document sets whatever the wider one has set before."""
    price = ("base", "`price`")
    if price not in wide.claims or price not in narrow.claims:
        return
    steps = narrow.loaded.document.steps
    hiding = next((i for i, step in enumerate(steps) if _sets_always(step)), None)
    if hiding is None:
        return
    findings.say(
        "HIDES_WIDER", narrow.loaded.located.at(("steps", hiding, "id")),
        f"`{narrow.loaded.name}` sets the price in base whatever `{wide.loaded.name}` has set "
        f"before{_for_whom(witness)}",
        "write `override: true` to say so, or read `price` to build on it",
        severity="note",
        related=(Related(wide.loaded.located.at(wide.claims[price]), "set here before"),),
    )  # fmt: skip


def _sets_always(step: Any) -> bool:
    """Whether a step sets the base price of every offer, without a look at the price so far."""
    if step.phase != "base" or step.when or (step.is_table and step.otherwise is None):
        return False
    written = (step.set or {}).get("price")
    return written is not None and re.search(r"\bprice\b", str(written)) is None


def _say_fees_twice(wide: _Claimant, narrow: _Claimant, witness: str, findings: Findings) -> None:
    """The second gross-up takes the first one's result for what must be left."""
    fees = ("fees", "the fees")
    if fees not in wide.claims or fees not in narrow.claims:
        return
    second = narrow.loaded.document.steps[int(narrow.claims[fees][1])]
    if getattr(second, "keep", None) is None or second.when:
        return
    findings.say(
        "FEES_TWICE", narrow.loaded.located.at(narrow.claims[fees]),
        f"`{narrow.loaded.name}` grosses up what `{wide.loaded.name}` has grossed up before"
        f"{_for_whom(witness)}",
        "write `override: true` in the narrower document, or leave its fees step out",
        severity="warning",
        related=(Related(wide.loaded.located.at(wide.claims[fees]), "first here"),),
    )  # fmt: skip


def _for_whom(witness: str) -> str:
    return f" ({witness})" if witness else ""


def _claims(loaded: Loaded[PricingDocument]) -> Claims:
    found: Claims = {}
    for index, step in enumerate(loaded.document.steps):
        path = ("steps", index, "id")
        if step.phase in ("fees", "round"):
            found.setdefault((step.phase, f"the {step.phase}"), path)
        for tier in getattr(step, "tiers", ()):
            found.setdefault((step.phase, f"the price from {tier.from_} units"), path)
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
