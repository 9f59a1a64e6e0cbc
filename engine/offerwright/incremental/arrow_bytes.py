"""Columns → the bytes of an Arrow file, as remembered runs and plans keep them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa


def arrow_bytes(columns: Mapping[str, Any]) -> bytes:
    """The same bytes for the same columns: `pyarrow` arrays of one length, by name."""
    table = pa.table(dict(columns))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    held: bytes = sink.getvalue().to_pybytes()
    return held
