"""The graph in one SQLite file: adjacency tables, recursive queries, no server."""

from graph.sqlite.store import SqliteGraph

__all__ = ["SqliteGraph"]
