"""Wanted values → facts that give them, also where a value is computed: prices, derived facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from offerwright.errors import OfferwrightError
from offerwright.expressions.conditions import Value
from offerwright.expressions.parse import EPOCH, microseconds
from offerwright.expressions.syntax import columns
from offerwright.expressions.types import Type
from offerwright.facts.schema import FactDef, FactValue
from offerwright.rules.plan import AccountPlan
from offerwright.testing.document import Live
from offerwright.testing.given import Cells
from offerwright.testing.link import Bench
from offerwright.testing.run import Outcome
from offerwright.testing.seen import value_at
from offerwright.testing.tables import TableKey
from offerwright.testing.trial import Trial, tried
from offerwright.testing.witness import Wanted

MOST_STEPS = 8
NEAREST = 3
_DIGITS = {"money": 2, "weight": 3, "length": 1, "percent": 4}
_PLAIN_WORDS = ("sku", "as_of", "live_price", "live_quantity")
_OF_ACCOUNT = ("account", "marketplace", "currency", "trade_policy")


def solved(base: Trial, wanted: Wanted, table: TableKey, bench: Bench) -> Iterator[Trial]:
    """
    Trials that may have the wanted values, from the base with as few facts changed as may be.

    Args:
        base: where to begin.
        wanted: by fact, the value that the table must see.
        table: the table that must see them: a price is another one at every step.
        bench: the repository.
    """
    plan = bench.rules.plan(base.account)
    if not _is_of_account(wanted, plan):
        return
    trials = [_with_plain(base, wanted, bench)]
    for name, value in wanted.items():
        if _is_computed(name, bench):
            aim = _Aim(name, table, bench)
            moved = (_moved(one, aim, value, plan) for one in trials)
            trials = [trial for group in moved for trial in group]
    yield from trials


def _is_of_account(wanted: Wanted, plan: AccountPlan) -> bool:
    """Whether the words that an account fixes are those that are wanted."""
    account = plan.account
    own = {"account": account.name, "marketplace": account.marketplace,
           "currency": account.currency, "trade_policy": account.trade_policy or None}  # fmt: skip
    return all(wanted.get(name, value) == value for name, value in own.items())


def _is_computed(name: str, bench: Bench) -> bool:
    """Whether a value cannot be given, and must come from facts that can."""
    given = (*_OF_ACCOUNT, *_PLAIN_WORDS)
    return name not in bench.schema.facts and name not in given and not _is_map_key(name, bench)


def _is_map_key(name: str, bench: Bench) -> bool:
    fact = bench.schema.facts.get(name.partition(".")[0])
    return fact is not None and fact.type.name == "map"


def _with_plain(base: Trial, wanted: Wanted, bench: Bench) -> Trial:
    """The base with what can be given as it is."""
    trial, facts = base, dict[str, Cells | None]()
    for name, value in wanted.items():
        fact = bench.schema.facts.get(name)
        if fact is not None:
            facts[name] = None if value is None else _within(fact, value)
        elif _is_map_key(name, bench):
            stem, _, key = name.partition(".")
            held = facts.get(stem, base.product.facts.get(stem))
            cells = {k: v for k, v in (held.items() if isinstance(held, dict) else ()) if k != key}
            if value is not None:
                cells[key] = fact_value(value, bench.schema.facts[stem].element)
            facts[stem] = cells
        else:
            trial = _with_word(trial, name, value)
    return trial.giving(facts)


def _with_word(trial: Trial, name: str, value: Value | None) -> Trial:
    """One of the engine's own words, given beside the facts."""
    if name == "sku" and isinstance(value, str):
        return replace(trial, product=replace(trial.product, sku=value))
    if name == "as_of" and isinstance(value, int | Decimal):
        return replace(trial, as_of=EPOCH + timedelta(microseconds=int(value)))
    if name in ("live_price", "live_quantity"):
        key = name.removeprefix("live_")
        if value is None:
            return replace(trial, live=None)
        held: dict[str, Any] = {key: Decimal(str(value))}
        return replace(trial, live=Live.model_validate(held))
    return trial


def _within(fact: FactDef, value: Value) -> Cells:
    """A value as the fact is given, inside of the bounds of its declaration."""
    if isinstance(value, str | bool) or not fact.element.is_decimal:
        found = fact_value(value, fact.element)
    else:
        found = fact_value(_bounded(Decimal(value), fact), fact.element)
    return (found,) if fact.type.name == "list" and not isinstance(found, tuple) else found


def fact_value(value: Value, type_: Type) -> FactValue:
    """A value as rules test it as a fact is given: days as a date, seconds as they are."""
    if isinstance(value, str | bool):
        return value
    if type_.name == "date":
        return EPOCH.date() + timedelta(days=int(value))
    if type_.name == "datetime":
        return _moment(int(value))
    if type_.name in ("integer", "duration"):
        return int(value)
    return round(Decimal(value), _DIGITS.get(type_.name, 8))


