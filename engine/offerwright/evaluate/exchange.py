"""Money of one currency as money of another, at the rate in force at the moment of every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Decimals
from offerwright.expressions.scope import DatedRate
from offerwright.money import scaled

Rates: TypeAlias = Mapping[tuple[str, str], tuple[DatedRate, ...]]


def rate_at(dated: Sequence[DatedRate], clock: Decimals) -> Decimals:
    """The rate in force at every row's moment (microseconds); none is the fault `NO_RATE`."""
    moments, which = np.unique(clock.values, return_inverse=True)
    rates = [next((r for w, r in dated if _is_open(w, int(m))), None) for m in moments]
    numbers = [scaled(r) if r is not None else (0, 0) for r in rates]
    scale = max((s for _, s in numbers), default=0)
    values = c.integers([n * 10 ** (scale - s) for n, s in numbers])
    absent = np.array([r is None for r in rates], dtype=bool)[which]
    state = c.faulty(clock.state, absent, c.NO_RATE)
    return c.measured(Decimals(values[which], scale, state))


def converted(amount: Decimals, rate: Decimals) -> Decimals:
    """amount × rate, rounded to 8 decimals. A missing amount is missing: it needs no rate."""
    found = c.multiply(amount, replace(rate, state=None))
    if found.state is None or rate.state is None:
        return replace(found, state=rate.state if found.state is None else found.state)
    state = np.where(found.state == 0, rate.state, found.state)
    return replace(found, state=state.astype(np.uint8))


def _is_open(window: tuple[int | None, int | None], moment: int) -> bool:
    start, end = window
    return (start is None or start <= moment) and (end is None or moment < end)
