"""Pricing documents → the steps of one account, in the order in which they run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any

from offerwright.expressions.cells import Words
from offerwright.expressions.syntax import Col, Typed
from offerwright.expressions.types import Type, money
from offerwright.expressions.typing import Scope
from offerwright.money import scaled
from offerwright.rules.plan import (
    PHASES,
    Account,
    BoundsStep,
    FeesStep,
    RoundStep,
    SetStep,
    Step,
    TablePlan,
    TiersStep,
    own_column,
)
from offerwright.rules.pricing_document import PricingDocument
from offerwright.rules.rows import Findings
from offerwright.rules.scope import extended
from offerwright.rules.tables import Setting, compile_expression, compile_table, compile_when
from offerwright.source.located import Loaded, Path
from offerwright.source.suggest import did_you_mean

PRICES = ("price", "sale_price")


@dataclass(frozen=True, slots=True)
class _Place:
    """One written step: its document's number, its path, the names that rules cannot set."""

    document: int
    loaded: Loaded[PricingDocument]
    path: Path
    step: Any
    taken: frozenset[str]


def compile_pricing(
    documents: Sequence[tuple[int, Loaded[PricingDocument]]],
    account: Account,
    scope: Scope,
    words: Words,
    findings: Findings,
) -> tuple[tuple[Step, ...], Scope]:
    """All steps by phase; the scope that comes back also knows every name they set.

    `documents` are those that apply to the account, wider first, with their number in the plan.
    """
    currency = money(account.currency)
    taken = frozenset(scope.types)
    scope = extended(scope, {"price": currency, "sale_price": currency})
    own: dict[int, dict[str, Type]] = {number: {} for number, _ in documents}
    steps: list[Step] = []
    for phase in PHASES:
        for place in _places(documents, phase, taken):
            local = _local(scope, place, own[place.document], account)
            setting = Setting(place.loaded, local, words, findings)
            step, set_names, then_names = _STEPS[phase](place, setting, account)
            own[place.document].update(then_names)
            scope = extended(scope, set_names)
            steps.append(step)
    return tuple(steps), scope


def _places(
    documents: Sequence[tuple[int, Loaded[PricingDocument]]], phase: str, taken: frozenset[str]
) -> list[_Place]:
    return [
        _Place(number, loaded, ("steps", index), step, taken)
        for number, loaded in documents
        for index, step in enumerate(loaded.document.steps)
        if step.phase == phase
    ]


def _local(scope: Scope, place: _Place, own: Mapping[str, Type], account: Account) -> Scope:
    """The scope of one document: its own `then` names, and its currency for bare numbers."""
    prefix = place.loaded.name
    aliases = {name: own_column(prefix, name) for name in own if name not in PRICES}
    currency = place.loaded.document.currency or account.currency
    return replace(extended(scope, own, aliases), currency=currency)


_Compiled = tuple[Step, dict[str, Type], dict[str, Type]]


def _head(place: _Place, setting: Setting) -> dict[str, Any]:
    step = place.step
    label = f"{place.loaded.name}/{step.id}"
    return {
        "id": step.id,
        "phase": step.phase,
        "document": place.document,
        "span": place.loaded.located.at((*place.path, "id")),
        "when": _expecting(compile_when(step.when, (*place.path, "when"), setting, label), step),
    }


def _expecting(when: TablePlan | None, step: Any) -> TablePlan | None:
    """The condition of a step, with how many SKUs it should hold for."""
    wanted = getattr(step, "expect_matches", None)
    if when is None or wanted is None:
        return when
    return replace(when, rows=tuple(replace(r, expect_matches=str(wanted)) for r in when.rows))


def _set_step(place: _Place, setting: Setting, account: Account) -> _Compiled:
    step = place.step
    table: TablePlan | None = None
    then_names: dict[str, Type] = {}
    if step.is_table:
        label = f"{place.loaded.name}/{step.id}"
        table = compile_table(step, place.path, setting, label, None)
        _check_take(step, place, setting)
        then_names = {r.name: r.type for r in table.results}
    prefix = place.loaded.name
    aliases = {name: own_column(prefix, name) for name in then_names}
    inner = replace(setting, scope=extended(setting.scope, then_names, aliases))
    sets = _sets(place, inner, then_names, account)
    change = getattr(step, "change_at_most", None)
    found = SetStep(
        **_head(place, setting),
        table=table,
        sets=sets,
        down=change.down if change else None,
        up=change.up if change else None,
        change_from=change.from_ if change else None,
    )
    return found, {name: typed.type for name, typed in sets}, {
        name: type_ for name, type_ in then_names.items() if name not in PRICES
    }  # fmt: skip


def _check_take(step: Any, place: _Place, setting: Setting) -> None:
    if step.take == "list":
        setting.say("NO_LIST_IN_PRICING", (*place.path, "take"), "`take: list` makes no number",
                    "use sum, min, max or count")  # fmt: skip


def _sets(
    place: _Place, setting: Setting, then_names: Mapping[str, Type], account: Account
) -> tuple[tuple[str, Typed], ...]:
    written_sets = dict(place.step.set or {})
    for name in PRICES:
        if name in then_names and name in written_sets:
            setting.say("SET_TWICE", (*place.path, "set", name),
                        f"`{name}` is a result of the table and set here as well")  # fmt: skip
        elif name in then_names:
            written_sets[name] = name
    if not written_sets and not place.step.is_table:
        setting.say("NOTHING_SET", place.path, "this step sets nothing",
                    "write `set: {price: …}`")  # fmt: skip
    found: list[tuple[str, Typed]] = []
    for name, raw in written_sets.items():
        if _is_like_a_price(name):
            span = setting.loaded.located.key((*place.path, "set", name))
            hint = did_you_mean(name, PRICES)
            setting.findings.say("LIKE_A_PRICE", span, f"`{name}` is no price", hint)
        typed = _set_value(name, raw, place, setting, account)
        if typed is not None:
            found.append((name, typed))
    return tuple(found)


