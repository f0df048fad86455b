"""Scenarios: each a generator of named calls on a client. What a call answers can be looked up."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from mlflow import MlflowClient
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
    Param,
    RunTag,
    ViewType,
)

from tests.differential.files import files, fluent
from tests.differential.prompts import prompts

Call: TypeAlias = tuple[str, Callable[[], Any]]
Scenario: TypeAlias = Callable[[MlflowClient, Path], Iterator[Call]]

NOBODY = "0123456789abcdef" * 2
FILTERS = (
    "",
    "metrics.acc > 0.5",
    "metrics.acc >= 0.5 and params.lr = '0.1'",
    "params.lr != '0.1'",
    "params.lr LIKE '0.%'",
    "params.lr ILIKE '0.%'",
    "tags.team = 'a'",
    "tags.`team` IN ('a', 'b')",
    "tags.missing IS NULL",
    "params.lr IS NOT NULL",
    "attributes.status = 'FINISHED'",
    "attributes.start_time > 101",
    "run_name = 'r2'",
    "attributes.run_name LIKE 'r%'",
    "run_id IN ('x', 'y')",
    "dataset.name = 'train'",
    "dataset.context = 'training'",
    "metrics.acc > 'x'",
    "params.lr > '0.1'",
    "nonsense.x = 1",
    "params.lr = 0.1 or params.lr = 0.2",
    "params.lr =",
    "attr.status = 'FINISHED'",
    "attribute.`run_name` = 'r1'",
    "run.user_id != 'x'",
    'params."lr" = "0.1"',
    "parameter.lr = '0.1'",
    "parameters.`lr` = '0.1'",
    "metric.acc < 1e0",
    "metrics.`acc` <= .4",
    "metrics.acc = 1.0",
    "metrics.acc != 0.2",
    "metrics.acc > -1",
    "tags.`mlflow.runName` LIKE 'r%'",
    "tags.mlflow.runName = 'r3'",
    "tag.team ilike 'A'",
    "dataset.digest = 'd1'",
    "datasets.name LIKE 'tr%'",
    "dataset.name IN ('train', 'x')",
    "dataset.context NOT IN ('x')",
    "dataset.name != 'train'",
    "run_id NOT IN ('x')",
    "run_id LIKE '%'",
    "start_time >= 103",
    "attributes.end_time <= 299",
    "Created < 102",
    "attributes.`Run Name` = 'r1'",
    "params.lr is null",
    "params.lr ILIKE '0._'",
    "metrics.acc>0.5 and params.lr='0.1'",
    "status != 'RUNNING'",
    "metrics.acc > 0.1 AND metrics.acc < 0.9 AND params.lr LIKE '0.%' AND tags.team = 'a'",
    "artifact_uri LIKE '%artifacts'",
    "dataset.name IS NULL",
    "metrics.acc IS NULL",
    "status IS NOT NULL",
    "params.lr == '0.1'",
    "params.lr <> '0.1'",
    "metrics.acc >= 0.4 AND",
    "(metrics.acc > 0.5)",
    "NOT metrics.acc > 0.5",
    "params.lr = '0.1' OR params.lr = '0.2'",
)
ORDERS = (
    [],
    ["metrics.acc DESC"],
    ["metrics.acc"],
    ["params.lr ASC", "start_time"],
    ["attributes.run_name DESC"],
    ["tags.team", "metrics.loss DESC"],
    ["start_time ASC"],
    ["end_time"],
    ["nonsense"],
    ["metrics.acc SIDEWAYS"],
)


def experiments(client: MlflowClient, _folder: Path) -> Iterator[Call]:
    made = client.create_experiment("e1", tags={"a": "1"})
    yield "get", lambda: client.get_experiment(made)
    yield "by name", lambda: client.get_experiment_by_name("e1")
    yield "by name, missing", lambda: client.get_experiment_by_name("nobody")
    yield "again", lambda: client.create_experiment("e1")
    yield "no name", lambda: client.create_experiment("")
    yield "missing", lambda: client.get_experiment("123456789")
    yield "not a number", lambda: client.get_experiment("abc")
    yield "tag", lambda: client.set_experiment_tag(made, "b", "2")
    yield "untag", lambda: client.delete_experiment_tag(made, "a")
    yield "untag, missing", lambda: client.delete_experiment_tag(made, "zz")
    yield "tagged", lambda: client.get_experiment(made)
    yield "rename", lambda: client.rename_experiment(made, "e2")
    yield "renamed", lambda: client.get_experiment(made)
    yield (
        "with location",
        lambda: client.get_experiment(
            client.create_experiment("e3", artifact_location="s3://bucket/x")
        ),
    )
    yield "delete", lambda: client.delete_experiment(made)
    yield "deleted", lambda: client.get_experiment(made)
    yield "run in deleted", lambda: client.create_run(made)
    yield "delete again", lambda: client.delete_experiment(made)
    for view in (ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL):
        yield (
            f"search {view}",
            lambda view=view: client.search_experiments(
                view, filter_string="name LIKE 'e%'", order_by=["name"]
            ),
        )
    yield "restore", lambda: client.restore_experiment(made)
    yield "restore again", lambda: client.restore_experiment(made)
    yield "restored", lambda: client.get_experiment(made)
    yield "page", lambda: client.search_experiments(max_results=1, order_by=["name"])
    yield "wrong filter", lambda: client.search_experiments(filter_string="x = 1")
    yield "too many", lambda: client.search_experiments(max_results=10**6)
    yield "location upwards", lambda: client.create_experiment("e4", "s3://b/../x")


def runs(client: MlflowClient, _folder: Path) -> Iterator[Call]:
    where = client.create_experiment("runs")
    run = client.create_run(where, 100, {"t": "1", "mlflow.user": "ann"}, "first").info.run_id
    yield "get", lambda: client.get_run(run)
    yield "missing", lambda: client.get_run(NOBODY)
    yield "param", lambda: client.log_param(run, "lr", 0.1)
    yield "param again", lambda: client.log_param(run, "lr", 0.1)
    yield "param changed", lambda: client.log_param(run, "lr", 0.2)
    yield "param, bad key", lambda: client.log_param(run, "../x", 1)
    yield "metric", lambda: client.log_metric(run, "acc", 0.5, 5, 1)
    yield "metric later", lambda: client.log_metric(run, "acc", 0.75, 6, 2)
    yield "metric late step", lambda: client.log_metric(run, "acc", 0.25, 7, 1)
    yield "metric nan", lambda: client.log_metric(run, "nan", float("nan"), 5, 1)
    yield "metric, bad key", lambda: client.log_metric(run, "a$b", 1.0)
    yield "tag", lambda: client.set_tag(run, "note", "é")
    yield "untag", lambda: client.delete_tag(run, "t")
    yield "untag, missing", lambda: client.delete_tag(run, "t")
    yield (
        "batch",
        lambda: client.log_batch(
            run,
            [Metric("loss", 1 / (step + 1), step, step) for step in range(20)],
            [Param("depth", "3"), Param("empty", "")],
            [RunTag("a", "1"), RunTag("mlflow.runName", "renamed")],
        ),
    )
    yield "batch, changed param", lambda: client.log_batch(run, params=[Param("lr", "9")])
    yield "batch, twice", lambda: client.log_batch(run, params=[Param("x", "1"), Param("x", "2")])
    yield "all", lambda: client.get_run(run)
    yield "history", lambda: client.get_metric_history(run, "loss")
    yield "history of acc", lambda: client.get_metric_history(run, "acc")
    yield "history, unknown key", lambda: client.get_metric_history(run, "nothing")
    yield "update", lambda: client.update_run(run, "FINISHED", "third")
    yield "end", lambda: client.set_terminated(run, "FAILED", 200)
    yield "ended", lambda: client.get_run(run)
    yield "late", lambda: client.log_param(run, "late", "1")
    yield "delete", lambda: client.delete_run(run)
    yield "deleted", lambda: client.get_run(run)
    yield "log to deleted", lambda: client.log_param(run, "z", "1")
    yield "restore", lambda: client.restore_run(run)
    yield "restored", lambda: client.get_run(run)
    child = client.create_run(where, 1, {"mlflow.parentRunId": run}, "child").info.run_id
    yield "child", lambda: client.get_run(child)
    yield "parent", lambda: client.get_parent_run(child)
    yield "two names", lambda: client.create_run(where, 1, {"mlflow.runName": "b"}, "a")
    yield "no experiment", lambda: client.create_run("987654321")


def inputs(client: MlflowClient, _folder: Path) -> Iterator[Call]:
    where = client.create_experiment("inputs")
    run = client.create_run(where, 100, None, "r").info.run_id
    train = Dataset("train", "d1", "local", "{}", '{"mlflow_colspec":[]}', '{"rows":1}')
    test = Dataset("test", "d2", "local", "{}")
    yield (
        "log",
        lambda: client.log_inputs(
            run,
            [
                DatasetInput(train, [InputTag("mlflow.data.context", "training")]),
                DatasetInput(test, []),
            ],
        ),
    )
    yield "shown", lambda: client.get_run(run)
    yield "missing run", lambda: client.log_inputs(NOBODY, [DatasetInput(test, [])])
    yield "nothing", lambda: client.log_inputs(run, [])
    model = client.create_logged_model(where, name="m").model_id
    yield "model in", lambda: client.log_inputs(run, models=[LoggedModelInput(model)])
    yield "model out", lambda: client.log_outputs(run, [LoggedModelOutput(model, 3)])
    yield "models shown", lambda: client.get_run(run)


def search(client: MlflowClient, _folder: Path) -> Iterator[Call]:
    where = client.create_experiment("search")
    for index in range(6):
        run = client.create_run(where, 100 + index, {"team": "ab"[index % 2]}, f"r{index}")
        client.log_batch(
            run.info.run_id,
            [Metric("acc", index / 5, 1, 0)] if index else [],
            [Param("lr", str(index % 3 / 10))],
        )
        if index % 2:
            client.set_terminated(run.info.run_id, end_time=300 - index)
        if index == 3:
            data = Dataset("train", "d1", "local", "{}")
            tags = [InputTag("mlflow.data.context", "training")]
            client.log_inputs(run.info.run_id, [DatasetInput(data, tags)])

    def names(filter_string: str, order: list[str], **more: Any) -> Any:
        found = client.search_runs([where], filter_string, order_by=order, **more)
        return [run.info.run_name for run in found], bool(found.token)

    for text in FILTERS:
        yield f"filter {text}", lambda text=text: names(text, [])
    for order in ORDERS:
        yield f"order {order}", lambda order=order: names("", order)
    yield "page", lambda: names("", ["start_time"], max_results=4)
    first = client.search_runs([where], order_by=["start_time"], max_results=4)
    yield "next page", lambda: names("", ["start_time"], max_results=4, page_token=first.token)
    yield "no experiments", lambda: client.search_runs([])
    yield "too many", lambda: names("", [], max_results=10**6)
    yield "none at a time", lambda: names("", [], max_results=0)
    yield "whole", lambda: client.search_runs([where], "run_name = 'r3'")


def artifacts(client: MlflowClient, folder: Path) -> Iterator[Call]:
    where = client.create_experiment("artifacts")
    run = client.create_run(where, 100, None, "r").info.run_id
    yield "empty", lambda: client.list_artifacts(run)
    yield "text", lambda: client.log_text(run, "hello", "a/b/c.txt")
    yield "dict", lambda: client.log_dict(run, {"x": 1}, "a/d.json")
    for path in (None, "a", "a/b", "a/b/c.txt", "zzz"):
        yield f"list {path}", lambda path=path: client.list_artifacts(run, path)

    def content(path: str) -> str:
        return Path(client.download_artifacts(run, path, str(folder))).read_text()

    yield "download", lambda: content("a/b/c.txt")
    yield "missing run", lambda: client.list_artifacts(NOBODY)
    yield "upwards", lambda: client.list_artifacts(run, "../x")


def models(client: MlflowClient, _folder: Path) -> Iterator[Call]:
    where = client.create_experiment("models")
    run = client.create_run(where, 100, None, "r").info.run_id
    model = client.create_logged_model(where, "m1", run, {"t": "1"}, {"p": "2"}, "agent").model_id
    yield "get", lambda: client.get_logged_model(model)
    yield "finalize", lambda: client.finalize_logged_model(model, LoggedModelStatus.READY)
    yield "tag", lambda: client.set_logged_model_tags(model, {"u": "3"})
    yield "untag", lambda: client.delete_logged_model_tag(model, "t")
    yield "untag, missing", lambda: client.delete_logged_model_tag(model, "t")
    yield "params", lambda: client.log_model_params(model, {"q": "4"})
    yield "metric", lambda: client.log_metric(run, "acc", 0.5, 1, 0, model_id=model)
    yield "changed", lambda: client.get_logged_model(model)
    yield "bare", lambda: client.create_logged_model(where, "m2")
    yield "missing", lambda: client.get_logged_model("m-" + NOBODY)
    yield "no experiment", lambda: client.create_logged_model("987654321")
    for text in ("", "name = 'm1'", "params.p = '2'", "tags.u = '3'", "status = 'READY'"):
        yield (
            f"search {text}",
            lambda text=text: client.search_logged_models(
                [where], text or None, order_by=[{"field_name": "name", "ascending": True}]
            ),
        )
    yield from _measured_models(client, where, run, model)
    yield "delete", lambda: client.delete_logged_model(model)
    yield "deleted", lambda: client.get_logged_model(model)


def _measured_models(client: MlflowClient, where: str, run: str, model: str) -> Iterator[Call]:
    """Two models, measured by two runs on two datasets."""
    other = client.create_logged_model(where, "m3", run, params={"p": "9"}).model_id
    again = client.create_run(where, 200).info.run_id
    for run_id, model_id, value, time, name, digest in (
        (run, model, 0.7, 2, "train", "1"),
        (again, model, 0.9, 3, "test", "2"),
        (run, other, 0.8, 2, "train", "1"),
        (again, other, 0.6, 3, "test", "3"),
        (again, other, 0.95, 1, None, None),
    ):
        client.log_metric(
            run_id,
            "f1",
            value,
            time,
            0,
            dataset_name=name,
            dataset_digest=digest,
            model_id=model_id,
        )
    yield "measured", lambda: client.get_logged_model(other)
    filters = (
        "metrics.f1 > 0.85",
        "metrics.f1 < 0.65 AND params.p = '9'",
        "metrics.f1 = 0.9 AND name LIKE 'm%'",
        "metrics.nothing > 0",
        "params.p = 9",
        "name = m3",
        "attributes.name != 'm3' AND metrics.acc <= 0.5",
        "metrics.f1 LIKE 'x'",
        "sparams.p = 'x'",
    )
    datasets = ([], [{"dataset_name": "train"}], [{"dataset_name": "test", "dataset_digest": "3"}])
    for text in (None, *filters):
        for on in datasets:
            yield (
                f"search {text} on {on}",
                lambda text=text, on=on: client.search_logged_models([where], text, on or None),
            )
    for field, way, name, digest in (
        ("metrics.f1", True, None, None),
        ("metrics.f1", False, "train", None),
        ("metrics.f1", True, "test", "3"),
        ("metrics.acc", False, None, None),
        ("name", False, None, None),
        ("params.p", True, None, None),
        ("nothing", True, None, None),
    ):
        order = {"field_name": field, "ascending": way}
        order |= {"dataset_name": name} if name else {}
        order |= {"dataset_digest": digest} if digest else {}
        yield (
            f"search by {order}",
            lambda order=order: client.search_logged_models([where], order_by=[order]),
        )
    yield "page", lambda: client.search_logged_models([where], "metrics.f1 > 0", max_results=1)
    yield "unnamed", lambda: client.search_logged_models([where], None, [{"dataset_name": ""}])


def registry(client: MlflowClient, _folder: Path) -> Iterator[Call]:
    yield "create", lambda: client.create_registered_model("reg", {"a": "1"}, "what")
    yield "again", lambda: client.create_registered_model("reg")
    yield "bad name", lambda: client.create_registered_model("a/b")
    yield "no name", lambda: client.create_registered_model("")
    yield "get", lambda: client.get_registered_model("reg")
    yield "missing", lambda: client.get_registered_model("nobody")
    yield "describe", lambda: client.update_registered_model("reg", "other")
    yield "tag", lambda: client.set_registered_model_tag("reg", "b", "2")
    yield "untag", lambda: client.delete_registered_model_tag("reg", "a")
    yield "untag, missing", lambda: client.delete_registered_model_tag("reg", "zz")
    yield (
        "version",
        lambda: client.create_model_version(
            "reg", "s3://bucket/model", tags={"x": "1"}, description="one"
        ),
    )
    yield "second", lambda: client.create_model_version("reg", "s3://bucket/model2")
    yield "version, no model", lambda: client.create_model_version("nobody", "s3://b/m")
    for source in ("../../etc", "file:///etc/passwd", "s3://b/../x", "/etc/passwd"):
        yield f"source {source}", lambda source=source: client.create_model_version("reg", source)
    yield "alias", lambda: client.set_registered_model_alias("reg", "champion", "1")
    yield "alias, reserved", lambda: client.set_registered_model_alias("reg", "latest", "1")
    yield "alias, version", lambda: client.set_registered_model_alias("reg", "v1", "1")
    yield "alias, missing version", lambda: client.set_registered_model_alias("reg", "x", "9")
    yield "by alias", lambda: client.get_model_version_by_alias("reg", "champion")
    yield "by alias, missing", lambda: client.get_model_version_by_alias("reg", "nobody")
    yield "stage", lambda: client.transition_model_version_stage("reg", "1", "production")
    yield "stage, wrong", lambda: client.transition_model_version_stage("reg", "1", "sideways")
    yield (
        "stage, archiving",
        lambda: client.transition_model_version_stage(
            "reg", "2", "Production", archive_existing_versions=True
        ),
    )
    yield "first", lambda: client.get_model_version("reg", "1")
    yield "latest", lambda: client.get_latest_versions("reg")
    yield "latest of stage", lambda: client.get_latest_versions("reg", ["Production"])
    yield "describe version", lambda: client.update_model_version("reg", "1", "first")
    yield "tag version", lambda: client.set_model_version_tag("reg", "1", "k", "v")
    yield "untag version", lambda: client.delete_model_version_tag("reg", "1", "x")
    yield "version changed", lambda: client.get_model_version("reg", "1")
    yield "download uri", lambda: client.get_model_version_download_uri("reg", "1")
    yield "search", lambda: client.search_registered_models("name LIKE 'r%'")
    yield (
        "search versions",
        lambda: client.search_model_versions("name = 'reg'", order_by=["version_number DESC"]),
    )
    yield "search, wrong", lambda: client.search_registered_models("x = 1")
    yield "rename", lambda: client.rename_registered_model("reg", "reg2")
    yield "old name", lambda: client.get_registered_model("reg")
    yield "renamed", lambda: client.get_registered_model("reg2")
    yield "unalias", lambda: client.delete_registered_model_alias("reg2", "champion")
    yield "delete version", lambda: client.delete_model_version("reg2", "1")
    yield "version gone", lambda: client.get_model_version("reg2", "1")
    yield "third", lambda: client.create_model_version("reg2", "s3://b/m3")
    yield "delete", lambda: client.delete_registered_model("reg2")
    yield "gone", lambda: client.get_registered_model("reg2")
    yield "delete again", lambda: client.delete_registered_model("reg2")


SCENARIOS: tuple[Scenario, ...] = (
    experiments,
    runs,
    inputs,
    search,
    artifacts,
    models,
    registry,
    prompts,
    files,
    fluent,
)
