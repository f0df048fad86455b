"""Tables of the graph file. STRICT, so that text and integers stay what they are."""

import sqlite3
from typing import Final

from graph.projector import PROJECTOR_VERSION

SCHEMA_VERSION: Final = 2
VERSION: Final = SCHEMA_VERSION * 1_000_000 + PROJECTOR_VERSION
"""Stands in ``PRAGMA user_version``; a file of another version is emptied and rebuilt."""

_TABLES: Final = (
    """
    CREATE TABLE cursor (
        name TEXT PRIMARY KEY,
        size INTEGER NOT NULL,
        edge BLOB NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE node (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        project TEXT NOT NULL,
        seq INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX node_order ON node (project, kind, seq, id)",
    """
    CREATE TABLE attribute (
        node INTEGER NOT NULL REFERENCES node (key),
        name TEXT NOT NULL,
        seq INTEGER NOT NULL,
        until INTEGER,
        value ANY NOT NULL,
        PRIMARY KEY (node, name, seq)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE INDEX attribute_text ON attribute (name, value, node, seq, until)
    WHERE typeof(value) = 'text' AND length(value) <= 256
    """,
    """
    CREATE INDEX attribute_integer ON attribute (name, value, node, seq, until)
    WHERE typeof(value) = 'integer'
    """,
    """
    CREATE TABLE edge (
        source INTEGER NOT NULL REFERENCES node (key),
        type TEXT NOT NULL,
        target INTEGER NOT NULL REFERENCES node (key),
        role TEXT NOT NULL,
        facet TEXT NOT NULL,
        seq INTEGER NOT NULL,
        PRIMARY KEY (source, type, target, role)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX edge_target ON edge (target, type, source, role, facet, seq)",
)


def prepare(db: sqlite3.Connection, name: str) -> None:
    """Make the tables if they are not there, or not of this version."""
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("BEGIN IMMEDIATE")
    try:
        if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            drop_tables(db)
            create_tables(db, name)
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def create_tables(db: sqlite3.Connection, name: str) -> None:
    """All tables, empty, with the cursor at zero. Inside the caller's transaction."""
    for statement in _TABLES:
        db.execute(statement)
    db.execute("INSERT INTO cursor (name, size, edge) VALUES (?, 0, x'')", (name,))
    db.execute(f"PRAGMA user_version = {VERSION}")


def drop_tables(db: sqlite3.Connection) -> None:
    """Remove whatever stands. Inside the caller's transaction."""
    for table in ("edge", "attribute", "node", "cursor"):
        db.execute(f"DROP TABLE IF EXISTS {table}")
