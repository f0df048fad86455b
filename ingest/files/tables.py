"""Plain reads of an SQLite database that somebody else filled: of tables, and of nothing else."""

import sqlite3
from collections.abc import Iterator
from typing import TypeAlias

Database: TypeAlias = sqlite3.Connection
Row: TypeAlias = dict[str, object]


def rows(db: Database, sql: str, *values: object) -> Iterator[Row]:
    """The rows of a query, by column."""
    for row in db.execute(sql, values):
        yield dict(row)


def pairs(
    db: Database,
    table: str,
    column: str,
    wanted: object,
    *,
    name: str = "key",
    value: str = "value",
) -> dict[str, str]:
    """Two columns of the rows that have ``wanted``, by name; empty when there is no such table."""
    if not is_table(db, table):
        return {}
    sql = f"SELECT {name} AS n, {value} AS v FROM {table} WHERE {column} = ? ORDER BY {name}"
    return {
        str(row["n"]): "" if row["v"] is None else str(row["v"]) for row in rows(db, sql, wanted)
    }


def columns(db: Database, table: str) -> set[str]:
    """The names of a table's columns."""
    return {str(row["name"]) for row in rows(db, f"PRAGMA table_info({table})")}


def has_rowid(db: Database, table: str) -> bool:
    """Whether the rows of a table are numbered as they came."""
    sql = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?"
    return all("WITHOUT ROWID" not in str(row["sql"]).upper() for row in rows(db, sql, table))


def is_table(db: Database, table: str) -> bool:
    """A view may run whatever its author liked; only tables are read."""
    sql = "SELECT type FROM sqlite_schema WHERE name = ?"
    return any(row["type"] == "table" for row in rows(db, sql, table))


def whole(value: object) -> int:
    """A whole number; 0 for anything else."""
    return value if isinstance(value, int) else 0
