"""What only the SQLite store promises: its file."""

import sqlite3
from pathlib import Path

import pytest

from domain.errors import BackendError, UsageError
from graph.model import NodeKind
from graph.port import Condition, NodeQuery, Operator
from graph.sqlite import SqliteGraph
from ledger.projection import Cursor
from tests.conformance.entries import cursor, entry, run_started

STARTED = [entry(0, "run.started", run_started("r1"))]


def test_what_was_applied_outlives_the_store(tmp_path: Path) -> None:
    first = SqliteGraph(tmp_path / "graph.db")
    first.apply(STARTED, old=Cursor(), new=cursor(1))
    first.close()
    second = SqliteGraph(tmp_path / "graph.db")
    assert second.cursor() == cursor(1)
    assert list(second.nodes(["run:r1"])) == ["run:r1"]
    second.close()


def test_two_stores_on_one_file_see_each_other(tmp_path: Path) -> None:
    one, two = SqliteGraph(tmp_path / "graph.db"), SqliteGraph(tmp_path / "graph.db")
    one.apply(STARTED, old=Cursor(), new=cursor(1))
    assert two.cursor() == cursor(1)
    one.close()
    two.close()


def test_a_file_of_another_version_is_emptied(tmp_path: Path) -> None:
    first = SqliteGraph(tmp_path / "graph.db")
    first.apply(STARTED, old=Cursor(), new=cursor(1))
    first.close()
    with sqlite3.connect(tmp_path / "graph.db") as db:
        db.execute("PRAGMA user_version = 7")
    db.close()
    second = SqliteGraph(tmp_path / "graph.db")
    assert second.cursor() == Cursor()
    assert list(second.dump()) == []
    second.close()


def test_a_file_that_is_no_database_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "graph.db").write_bytes(b"not a database, but long enough to be read as one" * 50)
    with pytest.raises(BackendError):
        SqliteGraph(tmp_path / "graph.db")
    with pytest.raises(BackendError):
        SqliteGraph(tmp_path / "missing" / "graph.db")


def test_text_that_no_file_can_hold_is_a_typed_error(tmp_path: Path) -> None:
    store = SqliteGraph(tmp_path / "graph.db")
    condition = Condition("name", Operator.EQ, "\ud800")
    with pytest.raises(UsageError):
        store.find(NodeQuery("default", NodeKind.RUN, (condition,)))
    assert store.nodes(["run:\ud800", "run:r1\0"]) == {}
    store.close()