def _moment(value: int) -> datetime:
    moment: datetime = EPOCH + timedelta(microseconds=value)
    return moment.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class _Aim:
    """The computed value that is moved, and the table that must see it."""

    name: str
    table: TableKey
    bench: Bench


def _moved(trial: Trial, aim: _Aim, target: Value | None, plan: AccountPlan) -> Iterator[Trial]:
    """Trials in which a computed value is the target, by moving one fact that it depends on."""
    for fact in _inputs(aim.name, plan, aim.bench):
        if target is None:
            yield trial.giving({fact.name: None})
        elif isinstance(target, Decimal | int) and not isinstance(target, bool):
            yield from _secant(trial, fact, aim, Decimal(target))


def _inputs(name: str, plan: AccountPlan, bench: Bench) -> list[FactDef]:
    """The facts by which a value can be moved: those in its expression, else all amounts."""
    derived = dict(plan.derived)
    facts = bench.schema.facts
    if name in derived:
        names: list[str] = []
        pending = list(columns(derived[name]))
        while pending:
            one = pending.pop(0)
            pending += columns(derived[one]) if one in derived else []
            names.append(one)
    else:
        names = ["cost", *sorted(n for n, f in facts.items() if f.type.name == "money")]
    known = dict.fromkeys(n for n in names if n in facts and facts[n].type.is_ordered)
    return [facts[n] for n in known]


def _secant(trial: Trial, fact: FactDef, aim: _Aim, target: Decimal) -> list[Trial]:
    """Trials whose computed value comes near the target, the nearest first."""
    x0 = _number(trial.product.facts.get(fact.name), fact, trial)
    day = Decimal(86_400_000_000)
    x1 = x0 + (day if fact.type.name == "datetime" else max(Decimal(1), abs(x0) / 10))
    y0, y1 = (_observed(trial, fact, x, aim) for x in (x0, x1))
    if y0 is None or y1 is None:
        return []
    seen = {x0: y0, x1: y1}
    for _ in range(MOST_STEPS):
        if y1 in (target, y0):
            break
        x2 = _bounded(x1 + (target - y1) * (x1 - x0) / (y1 - y0), fact)
        y2 = None if x2 in seen else _observed(trial, fact, x2, aim)
        if y2 is None:
            break
        x0, y0, x1, y1 = x1, y1, x2, y2
        seen[x1] = y1
    nearest = sorted(seen, key=lambda x: (abs(seen[x] - target), x))[:NEAREST]
    # Rounding may jump over a target that is an edge: a little more and a little less lie beyond.
    best = nearest[0]
    beside = [_bounded(best * share, fact) for share in (Decimal("1.05"), Decimal("0.95"))]
    nearest = [best, *(x for x in beside if x != best), *nearest[1:]]
    return [
        trial.giving({fact.name: fact_value(_rounded(x, fact), fact.type)}) for x in nearest
    ]  # fmt: skip


def _rounded(value: Decimal, fact: FactDef) -> Decimal:
    whole = fact.type.name in ("integer", "date", "datetime", "duration")
    return Decimal(round(value)) if whole else round(value, _DIGITS.get(fact.type.name, 4))


def _bounded(value: Decimal, fact: FactDef) -> Decimal:
    low, high = fact.minimum, fact.maximum
    value = _rounded(value, fact)
    value = value if low is None else max(low, value)
    return value if high is None else min(high, value)


def _number(cell: object, fact: FactDef, trial: Trial) -> Decimal:
    """A fact's value as a number; where it has none, one to begin with."""
    if isinstance(cell, datetime):
        return Decimal(microseconds(cell))
    if hasattr(cell, "toordinal"):
        return Decimal(cell.toordinal() - EPOCH.date().toordinal())
    if isinstance(cell, int | Decimal):
        return Decimal(cell)
    if fact.type.name == "date":
        return Decimal(trial.as_of.date().toordinal() - EPOCH.date().toordinal())
    if fact.type.name == "datetime":
        return Decimal(microseconds(trial.as_of))
    return Decimal(100)


def _observed(trial: Trial, fact: FactDef, x: Decimal, aim: _Aim) -> Decimal | None:
    """What a table sees of a computed value when a fact has this one."""
    try:
        cells = {fact.name: fact_value(_rounded(x, fact), fact.type)}
        outcome = tried([trial.giving(cells)], aim.bench)[0]
    except (OverflowError, OfferwrightError):
        return None
    return seen_value(outcome, aim.name, aim.table)


def seen_value(outcome: Outcome, name: str, table: TableKey) -> Decimal | None:
    """A number as a table saw it, else as it was at the end."""
    rows = next((s.rows for s in outcome.seen if s.table.key == table), outcome.offers.rows)
    found = value_at(rows.get(name), outcome.row)
    return found if isinstance(found, Decimal) else None
