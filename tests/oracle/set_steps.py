"""Steps of base, adjust and competitor (section 5): what they set, and what blocks them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from oracle.cells import holds
from oracle.documents import Step
from oracle.expressions import evaluate
from oracle.price_state import Pricing
from oracle.tables import Decision, decide, is_table
from oracle.values import Fault, add, moment, multiply, negate, percent
from oracle.world import World

ONE = Decimal(1)
# What a later base step that sets the price lifts again.
_NO_PRICE_YET = frozenset({"NO_PRICE", "NO_RULE_MATCHES"})

Hold = Callable[[Decimal], Decimal]


def _as_is(price: Decimal) -> Decimal:
    return price


def set_step(
    state: Pricing, phase: str, document: str, step: Step, world: World, hold: Hold = _as_is
) -> Pricing:
    """Run one step of base, adjust or competitor; `hold` has the last word on a price it sets."""
    scope = state.world(world, document)
    try:
        if holds(step.get("when"), scope) is not True:
            return state
        decision = decide(step, scope) if is_table(step) else None
        if decision is not None and decision.values is None:
            if decision.block is not None:
                return state.blocked(decision.block)
            return state.blocked("NO_RULE_MATCHES") if phase == "base" else state
        columns = decision.values if decision is not None and decision.values else {}
        values = _values_set(step, columns, scope)
        if values.get("price") is not None:
            values["price"] = hold(values["price"])
    except Fault as fault:
        return state.blocked(*fault.codes)
    key = f"{document}/{step['id']}"
    kept = {name: value for name, value in columns.items() if name not in ("price", "sale_price")}
    own = {**state.columns.get(document, {}), **kept}
    ran = replace(
        state,
        columns={**state.columns, document: own},
        fired={**state.fired, key: decision.fired if decision is not None else None},
    )
    after = _assign(_blocks_of_values(ran, phase, values, decision), values)
    if values.get("sale_price") is None:
        return after
    rows = decision.valid if decision is not None else ()
    window = _together([step["document_valid"], *rows], world.zone)
    return replace(after, sale_window=_narrowed(state.sale_window, window))


def _narrowed(
    before: tuple[datetime | None, datetime | None], own: tuple[datetime | None, datetime | None]
) -> tuple[datetime | None, datetime | None]:
    """What an earlier step set and this one may have changed ends with the earlier one, too."""
    starts = [start for start in (before[0], own[0]) if start is not None]
    ends = [end for end in (before[1], own[1]) if end is not None]
    return max(starts, default=None), min(ends, default=None)


def _together(
    windows: Iterable[Mapping[str, Any] | None], zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """When all of the windows are open: the latest start and the earliest end that are written."""
    written = [window for window in windows if window]
    starts = [moment(w["from"], zone) for w in written if w.get("from") is not None]
    ends = [moment(w["before"], zone) for w in written if w.get("before") is not None]
    return max(starts, default=None), min(ends, default=None)


def _values_set(step: Step, columns: Mapping[str, Any], scope: World) -> dict[str, Any]:
    """Columns that are prices set them; all expressions of `set` see the values from before."""
    values = {name: columns[name] for name in ("price", "sale_price") if name in columns}
    inner = scope.extended(columns)
    codes: set[str] = set()
    for name, expression in (step.get("set") or {}).items():
        try:
            values[name] = evaluate(expression, inner)
        except Fault as fault:
            codes |= fault.codes
    if codes:
        raise Fault(*codes)
    return values


def _blocks_of_values(
    state: Pricing, phase: str, values: Mapping[str, Any], decision: Decision | None
) -> Pricing:
    """In base only the price must be there; later every value that is set, unless already blocked."""
    if phase == "base":
        if "price" not in values:
            return state
        if values["price"] is not None:
            return replace(state, blocks=state.blocks - _NO_PRICE_YET)
        unmatched = decision is not None and not decision.matched
        return state.blocked("NO_RULE_MATCHES" if unmatched else "NO_PRICE")
    missing = any(value is None for value in values.values())
    return state.blocked("MISSING_VALUE") if missing and not state.blocks else state


def _assign(state: Pricing, values: Mapping[str, Any]) -> Pricing:
    others = {n: v for n, v in values.items() if n not in ("price", "sale_price")}
    return replace(
        state,
        price=values.get("price", state.price),
        sale_price=values.get("sale_price", state.sale_price),
        names={**state.names, **others},
    )


def competitor_step(
    state: Pricing, before: Decimal | None, document: str, step: Step, world: World
) -> Pricing:
    """A step that follows the competition; `before` is the price before its phase."""
    limits = step.get("change_at_most") or {}
    live = world.value("live_price") if limits.get("from", "live") == "live" else None
    reference = before if live is None else live
    held: list[Decimal] = []

    def hold(price: Decimal) -> Decimal:
        found = _held(price, reference, limits)
        held.extend([price] if found != price else [])
        return found

    after = set_step(state, "competitor", document, step, world, hold)
    if held:
        after = after.noted("CHANGE_HELD")
    fell = state.price is not None and after.price is not None and after.price < state.price
    return replace(after, lowered=state.lowered or fell)


def _held(price: Decimal, reference: Decimal | None, limits: Mapping[str, Any]) -> Decimal:
    """The price between reference × (1 − down) and reference × (1 + up)."""
    if reference is None:
        return price
    if limits.get("down") is not None:
        price = max(price, multiply(reference, add(ONE, negate(share(limits["down"])))))
    if limits.get("up") is not None:
        price = min(price, multiply(reference, add(ONE, share(limits["up"]))))
    return price


def share(written: str | Decimal) -> Decimal:
    """A percent field such as `15%`, as 0.15."""
    return percent(written) if isinstance(written, str) else written
