"""Metric tables: what is applied is visible, exact at every position, durable in batches."""

import math
import shutil
import struct
import tempfile
import threading
from pathlib import Path

import deltalake
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import delta_lake
from analytics.metric_rows import fold, point_rows
from analytics.summaries import MetricSummary, series_order
from analytics.tables import FLUSH_AFTER_MS, FLUSH_ROWS, MetricTables
from domain.clock import FrozenClock
from domain.errors import BackendError, IntegrityError, StaleError
from domain.metric import decimal_text
from domain.run import RUN_STARTED
from ledger.projection import Cursor
from tests.analytics.metric_entries import cursor, entry, point

numbers = st.one_of(
    st.floats(-10, 10, width=16),
    st.floats(),
    st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf]),
)
logged = st.lists(
    st.builds(
        point,
        st.sampled_from(["acc", "loss"]),
        numbers,
        step=st.integers(-1, 2),
        at=st.integers(0, 2),
    ),
    max_size=4,
)
ledgers = st.lists(st.tuples(st.sampled_from(["a", "b"]), logged), min_size=1, max_size=8).map(
    lambda calls: [entry(seq, run, points) for seq, (run, points) in enumerate(calls)]
)
RUNS = ["a", "b", "unknown"]


@pytest.fixture
def data(tmp_path):
    return tmp_path


def opened(data: Path) -> MetricTables:
    return MetricTables.open(data, clock=FrozenClock())


def feed(tables: MetricTables, entries, *, sizes=()) -> None:
    """Apply what is missing in pieces of the given sizes, the rest at once."""
    start = tables.cursor().size
    for size in [*sizes, len(entries)]:
        stop = min(start + size, len(entries))
        if stop > start:
            tables.apply(entries[start:stop], old=tables.cursor(), new=cursor(stop))
        start = stop


def from_scratch(entries, as_of) -> dict[str, dict[str, MetricSummary]]:
    folded = fold(row for one in entries[:as_of] for row in point_rows(one))
    found: dict[str, dict[str, MetricSummary]] = {run: {} for run in RUNS}
    for (run, key), summary in folded.items():
        found[run][key] = summary
    return found


def bits(summaries) -> dict[str, dict[str, list[object]]]:
    def text(value):
        return struct.pack(">d", value) if isinstance(value, float) else value

    names = MetricSummary.__slots__
    return {
        run: {key: [text(getattr(one, name)) for name in names] for key, one in by_key.items()}
        for run, by_key in summaries.items()
    }


@settings(max_examples=15, deadline=None)
@given(ledgers, st.lists(st.tuples(st.integers(1, 4), st.sampled_from("fro-")), max_size=5))
def test_every_position_answers_as_if_it_were_the_last(entries, batches):
    """However it is batched, flushed and reopened, ``as_of`` equals a fold of the prefix."""
    with tempfile.TemporaryDirectory() as folder:
        tables = opened(Path(folder))
        for size, then in batches:
            feed(tables, entries[: tables.cursor().size + size])
            if then in "fo":
                tables.flush()
            if then in "ro":
                tables = opened(Path(folder))
        feed(tables, entries)
        for as_of in range(len(entries) + 1):
            found = tables.summaries(RUNS, as_of=as_of)
            assert bits(found) == bits(from_scratch(entries, as_of))
            _check_points(tables, entries, as_of)
        assert bits(tables.summaries(RUNS)) == bits(from_scratch(entries, len(entries)))


def _check_points(tables, entries, as_of):
    for run in RUNS:
        for key in ("acc", "loss"):
            rows = [row for one in entries[:as_of] for row in point_rows(one)]
            rows = [row for row in rows if (row.run, row.key) == (run, key)]
            rows.sort(key=lambda row: (series_order((row.step, row.at, row.value)), row.seq))
            expected = [(row.step, row.at, decimal_text(row.value)) for row in rows]
            found = tables.points(run, key, as_of=as_of)
            assert [(one["step"], one["timestamp"], one["value"]) for one in found] == expected


@settings(max_examples=15, deadline=None)
@given(ledgers, st.lists(st.integers(1, 3), max_size=8))
def test_the_digest_depends_on_the_ledger_alone(entries, sizes):
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        pieces, whole = opened(Path(one)), opened(Path(other))
        start = 0
        for size in sizes:
            start += size
            feed(pieces, entries[:start])
            pieces.flush()
        feed(pieces, entries)
        feed(whole, entries)
        assert pieces.dump_digest() == whole.dump_digest()
        pieces.close()
        assert opened(Path(one)).dump_digest() == whole.dump_digest()
        pieces.reset()
        assert pieces.cursor() == Cursor()
        feed(pieces, entries)
        assert pieces.dump_digest() == whole.dump_digest()


