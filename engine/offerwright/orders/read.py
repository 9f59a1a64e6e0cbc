"""A file of orders, JSON lines or CSV → its orders as text cells; nothing is typed yet."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from offerwright.errors import OfferwrightError
from offerwright.facts.rejects import shown

MAX_BYTES = 512 << 20
# Columns of a CSV file that belong to a line; every other one belongs to its order.
LINE_COLUMNS = ("line", "sku", "quantity", "price")
Cells = Mapping[str, str | None]
_OTHER_MARKS = {";": "`;`", "\t": "tabs", "|": "`|`"}


@dataclass(frozen=True, slots=True)
class RawOrder:
    """One order as written. `at` is the line of the file on which it starts; `fault` a code and a
    sentence where it cannot even be read."""

    at: int
    cells: Cells
    lines: tuple[Cells, ...]
    fault: tuple[str, str] | None = None


class OrdersUnreadable(OfferwrightError):
    """The file as a whole cannot be read."""


def read_orders(path: Path, line_facts: Sequence[str] = ()) -> tuple[RawOrder, ...]:
    """
    All orders of a file, in its order; one that cannot be read has a fault.

    Args:
        path: `.csv`, or JSON lines.
        line_facts: the columns of a CSV file that belong to lines beside `LINE_COLUMNS`.

    Raises:
        OrdersUnreadable: the file is absent, too large, no UTF-8, one JSON list, or a CSV that is
            broken or has not the columns.
    """
    text = _text(path)
    if path.suffix.lower() == ".csv":
        return tuple(_from_csv(path, text, {*LINE_COLUMNS, *line_facts}))
    if re.match(r"\s*\[\s*\{", text):
        raise OrdersUnreadable(f"{path} is one JSON list: write one order per line, without `[`")
    return tuple(_from_json_lines(text))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise OrdersUnreadable(f"{path} is larger than {MAX_BYTES >> 20} MiB")
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise OrdersUnreadable(
            f"{path} is not UTF-8 (byte {problem.start + 1}). Save it as UTF-8."
        ) from problem
    except OSError as problem:
        raise OrdersUnreadable(f"{path} cannot be read: {problem.strerror}") from problem


def _from_json_lines(text: str) -> Iterator[RawOrder]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _order(number, line)


def _order(number: int, line: str) -> RawOrder:
    try:
        data = json.loads(
            line, parse_float=str, parse_int=str, parse_constant=_no_number,
            object_pairs_hook=_once,
        )  # fmt: skip
    except (ValueError, RecursionError) as problem:
        why = str(problem) if isinstance(problem, ValueError) else "nested too deep"
        return RawOrder(number, {}, (), ("BAD_JSON", f"this is not JSON: {why}"))
    if not isinstance(data, dict):
        return RawOrder(number, {}, (), ("BAD_JSON", 'write one {"id": …, "lines": […]} per line'))
    cells, lines = _cells(_head(data)), _lines(data)
    wrong = _wrong_value(data)
    return RawOrder(number, cells, lines, ("WRONG_JSON_VALUE", wrong) if wrong else None)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a key stands there twice")
    return data


def _head(data: Mapping[str, object]) -> Mapping[str, object]:
    """What stands beside the lines, the parts of `destination` among it."""
    destination = data.get("destination")
    own = {key: value for key, value in data.items() if key not in ("destination", "lines")}
    return {**own, **destination} if isinstance(destination, dict) else own


def _lines(data: Mapping[str, object]) -> tuple[Cells, ...]:
    lines = data.get("lines")
    if not isinstance(lines, list):
        return ()
    return tuple(_cells(line) if isinstance(line, dict) else {} for line in lines)


def _wrong_value(data: Mapping[str, object]) -> str:
    """The first value that has not the form it must have, in a sentence."""
    lines = [] if data.get("lines") is None else data["lines"]
    if not isinstance(data.get("destination") or {}, dict):
        return '`destination` is an object such as {"zip": "01310-100"}'
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        return '`lines` is a list such as [{"id": "1", "sku": "A1", "quantity": 1}]'
    for one in (_head(data), *lines):
        for key, value in one.items():
            if isinstance(value, list | dict):
                return f"`{shown(key)}` holds a list or an object; one value stands there"
    return ""


def _cells(data: Mapping[str, object]) -> Cells:
    """Values as texts; a list or an object is no value."""
    return {key: _cell(value) for key, value in data.items()}


def _cell(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else None


def _from_csv(path: Path, text: str, of_line: set[str]) -> Iterator[RawOrder]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        records = list(reader)
    except csv.Error as problem:
        limit = csv.field_size_limit()
        is_long = "field limit" in str(problem)
        what = (
            f"a cell of more than {limit:,} characters" if is_long else f"a broken quote: {problem}"
        )
        raise OrdersUnreadable(f"{path}, line {reader.line_num}: {what}") from problem
    header = [name.strip() for name in records[0]] if records else []
    other = next((mark for mark in _OTHER_MARKS if len(header) == 1 and mark in header[0]), None)
    if other is not None:
        raise OrdersUnreadable(
            f"{path} separates its cells with {_OTHER_MARKS[other]}: save it with commas between "
            "the cells and points in the numbers"
        )
    absent = [name for name in ("order", "line", "sku", "quantity") if name not in header]
    if absent or len(set(header)) != len(header):
        what = f"has no column `{absent[0]}`" if absent else "has a column twice"
        raise OrdersUnreadable(
            f"{path} {what}; a file of orders has the columns order, account, placed_at, zip, "
            "line, sku, quantity, price"
        )
    rows = [(n, row) for n, row in enumerate(records[1:], start=2) if row]
    yield from _grouped(header, rows, of_line)


def _grouped(
    header: list[str], rows: list[tuple[int, list[str]]], of_line: set[str]
) -> Iterator[RawOrder]:
    """Rows with one order id are one order, wherever they stand."""
    groups: dict[str, list[tuple[int, dict[str, str | None]]]] = {}
    for number, row in rows:
        if len(row) != len(header):
            why = f"the header has {len(header)} cells and this row {len(row)}"
            yield RawOrder(number, {}, (), ("WRONG_CELL_COUNT", why))
            continue
        cells = {name: cell or None for name, cell in zip(header, row, strict=True)}
        groups.setdefault(cells["order"] or f"\0{number}", []).append((number, cells))
    for held in groups.values():
        yield _from_rows(held, of_line)


def _from_rows(rows: list[tuple[int, dict[str, str | None]]], of_line: set[str]) -> RawOrder:
    first = rows[0][1]
    own = {("id" if k == "order" else k): v for k, v in first.items() if k not in of_line}
    lines = tuple(
        {("id" if k == "line" else k): v for k, v in cells.items() if k in of_line}
        for _, cells in rows
    )
    fault = None
    for number, cells in rows[1:]:
        differs = [k for k, v in cells.items() if k not in of_line and v != first[k]]
        if differs:
            why = f"rows {rows[0][0]} and {number} do not agree on `{differs[0]}` of the order"
            fault = fault or ("CONFLICTING_ROWS", why)
    # A row without a line is how a table says that an order has none.
    kept = tuple(line for line in lines if any(v is not None for v in line.values()))
    return RawOrder(rows[0][0], own, kept, fault)
