"""What expressions and conditions may name: facts, the engine's words, lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from offerwright.expressions.cells import Words
from offerwright.expressions.scope import Bounds, MapTypes, Scope
from offerwright.expressions.syntax import Typed, columns
from offerwright.expressions.types import (
    DATE,
    DATETIME,
    INTEGER,
    NUMBER,
    PERCENT,
    TEXT,
    Type,
    money,
)
from offerwright.facts.schema import FactSchema
from offerwright.rules.document import ListsDocument
from offerwright.rules.plan import DecisionPlan
from offerwright.rules.rows import Findings
from offerwright.rules.tables import compile_expression
from offerwright.source.located import Loaded

Names: TypeAlias = Mapping[str, tuple[str, ...]]
"""The values that a word of the engine can have: those of `marketplace` and of `account`."""

_MAP_TYPES: dict[str, Type] = {"text": TEXT, "number": NUMBER, "percent": PERCENT}


def engine_words(currency: str) -> dict[str, Type]:
    """The words that the engine brings, for an account in this currency."""
    return {
        "sku": TEXT,
        "account": TEXT,
        "marketplace": TEXT,
        "trade_policy": TEXT,
        "currency": TEXT,
        "as_of": DATETIME,
        "today": DATE,
        "live_price": money(currency),
        "live_quantity": INTEGER,
    }


def account_scope(
    schema: FactSchema,
    lists: Sequence[Loaded[ListsDocument]],
    currency: str,
    names: Names,
    findings: Findings,
) -> Scope:
    """Facts, engine words and maps for one account, before any step has set a name."""
    types = {name: fact.type for name, fact in schema.facts.items()}
    bounds: dict[str, Bounds] = {
        name: (fact.minimum, fact.maximum) for name, fact in schema.facts.items()
    }
    return Scope(
        types=MapTypes({**types, **engine_words(currency)}),
        currency=currency,
        bounds=bounds,
        maps={m.name: _map(m, currency, findings) for m in lists if m.document.map is not None},
        names=names,
        always=frozenset(
            {"sku", "account", "marketplace", "currency", "as_of", "today"}
            | {name for name, fact in schema.facts.items() if fact.missing is not None}
        ),
    )


def own_names(
    schema: FactSchema,
    derived: Sequence[tuple[str, Typed]],
    decisions: Sequence[DecisionPlan] = (),
) -> dict[str, str]:
    """The names whose values differ from account to account, and why, as part of a sentence."""
    words = (
        "account", "marketplace", "trade_policy", "currency", "live_price", "live_quantity",
    )  # fmt: skip
    found = {word: f"`{word}` is the account's own" for word in words}
    found |= {
        name: f"`{name}` is kept per {fact.per}" for name, fact in schema.facts.items() if fact.per
    }
    reading: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
        ((name,), tuple(columns(typed))) for name, typed in derived
    ]
    for plan in decisions:
        names = (*(name for name, _ in plan.derived), *(name for name, _ in plan.results))
        reading.append((names, tuple(plan.names)))
    for names, all_read in reading:
        read = next((c for c in all_read if c in found), None)
        if read is not None:
            found |= {n: f"`{n}` reads `{read}`, which differs by account" for n in names}
    return found


def extended(scope: Scope, names: Mapping[str, Type], aliases: Mapping[str, str] = {}) -> Scope:
    """The scope with more names; a name set again loses what was known about it."""
    plain = scope.types.plain if isinstance(scope.types, MapTypes) else scope.types
    bounds = {k: v for k, v in scope.bounds.items() if k not in names}
    return replace(
        scope,
        types=MapTypes({**plain, **names}),
        aliases={**scope.aliases, **aliases},
        bounds=bounds,
        always=scope.always - names.keys(),
    )


def cell_words(lists: Sequence[Loaded[ListsDocument]], zone: ZoneInfo, names: Names) -> Words:
    """The lists that `in` may name; of a map, its keys."""
    values = {m.name: tuple(m.document.values or m.document.map or ()) for m in lists}
    return Words(values, zone, names)


def _map(
    loaded: Loaded[ListsDocument], currency: str, findings: Findings
) -> tuple[Type, Mapping[str, object]]:
    type_ = _MAP_TYPES.get(loaded.document.type, money(currency))
    empty = Scope({}, currency)
    values: dict[str, object] = {}
    for key, raw in (loaded.document.map or {}).items():
        span = loaded.located.at(("map", key))
        if type_.is_text:
            values[key] = f"{raw:f}" if isinstance(raw, Decimal) else str(raw)
            continue
        typed = compile_expression(raw, span, empty, findings, type_)
        values[key] = getattr(typed, "value", None)
    return type_, values


def derived_facts(
    schema: FactSchema, scope: Scope, findings: Findings
) -> tuple[tuple[tuple[str, Any], ...], Scope]:
    """The derived facts in written order, typed, and the scope that knows them."""
    found: list[tuple[str, Any]] = []
    for name, derived in schema.derived.items():
        typed = compile_expression(derived.expression, derived.span, scope, findings)
        if typed is not None:
            found.append((name, typed))
            scope = extended(scope, {name: replace(typed.type, bare=False)})
    return tuple(found), scope
