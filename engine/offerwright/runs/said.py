"""The lines of a plan → one row per operation with the hashes of what it says, in bulk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from offerwright.frames import ASPECTS
from offerwright.sync.hashes import digests

SAID: Mapping[str, Any] = {
    "account": pl.String, "sku": pl.String, "aspect": pl.String, "action": pl.String,
    **{f"covers.{aspect}": pl.String for aspect in ASPECTS},
    "body": pl.String, "line": pl.String,
}  # fmt: skip
"""`covers.ASPECT` is the hash of what is said of an aspect, as the ledger has it, null where the
operation says nothing of it; `body` and `line` are hashes of the bodies as they are sent, and of
all that the plan says of the operation."""
KEY = ("account", "sku", "aspect", "action")

_TEXT = r'((?:[^"\\]|\\.)*)'
# Inside a text of JSON a quote has a backslash before it: these find members and nothing else.
_MEMBERS = {
    "account": rf'^\{{"account":"{_TEXT}"',
    "sku": rf',"sku":"{_TEXT}","type":"operation"',
    "aspect": r'"aspect":"(\w+)"',
    "action": r'"action":"(\w+)"',
}
_COVERS = r'"covers":\{([^}]*)\}'
_BODIES, _BEHIND = '"parts":', '],"payload":"'


def said(lines: pl.Series) -> pl.DataFrame:
    """`SAID`, one row per line of an operation, in their order."""
    frame = _pieces(pl.DataFrame({"line": lines}, schema={"line": pl.String}))
    found = frame.with_columns(
        *(
            pl.col("tail" if name == "sku" else "head").str.extract(pattern).alias(name)
            for name, pattern in _MEMBERS.items()
        ),
        pl.col("head").str.extract(_COVERS).alias("covers"),
    ).with_columns(
        pl.col("covers").str.extract(rf'"{aspect}":"([^"]*)"').alias(f"covers.{aspect}")
        for aspect in ASPECTS
    )
    return found.with_columns(
        plain(found["account"]),
        plain(found["sku"]),
        digests(found["body"]).alias("body"),
        digests(found["line"]).alias("line"),
    ).select(*SAID)


def _pieces(lines: pl.DataFrame) -> pl.DataFrame:
    """
    Lines with what stands before their bodies, the bodies, and what stands behind.

    The bodies are nearly all of a line: cut off first, they are gone through once.
    """
    whole = lines.with_columns(pl.col("line").str.strip_chars_end("\r\n"))
    cut = whole.with_columns(
        pl.col("line").str.splitn(_BODIES, 2).struct.rename_fields(["head", "rest"]).alias("cut")
    ).unnest("cut")
    return (
        cut.with_columns(
            pl.col("rest")
            .str.splitn(_BEHIND, 2)
            .struct.rename_fields(["body", "tail"])
            .alias("cut")
        )
        .drop("rest")
        .unnest("cut")
    )


def hashes_of(rows: pl.DataFrame) -> pl.DataFrame:
    """`account`, `sku`, `aspect`, `hash`: one row per aspect that operations say something of."""
    named = {f"covers.{aspect}": aspect for aspect in ASPECTS}
    plain_rows = rows.select(
        "account", "sku", *(pl.col(old).alias(new) for old, new in named.items())
    )
    return plain_rows.unpivot(
        list(ASPECTS), index=["account", "sku"], variable_name="aspect", value_name="hash"
    ).drop_nulls()


def plain(texts: pl.Series) -> pl.Series:
    """Texts as they are, of texts as they stand inside JSON; most have nothing to undo."""
    odd = texts.filter(texts.str.contains("\\", literal=True)).unique()
    if not len(odd):
        return texts
    return texts.replace(odd, pl.Series([json.loads(f'"{one}"') for one in odd], dtype=pl.String))


def all_said(blocks: Iterable[pl.Series]) -> pl.DataFrame:
    """`SAID` of all lines, block by block: no more than one block of bodies is in memory."""
    return pl.concat([pl.DataFrame(schema=SAID), *(said(lines) for lines in blocks)])
