"""
A process that reads one SQLite store through ADBC and hands over Arrow: `python -m … FILE`.

It is a process of its own because the driver brings its own copy of SQLite. Two copies in one
process break each other's locks: closing any handle of a file gives up all locks that the process
holds on it (POSIX), and a checkpoint could then take away the log under an open connection.

Every line of stdin is a statement, `{"sql": …, "parameters": […]}`; every answer on stdout an Arrow
stream. All of them see the state of the file at the first one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import adbc_driver_sqlite.dbapi
import pyarrow as pa

BATCH_ROWS = 65_536


def main() -> None:
    uri = f"{Path(sys.argv[1]).resolve().as_uri()}?mode=ro"
    with adbc_driver_sqlite.dbapi.connect(uri) as connection:
        for line in sys.stdin:
            asked = json.loads(line)
            with connection.cursor() as cursor:
                cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": BATCH_ROWS})
                cursor.execute(asked["sql"], asked["parameters"])
                answer(cursor.fetch_record_batch())


def answer(batches: pa.RecordBatchReader) -> None:
    """Write one Arrow stream."""
    with pa.ipc.new_stream(sys.stdout.buffer, batches.schema) as stream:
        for batch in batches:
            stream.write_batch(batch)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
