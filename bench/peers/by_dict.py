"""
Payloads as one writes them in Python: a dict literal for each body, then orjson.

The literals are made by example: of some bodies and their offers, every leaf is a constant or a
value of the offer. So they are as lean as if written by hand for this very workload, and hold no
condition that it does not meet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson
import polars as pl

Row = tuple[Any, ...]
Build = Callable[[Row], Any]


class NotLearned(Exception):
    """A leaf of a body is neither constant nor a value of its offer."""


def ready_rows(offers: pl.DataFrame) -> tuple[list[str], list[Row]]:
    """Names and plain values: amounts as float, as text and in cents, lists taken apart."""
    columns: list[pl.Expr] = []
    for name, dtype in offers.schema.items():
        if isinstance(dtype, pl.Decimal):
            columns += [
                pl.col(name).cast(pl.Float64).alias(f"{name}/number"),
                pl.col(name).cast(pl.String).alias(f"{name}/text"),
                (pl.col(name) * Decimal(100)).cast(pl.Int64).alias(f"{name}/cents"),
            ]
        elif isinstance(dtype, pl.List) and dtype.inner == pl.String:
            columns.append(pl.col(name).list.first())
        elif not isinstance(dtype, pl.List):
            columns.append(pl.col(name))
            if dtype == pl.String and _numeric(offers[name]):
                columns.append(pl.col(name).cast(pl.Float64).alias(f"{name}/number"))
    frame = offers.select(columns)
    return frame.columns, frame.rows()


def _numeric(texts: pl.Series) -> bool:
    """Whether every text is a number, such as a weight."""
    return texts.is_not_null().all() and texts.cast(pl.Float64, strict=False).is_not_null().all()


def learned(names: Sequence[str], rows: Sequence[Row], bodies: Sequence[str]) -> Build:
    """The function that makes such a body. Raises `NotLearned`."""
    examples = [orjson.loads(body) for body in bodies]
    records = [dict(zip(names, row, strict=True)) for row in rows]
    places = {name: f"r[{number}]" for number, name in enumerate(names)}
    build: Build = eval(f"lambda r: {_source(examples, records, places)}")
    return build


def dumped(build: Build, rows: Sequence[Row]) -> list[bytes]:
    """What is timed: a dict and its bytes for each row."""
    dumps = orjson.dumps
    return [dumps(build(row)) for row in rows]


def _source(
    values: Sequence[Any], records: Sequence[Mapping[str, Any]], places: Mapping[str, str]
) -> str:
    """Python for the values that one place of a body has in some examples."""
    first = values[0]
    if isinstance(first, dict):
        if any(list(v) != list(first) for v in values):
            raise NotLearned(f"keys differ: {list(first)}")
        inner = [f"{k!r}: {_source([v[k] for v in values], records, places)}" for k in first]
        return "{" + ", ".join(inner) + "}"
    if isinstance(first, list):
        if any(len(v) != len(first) for v in values):
            raise NotLearned("lists of several lengths")
        inner = [_source([v[n] for v in values], records, places) for n in range(len(first))]
        return "[" + ", ".join(inner) + "]"
    for name, place in places.items():
        if all(_equal(v, record[name]) for v, record in zip(values, records, strict=True)):
            return place
    if all(_equal(v, first) for v in values):
        return repr(first)
    return _derived(values, records, places)


def _derived(
    values: Sequence[Any], records: Sequence[Mapping[str, Any]], places: Mapping[str, str]
) -> str:
    pairs = list(zip(values, records, strict=True))
    for name, place in places.items():
        if all(type(r[name]) is int and v is (r[name] > 0) for v, r in pairs):
            return f"{place} > 0"
    text = values[0]
    if not isinstance(text, str):
        raise NotLearned(f"{text!r} comes from nowhere")
    template, used = text.replace("{", "{{").replace("}", "}}"), {}
    for name, place in sorted(places.items(), key=lambda p: -len(str(records[0][p[0]]))):
        held = records[0][name]
        if isinstance(held, str) and len(held) > 3 and held in template:
            template, used[name] = template.replace(held, f"{{{place}}}"), place
    if not used:
        raise NotLearned(f"{text!r} comes from nowhere")
    for value, record in pairs:
        filled = template
        for name, place in used.items():
            filled = filled.replace(f"{{{place}}}", record[name])
        if filled != value:
            raise NotLearned(f"{value!r} is not {template!r}")
    return "f" + repr(template)


def _equal(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other
