"""Compiled rows → a table of them, as masks; without the documents in which rows are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from offerwright.errors import Span
from offerwright.expressions.conditions import Test, alternatives
from offerwright.rules.axes import build_axes
from offerwright.rules.plan import ResultPlan, RowPlan, TablePlan

if TYPE_CHECKING:
    from offerwright.rules.document import Hit, Take


def table_of_rows(
    label: str,
    span: Span,
    hit: Hit,
    take: Take | None,
    rows: Sequence[RowPlan],
    results: tuple[ResultPlan, ...],
    has_otherwise: bool,
) -> TablePlan:
    """The masks of these rows."""
    parts: list[tuple[Test, ...]] = []
    row_of: list[int] = []
    for number, row in enumerate(rows):
        for conjunction in alternatives(row.condition):
            parts.append(conjunction)
            row_of.append(number)
    return TablePlan(
        label, span, hit, take, build_axes(parts), tuple(row_of), tuple(rows), results,
        has_otherwise,
    )  # fmt: skip
