"""
The checks that guards name: one row each, the same code at plan and at send.

A check sees what is said (`Said`) and its inputs as columns, one row per offer or operation, and
answers where it fails and where a required input is missing. It never sees a rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals

Truth: TypeAlias = NDArray[np.bool_]
Inputs: TypeAlias = Mapping[str, Decimals]


@dataclass(frozen=True)
class Said:
    """What offers or payloads say. `right_currency`: the currency is the account's."""

    price: Decimals
    sale_price: Decimals
    quantity: Decimals
    right_currency: Truth
    tiers: tuple[Decimals, ...] = ()
    """What one unit costs in the first quantity tier, in the second, …; missing where none is."""

    def __len__(self) -> int:
        return len(self.price)

    @property
    def paid(self) -> Decimals:
        """What the buyer pays: the sale price while there is one."""
        return c.where(c.known(self.sale_price), self.sale_price, self.price)


@dataclass(frozen=True)
class Result:
    """Where a check fails, where an input it must have is missing, and what a reader is told."""

    fails: Truth
    missing: Truth
    notes: Mapping[str, Truth]


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its inputs, and the function that runs it."""

    inputs: tuple[str, ...]
    run: Callable[[Said, Inputs], Result]


def _nowhere(said: Said) -> Truth:
    return np.zeros(len(said), dtype=bool)


def _below(left: Decimals, right: Decimals) -> Truth:
    a, b = c.aligned(left, right)
    return np.asarray(c.known(a) & c.known(b) & (a.values < b.values))


def _positive(said: Said, inputs: Inputs) -> Result:
    zero = c.constant(0, len(said))
    price, sale = said.price, said.sale_price
    wrong = c.known(price) & ~_below(zero, price)
    wrong |= c.known(sale) & ~_below(zero, sale)
    wrong |= c.known(sale) & c.known(price) & ~_below(sale, price)
    wrong |= _below(said.quantity, zero)
    least = said.paid
    for tier in said.tiers:
        wrong |= c.known(tier) & ~(_below(zero, tier) & _below(tier, least))
        least = c.where(c.known(tier), tier, least)
    return Result(wrong, _nowhere(said), {})


def _at_least(said: Said, inputs: Inputs) -> Result:
    bound, priced = inputs["bound"], c.known(said.paid)
    return Result(_below(said.paid, bound), priced & ~c.known(bound), {})


def _at_most(said: Said, inputs: Inputs) -> Result:
    bound, priced = inputs["bound"], c.known(said.price)
    unbound = priced & ~c.known(bound)
    return Result(_below(bound, said.price), _nowhere(said), {"NO_BOUND": unbound})


def _map_price(said: Said, inputs: Inputs) -> Result:
    bound, priced = inputs["bound"], c.known(said.paid)
    unbound = priced & ~c.known(bound)
    return Result(_below(said.paid, bound), _nowhere(said), {"NO_BOUND": unbound})


def _step_from_live(said: Said, inputs: Inputs) -> Result:
    live, sent, paid = inputs["live"], inputs["was_sent"], said.paid
    was_sent = np.asarray(sent.values > 0)
    priced = c.known(paid)
    fails = _nowhere(said)
    one = c.constant(1, len(said))
    if "down" in inputs:
        fails |= _below(paid, c.multiply(live, c.add(one, inputs["down"], -1)))
    if "up" in inputs:
        fails |= _below(c.multiply(live, c.add(one, inputs["up"])), paid)
    unknown = priced & ~c.known(live)
    return Result(fails, unknown & was_sent, {"FIRST_PUBLICATION": unknown & ~was_sent})


def _move_over_window(said: Said, inputs: Inputs) -> Result:
    """Against the highest and the lowest price of the window: many small steps are one large."""
    live, sent, paid = inputs["live"], inputs["was_sent"], said.paid
    was_sent, fails = np.asarray(sent.values > 0), _nowhere(said)
    one = c.constant(1, len(said))
    if "down" in inputs:
        left = c.add(one, inputs["down"], -1)
        fails |= _below(paid, c.multiply(_further(inputs["highest"], live, 1), left))
    if "up" in inputs:
        left = c.add(one, inputs["up"])
        fails |= _below(c.multiply(_further(inputs["lowest"], live, -1), left), paid)
    unknown = c.known(paid) & ~c.known(live)
    return Result(fails, unknown & was_sent, {"FIRST_PUBLICATION": unknown & ~was_sent})


def _further(extreme: Decimals, live: Decimals, sign: int) -> Decimals:
    """The larger (sign 1) or the smaller of both; the one that is known."""
    beyond = _below(extreme, live) if sign > 0 else _below(live, extreme)
    return c.where(beyond | ~c.known(extreme), live, extreme)


def _margin(said: Said, inputs: Inputs) -> Result:
    """The fees in the inputs are those of one price; of another price nobody knows them."""
    paid = said.paid
    fees = c.add(c.multiply(paid, inputs["rate"]), inputs["fixed"])
    left = c.add(c.add(c.add(paid, fees, -1), inputs["cost"], -1), inputs["freight"], -1)
    wanted = c.multiply(paid, inputs["margin"])
    a, b = c.aligned(paid, inputs["fees_for"])
    same = c.known(a) & c.known(b) & np.asarray(a.values == b.values)
    known = c.known(left) & c.known(wanted) & same
    return Result(_below(left, wanted) & known, c.known(paid) & ~known, {})


def _magnitude(said: Said, inputs: Inputs) -> Result:
    paid, reference, times = said.paid, inputs["reference"], inputs["times"]
    high = c.multiply(reference, times)
    low = c.multiply(paid, times)
    known = c.known(paid) & c.known(reference)
    fails = known & (~_below(paid, high) | ~_below(reference, low))
    return Result(fails, c.known(paid) & ~c.known(reference), {})


def _discount(said: Said, inputs: Inputs) -> Result:
    """How much less than the reference the buyer pays, whatever promotions led there."""
    paid, reference = said.paid, inputs["reference"]
    left = c.add(c.constant(1, len(said)), inputs["at_most"], -1)
    missing = c.known(paid) & ~c.known(reference)
    return Result(_below(paid, c.multiply(reference, left)), missing, {})


def _currency(said: Said, inputs: Inputs) -> Result:
    return Result(~said.right_currency, _nowhere(said), {})


def _everywhere(said: Said, inputs: Inputs) -> Result:
    return Result(~_nowhere(said), _nowhere(said), {})


CHECKS: dict[str, Check] = {
    "positive": Check((), _positive),
    "price_at_least": Check(("bound",), _at_least),
    "price_at_most": Check(("bound",), _at_most),
    "map_price": Check(("bound",), _map_price),
    "step_from_live": Check(("live", "was_sent", "down", "up"), _step_from_live),
    "move_over_window": Check(
        ("days", "live", "was_sent", "lowest", "highest", "down", "up"), _move_over_window
    ),
    "margin_at_least": Check(("margin", "cost", "freight", "rate", "fixed", "fees_for"), _margin),
    "magnitude": Check(("times", "reference"), _magnitude),
    "currency": Check((), _currency),
    "hold": Check((), _everywhere),
    "discount_at_most": Check(("at_most", "reference"), _discount),
}

# Whose words are of every price: they look at each quantity tier as at the price. What a tier costs
# is no step from the live price, and it lies below the price, so that no ceiling can stop it.
OF_TIERS = frozenset(
    {"price_at_least", "map_price", "margin_at_least", "magnitude", "discount_at_most"}
)


def run_check(name: str, said: Said, inputs: Inputs) -> Result:
    """What a check says of the price, and of every quantity tier."""
    check = CHECKS[name]
    found = check.run(said, inputs)
    if name not in OF_TIERS:
        return found
    for number, tier in enumerate(said.tiers):
        nothing = c.all_missing(len(said))
        one = Said(tier, nothing, nothing, said.right_currency)
        again = check.run(one, of_tier(inputs, number))
        found = Result(found.fails | again.fails, found.missing | again.missing, found.notes)
    return found


def of_tier(inputs: Inputs, number: int) -> Inputs:
    """The inputs of a tier: its own where it has them (`rate.0` of the first), else the price's."""
    return {name: inputs.get(tier_input(name, number), held) for name, held in inputs.items()}


def tier_input(name: str, number: int) -> str:
    return f"{name}.{number}"