def _is_like_a_price(name: str) -> bool:
    """Whether somebody meant `price`: letters moved, one too many or one too few."""
    return name not in PRICES and any(
        sorted(name) == sorted(price)
        or (abs(len(name) - len(price)) == 1 and SequenceMatcher(None, name, price).ratio() > 0.87)
        for price in PRICES
    )


def _set_value(
    name: str, raw: object, place: _Place, setting: Setting, account: Account
) -> Typed | None:
    path = (*place.path, "set", name)
    span = setting.loaded.located.at(path)
    if name in place.taken or name == "list_price":
        setting.say("CANNOT_SET", path, f"`{name}` is not set by rules",
                    "set price, sale_price, or a name of your own")  # fmt: skip
        return None
    if name in PRICES:
        return compile_expression(raw, span, setting.scope, setting.findings,
                                  money(account.currency))  # fmt: skip
    typed = compile_expression(raw, span, setting.scope, setting.findings)
    if typed is not None and not typed.type.is_decimal:
        setting.say("WRONG_TYPE", path, f"a step sets numbers, not {typed.type}")
        return None
    return typed


def _fees_step(place: _Place, setting: Setting, account: Account) -> _Compiled:
    step, place_type = place.step, money(account.currency)
    at = setting.loaded.located.at
    cost = freight = None
    if step.margin is not None:
        span = at((*place.path, "cost" if "cost" in step.model_fields_set else "margin"))
        cost = compile_expression(step.cost, span, setting.scope, setting.findings, place_type)
        if not 0 <= step.margin < 1:
            setting.say("WRONG_MARGIN", (*place.path, "margin"),
                        "a margin is from 0% to below 100%")  # fmt: skip
    raw = step.freight
    if raw is None and "freight" in setting.scope.types:
        raw = "freight"
    if raw is not None and step.margin is not None:
        freight = compile_expression(
            raw, at((*place.path, "freight")), setting.scope, setting.findings, place_type
        )
    found = FeesStep(**_head(place, setting), margin=step.margin, cost=cost, freight=freight)
    return found, {}, {}


def _tiers_step(place: _Place, setting: Setting, account: Account) -> _Compiled:
    tiers: list[tuple[int, Typed]] = []
    for index, tier in enumerate(place.step.tiers):
        span = setting.loaded.located.at((*place.path, "tiers", index, "price"))
        typed = compile_expression(
            tier.price, span, setting.scope, setting.findings, money(account.currency)
        )
        if typed is not None:
            tiers.append((tier.from_, typed))
    return TiersStep(**_head(place, setting), tiers=tuple(tiers)), {}, {}


def _bounds_step(place: _Place, setting: Setting, account: Account) -> _Compiled:
    step = place.step
    if not step.at_least and not step.at_most:
        setting.say("NOTHING_SET", place.path, "this step bounds nothing",
                    "write `at_least: [floor]` or `at_most: [list_price]`")  # fmt: skip
    found = BoundsStep(
        **_head(place, setting),
        at_least=_bounds(step.at_least, (*place.path, "at_least"), setting, account),
        at_most=_bounds(step.at_most, (*place.path, "at_most"), setting, account),
    )
    return found, {}, {}


def _bounds(
    raws: Sequence[object], path: Path, setting: Setting, account: Account
) -> tuple[Typed, ...]:
    typed = (
        compile_expression(
            raw, setting.loaded.located.at((*path, index)), setting.scope, setting.findings,
            money(account.currency),
        )
        for index, raw in enumerate(raws)
    )  # fmt: skip
    return tuple(t for t in typed if t is not None)


def _round_step(place: _Place, setting: Setting, account: Account) -> _Compiled:
    step = place.step
    key = "to" if step.to is not None else "ending"
    value: Decimal = step.to if step.to is not None else step.ending
    if scaled(value)[1] > account.digits:
        setting.say("ROUNDING_TOO_FINE", (*place.path, key),
                    f"{account.currency} has {account.digits} decimals, and {value} has more",
                    "write a coarser step for this currency")  # fmt: skip
    found = RoundStep(
        **_head(place, setting),
        step=value if key == "to" else ending_step(value),
        ending=Decimal(0) if key == "to" else value,
        mode=step.mode or ("half_up" if key == "to" else "nearest"),
    )
    return found, {}, {}


def ending_step(ending: Decimal) -> Decimal:
    """The least power of ten above the ending, at least 1: 0.99 → 1, 9.90 → 10."""
    step = Decimal(1)
    while step <= ending:
        step *= 10
    return step


_STEPS: dict[str, Any] = {
    "base": _set_step,
    "adjust": _set_step,
    "fees": _fees_step,
    "competitor": _set_step,
    "tiers": _tiers_step,
    "bounds": _bounds_step,
    "round": _round_step,
}


def reads_price(typed: Typed) -> bool:
    """Whether an expression reads the price, directly or not."""
    if isinstance(typed, Col):
        return typed.name in PRICES
    return any(reads_price(a) for a in getattr(typed, "arguments", ()))
