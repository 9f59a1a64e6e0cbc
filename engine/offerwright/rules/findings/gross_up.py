"""Fees and margins together: rows and brackets of a fee schedule that no price can pay for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from offerwright.errors import Diagnostic, Related
from offerwright.expressions.conditions import Test, Within, tests
from offerwright.expressions.syntax import Const, Typed
from offerwright.rules.findings.affine import ZERO, affine
from offerwright.rules.plan import AccountPlan, FeePlan, FeesStep, TablePlan


@dataclass(frozen=True)
class Charge:
    """What one row of a fee takes of every offer it counts for; `row` None = `otherwise`."""

    row: int | None
    rate: Decimal
    fixed: Decimal


def unpayable(plan: AccountPlan) -> list[Diagnostic]:
    """
    Every fee of an account, at one moment, that leaves less than its fees steps ask for.

    Exact for rates and amounts that are constants; a schedule with others is left alone. What the
    other fees take is counted with their cheapest rows, so nothing is said that depends on them.
    """
    fees = [fee for fee in plan.fees if plan.documents[fee.document].only is None]
    charges = [_charges(fee) for fee in fees]
    if not fees or len(fees) < len(plan.fees) or any(c is None for c in charges):
        return []
    known = [c for c in charges if c]
    steps = [s for s in plan.steps if isinstance(s, FeesStep)]
    return [d for step in steps for d in _of_step(step, plan, fees, known)]


def _charges(fee: FeePlan) -> list[Charge] | None:
    """The charges of all rows; None if one of them is not constant."""
    table = fee.table
    numbers = [*range(len(table.rows)), *([None] if table.has_otherwise else [])]
    found = []
    for row in numbers:
        amounts = {name: _constant(table, name, row) for name in ("rate", "fee")}
        rate, fixed = amounts["rate"], amounts["fee"]
        if rate is None or fixed is None:
            return None
        found.append(Charge(row, rate, fixed))
    return found


def _constant(table: TablePlan, name: str, row: int | None) -> Decimal | None:
    result = table.result(name)
    if result is None:
        return ZERO
    choice = result.choice_of[-1 if row is None else row]
    cell = result.choices[choice] if choice >= 0 else Const(ZERO, result.type)
    return cell.value if isinstance(cell, Const) and isinstance(cell.value, Decimal) else None


def _of_step(
    step: FeesStep, plan: AccountPlan, fees: Sequence[FeePlan], charges: Sequence[list[Charge]]
) -> Iterator[Diagnostic]:
    margin = step.margin or ZERO
    needed = _least_cost(step, plan)
    for number, fee in enumerate(fees):
        others = [c for i, c in enumerate(charges) if i != number]
        rate = sum((min(c.rate for c in one) for one in others), ZERO)
        fixed = sum((min(c.fixed for c in one) for one in others), ZERO)
        dead = [c for c in charges[number] if c.rate + rate + margin >= 1]
        if len(dead) == len(charges[number]):
            yield _never(step, fee, min(dead, key=lambda c: c.rate), rate)
            continue
        for charge in dead:
            yield _row(step, fee, charge, rate)
        for charge in charges[number]:
            top = None if charge in dead else _top(fee, charge)
            left = 1 - charge.rate - rate - margin
            if top is not None and top * left <= needed + charge.fixed + fixed:
                yield _bracket(step, fee, charge, top)


def _least_cost(step: FeesStep, plan: AccountPlan) -> Decimal:
    """No offer needs less than this beside the fees: what the facts' minimums say, else zero."""
    total = ZERO
    for typed in (step.cost, step.freight):
        least = _least(typed, plan) if typed is not None else ZERO
        total += max(least, ZERO)
    return total


def _least(typed: Typed, plan: AccountPlan) -> Decimal:
    sum_ = affine(typed, dict(plan.derived))
    bounds = plan.scope.bounds
    found = None if sum_ is None else sum_.least(lambda name: bounds.get(name, (None, None)))
    return ZERO if found is None else found


def _top(fee: FeePlan, charge: Charge) -> Decimal | None:
    """Where the bracket of a row ends, if its condition says so."""
    if charge.row is None:
        return None
    ends = [_end(test) for test in tests(fee.table.rows[charge.row].condition)
            if test.fact == "price"]  # fmt: skip
    return ends[0] if len(ends) == 1 else None


def _end(test: Test) -> Decimal | None:
    if test.negated or len(test.atoms) != 1:
        return None
    [atom] = test.atoms
    high = atom.high if isinstance(atom, Within) else None
    return high if isinstance(high, Decimal) else None


def _never(step: FeesStep, fee: FeePlan, charge: Charge, others: Decimal) -> Diagnostic:
    return Diagnostic(
        "FEES_EAT_MARGIN",
        f"no price can pay for this: {_sum(step, charge, others)}, so nothing is left for the cost",
        step.span,
        "ask for less, or correct the rates; every offer would be blocked",
        related=(Related(fee.table.span, f"the fee `{fee.id}`"),),
    )


def _row(step: FeesStep, fee: FeePlan, charge: Charge, others: Decimal) -> Diagnostic:
    row = None if charge.row is None else fee.table.rows[charge.row]
    return Diagnostic(
        "FEES_EAT_MARGIN",
        f"no price can pay for `{row.id if row else 'otherwise'}`: {_sum(step, charge, others)}, "
        "so nothing is left for the cost",
        row.span if row else fee.table.span,
        "its offers would all be blocked; correct the rate, or ask for less there",
        "warning",
        (Related(step.span, f"`{step.id}` asks for it"),),
    )


def _bracket(step: FeesStep, fee: FeePlan, charge: Charge, top: Decimal) -> Diagnostic:
    row = fee.table.rows[charge.row or 0]
    fixed = f" and {charge.fixed:f}" if charge.fixed else ""
    asked = f"a margin of {_percent(step.margin)}" if step.margin else "the price before fees"
    return Diagnostic(
        "BRACKET_NEVER_MET",
        f"no price below {top:f} leaves {asked} after {_percent(charge.rate)}{fixed}: "
        f"the bracket of `{row.id}` is never used",
        row.span,
        "prices start above it; correct the amount or the band if that is not what you want",
        "warning",
        (Related(step.span, f"`{step.id}` asks for it"),),
    )


def _sum(step: FeesStep, charge: Charge, others: Decimal) -> str:
    parts = [f"{_percent(charge.rate)} of fees"]
    parts += [f"{_percent(others)} of other fees"] if others else []
    parts += [f"a margin of {_percent(step.margin)}"] if step.margin else []
    total = charge.rate + others + (step.margin or ZERO)
    return f"{' and '.join(parts)} are {_percent(total)} of it"


def _percent(share: Decimal | None) -> str:
    text = f"{(share or ZERO) * 100:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"
