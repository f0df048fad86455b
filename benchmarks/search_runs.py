"""The runs that ``bench_search`` searches, written quickly into both stores before they serve.

Every run has ten params, five metrics of one point, two tags and ends FINISHED. Ids, values and
times depend on the run's number alone, so both stores hold the same.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from analytics.tables import MetricTables
from domain.canonical import JsonObject
from domain.clock import SystemClock
from domain.metric import MetricPoint, decimal_text
from domain.run import RUN_LOGGED, RUN_STARTED, RUN_UPDATED
from graph.sqlite.store import SqliteGraph
from ingest.mlflow.experiments import default_experiment
from ledger.entry import Draft
from ledger.log import Log
from ledger.projection import catch_up

BATCH = 256


def run_id(number: int) -> str:
    """32 hexadecimal digits in no order."""
    return f"{number * 2_654_435_761 % 2**32:08x}" * 4


def params(number: int) -> dict[str, str]:
    """``p0`` has ten values, ``rare`` one of a thousand."""
    found = {f"p{i}": str((number * 7 + i) % 10) for i in range(9)}
    return found | {"rare": str(number * 31 % 1_000)}


def metrics(number: int) -> dict[str, float]:
    """Values from 0 to 1, a different order for each key."""
    return {f"m{i}": (number * (37 + 2 * i) % 10_007) / 10_007 for i in range(5)}


def fill_ledger(data: Path, count: int) -> None:
    """A data folder with ``count`` runs and its projections, by library."""
    clock = SystemClock()
    log = Log.open(data, clock=clock)
    graph, tables = SqliteGraph(data / "graph.db"), MetricTables.open(data, clock=clock)
    try:
        log.append([default_experiment("default")])
        batch: list[Draft] = []
        for number in range(count):
            batch += _drafts(number)
            if len(batch) >= BATCH or number == count - 1:
                log.append(batch)
                batch = []
        for projection in (graph, tables):
            catch_up(log, projection)
    finally:
        tables.close()
        graph.close()
        log.close()


def _drafts(number: int) -> Iterator[Draft]:
    name = run_id(number)
    started: JsonObject = {
        "run_id": name,
        "experiment_id": "0",
        "name": f"run {number}",
        "user": "bench",
        "start_time": number,
        "tags": {"team": f"t{number % 7}", "mlflow.runName": f"run {number}"},
        "uses": [],
        "parent_run_id": "",
        "job": "",
    }
    logged: JsonObject = {
        "run_id": name,
        "metrics": [
            MetricPoint(key=key, value=decimal_text(value), step=0, timestamp=1)
            for key, value in metrics(number).items()
        ],
        "params": params(number),
        "tags": {},
        "uses": [],
    }
    ended: JsonObject = {"run_id": name, "status": "FINISHED", "end_time": number + 1}
    for kind, payload in ((RUN_STARTED, started), (RUN_LOGGED, logged), (RUN_UPDATED, ended)):
        yield Draft(kind, "default", "bench", "mlflow", f"{kind}/{name}", payload)


def fill_mlflow(database: Path, count: int) -> None:
    """MLflow's own schema, made by its store, and the rows that its store would write."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    store = SqlAlchemyStore(f"sqlite:///{database}", str(database.parent / "artifacts"))
    store.engine.dispose()
    db = sqlite3.connect(database)
    with db:
        db.executemany(
            "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name,"
            " user_id, status, start_time, end_time, source_version, lifecycle_stage,"
            " artifact_uri, experiment_id)"
            " VALUES (?, ?, 'UNKNOWN', '', '', 'bench', 'FINISHED', ?, ?, '', 'active', ?, 0)",
            (
                (run_id(n), f"run {n}", n, n + 1, f"mlflow-artifacts:/0/{run_id(n)}/artifacts")
                for n in range(count)
            ),
        )
        db.executemany(
            "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)",
            (
                (key, value, run_id(n))
                for n in range(count)
                for key, value in (("team", f"t{n % 7}"), ("mlflow.runName", f"run {n}"))
            ),
        )
        db.executemany(
            "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
            ((key, value, run_id(n)) for n in range(count) for key, value in params(n).items()),
        )
        for table in ("metrics", "latest_metrics"):
            db.executemany(
                f"INSERT INTO {table} (key, value, timestamp, step, is_nan, run_uuid)"
                " VALUES (?, ?, 1, 0, 0, ?)",
                (
                    (key, value, run_id(n))
                    for n in range(count)
                    for key, value in metrics(n).items()
                ),
            )
    db.execute("ANALYZE")
    db.close()
