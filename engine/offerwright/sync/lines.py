"""Operations and reasons as lines of a plan file, in bulk: canonical JSON without a Python row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import polars as pl

from offerwright.marketplaces.encode import plain
from offerwright.sync.delta import Changes
from offerwright.sync.told import part_column

_TEXT = pl.String()


def operation_lines(changes: Changes, account: str, marketplace: str) -> pl.Expr:
    """
    The line of every operation of a frame.

    It has the columns of `Changes.frame`, and beside them `guard_inputs`, `price_before` and
    `price_after` (exact texts), `quantity_before` and `quantity_after`; null where nothing is said.
    """
    covered = sorted(changes.aspects)
    base = [pl.col(f"base.{aspect}").cast(pl.String) for aspect in covered]
    return _object({
        "account": account,
        "action": changes.action,
        "aspect": changes.aspect,
        "base": _join("{", [[f'"{a}":', n] for a, n in zip(covered, base, strict=True)], "}"),
        "covers": _join("{", [[f'"{a}":"', pl.col(f"covers.{a}"), '"'] for a in covered], "}"),
        "guard_inputs": _quoted("guard_inputs"),
        "marketplace": marketplace,
        "parts": _parts([part.name for part in changes.payload.parts]),
        "payload": changes.payload.name,
        "price": _pair(_quoted("price_before"), _quoted("price_after")),
        "quantity": _pair(pl.col("quantity_before").cast(pl.String),
                          pl.col("quantity_after").cast(pl.String)),
        "sku": _quoted("sku"),
        "type": "operation",
        "why": _quoted("why"),
    })  # fmt: skip


def reason_lines(reasons: pl.DataFrame, account: str, kind: str) -> pl.Series:
    """The line of every reason of a `REASONS` frame; `kind` is `withheld` or `warning`."""
    line = _object({
        "account": account,
        "aspect": _quoted("aspect"),
        "code": _quoted("code"),
        "place": _quoted("place"),
        "reason": _quoted("reason"),
        "sku": _quoted("sku"),
        "type": kind,
    })  # fmt: skip
    return reasons.select(line.alias("line"))["line"]


def _object(members: dict[str, str | pl.Expr]) -> pl.Expr:
    """A JSON object whose keys come sorted; a text among its members is the same for all rows."""
    pieces: list[str | pl.Expr] = []
    for name, member in members.items():
        pieces.append(f"{',' if pieces else '{'}{json.dumps(name)}:")
        pieces.append(json.dumps(member, ensure_ascii=False) if isinstance(member, str) else member)
    return _concat([*pieces, "}"])


def _quoted(name: str) -> pl.Expr:
    """A text column as JSON; null where it is null."""
    return pl.concat_str(pl.lit('"'), plain(pl.col(name), _TEXT), pl.lit('"'))


def _pair(before: pl.Expr, after: pl.Expr) -> pl.Expr:
    return _concat(["[", before.fill_null("null"), ",", after.fill_null("null"), "]"])


def _parts(names: Sequence[str]) -> pl.Expr:
    """`[["NAME","BODY"],…]`; a part that an offer does not have is left out."""
    pairs = [
        _concat([f"[{json.dumps(name, ensure_ascii=False)},", _quoted(part_column(name)), "]"])
        for name in names
    ]
    return _concat(["[", pl.concat_str(pairs, separator=",", ignore_nulls=True), "]"])


def _join(head: str, items: Iterable[Sequence[str | pl.Expr]], tail: str) -> pl.Expr:
    texts = [_concat(item) for item in items]
    return _concat([head, pl.concat_str(texts, separator=","), tail])


def _concat(pieces: Sequence[str | pl.Expr]) -> pl.Expr:
    return pl.concat_str([pl.lit(p) if isinstance(p, str) else p for p in pieces])
