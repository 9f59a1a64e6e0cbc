"""Guards and approvals → guards per account, with bounds typed and selections compiled."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from offerwright.errors import Diagnostic, Span
from offerwright.expressions.syntax import Typed
from offerwright.expressions.types import money
from offerwright.frames import ASPECTS, HELD_ASPECTS, Aspect
from offerwright.guards.document import GuardRule, GuardsDocument
from offerwright.guards.link_approvals import approvals_of, check_approvals
from offerwright.guards.plan import OF_ACCOUNTS, GuardPlan, GuardSet
from offerwright.profile import staged
from offerwright.rules.cascade import applies_to, check_scope, offers_of
from offerwright.rules.document import ApprovalsDocument
from offerwright.rules.plan import AccountPlan, RuleSet, pricing_rules
from offerwright.rules.rows import Findings, check_window, window
from offerwright.rules.tables import Setting, compile_expression, compile_when
from offerwright.source.document import OFFER_KEYS
from offerwright.source.located import Loaded, Path
from offerwright.source.suggest import suggest

_SETTINGS = (
    "down", "up", "margin", "times", "at_most", "at_least", "spread", "within", "days",
)  # fmt: skip


@staged("link guards")
def link_guards(
    guards: Sequence[Loaded[GuardsDocument]],
    approvals: Sequence[Loaded[ApprovalsDocument]],
    rules: RuleSet,
    *,
    all_loaded: bool = True,
    sources: Collection[str] | None = None,
) -> tuple[GuardSet, list[Diagnostic]]:
    """
    The guards of every account, and what is wrong with them.

    `all_loaded`: no document was left out for its errors. Else a floor may be there and not be
    seen, and nothing is said of it. `sources` are those of the shop; not looked at if None.
    """
    findings = Findings()
    _check_documents(guards, ZoneInfo(rules.time_zone), findings)
    for loaded in guards:
        check_scope(loaded, rules.words.names, findings)
        _check_reach(loaded, findings)
    _check_names(guards, rules, sources, findings)
    rules_by_id = {g.id: g for d in guards for g in d.document.guards}
    check_approvals(approvals, rules_by_id, rules.words.names, findings, all_loaded)
    by_account = {
        plan.account.name: _account_guards(guards, approvals, plan, rules, findings)
        for plan in rules.plans
    }
    if all_loaded:
        _check_floor(guards, by_account, findings)
    return GuardSet(by_account), findings.items


def _check_documents(
    guards: Sequence[Loaded[GuardsDocument]], zone: ZoneInfo, findings: Findings
) -> None:
    seen: dict[str, Span] = {}
    for loaded in guards:
        check_window(loaded.document.valid, zone, loaded.located.at(("valid", "before")),
                     f"`{loaded.name}`", findings)  # fmt: skip
        for index, guard in enumerate(loaded.document.guards):
            span = loaded.located.at(("guards", index, "id"))
            if guard.id in seen:
                findings.say("DUPLICATE_ID", span, f"the guard `{guard.id}` is there twice",
                             "approvals name guards by id: choose another")  # fmt: skip
            seen.setdefault(guard.id, span)


def _check_reach(loaded: Loaded[GuardsDocument], findings: Findings) -> None:
    """A share of some offers would be judged of all, and nobody would know."""
    whole = [(n, g) for n, g in enumerate(loaded.document.guards) if g.check in OF_ACCOUNTS]
    for index, guard in whole:
        if guard.when is not None:
            findings.say(
                "UNSUPPORTED_SCOPE", loaded.located.key(("guards", index, "when")),
                f"`{guard.check}` judges an account as a whole and has no `when`",
                "leave it out; `for: {account: …}` of the document chooses accounts",
            )  # fmt: skip
    for key in OFFER_KEYS if whole else ():
        if loaded.document.for_.names(key):
            ids = ", ".join(f"`{guard.id}`" for _, guard in whole)
            findings.say(
                "UNSUPPORTED_SCOPE", loaded.located.key(("for", key)),
                f"{ids} judge{'s' if len(whole) == 1 else ''} accounts as a whole, and this "
                f"document is for one {key} only",
                f"write {'it' if len(whole) == 1 else 'them'} in a document without `{key}` in "
                "its `for`",
            )  # fmt: skip


def _check_names(
    guards: Sequence[Loaded[GuardsDocument]],
    rules: RuleSet,
    sources: Collection[str] | None,
    findings: Findings,
) -> None:
    """A hold that names no rule, or an age of no source, would guard nothing."""
    for loaded in guards:
        plans = [plan for plan in rules.plans if applies_to(loaded.document.for_, plan.account)]
        for index, guard in enumerate(loaded.document.guards):
            path: Path = ("guards", index)
            named = (guard.rule or "").removeprefix("pricing/")
            known = {name for plan in plans for name in pricing_rules(plan)} if named else set()
            if named and named not in known:
                findings.say("UNKNOWN_RULE", loaded.located.at((*path, "rule")),
                             f"no pricing rule is called `{named}` there",
                             suggest(named, known))  # fmt: skip
            if guard.source and sources is not None and guard.source not in sources:
                findings.say("UNKNOWN_SOURCE", loaded.located.at((*path, "source")),
                             f"no source is called `{guard.source}`",
                             suggest(guard.source, sources))  # fmt: skip


def _check_floor(
    guards: Sequence[Loaded[GuardsDocument]],
    by_account: Mapping[str, tuple[GuardPlan, ...]],
    findings: Findings,
) -> None:
    """An account whose prices nothing holds from below is an accident that waits."""
    bare = [
        name
        for name, plans in sorted(by_account.items())
        if not any(p.check in ("price_at_least", "margin_at_least") for p in plans)
    ]
    if bare:
        span = guards[0].located.at(("guards",)) if guards else Span("offerwright.yaml", 1, 1, 1, 1)
        findings.say(
            "NO_FLOOR", span, f"no guard holds the prices of {', '.join(bare)} from below",
            "add {check: price_at_least, bound: cost * 1.05, else: block}", severity="warning",
        )  # fmt: skip


def _account_guards(
    guards: Sequence[Loaded[GuardsDocument]],
    approvals: Sequence[Loaded[ApprovalsDocument]],
    plan: AccountPlan,
    rules: RuleSet,
    findings: Findings,
) -> tuple[GuardPlan, ...]:
    zone = ZoneInfo(rules.time_zone)
    agreed = approvals_of(approvals, plan, rules, zone, findings)
    found = []
    for loaded in guards:
        if not applies_to(loaded.document.for_, plan.account):
            continue
        setting = Setting(loaded, plan.scope, rules.words, findings)
        only = offers_of(loaded, setting)
        for index, guard in enumerate(loaded.document.guards):
            fitting = tuple(a for a in agreed if a.guard == guard.id)
            linked = _guard(guard, index, setting, plan, zone)
            found.append(replace(linked, only=only, approvals=fitting))
    return tuple(found)


def _guard(
    guard: GuardRule, index: int, setting: Setting, plan: AccountPlan, zone: ZoneInfo
) -> GuardPlan:
    """One guard for one account; its approvals and its offers are for others to add."""
    path: Path = ("guards", index)
    document = setting.loaded.document
    cost, freight = _costs(guard, path, setting, plan)
    bound = reference = None
    if guard.reference is not None:
        reference = _money(guard.reference, (*path, "reference"), setting, plan)
    if guard.bound is not None:
        bound = _money(guard.bound, (*path, "bound"), setting, plan)
    given = {name: getattr(guard, name) for name in _SETTINGS}
    label = f"{setting.loaded.name}/{guard.id}"
    return GuardPlan(
        id=guard.id,
        check=guard.check,
        else_=guard.else_,
        document=setting.loaded.name,
        owner=document.owner or "",
        span=setting.loaded.located.at((*path, "id")),
        window=window(document.valid, zone),
        when=compile_when(guard.when, (*path, "when"), setting, label),
        bound=bound,
        cost=cost,
        freight=freight,
        settings={name: Decimal(value) for name, value in given.items() if value is not None},
        approvals=(),
        reference=reference,
        rule=(guard.rule or "").removeprefix("pricing/"),
        aspects=_aspects(guard),
        source=guard.source or "",
        note=guard.note or "",
    )


def _costs(
    guard: GuardRule, path: Path, setting: Setting, plan: AccountPlan
) -> tuple[Typed | None, Typed | None]:
    """What an offer costs, and its freight, for the checks that ask."""
    types = plan.scope.types
    if guard.check == "identical_price":
        known = "cost" if "cost" in types else "list_price"
        return _money(guard.cost or known, (*path, "cost"), setting, plan), None
    if guard.check != "margin_at_least":
        return None, None
    cost = _money(guard.cost or "cost", (*path, "cost"), setting, plan)
    if guard.freight is None and "freight" not in types:
        return cost, None
    return cost, _money(guard.freight or "freight", (*path, "freight"), setting, plan)


def _aspects(guard: GuardRule) -> tuple[Aspect, ...]:
    """What it withholds, in the order of aspects."""
    usual = HELD_ASPECTS if guard.check == "hold" else ASPECTS
    return tuple(aspect for aspect in ASPECTS if aspect in (guard.aspects or usual))


def _money(raw: object, path: Path, setting: Setting, plan: AccountPlan) -> Typed | None:
    span = setting.loaded.located.at(path)
    place = money(plan.account.currency)
    return compile_expression(raw, span, setting.scope, setting.findings, place)
