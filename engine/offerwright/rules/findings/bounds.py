"""Floors and ceilings of a price, and the pairs of which the floor is always the higher one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from offerwright.errors import Diagnostic, Related, Span
from offerwright.expressions.syntax import Op, Typed
from offerwright.rules.findings.affine import Affine, Range, affine
from offerwright.rules.plan import AccountPlan, BoundsStep

# Products are rounded to 8 decimals: a smaller distance proves nothing.
NOISE = Decimal("0.000001")
_SHOWN = Decimal(100)
_FROM_ZERO = ("money", "weight", "length", "integer", "percent")


@dataclass(frozen=True)
class Limit:
    """
    A bound that holds wherever its rule runs.

    `owner` is the rule as a reader calls it; `group` is equal for limits that run for the same
    offers, and None for one that runs for all.
    """

    value: Affine
    owner: str
    span: Span
    group: object = None


@dataclass(frozen=True)
class Crossing:
    """A floor that is above a ceiling for all values that the facts may have."""

    floor: Limit
    ceiling: Limit
    is_certain: bool
    """False: only for facts above zero, which nothing declares."""
    witness: str


def crossings(
    floors: Sequence[Limit], ceilings: Sequence[Limit], plan: AccountPlan
) -> Iterator[Crossing]:
    """Every pair of a floor and a ceiling that some offer has both of and no price can meet."""
    for floor in floors:
        for ceiling in ceilings:
            if floor.group is not None and ceiling.group not in (None, floor.group):
                continue
            found = _crossing(floor, ceiling, plan)
            if found is not None:
                yield found


def _crossing(floor: Limit, ceiling: Limit, plan: AccountPlan) -> Crossing | None:
    apart = floor.value.plus(ceiling.value, Decimal(-1))
    bounds = plan.scope.bounds
    least = apart.least(lambda name: bounds.get(name, (None, None)))
    is_certain = least is not None and least > NOISE
    if not is_certain and not _above_zero(apart, plan):
        return None
    values = {name: _example(bounds.get(name, (None, None))) for name in apart.factors}
    names = {*floor.value.factors, *ceiling.value.factors}
    values |= {name: _example(bounds.get(name, (None, None))) for name in names - values.keys()}
    given = ", ".join(f"{name} {values[name]:f}" for name in sorted(names))
    sides = f"{_money(floor.value.at(values))} and {_money(ceiling.value.at(values))}"
    witness = f"{sides} at {given}" if given else sides
    return Crossing(floor, ceiling, is_certain, witness)


def _above_zero(apart: Affine, plan: AccountPlan) -> bool:
    """Whether it is positive for all facts above zero, of types that are hardly ever below."""
    if not apart.factors or apart.constant < 0:
        return False
    types = plan.scope.types
    return all(
        factor > 0 and name in types and types[name].name in _FROM_ZERO
        and _is_fact(name, plan)
        for name, factor in apart.factors.items()
    )  # fmt: skip


def _is_fact(name: str, plan: AccountPlan) -> bool:
    """Not a name that steps set, which may be anything."""
    return name in plan.scope.bounds


def _example(range_: Range) -> Decimal:
    low, high = range_
    value = _SHOWN if low is None else max(low, _SHOWN)
    return value if high is None else min(value, high)


def _money(value: Decimal) -> str:
    return f"{value.quantize(Decimal('0.01')):f}"


def limits_of_steps(plan: AccountPlan) -> tuple[list[Limit], list[Limit]]:
    """The floors and the ceilings of all bounds steps, as far as they are sums of facts."""
    derived = dict(plan.derived)
    floors: list[Limit] = []
    ceilings: list[Limit] = []
    for step in plan.steps:
        if isinstance(step, BoundsStep):
            floors += _limits(step, step.at_least, "max", plan, derived)
            ceilings += _limits(step, step.at_most, "min", plan, derived)
    return floors, ceilings


def _limits(
    step: BoundsStep,
    written: Sequence[Typed],
    spread: str,
    plan: AccountPlan,
    derived: Mapping[str, Typed],
) -> Iterator[Limit]:
    document = plan.documents[step.document]
    is_for_all = step.when is None and document.only is None
    group = None if is_for_all else (step.document, step.id)
    for typed in written:
        for part in spread_out(typed, spread):
            value = affine(part, derived)
            if value is not None:
                yield Limit(value, f"`{step.id}`", step.span, group)


def spread_out(typed: Typed, operation: str) -> Iterator[Typed]:
    """The parts of a `max` among floors, or of a `min` among ceilings: each binds by itself."""
    if isinstance(typed, Op) and typed.operation == operation:
        for argument in typed.arguments:
            yield from spread_out(argument, operation)
    else:
        yield typed


def crossing_steps(plan: AccountPlan) -> list[Diagnostic]:
    """What `check` says of bounds of one account, at one moment, that can never be met."""
    floors, ceilings = limits_of_steps(plan)
    return [_said(one) for one in crossings(floors, ceilings, plan)]


def _said(found: Crossing) -> Diagnostic:
    floor, ceiling = found.floor, found.ceiling
    related = () if floor.span == ceiling.span else (
        Related(floor.span, f"at least {floor.value}, says {floor.owner}"),
    )  # fmt: skip
    always = "always" if found.is_certain else "for every fact above 0"
    return Diagnostic(
        "BOUNDS_ALWAYS_CROSS",
        f"at least {floor.value} is {always} more than at most {ceiling.value}: {found.witness}",
        ceiling.span,
        "no price meets both, so every such offer is blocked; correct one of them",
        "error" if found.is_certain else "warning",
        related,
    )
