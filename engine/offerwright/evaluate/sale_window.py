"""From when until when a sale runs: the windows of what set it, where all of them are open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from offerwright.evaluate import columns as c
from offerwright.evaluate.columns import Array, Decimals
from offerwright.evaluate.match import Match
from offerwright.evaluate.operations import Rows
from offerwright.evaluate.state import State, Truth
from offerwright.rules.plan import SetStep, Step
from offerwright.rules.window import Window

FROM, BEFORE = "/sale_from", "/sale_before"
_MOMENT = pa.timestamp("us", "UTC")


def with_sale_window(
    state: State, step: SetStep, of_document: Window, apply: Truth, found: Match | None
) -> State:
    """
    Remember, where a step has set a sale price, the window of what set it.

    It is the document's and the matching rows' together with the window so far, for an earlier step
    may have set what this one changes: the latest start, the earliest end, in microseconds; an end
    that nobody wrote is missing.
    """
    if all(name != "sale_price" for name, _ in step.sets):
        return state
    mask = apply & c.known(state.decimals("sale_price"))
    starts, ends = _windows(of_document, found, state.rows.size)
    for name, value, narrower in ((FROM, starts, np.greater), (BEFORE, ends, np.less)):
        before = state.decimals(name)
        stays = c.known(before) & (~c.known(value) | narrower(before.values, value.values))
        state = state.with_column(name, c.where(mask & ~stays, value, before))
    return state


def sale_window_columns(rows: Rows, steps: Sequence[Step], sale: Truth) -> dict[str, pl.Series]:
    """`sale_from` and `sale_before` of `frames.OFFERS`, where any step may set a sale price.

    `sale` is where one is shown. Both are null elsewhere, and where one of them is not known.
    """
    sets = {name for step in steps if isinstance(step, SetStep) for name, _ in step.sets}
    if "sale_price" not in sets:
        return {}
    ends = [rows.get(name) for name in (FROM, BEFORE)]
    shown = c.known(ends[0]) & c.known(ends[1]) & sale
    return {
        name: _moments(column, shown)
        for name, column in zip(("sale_from", "sale_before"), ends, strict=True)
        if isinstance(column, Decimals)
    }


def _moments(column: Decimals, shown: Truth) -> pl.Series:
    microseconds = np.ascontiguousarray(column.values, dtype=np.int64)
    return pl.Series(pa.array(microseconds, mask=~shown).view(_MOMENT))


def _windows(of_document: Window, found: Match | None, size: int) -> tuple[Decimals, Decimals]:
    if found is None:
        start, end = of_document
        everywhere = np.zeros(size, dtype=np.int64)
        return _column([start], everywhere), _column([end], everywhere)
    windows, which = _of_rows(found)
    within = [_together([of_document, *rows]) for rows in windows]
    return _column([w[0] for w in within], which), _column([w[1] for w in within], which)


def _of_rows(found: Match) -> tuple[list[list[Window]], Array]:
    """Groups of rows' windows, and the group of every offer."""
    rows = found.table.rows
    if found.table.hit not in ("any", "collect"):
        # Behind the rows: `otherwise` and no row, which have no window of their own.
        return [*([row.window] for row in rows), []], np.where(
            (found.picked >= 0) & (found.picked < len(rows)), found.picked, len(rows)
        )
    states, which = np.unique(found.states, return_inverse=True)
    return [[rows[n].window for n in found.rows_of(s)] for s in states.tolist()], which


def _together(windows: Iterable[Window]) -> Window:
    starts, ends = zip(*windows, strict=True)
    return (
        max((s for s in starts if s is not None), default=None),
        min((e for e in ends if e is not None), default=None),
    )


def _column(moments: Sequence[int | None], which: Array) -> Decimals:
    """The moment of every offer's group; missing where it is not known."""
    values = np.array([m or 0 for m in moments], dtype=np.int64)
    state = np.array([c.MISSING if m is None else 0 for m in moments], dtype=np.uint8)
    return c.measured(Decimals(values[which], 0, state[which]))
