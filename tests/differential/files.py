"""Files of every kind that the client makes itself, and models that are copied and registered."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import LoggedModelStatus


def files(client: MlflowClient, folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What the client writes below a run and a model, read back."""
    where = client.create_experiment("files")
    run = client.create_run(where, 100, None, "r").info.run_id
    tree = folder / "tree"
    (tree / "deep" / "er").mkdir(parents=True)
    (tree / "a.txt").write_text("a")
    (tree / "deep" / "er" / "ü b.txt").write_text("b", encoding="utf-8")
    table = pd.DataFrame({"q": ["x", "y"], "score": [0.25, 0.75]})
    more = {"q": ["z"], "score": [0.5]}

    def read(path: str) -> bytes:
        return Path(client.download_artifacts(run, path, str(folder))).read_bytes()

    yield "folder", lambda: client.log_artifacts(run, str(tree), "copied")
    yield "file", lambda: client.log_artifact(run, str(tree / "a.txt"))
    for path in ("", "copied", "copied/deep", "copied/deep/er"):
        yield f"list {path}", lambda path=path: client.list_artifacts(run, path)
    yield (
        "whole folder",
        lambda: sorted(
            str(one.relative_to(folder)) for one in _down(client, run, folder).rglob("*")
        ),
    )
    yield "name", lambda: read("copied/deep/er/ü b.txt")
    yield "table", lambda: client.log_table(run, table, "eval/table.json")
    yield (
        "more rows",
        lambda: client.log_table(run, more, "eval/table.json"),
    )
    yield "load table", lambda: client.load_table(where, "eval/table.json", [run]).to_dict("list")
    yield "tag of the table", lambda: client.get_run(run).data.tags["mlflow.loggedArtifacts"]
    yield "image", lambda: client.log_image(run, np.zeros((4, 4, 3), dtype=np.uint8), "dot.png")
    yield (
        "image by step",
        lambda: client.log_image(
            run, np.zeros((4, 4, 3), dtype=np.uint8), key="dots", step=3, timestamp=1
        ),
    )
    yield "images", lambda: len(client.list_artifacts(run, "images"))
    yield "stream", lambda: client.log_stream(run, io.BytesIO(b"streamed"), "s.bin")
    yield "streamed", lambda: read("s.bin")
    model = client.create_logged_model(where, "m", run).model_id
    yield "model file", lambda: client.log_model_artifact(model, str(tree / "a.txt"))
    yield "model folder", lambda: client.log_model_artifacts(model, str(tree))
    yield "model files", lambda: client.list_logged_model_artifacts(model)
    yield "model deep", lambda: client.list_logged_model_artifacts(model, "deep/er")
    yield "model ready", lambda: client.finalize_logged_model(model, LoggedModelStatus.READY)
    yield "missing model", lambda: client.list_logged_model_artifacts("m-" + "0" * 32)


def _down(client: MlflowClient, run: str, folder: Path) -> Path:
    target = folder / "down"
    target.mkdir(exist_ok=True)
    return Path(client.download_artifacts(run, "copied", str(target)))


def fluent(client: MlflowClient, folder: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What training code writes without a client in its hands.

    Without ``set_experiment``, which sets a variable of the environment for the tests that follow.
    """
    where = client.create_experiment("fluent")
    with mlflow.start_run(run_name="outer", experiment_id=where) as outer:
        yield "artifact uri", lambda: mlflow.get_artifact_uri("x").rpartition("/")[2]
        mlflow.log_params({"p": 1})
        with mlflow.start_run(run_name="inner", experiment_id=where, nested=True) as inner:
            mlflow.log_metrics({"m": 0.5}, step=1)
        yield "nested", lambda: client.get_run(inner.info.run_id).data.tags["mlflow.parentRunId"]
        yield "external model", lambda: mlflow.create_external_model(name="ext", params={"k": "v"})
        logged = mlflow.initialize_logged_model(name="init", params={"a": "b"})
        yield "initialized", lambda: client.get_logged_model(logged.model_id)
        yield "active", lambda: mlflow.set_active_model(model_id=logged.model_id).model_id
        yield "measured", lambda: mlflow.log_metric("acc", 0.75)
        yield "metric", lambda: client.get_logged_model(logged.model_id).metrics
        mlflow.clear_active_model()
    yield "last run", lambda: mlflow.last_active_run().data
    yield "last model", lambda: mlflow.last_logged_model().name
    uri = f"runs:/{outer.info.run_id}/model"
    client.log_text(outer.info.run_id, "flavors: {}\nmodel_uuid: x\n", "model/MLmodel")
    yield "register", lambda: mlflow.register_model(uri, "from-run", tags={"t": "1"})
    yield "copy", lambda: _shown(client.copy_model_version("models:/from-run/1", "to"))
    yield "copied", lambda: _shown(client.get_model_version("to", "1"))
    yield "stages", lambda: client.get_model_version_stages("to", "1")


def _shown(version: Any) -> list[Any]:
    """A version without the last number of its source, which may be an experiment's id, too."""
    source = version.source.rpartition("/")[0]
    return [version.name, version.version, source, version.status, version.run_id, version.tags]
