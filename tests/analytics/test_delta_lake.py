"""One Delta table: rows and cursor move together, once, and foreign errors stay inside."""

import polars as pl
import pytest

from analytics.delta_lake import CursorTable, collect
from domain.errors import BackendError, StaleError, UsageError
from ledger.projection import Cursor
from tests.analytics.metric_entries import cursor

COLUMNS = pl.Schema({"run": pl.String(), "key": pl.String(), "seq": pl.Int64()})


def rows(*seqs: int) -> pl.DataFrame:
    return pl.DataFrame([("a", None, seq) for seq in seqs], schema=COLUMNS, orient="row")


@pytest.fixture
def table(tmp_path) -> CursorTable:
    return CursorTable(tmp_path / "with space" / "table", COLUMNS, frozenset({"key"}))


def seqs(table: CursorTable) -> list[int]:
    return sorted(collect(table.snapshot().scan())["seq"])


def test_a_table_that_does_not_exist_is_empty(table):
    snapshot = table.snapshot()
    assert (snapshot.cursor, snapshot.files) == (Cursor(), 0)
    assert collect(snapshot.scan()).schema == COLUMNS


def test_rows_and_cursor_move_together(table):
    written = table.append(rows(0, 1), old=Cursor(), new=cursor(2))
    assert written.cursor == table.snapshot().cursor == cursor(2)
    assert seqs(table) == [0, 1]


def test_no_rows_move_the_cursor_too(table):
    table.append(rows(), old=Cursor(), new=cursor(5))
    assert table.snapshot().cursor == cursor(5)
    assert seqs(table) == []


def test_an_old_snapshot_stays_what_it_was(table):
    before = table.append(rows(0), old=Cursor(), new=cursor(1))
    table.append(rows(1), old=cursor(1), new=cursor(2))
    table.compact()
    assert list(collect(before.scan())["seq"]) == [0]


def test_a_cursor_of_the_same_size_and_another_edge_is_not_the_same(table):
    table.append(rows(0), old=Cursor(), new=cursor(1))
    with pytest.raises(StaleError):
        table.append(rows(1), old=Cursor(1, (bytes(32),)), new=cursor(2))
    assert seqs(table) == [0]


def test_compaction_joins_files_and_keeps_the_cursor(table):
    for size in range(4):
        table.append(rows(size), old=cursor(size), new=cursor(size + 1))
    table.compact()
    snapshot = table.snapshot()
    assert (snapshot.files, snapshot.cursor) == (1, cursor(4))
    assert seqs(table) == [0, 1, 2, 3]


def test_filters_reach_the_files(table):
    table.append(rows(0, 1), old=Cursor(), new=cursor(2))
    plan = table.snapshot().scan().filter(pl.col("seq") == 1).explain()
    assert "SELECTION" in plan
    assert "FILTER" not in plan


def test_removal_leaves_an_empty_table(table):
    table.append(rows(0), old=Cursor(), new=cursor(1))
    table.remove()
    assert table.snapshot().cursor == Cursor()
    table.remove()
    table.append(rows(7), old=Cursor(), new=cursor(8))
    assert seqs(table) == [7]


def test_what_is_left_of_an_interrupted_removal_does_no_harm(table, tmp_path):
    table.append(rows(0), old=Cursor(), new=cursor(1))
    (tmp_path / "with space" / "table.discarded" / "rest").mkdir(parents=True)
    table.remove()
    assert table.snapshot().cursor == Cursor()


def test_damaged_logs_and_files_are_backend_errors(table, tmp_path):
    table.append(rows(0), old=Cursor(), new=cursor(1))
    folder = tmp_path / "with space" / "table"
    for file in sorted(folder.glob("*.parquet")):
        file.write_bytes(b"PAR1 nothing of the kind PAR1")
    with pytest.raises(BackendError):
        seqs(table)
    for file in sorted((folder / "_delta_log").glob("*.json")):
        file.write_bytes(b"{not json")
    with pytest.raises(BackendError):
        table.snapshot()


@pytest.mark.parametrize("name", ["a[b]", "100%25", "a|b", "a^b", "a\\b", "a\tb"])
def test_a_folder_that_delta_lake_cannot_address_is_refused(tmp_path, name):
    with pytest.raises(UsageError):
        CursorTable(tmp_path / name, COLUMNS, frozenset())
