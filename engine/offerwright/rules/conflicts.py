"""
Documents that claim one price: errors where none of them would win, a word where one does and the
other could not have been meant.

A large repository has thousands of documents for single brands and SKUs, so that documents of one
width are compared only where they name something in common, and of the wider ones the nearest is
named.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from offerwright.errors import Related
from offerwright.rules.axes import ancestors
from offerwright.rules.cascade import applies_to, own_words
from offerwright.rules.plan import Account
from offerwright.rules.pricing_document import PricingDocument
from offerwright.rules.rows import Findings, Window, window
from offerwright.source.document import SCOPE_KEYS, Scope
from offerwright.source.located import Loaded

Claim = tuple[str, str]
"""A phase and what is set in it."""
Claims = dict[Claim, tuple[str | int, ...]]
"""What is set → the path of the step that sets it."""
PRICE: Claim = ("base", "`price`")
FEES: Claim = ("fees", "the fees")


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
        return (
            not self.accounts.keys().isdisjoint(other.accounts.keys())
            and not any(
                here and there and here.isdisjoint(there)
                for here, there in zip(self.named, other.named, strict=True)
            )
            and _overlap(self.window, other.window)
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
    found.sort(key=lambda c: c.width)
    for _, group in groupby(found, key=lambda c: c.width):
        for one, other in _pairs(list(group)):
            _say_conflicts(one, other, findings)
    pricing_base = [c for c in found if PRICE in c.claims]
    charging = [c for c in found if FEES in c.claims]
    for narrow in found:
        if not narrow.loaded.document.override:
            _say_hidden(narrow, pricing_base, findings)
            _say_fees_twice(narrow, charging, findings)


def _pairs(group: Sequence[_Claimant]) -> Iterator[tuple[_Claimant, _Claimant]]:
    """The documents of one width that name something in common, each pair once."""
    at: dict[str, list[int]] = defaultdict(list)
    for number, one in enumerate(group):
        for word in _words(one):
            at[word].append(number)
    for number, one in enumerate(group):
        asked = {above for word in _words(one) for above in _above(one, word)}
        for other in sorted({n for word in asked for n in at.get(word, ()) if n != number}):
            # A category finds those above it and its equals, so that equals are found twice.
            if other > number or number not in _found_by(group[other], at):
                yield (one, group[other]) if number < other else (group[other], one)


def _found_by(one: _Claimant, at: Mapping[str, Sequence[int]]) -> set[int]:
    return {n for word in _words(one) for above in _above(one, word) for n in at.get(above, ())}


def _words(one: _Claimant) -> Iterable[str]:
    """What the narrowest key names; where it selects accounts, these."""
    narrowest = one.scope.keys[-1] if one.scope.keys else ""
    if narrowest in ("category", "brand", "sku"):
        return [name.strip("/") for name in one.scope.names(narrowest)]
    return one.accounts


def _above(one: _Claimant, word: str) -> list[str]:
    """Under which words others stand that meet this one: of a category also the paths above it."""
    return ancestors(word) if one.scope.keys[-1:] == ("category",) else [word]


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
    own = own_words(account)
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


def _say_conflicts(one: _Claimant, other: _Claimant, findings: Findings) -> None:
    both = sorted(one.claims.keys() & other.claims.keys())
    witness = _meeting(one, other) if both and one.can_meet(other) else None
    if witness is None:
        return
    for claim in both:
        phase, name = claim
        findings.say(
            "SCOPE_CONFLICT", other.loaded.located.at(other.claims[claim]),
            f"`{other.loaded.name}` and `{one.loaded.name}` both set {name} in phase {phase} "
            f"for the same offers{_for_whom(witness)}",
            "give one a narrower `for`, or windows that do not meet",
            related=(Related(one.loaded.located.at(one.claims[claim]), "also set here"),),
        )  # fmt: skip


def _nearest(narrow: _Claimant, wider: Sequence[_Claimant]) -> tuple[_Claimant, str] | None:
    """The narrowest of these documents that is wider and meets this one, and an offer."""
    for wide in reversed(wider):
        if wide.width < narrow.width and wide.can_meet(narrow):
            witness = _meeting(wide, narrow)
            if witness is not None:
                return wide, witness
    return None


def _say_hidden(narrow: _Claimant, wider: Sequence[_Claimant], findings: Findings) -> None:
    """A base price that the narrower document sets whatever the wider one has set before."""
    steps = narrow.loaded.document.steps
    hiding = next((i for i, step in enumerate(steps) if _sets_always(step)), None)
    hidden = None if hiding is None else _nearest(narrow, wider)
    if hidden is None:
        return
    wide, witness = hidden
    findings.say(
        "HIDES_WIDER", narrow.loaded.located.at(("steps", hiding or 0, "id")),
        f"`{narrow.loaded.name}` sets the price in base whatever `{wide.loaded.name}` has set "
        f"before{_for_whom(witness)}",
        "write `override: true` to say so, or read `price` to build on it",
        severity="note",
        related=(Related(wide.loaded.located.at(wide.claims[PRICE]), "set here before"),),
    )  # fmt: skip


def _sets_always(step: Any) -> bool:
    """Whether a step sets the base price of every offer, without a look at the price so far."""
    if step.phase != "base" or step.when or (step.is_table and step.otherwise is None):
        return False
    written = (step.set or {}).get("price")
    return written is not None and re.search(r"\bprice\b", str(written)) is None


def _say_fees_twice(narrow: _Claimant, wider: Sequence[_Claimant], findings: Findings) -> None:
    """The second gross-up takes the first one's result for what must be left."""
    if FEES not in narrow.claims:
        return
    second = narrow.loaded.document.steps[int(narrow.claims[FEES][1])]
    if getattr(second, "keep", None) is None or second.when:
        return
    first = _nearest(narrow, wider)
    if first is None:
        return
    wide, witness = first
    findings.say(
        "FEES_TWICE", narrow.loaded.located.at(narrow.claims[FEES]),
        f"`{narrow.loaded.name}` grosses up what `{wide.loaded.name}` has grossed up before"
        f"{_for_whom(witness)}",
        "write `override: true` in the narrower document, or leave its fees step out",
        severity="warning",
        related=(Related(wide.loaded.located.at(wide.claims[FEES]), "first here"),),
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
