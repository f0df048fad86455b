"""MLflow's SQLite databases, of whatever age: tables and columns that are not there are empty.

Opened read-only, with nothing of the database's own schema executed but plain table reads.
"""

import itertools
import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from operator import itemgetter
from pathlib import Path

from domain.artifact import ArtifactUse
from domain.errors import ErrorCode, LineproofError, UsageError
from domain.metric import decimal_text
from ingest.files.measured import Links, Measured, MeasuredPoints, linked, links_of
from ingest.files.mlflow_database_models import (
    ArtifactFolders,
    logged_models,
    registered_models,
)
from ingest.files.mlflow_run import (
    dataset_input,
    experiment_of,
    model_input,
    model_output,
    parent_record,
    run_record,
)
from ingest.files.series import Point, packed
from ingest.files.tables import Row, columns, has_rowid, is_table, pairs, rows, whole
from ingest.record import Broken, Item, ParentRecord
from ingest.record_values import ExperimentOf


def read_mlflow_database(path: Path) -> Iterator[Item]:
    """Every run of the database, by start and id, parents last.

    Raises ``UsageError`` (MALFORMED) when the file is no MLflow database.
    """
    try:
        with closing(_open(path)) as db:
            yield from _read(db, ArtifactFolders(path))
    except sqlite3.Error as error:
        raise UsageError(
            f"{path} is no MLflow database that can be read: {error}.", code=ErrorCode.MALFORMED
        ) from error


def _open(path: Path) -> sqlite3.Connection:
    if path.is_symlink() or not path.is_file():
        raise UsageError(f"{path} is no file.", code=ErrorCode.INVALID_PATH)
    uri = f"{path.resolve().as_uri()}?mode=ro"
    db = sqlite3.connect(uri, uri=True)
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA query_only = ON")
    db.row_factory = sqlite3.Row
    return db


def _read(db: sqlite3.Connection, folders: ArtifactFolders) -> Generator[Item]:
    if not is_table(db, "runs"):
        raise UsageError("The database has no table of runs.", code=ErrorCode.MALFORMED)
    experiments = {
        row["experiment_id"]: experiment_of(
            row, pairs(db, "experiment_tags", "experiment_id", row["experiment_id"])
        )
        for row in rows(db, "SELECT * FROM experiments ORDER BY experiment_id")
    }
    parents: list[ParentRecord] = []
    for row in rows(db, "SELECT * FROM runs ORDER BY start_time, run_uuid"):
        try:
            yield from _run(db, row, experiments, parents)
        except LineproofError as error:
            yield Broken(f"run {row.get('run_uuid')}", error.message)
            continue
        address = str(row.get("artifact_uri") or "")
        yield from folders.files(str(row["experiment_id"]), str(row["run_uuid"]), address)
    yield from parents
    yield from logged_models(db, experiments, folders)
    yield from registered_models(db)


def _run(
    db: sqlite3.Connection,
    row: Row,
    experiments: dict[object, ExperimentOf],
    parents: list[ParentRecord],
) -> Iterator[Item]:
    run_id = str(row["run_uuid"])
    experiment = experiments.get(row.get("experiment_id"))
    if experiment is None:
        raise UsageError("its experiment is not there.", code=ErrorCode.MALFORMED)
    record = run_record(
        row,
        experiment,
        params=pairs(db, "params", "run_uuid", run_id),
        tags=pairs(db, "tags", "run_uuid", run_id),
        uses=_uses(db, run_id),
        generates=_models(db, run_id, "RUN_OUTPUT", "MODEL_OUTPUT"),
    )
    yield record
    parent = parent_record(record)
    if parent:
        parents.append(parent)
    yield from packed(run_id, _metrics(db, run_id))


def _metrics(db: sqlite3.Connection, run_id: str) -> Iterator[tuple[str, Iterable[Point]]]:
    """Metrics by name, each with its points in the order of logging, which is that of the rows."""
    known = columns(db, "metrics")
    wanted = [name if name in known else f"0 AS {name}" for name in ("step", "is_nan")]
    order = "rowid" if has_rowid(db, "metrics") else "timestamp"
    points = db.cursor()
    points.row_factory = None  # Plain tuples: most of a database is points.
    points.execute(
        f"SELECT key, value, timestamp, {', '.join(wanted)} FROM metrics"
        f" WHERE run_uuid = ? ORDER BY key, {order}",
        (run_id,),
    )
    measured = _measured(db, run_id)
    for key, series in itertools.groupby(points, itemgetter(0)):
        yield str(key), linked(run_id, str(key), map(_point, series), measured)


def _measured(db: sqlite3.Connection, run_id: str) -> MeasuredPoints:
    """The run's points that stand with a logged model, too."""
    if not is_table(db, "logged_model_metrics"):
        return {}
    sql = "SELECT * FROM logged_model_metrics WHERE run_id = ? ORDER BY model_id"
    found: dict[Measured, Links] = {}
    for row in rows(db, sql, run_id):
        value = row.get("metric_value")
        place = Measured(
            run_id,
            str(row.get("metric_name")),
            decimal_text(float(value)) if isinstance(value, int | float) else "NaN",
            whole(row.get("metric_step")),
            whole(row.get("metric_timestamp_ms")),
        )
        dataset = row.get("dataset_name"), row.get("dataset_digest")
        found.setdefault(place, links_of(str(row.get("model_id")), *dataset))
    return found


def _point(row: tuple[object, float, object, object, object]) -> Point:
    _, value, timestamp, step, is_nan = row
    text = "NaN" if is_nan else decimal_text(float(value))
    return [text, whole(step), whole(timestamp)]


def _uses(db: sqlite3.Connection, run_id: str) -> list[ArtifactUse]:
    if not (is_table(db, "inputs") and is_table(db, "datasets")):
        return []
    sql = """
        SELECT d.*, i.input_uuid FROM inputs AS i JOIN datasets AS d ON d.dataset_uuid = i.source_id
        WHERE i.destination_id = ? AND i.source_type = 'DATASET' ORDER BY i.input_uuid
    """
    datasets = [
        dataset_input(row, pairs(db, "input_tags", "input_uuid", row["input_uuid"], name="name"))
        for row in rows(db, sql, run_id)
    ]
    return [*datasets, *_models(db, run_id, "RUN_INPUT", "MODEL_INPUT")]


def _models(db: sqlite3.Connection, run_id: str, source: str, target: str) -> list[ArtifactUse]:
    if not is_table(db, "inputs"):
        return []
    sql = """
        SELECT * FROM inputs
        WHERE source_id = ? AND source_type = ? AND destination_type = ? ORDER BY input_uuid
    """
    found = list(rows(db, sql, run_id, source, target))
    if target == "MODEL_INPUT":
        return [model_input(str(row["destination_id"])) for row in found]
    return [model_output(str(row["destination_id"]), whole(row.get("step"))) for row in found]
