"""Operations and reasons as lines of a plan file, in bulk: canonical JSON without a Python row."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from offerwright.marketplaces.encode import ESCAPING, clean
from offerwright.sync.delta import Changes
from offerwright.sync.told import part_column


def operation_lines(
    changes: Changes, beside: pl.DataFrame, account: str, marketplace: str
) -> pl.Series:
    """
    The line of every operation, with its end.

    `beside` has the columns of `Changes.frame`, and with them `guard_inputs`, `price_before` and
    `price_after` (exact texts), `quantity_before` and `quantity_after`; null where nothing is said.
    """
    covered = sorted(changes.aspects)
    names = [part.name for part in changes.payload.parts]
    written = beside.with_columns(
        clean(beside["sku"]),
        *(in_json(beside[name]) for name in ("guard_inputs", *map(part_column, names))),
    )
    base = [_concat([f'"{a}":', pl.col(f"base.{a}").cast(pl.String)]) for a in covered]
    covers = [_concat([f'"{a}":"', pl.col(f"covers.{a}"), '"']) for a in covered]
    quantities = [pl.col(f"quantity_{when}").cast(pl.String) for when in ("before", "after")]
    line = _object({
        "account": account,
        "action": changes.action,
        "aspect": changes.aspect,
        "base": _join(base),
        "covers": _join(covers),
        "guard_inputs": _quoted("guard_inputs"),
        "marketplace": marketplace,
        "parts": _parts(names),
        "payload": changes.payload.name,
        "price": _pair([_quoted("price_before"), _quoted("price_after")]),
        "quantity": _pair(quantities),
        "sku": _quoted("sku"),
        "type": "operation",
        "why": _quoted("why"),
    })  # fmt: skip
    return written.select(line.alias("line"))["line"]


def reason_lines(reasons: pl.DataFrame, account: str, kind: str) -> pl.Series:
    """The lines of a `REASONS` frame, with their ends; `kind` is `withheld` or `warning`."""
    written = reasons.with_columns(clean(reasons[n]) for n in ("sku", "code", "place", "reason"))
    line = _object({
        "account": account,
        "aspect": _quoted("aspect"),
        "code": _quoted("code"),
        "place": _quoted("place"),
        "reason": _quoted("reason"),
        "sku": _quoted("sku"),
        "type": kind,
    })  # fmt: skip
    return written.select(line.alias("line"))["line"]


def in_json(texts: pl.Series) -> pl.Series:
    """
    Texts that are JSON themselves as they stand inside a JSON string.

    They are full of quotes and have no control character: two searches for one character each take
    a third of the time of one for all that JSON escapes.
    """
    if has_controls(texts):
        return texts.str.replace_many(*ESCAPING)
    doubled = texts.str.replace_all("\\", "\\\\", literal=True)
    return doubled.str.replace_all('"', '\\"', literal=True)


def has_controls(texts: pl.Series) -> bool:
    """Whether any of the 32 control characters is in any text."""
    return bool((octets(texts) < 32).any())


def octets(texts: pl.Series) -> NDArray[np.uint8]:
    """The bytes of all texts, one after the other, without a copy where they lie so already."""
    held = texts.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, ends, data = held.buffers()
    if data is None:
        return np.zeros(0, dtype=np.uint8)
    start, stop = np.frombuffer(ends, dtype=np.int64)[[held.offset, held.offset + len(held)]]
    return np.frombuffer(data, dtype=np.uint8)[start:stop]


def _object(members: dict[str, str | pl.Expr]) -> pl.Expr:
    """A JSON object whose keys come sorted; a text among its members is the same for all rows."""
    pieces: list[str | pl.Expr] = []
    for name, member in members.items():
        pieces.append(f"{',' if pieces else '{'}{json.dumps(name)}:")
        pieces.append(json.dumps(member, ensure_ascii=False) if isinstance(member, str) else member)
    return _concat([*pieces, "}\n"])


def _quoted(name: str) -> pl.Expr:
    """A text column as JSON, whose texts are escaped already; null where it is null."""
    return pl.concat_str(pl.lit('"'), pl.col(name), pl.lit('"'))


def _pair(both: Sequence[pl.Expr]) -> pl.Expr:
    before, after = (one.fill_null("null") for one in both)
    return _concat(["[", before, ",", after, "]"])


def _parts(names: Sequence[str]) -> pl.Expr:
    """`[["NAME","BODY"],…]`; a part that an offer does not have is left out."""
    pairs = [
        _concat([f"[{json.dumps(name, ensure_ascii=False)},", _quoted(part_column(name)), "]"])
        for name in names
    ]
    return _concat(["[", pl.concat_str(pairs, separator=",", ignore_nulls=True), "]"])


def _join(members: Sequence[pl.Expr]) -> pl.Expr:
    return _concat(["{", pl.concat_str(members, separator=","), "}"])


def _concat(pieces: Sequence[str | pl.Expr]) -> pl.Expr:
    return pl.concat_str([pl.lit(p) if isinstance(p, str) else p for p in pieces])
