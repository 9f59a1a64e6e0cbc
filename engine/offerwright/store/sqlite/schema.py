"""The tables of the SQLite store and the steps that bring an older file up to date."""

from __future__ import annotations

import sqlite3

from offerwright.errors import StoreRefused
from offerwright.store.failpoint import failpoint

APPLICATION_ID = 0x4F465752
"""`OFWR` in the file's header: a database of another program is refused, not migrated."""

# Amounts are text: exact, whatever the driver. Times are Unix seconds.
_VERSION_1 = (
    """CREATE TABLE ledger (
        account TEXT NOT NULL, sku TEXT NOT NULL, aspect TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'none',
        desired_hash TEXT, desired_generation INTEGER NOT NULL DEFAULT 0,
        sent_generation INTEGER NOT NULL DEFAULT 0,
        confirmed_generation INTEGER NOT NULL DEFAULT 0, confirmed_hash TEXT,
        price TEXT, sale_price TEXT, quantity INTEGER, currency TEXT,
        observed_price TEXT, observed_sale_price TEXT, observed_quantity INTEGER,
        observed_currency TEXT, observed_at REAL,
        rejected_hash TEXT, problems TEXT NOT NULL DEFAULT '[]',
        plan_id TEXT, updated_at REAL NOT NULL,
        PRIMARY KEY (account, sku, aspect),
        CHECK (confirmed_generation <= sent_generation),
        CHECK (sent_generation <= desired_generation)
    ) WITHOUT ROWID""",
    """CREATE TABLE listings (
        account TEXT NOT NULL, sku TEXT NOT NULL, external_id TEXT,
        state TEXT NOT NULL CHECK (state IN ('live', 'ended')), updated_at REAL NOT NULL,
        PRIMARY KEY (account, sku)
    ) WITHOUT ROWID""",
    """CREATE TABLE outbox (
        row INTEGER PRIMARY KEY AUTOINCREMENT,
        account TEXT NOT NULL, marketplace TEXT NOT NULL, sku TEXT NOT NULL,
        aspect TEXT NOT NULL, action TEXT NOT NULL, generation INTEGER NOT NULL,
        payload TEXT NOT NULL, lane TEXT NOT NULL, "values" TEXT NOT NULL,
        guard_inputs TEXT NOT NULL, plan_id TEXT NOT NULL,
        rank INTEGER NOT NULL, stock_change INTEGER NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('queued', 'sending', 'submitted', 'in_doubt')),
        due REAL NOT NULL, queued_at REAL NOT NULL, sent_at REAL,
        handle TEXT, external_id TEXT, failures INTEGER NOT NULL DEFAULT 0,
        owner TEXT, fence INTEGER NOT NULL DEFAULT 0, lease_until REAL NOT NULL DEFAULT 0
    )""",
    "CREATE INDEX outbox_turn ON outbox (account, rank, row)",
    "CREATE INDEX outbox_due ON outbox (account, lane, due)",
    "CREATE INDEX outbox_offer ON outbox (account, sku)",
    "CREATE INDEX outbox_decreases ON outbox (sku) WHERE stock_change < 0",
    """CREATE TABLE outbox_parts (
        row INTEGER NOT NULL REFERENCES outbox (row) ON DELETE CASCADE,
        position INTEGER NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (row, position)
    ) WITHOUT ROWID""",
    """CREATE TABLE outbox_covers (
        row INTEGER NOT NULL REFERENCES outbox (row) ON DELETE CASCADE,
        aspect TEXT NOT NULL, desired_hash TEXT NOT NULL,
        PRIMARY KEY (row, aspect)
    ) WITHOUT ROWID""",
    """CREATE TABLE attempts (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL,
        account TEXT NOT NULL, sku TEXT NOT NULL, aspect TEXT NOT NULL,
        generation INTEGER NOT NULL, step TEXT NOT NULL, kind TEXT NOT NULL,
        status INTEGER, codes TEXT NOT NULL, plan_id TEXT NOT NULL
    )""",
    "CREATE INDEX attempts_offer ON attempts (account, sku, aspect, id)",
    "CREATE TABLE plans (id TEXT PRIMARY KEY, queued INTEGER NOT NULL, at REAL NOT NULL)",
    """CREATE TABLE pauses (
        account TEXT NOT NULL, lane TEXT NOT NULL, until REAL NOT NULL,
        PRIMARY KEY (account, lane)
    ) WITHOUT ROWID""",
    """CREATE TABLE writer (
        one INTEGER PRIMARY KEY CHECK (one = 1), owner TEXT, host TEXT NOT NULL,
        pid INTEGER NOT NULL, since REAL NOT NULL, lease_until REAL NOT NULL
    )""",
    "CREATE TABLE fences (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL)",
    "INSERT INTO fences VALUES (1, 0)",
    """CREATE TABLE tokens (
        account TEXT PRIMARY KEY, access TEXT NOT NULL, refresh TEXT NOT NULL,
        expires_at REAL NOT NULL, details TEXT NOT NULL, updated_at REAL NOT NULL
    )""",
    """CREATE TABLE runs (
        id TEXT PRIMARY KEY, "commit" TEXT NOT NULL, snapshot_id TEXT NOT NULL,
        as_of TEXT NOT NULL, engine_version TEXT NOT NULL, plan_hash TEXT NOT NULL,
        started_at REAL NOT NULL, details TEXT NOT NULL
    )""",
)

