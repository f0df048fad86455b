"""Databases that MLflow 1.2, 2.22 and 3.17 made, with their files, read through today's client."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from lineproof.cli.main import main
from tests.e2e.mlflow_server import RunningServer, running_server

GOLDEN = Path(__file__).parent.parent / "golden"
Import = Callable[[Path], tuple[int, list[str]]]
"""A database to (entries added, lines about what was refused or left out)."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path / "data") as running:
        yield running


@pytest.fixture
def run_import(server: RunningServer, capsys: pytest.CaptureFixture[str]) -> Import:
    def command(path: Path) -> tuple[int, list[str]]:
        main(["import", "mlflow", str(path), "--url", server.url])
        shown = capsys.readouterr()
        told = [line for line in shown.err.splitlines() if line.startswith(("refused", "left"))]
        (line,) = [line for line in shown.out.splitlines() if "runs read" in line]
        return int(line.split()[0]), told

    return command


def database(folder: Path, version: str) -> Path:
    """The recorded database, and a file for each run and logged model in the folder beside it."""
    path = folder / "mlflow.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript((GOLDEN / f"mlflow-{version}.sql").read_text())
        for run, experiment in db.execute("SELECT run_uuid, experiment_id FROM runs").fetchall():
            _write(folder / f"mlruns/{experiment}/{run}/artifacts/model/weights.txt", run)
        if version == "3.17":
            for (model,) in db.execute("SELECT model_id FROM logged_models").fetchall():
                _write(folder / f"mlruns/1/models/{model}/artifacts/MLmodel", model)
    return path


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(text)


@pytest.mark.parametrize("version", ["1.2", "2.22", "3.17"])
def test_files_come_along_once(
    server: RunningServer, run_import: Import, tmp_path: Path, version: str
) -> None:
    added, told = run_import(database(tmp_path, version))
    assert added > 0
    assert told == []
    assert run_import(tmp_path / "mlflow.db") == (0, [])
    client = MlflowClient(server.url)
    for run in client.search_runs(["1"]):
        assert [one.path for one in client.list_artifacts(run.info.run_id, "model")] == [
            "model/weights.txt"
        ]
        copy = client.download_artifacts(run.info.run_id, "model/weights.txt", str(tmp_path))
        assert Path(copy).read_text() == run.info.run_id


def test_the_registry_comes_along(
    server: RunningServer, run_import: Import, tmp_path: Path
) -> None:
    path = database(tmp_path, "2.22")
    run_import(path)
    client = MlflowClient(server.url)
    model = client.get_registered_model("clf")
    assert model.description == "classifier"
    assert model.tags == {"owner": "ada"}
    champion = client.get_model_version_by_alias("clf", "champion")
    assert (champion.version, champion.tags) == ("1", {"ok": "yes"})
    assert str(champion.source).startswith("mlflow-artifacts:/1/")
    assert str(champion.source).endswith("/artifacts/model")
    second = client.get_model_version("clf", "2")
    assert (second.description, second.current_stage) == ("second", "Production")
    assert {one.name for one in client.search_registered_models()} == {"clf", "empty one"}
    # What is said again after something else was said is news each time.
    with closing(sqlite3.connect(path)) as db:
        for stage in ("Staging", "Production", "Staging"):
            db.execute("UPDATE model_versions SET current_stage = ? WHERE version = 2", (stage,))
            db.commit()
            assert run_import(path) == (1, [])
    assert client.get_model_version("clf", "2").current_stage == "Staging"


def test_logged_models_come_along(
    server: RunningServer, run_import: Import, tmp_path: Path
) -> None:
    run_import(database(tmp_path, "3.17"))
    client = MlflowClient(server.url)
    version = client.get_model_version("reg", "1")
    model = client.get_logged_model(str(version.source).removeprefix("models:/"))
    assert (model.name, model.status, model.params) == ("m", "READY", {"lr": "1"})
    assert model.source_run_id == version.run_id
    assert [one.path for one in client.list_logged_model_artifacts(model.model_id)] == ["MLmodel"]


