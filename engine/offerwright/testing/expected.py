"""Names and codes in `expect` that no rule, guard or mapping of the account has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from offerwright.codes import CODES
from offerwright.errors import Diagnostic
from offerwright.guards.plan import NOT_OF_OFFERS, GuardPlan
from offerwright.rules.plan import AccountPlan
from offerwright.source.located import Loaded, Path
from offerwright.source.spellings import shown
from offerwright.source.suggest import did_you_mean, suggest, suggest_among
from offerwright.testing.document import Expect, RuleTestDocument, expected_words
from offerwright.testing.tables import rule_names

_COMPLETED = ("rules", "blocked")
_SAY_NONE = "with `only: true` an empty one says that there is none"
_WRITE = "write what must be so, or delete it"
# What to write where a key of `expect` holds nothing.
_FILL = {
    "only": "it completes `rules` and `blocked`: write one of them too",
    **dict.fromkeys(_COMPLETED, _SAY_NONE),
    **dict.fromkeys(("tiers", "attributes", "not_rules", "notes", "guards"), _WRITE),
}


@dataclass(frozen=True)
class Known:
    """What a test on one account may name."""

    plan: AccountPlan
    guards: Mapping[str, GuardPlan]
    rules: frozenset[str]
    codes: frozenset[str]
    attributes: frozenset[str]


def known_on(plan: AccountPlan, guards: tuple[GuardPlan, ...]) -> Known:
    """The names and codes of an account."""
    attributes = (a.id for mapping in plan.mappings for a in mapping.attributes)
    codes = frozenset((*CODES, *own_codes(plan)))
    return Known(plan, {g.id: g for g in guards}, rule_names(plan), codes, frozenset(attributes))


def check_expect(
    loaded: Loaded[RuleTestDocument], number: int, known: Known
) -> Iterator[Diagnostic]:
    """What is wrong with the expectations of one case on one account."""
    expect = loaded.document.cases[number].expect
    here: Path = ("cases", number, "expect")
    yield from _idle(loaded, here, expect)
    yield from _rules(loaded, here, number, known)
    yield from _guards(loaded, number, known)
    yield from _codes(loaded, here, number, known)
    for name in expect.attributes or {}:
        if name not in known.attributes:
            message = f"no mapping for {known.plan.account.name} has an attribute `{name}`"
            yield Diagnostic("UNKNOWN_ATTRIBUTE", message,
                             loaded.located.key((*here, "attributes", name)),
                             suggest_among(name, sorted(known.attributes)))  # fmt: skip


def _idle(loaded: Loaded[RuleTestDocument], here: Path, expect: Expect) -> Iterator[Diagnostic]:
    """What can never fail: a case that expects nothing, and parts that are empty."""
    empty = tuple(_empty(expect))
    if all((key,) in empty for key in expected_words(expect)):
        hint = "write what must come out, such as `price: 99.90`"
        span = loaded.located.key(here)
        yield Diagnostic("CASE_WITHOUT_EXPECT", "this case expects nothing", span, hint, "warning")
        return
    for path in empty:
        message, span = f"`{path[-1]}` checks nothing here", loaded.located.key((*here, *path))
        yield Diagnostic("CASE_WITHOUT_EXPECT", message, span, _FILL[path[0]], "warning")


def _empty(expect: Expect) -> Iterator[tuple[str, ...]]:
    """The keys below `expect` that hold nothing; `only` gives an empty list a meaning."""
    if expect.only and expect.rules is None and expect.blocked is None:
        yield ("only",)
    for key in expected_words(expect):
        if getattr(expect, key) in ([], {}) and not (expect.only and key in _COMPLETED):
            yield (key,)
    for aspect, codes in (expect.blocked or {}).items():
        if not codes and not expect.only:
            yield "blocked", aspect


def _rules(
    loaded: Loaded[RuleTestDocument], here: Path, number: int, known: Known
) -> Iterator[Diagnostic]:
    for key in ("rules", "not_rules"):
        for index, name in enumerate(getattr(loaded.document.cases[number].expect, key) or ()):
            if name not in known.rules:
                hint = did_you_mean(name, known.rules) or "write the id of a row or of a step"
                message = f"no rule for {known.plan.account.name} is called `{name}`"
                span = loaded.located.at((*here, key, index))
                yield Diagnostic("UNKNOWN_RULE", message, span, hint)


def _guards(loaded: Loaded[RuleTestDocument], number: int, known: Known) -> Iterator[Diagnostic]:
    for name in loaded.document.cases[number].expect.guards or {}:
        span = loaded.located.key(("cases", number, "expect", "guards", name))
        if name not in known.guards:
            message, hint = f"no guard is called `{name}`", suggest(name, known.guards)
            yield Diagnostic("UNKNOWN_GUARD", message, span, hint)
        elif known.guards[name].check in NOT_OF_OFFERS:
            message = f"`{name}` judges more than one offer, and a case is one offer"
            yield Diagnostic("UNKNOWN_GUARD", message, span, "leave it out")


def _codes(
    loaded: Loaded[RuleTestDocument], here: Path, number: int, known: Known
) -> Iterator[Diagnostic]:
    expect = loaded.document.cases[number].expect
    written: list[tuple[Path, str]] = [
        (("notes", i), code) for i, code in enumerate(expect.notes or ())
    ]
    for aspect, codes in (expect.blocked or {}).items():
        written += [(("blocked", aspect, i), code) for i, code in enumerate(codes)]
    for path, code in written:
        if code not in known.codes:
            hint = did_you_mean(code, known.codes) or "docs/errors.md lists the codes"
            span = loaded.located.at((*here, *path))
            yield Diagnostic("UNKNOWN_CODE", f"nothing ever says {shown(code)}", span, hint)


def own_codes(plan: AccountPlan) -> frozenset[str]:
    """The codes that mapping documents give themselves."""
    found: set[str] = set()
    for mapping in plan.mappings:
        blocks = mapping.category.result("block") if mapping.category is not None else None
        for choice in blocks.choices if blocks is not None else ():
            found.add(str(getattr(choice, "value", "")))
        for attribute in mapping.attributes:
            code = getattr(attribute.attribute.otherwise, "block", None)
            found |= {code} if code else set()
    return frozenset(found)
