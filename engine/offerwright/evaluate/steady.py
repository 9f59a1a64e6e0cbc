"""What an account was told last decides too: no raise while orders may be unseen, no flicker.

The state comes in as `live_quantity`, the quantity that was last confirmed; nothing is remembered
here.
"""

from __future__ import annotations

import numpy as np

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Array, Decimals
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.pool import whole_units
from offerwright.rules.plan import EntryPlan

_SECOND = 1_000_000


def without_raise(entry: EntryPlan, units: Array, rows: Rows, as_of: int) -> Array:
    """At most the live quantity where the orders of the account were not read lately."""
    if entry.orders_read is None:
        return units
    read, live = rows.get(entry.orders_read), rows.get("live_quantity")
    if not isinstance(read, Decimals):
        raise TypeError("orders are read at a moment")
    fresh = c.known(read) & np.asarray(read.values >= as_of - entry.orders_within_s * _SECOND)
    held = np.minimum(units, np.maximum(0, whole_units(live)))
    return np.where(~fresh & c.known(live), held, units)


def without_flicker(entry: EntryPlan, units: Array, rows: Rows) -> Array:
    """Zero below one number; a listing at zero comes back at another.

    What was never listed is not at zero.
    """
    if not entry.zero_below:
        return units
    live = rows.get("live_quantity")
    at_zero = c.known(live) & (whole_units(live) <= 0)
    return np.where(units < np.where(at_zero, entry.back_at, entry.zero_below), 0, units)
