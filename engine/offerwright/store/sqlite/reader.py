"""
A process that reads one SQLite store through ADBC and hands over Arrow: `python -m … FILE`.

It is a process of its own because the driver brings its own copy of SQLite. Two copies in one
process break each other's locks: closing any handle of a file gives up all locks that the process
holds on it (POSIX), and a checkpoint could then take away the log under an open connection.

Every line of stdin is a statement, `{"sql": …, "parameters": […]}`; every answer on stdout an Arrow
stream and a line with the number of its rows, which only a whole answer has. All of them see the
state of the file at the first one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import adbc_driver_sqlite.dbapi
import pyarrow as pa

BATCH_ROWS = 65_536


def main() -> None:
    path = Path(sys.argv[1])
    uri = f"{path.resolve().as_uri()}?mode=ro"
    try:
        with adbc_driver_sqlite.dbapi.connect(uri) as connection:
            for line in sys.stdin:
                answer(connection, json.loads(line))
    except adbc_driver_sqlite.dbapi.Error as problem:
        sys.exit(f"{path.name}: {problem}")


def answer(connection: adbc_driver_sqlite.dbapi.Connection, asked: dict[str, Any]) -> None:
    """Answer one statement."""
    with connection.cursor() as cursor:
        cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": BATCH_ROWS})
        cursor.execute(asked["sql"], asked["parameters"])
        rows = written(cursor.fetch_record_batch())
    sys.stdout.buffer.write(b"%d\n" % rows)
    sys.stdout.buffer.flush()


def written(batches: pa.RecordBatchReader) -> int:
    """Write one Arrow stream; how many rows it has."""
    rows = 0
    with pa.ipc.new_stream(sys.stdout.buffer, batches.schema) as stream:
        for batch in batches:
            stream.write_batch(batch)
            rows += batch.num_rows
    return rows


if __name__ == "__main__":
    main()