def test_the_digest_tells_contents_apart(data):
    tables = opened(data / "one")
    feed(tables, [entry(0, "a", [point("acc", 0.0)])])
    other = opened(data / "other")
    feed(other, [entry(0, "a", [point("acc", -0.0)])])
    assert tables.dump_digest() != other.dump_digest()


def test_points_keep_everything_that_was_logged(data):
    one = point("acc", 0.5, step=3, at=1_700_000_000_000)
    one |= {"model_id": "m-1", "dataset_name": "digits", "dataset_digest": "abc"}
    tables = opened(data)
    feed(tables, [entry(0, "a", [point("acc", math.nan), one])])
    assert tables.points("a", "acc") == [point("acc", math.nan), one]
    tables.close()
    assert opened(data).points("a", "acc") == [point("acc", math.nan), one]


def test_only_asked_keys_are_answered(data):
    tables = opened(data)
    feed(tables, [entry(0, "a", [point("acc", 1.0), point("loss", 2.0)])])
    assert list(tables.summaries(["a"], keys=["loss", "none"])["a"]) == ["loss"]
    assert tables.summaries(["unknown"]) == {"unknown": {}}
    assert tables.points("a", "none") == []


def test_a_position_that_is_not_applied_is_stale(data):
    tables = opened(data)
    feed(tables, [entry(0, "a", [point("acc", 1.0)])])
    with pytest.raises(StaleError):
        tables.summaries(["a"], as_of=2)
    with pytest.raises(StaleError):
        tables.points("a", "acc", as_of=2)


def test_entries_are_applied_from_the_cursor_only(data):
    tables = opened(data)
    one = entry(0, "a", [point("acc", 1.0)])
    feed(tables, [one])
    with pytest.raises(StaleError):
        tables.apply([one], old=Cursor(), new=cursor(1))
    assert tables.summaries(["a"])["a"]["acc"].count == 1


def versions(data: Path, table: str = "metric_points") -> int:
    folder = data / "tables" / table
    return deltalake.DeltaTable(folder).version() if folder.exists() else 0


def test_a_second_or_enough_rows_make_a_batch_durable(data):
    clock = FrozenClock(5_000)
    tables = MetricTables.open(data, clock=clock)
    for size in range(1, 4):
        feed(tables, [entry(seq, "a", [point("acc", 1.0)]) for seq in range(size)])
    assert versions(data) == 0
    clock.advance(FLUSH_AFTER_MS)
    feed(tables, [entry(seq, "a", [point("acc", 1.0)]) for seq in range(4)])
    assert (versions(data), tables.durable_cursor()) == (1, cursor(4))
    many = [point("acc", float(step), step=step) for step in range(FLUSH_ROWS)]
    feed(tables, [*(entry(seq, "a", []) for seq in range(4)), entry(4, "a", many)])
    assert (versions(data), tables.durable_cursor()) == (2, cursor(5))


def test_a_clock_that_is_turned_back_does_not_hold_rows_for_ever(data):
    clock = FrozenClock(10_000_000)
    tables = MetricTables.open(data, clock=clock)
    feed(tables, [entry(0, "a", [point("acc", 1.0)])])
    clock.advance(-5_000_000)
    feed(tables, [entry(seq, "a", [point("acc", 1.0)]) for seq in range(2)])
    assert tables.durable_cursor() == cursor(2)


def test_entries_without_points_move_the_cursor(data):
    tables = opened(data)
    feed(tables, [entry(0, "a", [point("acc", 1.0)], kind=RUN_STARTED)])
    assert tables.summaries(["a"]) == {"a": {}}
    tables.close()
    assert opened(data).cursor() == cursor(1)


def test_what_was_not_flushed_is_applied_again(data):
    entries = [entry(seq, "a", [point("acc", float(seq))]) for seq in range(3)]
    tables = opened(data)
    feed(tables, entries[:1])
    tables.flush()
    feed(tables, entries)
    again = opened(data)
    assert again.cursor() == cursor(1)
    feed(again, entries)
    assert again.dump_digest() == tables.dump_digest()


def test_of_two_writers_exactly_one_wins(data):
    entries = [entry(seq, "a", [point("acc", float(seq), step=seq)]) for seq in range(6)]
    first, second = opened(data), opened(data)
    feed(first, entries[:3])
    feed(second, entries[:4])
    first.flush()
    with pytest.raises(StaleError):
        second.flush()
    assert second.cursor() == cursor(3)
    assert second.summaries(["a"], as_of=4)["a"]["acc"].count == 4  # Readers lose nothing.
    feed(second, entries)
    second.flush()
    first.close()
    assert opened(data).dump_digest() == second.dump_digest()


