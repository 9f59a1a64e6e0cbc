"""What a read-back says about an operation whose fate is unknown."""

from __future__ import annotations

from typing import Literal

from offerwright.marketplaces.operation import Operation, Outcome, Values
from offerwright.sync.ports import is_absent

# confirm   the effect is there                     wait      nobody knows yet: read again later
# resend    the effect is provably missing          withdraw  the listing has other values
# gone      an update has no listing to go to
Verdict = Literal["confirm", "resend", "withdraw", "gone", "wait"]

_FIELDS = ("price", "sale_price", "quantity", "currency")


def agrees(wanted: Values, observed: Values) -> bool | None:
    """
    Whether all that was sent is seen; None when a part of it was not shown and none differs.

    A price replaces the one before with its sale: a sale that is still seen differs. Quantity tiers
    are never shown, so that a price with tiers is told again.
    """
    if wanted.price is not None and wanted.sale_price is None and observed.sale_price is not None:
        return False
    pairs = [(getattr(wanted, name), getattr(observed, name)) for name in _FIELDS]
    asked = [(want, seen) for want, seen in pairs if want is not None]
    if any(seen is not None and seen != want for want, seen in asked):
        return False
    measured = [pair for pair in asked if not isinstance(pair[0], str)]
    shown = bool(measured) and all(seen is not None for _, seen in measured)
    return True if shown and not wanted.tiers else None


def resolve(operation: Operation, outcome: Outcome, *, create_may_appear: bool) -> Verdict:
    """
    Decide from a read-back what to do with an operation in doubt.

    A resend has the same generation and the same bytes, and newer operations of the aspect wait
    until this one is settled: sending an update twice is harmless. A create is only sent again
    when its listing is not there and can no longer be expected to appear (`create_may_appear`).
    """
    if is_absent(outcome):
        if operation.action == "end":
            return "confirm"
        if operation.action == "update":
            return "gone"
        return "wait" if create_may_appear else "resend"
    observed = outcome.observed or Values()
    if outcome.kind != "confirmed" or observed.sku not in (None, operation.sku):
        return "wait"
    return _present(operation, agrees(operation.values, observed))


def _present(operation: Operation, same: bool | None) -> Verdict:
    if operation.action == "end":
        return "resend"
    if operation.action == "create":
        return "withdraw" if same is False else "confirm"
    return "confirm" if same else "resend"
