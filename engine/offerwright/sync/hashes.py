"""
A stable hash of what is said, in bulk: it is written to the ledger and compared for years.

`<version>-<32 hex digits>`: XXH3-128 (seed 0) of all parts of a message one after the other, each
as `name:length in bytes:body` in UTF-8. Why this one: docs/decisions/0026-hash-of-what-is-said.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import polars_hash as plh
import pyarrow as pa

VERSION = "1"
"""Another definition gets another number: what is confirmed by the old one is then told once."""
_HALF = 2**64


def said_hashes(said: pl.DataFrame, parts: Sequence[str]) -> pl.Series:
    """
    The hash of every row.

    Args:
        said: one String column per part; null where a row has no such part.
        parts: the names of these columns, in the order in which they are sent.
    """
    pieces = [
        pl.concat_str(
            pl.lit(f"{name}:"), pl.col(name).str.len_bytes().cast(pl.String), pl.lit(":"), name
        )
        for name in parts
    ]
    whole = said.select(pl.concat_str(pieces, ignore_nulls=True).alias("hash"))["hash"]
    return f"{VERSION}-" + digests(whole)


def digests(texts: pl.Series) -> pl.Series:
    """XXH3-128 of every text, in hex."""
    # Halves, because neither NumPy nor Arrow has an integer of 128 bits.
    hashed = pl.DataFrame({"text": texts}).select(plh.col("text").nchash.xxh3_128())
    halves = hashed.select(
        (pl.col("text") // _HALF).cast(pl.UInt64).alias("high"),
        (pl.col("text") % _HALF).cast(pl.UInt64).alias("low"),
    )
    return _hex(halves)


def _hex(halves: pl.DataFrame) -> pl.Series:
    """Two columns of 64 bits → 32 hex digits, high bits first."""
    digits = np.ascontiguousarray(halves.to_numpy()).astype(">u8")
    array = pa.Array.from_buffers(
        pa.binary(16), len(digits), [None, pa.py_buffer(digits.tobytes())]
    )
    found = pl.from_arrow(array)
    assert isinstance(found, pl.Series)
    return found.bin.encode("hex").alias("hash")