def before_writing(monkeypatch, table: str, action) -> None:
    """Have ``action`` done once, between the check of the cursor and the commit to ``table``."""
    write = delta_lake.write_deltalake

    def interrupted(target, rows, **options):
        if table in target.table_uri:
            monkeypatch.setattr(delta_lake, "write_deltalake", write)
            action()
        write(target, rows, **options)

    monkeypatch.setattr(delta_lake, "write_deltalake", interrupted)


def test_delta_itself_refuses_the_second_of_two_commits_from_one_version(data, monkeypatch):
    """The check before the commit is a courtesy; the commit is what decides."""
    entries = [entry(seq, "a", [point("acc", float(seq))]) for seq in range(3)]
    first = opened(data)
    feed(first, entries[:1])
    first.flush()
    second = opened(data)
    feed(first, entries[:2])
    feed(second, entries)
    before_writing(monkeypatch, "metric_points", first.flush)
    with pytest.raises(StaleError):
        second.flush()
    assert second.cursor() == cursor(2)
    feed(second, entries)
    second.flush()
    assert pl.read_delta(str(data / "tables" / "metric_points")).height == 3


def test_summaries_that_another_process_adds_first_are_taken_over(data, monkeypatch):
    entries = [entry(seq, "a", [point("acc", float(seq))]) for seq in range(3)]
    tables = opened(data)
    feed(tables, entries)
    before_writing(monkeypatch, "metric_summaries", lambda: opened(data).flush())
    tables.flush()
    assert tables.cursor() == cursor(3)
    assert pl.read_delta(str(data / "tables" / "metric_summaries")).height == 1
    assert bits(tables.summaries(RUNS)) == bits(from_scratch(entries, 3))


def test_many_threads_and_instances_leave_each_row_once(data):
    entries = [entry(seq, "ab"[seq % 2], [point("acc", float(seq))]) for seq in range(24)]
    failures: list[BaseException] = []

    def work() -> None:
        tables = opened(data)
        try:
            while tables.cursor().size < len(entries):
                size = tables.cursor().size
                try:
                    feed(tables, entries[: size + 3])
                    tables.flush()
                except StaleError:
                    continue
        except BaseException as error:  # noqa: BLE001 - reported by the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    frame = pl.read_delta(str(data / "tables" / "metric_points"))
    assert sorted(frame["seq"]) == list(range(24))
    alone = opened(data / "alone")
    feed(alone, entries)
    assert opened(data).dump_digest() == alone.dump_digest()