def test_rows_4_to_8_nothing_outside_is_read_and_no_address_opened(
    server: RunningServer, run_import: Import, tmp_path: Path
) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    path = database(folder, "2.22")
    secret = tmp_path / "secret"
    secret.write_text("secret")
    with closing(sqlite3.connect(path)) as db:
        finished = "SELECT run_uuid FROM runs WHERE experiment_id = 1 AND status = 'FINISHED'"
        runs = [run for (run,) in db.execute(finished)]
        child = "SELECT run_uuid FROM tags WHERE key = 'mlflow.parentRunId'"
        db.execute(f"UPDATE runs SET run_uuid = '../../..' WHERE run_uuid = ({child})")
        db.execute("UPDATE runs SET artifact_uri = 'http://169.254.169.254/latest/meta-data'")
        db.execute("UPDATE model_versions SET source = 'file:///etc/passwd' WHERE version = 1")
        db.commit()
    artifacts = [folder / "mlruns" / "1" / run / "artifacts" for run in runs]
    (artifacts[0] / "link").symlink_to(secret)
    shutil.rmtree(artifacts[1])
    _, told = run_import(path)
    assert sorted(told) == sorted(
        [
            "refused artifacts of ../../..: its id is no plain name",
            f"refused mlruns/1/{runs[0]}/artifacts/link: it is a link, which is not followed",
            "left out artifacts of experiment 1: they are at "
            "http://169.254.169.254/latest/meta-data, which is not opened",
            "refused version 1 of model clf: 'source' must not be a file of this machine.",
        ]
    )
    files = [e.payload for e in server.services.log.read(0, server.services.log.head().size)]
    assert not any("link" in str(payload.get("path", "")) for payload in files)


def test_metrics_of_logged_models_come_along_from_a_database(
    server: RunningServer, run_import: Import, tmp_path: Path
) -> None:
    path = database(tmp_path, "3.17")
    with closing(sqlite3.connect(path)) as db:
        ((model, run, experiment),) = db.execute(
            "SELECT l.model_id, l.source_run_id, l.experiment_id FROM logged_models AS l LIMIT 1"
        ).fetchall()
        db.execute("INSERT INTO metrics VALUES ('f1', 0.75, 5, ?, 3, 0)", (run,))
        db.execute(
            "INSERT INTO logged_model_metrics (model_id, metric_name, metric_timestamp_ms,"
            " metric_step, metric_value, experiment_id, run_id, dataset_name, dataset_digest)"
            " VALUES (?, 'f1', 5, 3, 0.75, ?, ?, 'held-out', 'abc')",
            (model, experiment, run),
        )
        db.commit()
    run_import(path)
    assert run_import(path)[0] == 0
    _require_metric(server, model, run)


def test_metrics_of_logged_models_come_along_from_folders(
    server: RunningServer,
    run_import: Import,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    source = MlflowClient(f"file://{tmp_path / 'mlruns'}")
    run = source.create_run("0").info.run_id
    model = source.create_logged_model("0", name="m", source_run_id=run).model_id
    source.log_metric(
        run,
        "f1",
        0.75,
        timestamp=1_700_000_000_005,
        step=3,
        model_id=model,
        dataset_name="held-out",
        dataset_digest="abc",
    )
    run_import(tmp_path / "mlruns")
    assert run_import(tmp_path / "mlruns")[0] == 0
    _require_metric(server, model, run)


def _require_metric(server: RunningServer, model: str, run: str) -> None:
    """Both the run and the model have the one point."""
    client = MlflowClient(server.url)
    (point,) = [m for m in client.get_logged_model(model).metrics or () if m.key == "f1"]
    assert (point.value, point.step, point.run_id) == (0.75, 3, run)
    assert (point.dataset_name, point.dataset_digest) == ("held-out", "abc")
    assert [m.value for m in client.get_metric_history(run, "f1")] == [0.75]
