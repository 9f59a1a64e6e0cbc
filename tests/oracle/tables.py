"""Tables (section 3): the rows that match one offer, and what the hit policy makes of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import Any

from oracle.cells import csv_cell, holds
from oracle.expressions import evaluate
from oracle.values import Fault, SpecError, add, in_window, plain
from oracle.world import World

Row = Mapping[str, Any]
Results = dict[str, Any]


@dataclass(frozen=True)
class Decision:
    """What a table says.

    `values` is None when no row matched and there is no `otherwise`; `block` is the code of an
    `otherwise: {block: CODE}`. `rows` are the ids of the rows that count.
    """

    values: Results | None
    rows: tuple[str, ...] = ()
    many: bool = False
    block: str | None = None
    valid: tuple[Mapping[str, Any] | None, ...] = ()
    """The windows of the rows that count."""

    @property
    def matched(self) -> bool:
        return bool(self.rows)

    @property
    def fired(self) -> str | list[str]:
        """The id of the row, the ids for `any` and `collect`, or `otherwise`."""
        if not self.matched:
            return "otherwise"
        return list(self.rows) if self.many else self.rows[0]


def is_table(step: Mapping[str, Any]) -> bool:
    return any(step.get(key) is not None for key in ("rules", "file", "otherwise"))


def decide(table: Mapping[str, Any], world: World, *, texts: bool = False) -> Decision:
    """Apply a table to one offer. `texts`: the results are texts, not expressions.

    Raises Fault: TABLE_OVERLAP, TABLE_CONFLICT, and the faults of all result cells that count.
    """
    rules, hit = table.get("rules") or [], table.get("hit") or "unique"
    if hit == "first":
        matching = [row for row in rules if matches(row, world)][:1]
    else:
        matching = [row for row in rules if matches(row, world)]
    if not matching:
        return _otherwise(table, world, texts)
    if hit == "unique" and len(matching) > 1:
        raise Fault("TABLE_OVERLAP")
    results = _all_results([row["then"] for row in matching], world, texts)
    ids = tuple(row["id"] for row in matching)
    valid = tuple(row.get("valid") for row in matching)
    if hit == "collect":
        return Decision(_collected(table["take"], results), ids, many=True, valid=valid)
    if any(result != results[0] for result in results):
        raise Fault("TABLE_CONFLICT")
    return Decision(results[0], ids, many=hit == "any", valid=valid)


def matches(row: Row, world: World) -> bool:
    """A row matches when its conditions are true and `as_of` is in its window."""
    return (
        in_window(row.get("valid"), world.as_of, world.zone)
        and holds(row.get("when"), world) is True
    )


def _otherwise(table: Mapping[str, Any], world: World, texts: bool) -> Decision:
    otherwise = table.get("otherwise")
    if otherwise is None:
        return Decision(None)
    if set(otherwise) == {"block"}:
        return Decision(None, block=otherwise["block"])
    return Decision(_all_results([otherwise], world, texts)[0])


def _all_results(cells: list[Row], world: World, texts: bool) -> list[Results]:
    """The results of several rows; the faults of all cells are collected before they are raised."""
    results: list[Results] = []
    codes: set[str] = set()
    for row in cells:
        values: Results = {}
        for name, cell in row.items():
            try:
                values[name] = result(cell, world, texts=texts)
            except Fault as fault:
                codes |= fault.codes
        results.append(values)
    if codes:
        raise Fault(*codes)
    return results


def result(cell: Any, world: World, *, texts: bool = False) -> Any:
    """The value of one `then` cell: an expression, or for text a literal or `{expr: …}`."""
    if isinstance(cell, Mapping):
        return evaluate(cell["expr"], world)
    if texts:
        return None if cell is None else plain(cell) if isinstance(cell, bool) else str(cell)
    return evaluate(cell, world)


def _collected(take: str, results: list[Results]) -> Results:
    """One result column over all matching rows; missing if a value is missing, except for count."""
    ((name, _),) = results[0].items()
    values = [values[name] for values in results]
    if take == "count":
        return {name: Decimal(len(values))}
    if take == "list":
        return {name: values}
    if any(value is None for value in values):
        return {name: None}
    if take == "sum":
        return {name: reduce(add, values)}
    return {name: min(values) if take == "min" else max(values)}


def rules_of_csv(text: str) -> list[dict[str, Any]]:
    """The rows of a CSV table in the shape of `rules`."""
    return [_csv_row(row) for row in csv.DictReader(io.StringIO(text))]


def _csv_row(cells: dict[str, str]) -> dict[str, Any]:
    parts: dict[str, dict[str, Any]] = {"when": {}, "then": {}, "valid": {}}
    for column, cell in cells.items():
        part, _, name = column.partition(".")
        if part == "then" and not cell.strip():
            raise SpecError(f"row {cells['id']}: an empty `then` cell")
        if part in parts and cell.strip():
            parts[part][name] = csv_cell(cell) if part == "when" else cell.strip()
    return {"id": cells["id"], **{part: found for part, found in parts.items() if found}}