def test_readers_see_whole_prefixes_while_entries_are_applied(data):
    entries = [entry(seq, "a", [point("acc", 1.0, step=seq)]) for seq in range(40)]
    tables = opened(data)
    feed(tables, entries[:1])
    seen: list[tuple[int, int]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            size = tables.cursor().size
            summary = tables.summaries(["a"], as_of=size)["a"]["acc"]
            seen.append((size, summary.count))
            seen.append((size, len(tables.points("a", "acc", as_of=size))))

    reader = threading.Thread(target=read)
    reader.start()
    for size in range(2, 41):
        feed(tables, entries[:size])
        if size % 7 == 0:
            tables.flush()
    done.set()
    reader.join()
    assert seen
    assert all(size == count for size, count in seen)


def test_a_crash_between_the_two_commits_is_harmless(data, monkeypatch):
    entries = [entry(seq, "ab"[seq % 2], [point("acc", float(seq))]) for seq in range(5)]
    tables = opened(data)
    feed(tables, entries[:2])
    tables.flush()
    feed(tables, entries[:4])
    write = delta_lake.write_deltalake

    def broken(target, rows, **options):
        if "metric_summaries" in target.table_uri:
            raise OSError("disk gone")
        write(target, rows, **options)

    monkeypatch.setattr(delta_lake, "write_deltalake", broken)
    with pytest.raises(BackendError):
        tables.flush()
    monkeypatch.setattr(delta_lake, "write_deltalake", write)
    after = opened(data)
    assert after.cursor() == cursor(4)
    for as_of in range(5):
        assert bits(after.summaries(RUNS, as_of=as_of)) == bits(from_scratch(entries, as_of))
    feed(after, entries)
    after.flush()
    with pytest.raises(StaleError):
        tables.apply(entries[4:], old=tables.cursor(), new=cursor(5))
        tables.flush()
    feed(tables, entries)
    for survivor in (after, tables, opened(data)):
        assert bits(survivor.summaries(RUNS)) == bits(from_scratch(entries, 5))


def test_the_same_instance_writes_the_missing_summaries_later(data, monkeypatch):
    tables = opened(data)
    feed(tables, [entry(0, "a", [point("acc", 1.0)])])
    write = delta_lake.write_deltalake
    failing = iter([False, True])

    def flaky(target, rows, **options):
        if next(failing, False):
            raise OSError("disk gone")
        write(target, rows, **options)

    monkeypatch.setattr(delta_lake, "write_deltalake", flaky)
    with pytest.raises(BackendError):
        tables.flush()
    tables.flush()
    assert pl.read_delta(str(data / "tables" / "metric_summaries")).height == 1


def test_lost_summaries_are_derived_from_the_points(data):
    entries = [entry(seq, "a", [point("acc", float(seq))]) for seq in range(3)]
    tables = opened(data)
    feed(tables, entries)
    tables.close()
    shutil.rmtree(data / "tables" / "metric_summaries")
    assert bits(opened(data).summaries(RUNS)) == bits(from_scratch(entries, 3))


def test_summaries_ahead_of_the_points_are_refused(data):
    tables = opened(data)
    feed(tables, [entry(0, "a", [point("acc", 1.0)])])
    tables.close()
    shutil.rmtree(data / "tables" / "metric_points")
    with pytest.raises(IntegrityError):
        opened(data)


def test_a_damaged_table_is_a_backend_error(data):
    tables = opened(data)
    feed(tables, [entry(0, "a", [point("acc", 1.0)])])
    tables.close()
    for file in sorted((data / "tables" / "metric_points").glob("*.parquet")):
        file.write_bytes(b"PAR1 nothing of the kind PAR1")
    with pytest.raises(BackendError):
        opened(data).points("a", "acc")


def test_plain_readers_find_the_rows(data):
    tables = opened(data)
    odd = [math.nan, -0.0, math.inf, -math.inf, 0.1]
    feed(tables, [entry(0, "a", [point("acc", value, step=n) for n, value in enumerate(odd)])])
    tables.close()
    folder = data / "tables"
    frame = pl.read_delta(str(folder / "metric_points")).sort("step")
    assert [decimal_text(value) for value in frame["value"]] == [decimal_text(v) for v in odd]
    arrow = deltalake.DeltaTable(folder / "metric_summaries").to_pyarrow_table().to_pylist()
    assert (arrow[0]["run"], arrow[0]["count"], arrow[0]["non_finite"]) == ("a", 5, 3)
    assert (int(arrow[0]["total_numerator"]), arrow[0]["total_exponent"]) == (3602879701896397, 55)


def test_small_files_are_joined_and_nothing_else_changes(data, monkeypatch):
    monkeypatch.setattr(delta_lake, "COMPACT_FILES", 5)
    entries = [entry(seq, "a", [point("acc", float(seq))]) for seq in range(12)]
    tables = opened(data)
    for size in range(1, 13):
        feed(tables, entries[:size])
        tables.flush()
    tables.close()
    folder = data / "tables" / "metric_points"
    assert len(deltalake.DeltaTable(folder).file_uris()) < 8
    again = opened(data)
    assert again.cursor() == cursor(12)
    for as_of in (0, 4, 9, 12):
        assert bits(again.summaries(RUNS, as_of=as_of)) == bits(from_scratch(entries, as_of))
        assert len(again.points("a", "acc", as_of=as_of)) == as_of


def test_the_cursor_survives_log_clean_up(data):
    tables = opened(data)
    entries = [entry(seq, "a", [point("acc", float(seq))]) for seq in range(7)]
    feed(tables, entries)
    tables.close()
    for name in ("metric_points", "metric_summaries"):
        table = deltalake.DeltaTable(data / "tables" / name)
        table.optimize.compact()
        table.create_checkpoint()
        for commit in sorted((data / "tables" / name / "_delta_log").glob("*.json"))[:-1]:
            commit.unlink()
    again = opened(data)
    assert again.cursor() == cursor(7)
    assert again.dump_digest() == tables.dump_digest()


def test_reset_takes_away_what_another_instance_believes(data):
    entries = [entry(seq, "a", [point("acc", float(seq))]) for seq in range(2)]
    first, second = opened(data), opened(data)
    feed(first, entries[:1])
    first.flush()
    second = opened(data)
    first.reset()
    feed(second, entries)
    with pytest.raises(StaleError):
        second.flush()
    assert second.cursor() == Cursor()
    assert not (data / "tables" / "metric_points").exists() or versions(data) == 0


def test_a_new_table_may_be_created_by_somebody_else_first(data, monkeypatch):
    first, second = opened(data), opened(data)
    feed(first, [entry(0, "a", [point("acc", 1.0)])])
    feed(second, [entry(0, "a", [point("acc", 1.0)])])
    create = delta_lake.DeltaTable.create

    def late(*arguments, **options):
        monkeypatch.setattr(delta_lake.DeltaTable, "create", create)
        first.flush()
        return create(*arguments, **options)

    monkeypatch.setattr(delta_lake.DeltaTable, "create", late)
    with pytest.raises(StaleError):
        second.flush()
    assert second.cursor() == cursor(1)
