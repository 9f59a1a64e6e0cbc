"""JSON lines → text columns: numbers keep the digits that were written."""

from __future__ import annotations

import json
from typing import NoReturn

import polars as pl

from offerwright.facts.read import Records, Wanted, has_broken_bytes, require_columns, text_of
from offerwright.facts.rejects import Reject, shown
from offerwright.facts.schema import SourceDef

_Cell = str | list[str] | None


def read_jsonl(source: SourceDef, content: bytes, digest: str, wanted: Wanted) -> Records:
    """The wanted columns of a JSON lines file; `rows` are line numbers from 1.

    A column read as a list is List(String), every other one String; null and an absent key are
    blank. Raises SnapshotRefused when no line at all has a wanted key.
    """
    rows: list[int] = []
    kept: list[list[_Cell]] = []
    rejects: list[Reject] = []
    present: dict[str, None] = {}
    for number, line in enumerate(text_of(source, content).split("\n"), start=1):
        if not line.strip():
            continue
        record = _record(number, line)
        if isinstance(record, Reject):
            rejects.append(record)
            continue
        present.update(dict.fromkeys(record))
        cells = _cells(number, record, source, wanted)
        if isinstance(cells, Reject):
            rejects.append(cells)
        else:
            rows.append(number)
            kept.append(cells)
    if present:
        require_columns(source, wanted, list(present))
    lines = pl.Series("row", rows, dtype=pl.Int64)
    return Records(_frame(kept, wanted), lines, tuple(rejects), digest)


def _frame(kept: list[list[_Cell]], wanted: Wanted) -> pl.DataFrame:
    columns = list(zip(*kept, strict=True)) or [()] * len(wanted.columns)
    return pl.DataFrame(
        [
            pl.Series(
                name, cells, dtype=pl.List(pl.String) if name in wanted.lists else pl.String()
            )
            for name, cells in zip(wanted.columns, columns, strict=True)
        ]
    )


def _record(number: int, line: str) -> dict[str, object] | Reject:
    if has_broken_bytes(line):
        reason = "these bytes are not UTF-8: save the file as UTF-8"
        return Reject(number, "", shown(line), "NOT_UTF8", reason)
    try:
        data = json.loads(
            line,
            parse_float=str,
            parse_int=str,
            parse_constant=_refuse_constant,
            object_pairs_hook=_without_doubles,
        )
    except (ValueError, RecursionError) as exc:
        reason = f"this is not JSON: {exc}" if isinstance(exc, ValueError) else "nested too deep"
        return Reject(number, "", shown(line), "BAD_JSON", reason)
    if not isinstance(data, dict):
        return Reject(number, "", shown(line), "BAD_JSON", 'write one {"sku": …} per line')
    return data


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a key stands there twice")
    return data


def _cells(
    number: int, record: dict[str, object], source: SourceDef, wanted: Wanted
) -> list[_Cell] | Reject:
    cells: list[_Cell] = []
    for name in wanted.columns:
        value = record.get(name)
        cell = _list(value) if name in wanted.lists else _scalar(value)
        if value is not None and cell is None:
            kind = "an array such as [1, 2]" if name in wanted.lists else "one value"
            id_ = _scalar(record.get(source.id_column))
            text = shown(json.dumps(value, ensure_ascii=False))
            return Reject(number, name, text, "WRONG_JSON_VALUE", f"write {kind} here", id_)
        cells.append(cell)
    return cells


def _scalar(value: object) -> str | None:
    """A JSON scalar as text; None for anything else, and for half of a surrogate pair."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) and not has_broken_bytes(value) else None


def _list(value: object) -> list[str] | None:
    if not isinstance(value, list):
        return None
    texts = [_scalar(element) for element in value]
    return None if None in texts else [text for text in texts if text is not None]
