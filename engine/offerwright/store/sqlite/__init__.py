"""The embedded store: one SQLite file, WAL, one writer."""