# By triggers, so that no writer can forget it. Where nobody has made a bookmark nothing is noted.
_TOUCHED = """CREATE TRIGGER {table}_{event} AFTER {event} ON {table}
    WHEN EXISTS (SELECT 1 FROM bookmarks) BEGIN
        INSERT INTO touched
            VALUES ({row}.account, {row}.sku, (SELECT max(revision) FROM bookmarks))
            ON CONFLICT (account, sku) DO UPDATE SET revision = excluded.revision
            WHERE revision < excluded.revision;
    END"""
TRIGGERS = {
    f"{table}_{event}": _TOUCHED.format(
        table=table, event=event, row="OLD" if event == "DELETE" else "NEW"
    )
    for table in ("ledger", "listings")
    for event in ("INSERT", "UPDATE", "DELETE")
}
_VERSION_2 = (
    """CREATE TABLE bookmarks (
        token TEXT PRIMARY KEY, name TEXT NOT NULL, revision INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE touched (
        account TEXT NOT NULL, sku TEXT NOT NULL, revision INTEGER NOT NULL,
        PRIMARY KEY (account, sku)
    ) WITHOUT ROWID""",
    *TRIGGERS.values(),
)

_HOLDS = (
    """CREATE TABLE holds (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        account TEXT NOT NULL, sku TEXT NOT NULL, rule TEXT NOT NULL, aspects TEXT NOT NULL,
        reason TEXT NOT NULL, by TEXT NOT NULL, until REAL, since REAL NOT NULL,
        released_by TEXT NOT NULL DEFAULT '', released_at REAL,
        released_why TEXT NOT NULL DEFAULT ''
    )""",
    "CREATE INDEX holds_standing ON holds (account) WHERE released_at IS NULL",
)

_PRICE_DAYS = (
    """CREATE TABLE price_days (
        account TEXT NOT NULL, sku TEXT NOT NULL, day INTEGER NOT NULL,
        lowest TEXT NOT NULL, highest TEXT NOT NULL,
        PRIMARY KEY (account, sku, day)
    ) WITHOUT ROWID""",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_VERSION_1, _VERSION_2, _HOLDS, _PRICE_DAYS)
"""One tuple of statements per schema version, oldest first; never edited once released."""


def schema_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def refuse_unfit(connection: sqlite3.Connection, name: str) -> None:
    """Raise `StoreRefused` for another program's database or one of a newer engine."""
    found = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    if found != APPLICATION_ID and tables:
        raise StoreRefused(
            f"{name} is a database of another program; name another file under `store:`"
        )
    version = schema_version(connection)
    if version > len(MIGRATIONS):
        raise StoreRefused(
            f"{name} has schema version {version}, this engine knows {len(MIGRATIONS)}: "
            "a newer Offerwright wrote it; use that version, or restore an older backup"
        )


def migrate(connection: sqlite3.Connection) -> None:
    """Run the missing migrations, all in the caller's transaction."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for statement in (s for step in MIGRATIONS[schema_version(connection) :] for s in step):
        connection.execute(statement)
        failpoint("store.migrate")
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
