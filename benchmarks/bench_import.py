"""How fast an MLflow database comes in, and whether memory stays flat.

``python -m benchmarks.bench_import [RUNS]`` makes a SQLite database as MLflow keeps it (default
1,000 runs; the figure to reach is stated for 10,000), each run with 10 params and 100 points of 5
metrics, and imports it twice with ``lineproof import``, each time in a process of its own: the
second import has everything to look up and nothing to add, and it fills the metric tables, which
an import leaves to whoever reads first. The floor is reading the same rows with ``sqlite3`` alone.
Processor time stands beside wall time, for machines that do other things, too. Memory is the peak
of each process.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

METRICS, STEPS, PARAMS = 5, 20, 10
SCHEMA = """
CREATE TABLE experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT);
CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, user_id TEXT, status TEXT,
    start_time BIGINT, end_time BIGINT, experiment_id INTEGER, lifecycle_stage TEXT);
CREATE TABLE metrics (key TEXT, value FLOAT, timestamp BIGINT, run_uuid TEXT, step BIGINT);
CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
CREATE INDEX metric_runs ON metrics (run_uuid);
CREATE INDEX param_runs ON params (run_uuid);
INSERT INTO experiments VALUES (1, 'bench', 'active');
"""


def main() -> None:
    """Print points per second and peak memory of both imports, and the floor."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    points = runs * METRICS * STEPS
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "mlflow.db"
        _fill(database, runs)
        print(f"{runs:,} runs, {points:,} points")
        _show("floor: sqlite3 alone", points, *_timed(lambda: _read(database)), 0)
        for label in ("first import", "second import"):
            _show(label, points, *_import(database, Path(folder) / "data"))


def _fill(path: Path, runs: int) -> None:
    ids = [f"{number:032x}" for number in range(runs)]
    with closing(sqlite3.connect(path)) as db:
        db.executescript(SCHEMA)
        db.executemany(
            "INSERT INTO runs VALUES (?, ?, 'me', 'FINISHED', ?, ?, 1, 'active')",
            [(run, f"run {n}", n, n + 1) for n, run in enumerate(ids)],
        )
        db.executemany(
            "INSERT INTO params VALUES (?, ?, ?)",
            ((f"p{k}", str(k * n), run) for n, run in enumerate(ids) for k in range(PARAMS)),
        )
        db.executemany(
            "INSERT INTO metrics VALUES (?, ?, ?, ?, ?)",
            (
                (f"m{k}", step / 7, step, run, step)
                for run in ids
                for k in range(METRICS)
                for step in range(STEPS)
            ),
        )
        db.commit()


def _read(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        for table in ("runs", "params", "metrics"):
            for _ in db.execute(f"SELECT * FROM {table}"):
                pass


def _import(database: Path, data: Path) -> tuple[float, float, int]:
    """Seconds by the clock and of the processor, and the peak of resident memory in KiB."""
    command = [sys.executable, "-m", "lineproof", "import", "mlflow", str(database)]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--data", str(data)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit("the import failed")
    wall = time.perf_counter() - started
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    started, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - used


def _show(label: str, points: int, wall: float, processor: float, peak: int) -> None:
    memory = f"{peak / 1024:8.0f} MiB" if peak else ""
    print(
        f"{label:<22} {wall:7.1f} s {points / wall:10,.0f} points/s"
        f" {processor:7.1f} s of processor {points / processor:10,.0f} points/s {memory}"
    )


if __name__ == "__main__":
    main()
