"""MLflow's own client, unchanged, against a real server: what it writes, it reads back."""

import math
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from graph.model import EdgeType, NodeKind, node_id
from tests.e2e.mlflow_server import RunningServer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import mlflow
    import mlflow.data
    from mlflow import MlflowClient
    from mlflow.entities import (
        Dataset,
        DatasetInput,
        InputTag,
        LoggedModelInput,
        LoggedModelOutput,
        Metric,
        Param,
        RunTag,
        ViewType,
    )
    from mlflow.exceptions import MlflowException

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def client(server: RunningServer, project: str) -> MlflowClient:
    return MlflowClient(f"{server.url}/projects/{project}")


@pytest.fixture
def fluent(server: RunningServer, project: str) -> Iterator[Any]:
    mlflow.set_tracking_uri(f"{server.url}/projects/{project}")
    mlflow.set_experiment("fluent")
    yield mlflow
    while mlflow.active_run():
        mlflow.end_run()


def refused(error: pytest.ExceptionInfo[MlflowException]) -> str:
    return error.value.error_code


def test_the_fluent_api_writes_a_whole_run(fluent: Any, server: RunningServer) -> None:
    x, y = np.arange(12.0).reshape(4, 3), np.array([0, 1, 0, 1])
    training = mlflow.data.from_numpy(x, targets=y, name="digits-train")
    evaluation = mlflow.data.from_numpy(x[:2], targets=y[:2], name="digits-eval")
    with fluent.start_run(run_name="first", tags={"team": "a"}) as started:
        fluent.log_params({"alpha": 0.1, "loss": "hinge"})
        fluent.log_metric("acc", 0.25, step=1)
        fluent.log_metrics({"acc": 0.5, "loss": 1e-300}, step=2)
        fluent.log_input(training, context="training")
        fluent.log_input(evaluation, context="eval")
        fluent.set_tags({"note": "höhe ≥ 3", "n": 5})
    run = fluent.get_run(started.info.run_id)
    assert run.info.status == "FINISHED"
    assert run.info.end_time >= run.info.start_time
    assert run.info.artifact_uri.endswith(f"/{run.info.run_id}/artifacts")
    assert run.data.params == {"alpha": "0.1", "loss": "hinge"}
    assert run.data.metrics == {"acc": 0.5, "loss": 1e-300}
    assert run.data.tags["mlflow.runName"] == "first"
    assert {k: run.data.tags[k] for k in ("team", "note", "n")} == {
        "team": "a",
        "note": "höhe ≥ 3",
        "n": "5",
    }
    found = {i.tags[0].value: i.dataset for i in run.inputs.dataset_inputs}
    assert found["training"].to_dictionary() == training._to_mlflow_entity().to_dictionary()
    assert found["eval"].to_dictionary() == evaluation._to_mlflow_entity().to_dictionary()
    node = node_id(NodeKind.RUN, run.info.run_id)
    used = server.services.graph.outgoing([node], types=(EdgeType.USED,))[node]
    facets = {(edge.role, edge.facet) for edge in used}
    assert {("training", "TRAIN_DATA"), ("eval", "EVAL_DATA")} <= facets


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, -0.0, 5e-324, 0.1, 1.7976931348623157e308, -3.0]
)
def test_a_metric_value_is_read_back_bit_for_bit(client: MlflowClient, value: float) -> None:
    run_id = client.create_run("0").info.run_id
    client.log_metric(run_id, "m", value, timestamp=1234, step=-7)
    (point,) = client.get_metric_history(run_id, "m")
    last = client.get_run(run_id).data.metrics["m"]
    assert [np.float64(v).tobytes() for v in (point.value, last)] == [
        np.float64(value).tobytes()
    ] * 2
    assert (point.timestamp, point.step) == (1234, -7)


def test_a_history_is_ordered_by_time_and_its_last_value_by_step(client: MlflowClient) -> None:
    run_id = client.create_run("0").info.run_id
    points = [Metric("m", v, t, s) for v, t, s in [(3, 30, 1), (1, 10, 5), (2, 20, 0), (1, 10, 5)]]
    client.log_batch(run_id, metrics=points)
    history = client.get_metric_history(run_id, "m")
    assert [(p.timestamp, p.step, p.value) for p in history] == [
        (10, 5, 1.0),
        (20, 0, 2.0),
        (30, 1, 3.0),
    ]
    assert client.get_run(run_id).data.metrics == {"m": 1.0}


def test_a_full_batch_is_one_entry(
    client: MlflowClient, server: RunningServer, project: str
) -> None:
    run_id = client.create_run("0").info.run_id
    client.log_batch(run_id, metrics=[Metric("m", i, i, i) for i in range(1000)])
    client.log_batch(
        run_id,
        params=[Param(f"p{i}", "x" * 6000) for i in range(100)],
        tags=[RunTag(f"t{i}", "é" * 8000) for i in range(100)],
    )
    assert server.entries(project) == [
        "experiment.created",
        "run.started",
        "run.logged",
        "run.logged",
    ]
    run = client.get_run(run_id)
    assert len(run.data.params) == 100
    assert run.data.tags["t99"] == "é" * 8000
    assert [p.value for p in client.get_metric_history(run_id, "m")] == list(range(1000))


def test_a_param_may_be_repeated_but_not_changed(client: MlflowClient) -> None:
    run_id = client.create_run("0").info.run_id
    client.log_param(run_id, "lr", 0.1)
    client.log_param(run_id, "lr", 0.1)
    with pytest.raises(MlflowException, match="Changing param values is not allowed") as error:
        client.log_param(run_id, "lr", 0.2)
    assert refused(error) == "INVALID_PARAMETER_VALUE"
    assert client.get_run(run_id).data.params == {"lr": "0.1"}


def test_tags_are_set_changed_and_deleted(client: MlflowClient) -> None:
    run_id = client.create_run("0", run_name="a").info.run_id
    client.set_tag(run_id, "k", "1")
    client.set_tag(run_id, "k", "2")
    client.set_tag(run_id, "mlflow.runName", "b")
    run = client.get_run(run_id)
    assert (run.data.tags["k"], run.info.run_name) == ("2", "b")
    client.delete_tag(run_id, "k")
    assert "k" not in client.get_run(run_id).data.tags
    with pytest.raises(MlflowException) as error:
        client.delete_tag(run_id, "k")
    assert refused(error) == "RESOURCE_DOES_NOT_EXIST"
    client.update_run(run_id, status="FAILED", name="c")
    run = client.get_run(run_id)
    assert (run.info.status, run.info.run_name) == ("FAILED", "c")
    assert run.data.tags["mlflow.runName"] == "c"


def test_a_deleted_run_takes_no_writes_until_it_is_restored(client: MlflowClient) -> None:
    run_id = client.create_run("0").info.run_id
    client.delete_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    for write in (
        lambda: client.log_metric(run_id, "m", 1.0),
        lambda: client.log_param(run_id, "p", 1),
        lambda: client.set_tag(run_id, "t", 1),
        lambda: client.update_run(run_id, status="FINISHED"),
        lambda: client.log_inputs(run_id, datasets=[]),
    ):
        with pytest.raises(MlflowException, match="must be in the 'active' state") as error:
            write()
        assert refused(error) == "INVALID_PARAMETER_VALUE"
    client.restore_run(run_id)
    client.log_metric(run_id, "m", 1.0)
    assert client.get_run(run_id).data.metrics == {"m": 1.0}


def test_a_finished_run_takes_late_writes(client: MlflowClient) -> None:
    run_id = client.create_run("0").info.run_id
    client.set_terminated(run_id)
    client.log_metric(run_id, "late", 1.0)
    run = client.get_run(run_id)
    assert (run.info.status, run.data.metrics) == ("FINISHED", {"late": 1.0})


def test_experiments(client: MlflowClient) -> None:
    made = client.create_experiment("one", artifact_location="s3://b/one", tags={"a": "b"})
    with pytest.raises(MlflowException) as error:
        client.create_experiment("one")
    assert refused(error) == "RESOURCE_ALREADY_EXISTS"
    client.set_experiment_tag(made, "k", "v")
    client.set_experiment_tag(made, "gone", "v")
    client.delete_experiment_tag(made, "gone")
    client.rename_experiment(made, "two")
    found = client.get_experiment_by_name("two")
    assert found.experiment_id == made
    assert (found.artifact_location, found.tags) == ("s3://b/one", {"a": "b", "k": "v"})
    assert client.get_experiment_by_name("one") is None
    assert client.get_experiment("0").name == "Default"
    with pytest.raises(MlflowException) as error:
        client.get_experiment("77")
    assert refused(error) == "RESOURCE_DOES_NOT_EXIST"
    run = client.create_run(made)
    assert run.info.artifact_uri == f"s3://b/one/{run.info.run_id}/artifacts"


def test_deleting_an_experiment_takes_its_runs_along_and_restoring_brings_them_back(
    client: MlflowClient,
) -> None:
    made = client.create_experiment("x")
    run_id = client.create_run(made).info.run_id
    client.delete_experiment(made)
    assert client.get_experiment(made).lifecycle_stage == "deleted"
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    assert [e.name for e in client.search_experiments()] == ["Default"]
    assert [e.name for e in client.search_experiments(ViewType.DELETED_ONLY)] == ["x"]
    for write, code in (
        (lambda: client.create_run(made), "INVALID_PARAMETER_VALUE"),
        (lambda: client.create_experiment("x"), "RESOURCE_ALREADY_EXISTS"),
        (lambda: client.rename_experiment(made, "y"), "INVALID_STATE"),
        (lambda: client.delete_experiment(made), "RESOURCE_DOES_NOT_EXIST"),
    ):
        with pytest.raises(MlflowException) as error:
            write()
        assert refused(error) == code
    client.restore_experiment(made)
    assert client.get_run(run_id).info.lifecycle_stage == "active"


def test_experiment_search_pages_orders_and_filters(client: MlflowClient) -> None:
    for name in ("b", "a", "c"):
        client.create_experiment(name, tags={"team": name})
    first = client.search_experiments(max_results=2, order_by=["name DESC"])
    rest = client.search_experiments(max_results=2, order_by=["name DESC"], page_token=first.token)
    assert [e.name for e in [*first, *rest]] == ["c", "b", "a", "Default"]
    assert not rest.token
    found = client.search_experiments(filter_string="tags.team != 'a' AND name LIKE '%'")
    assert sorted(e.name for e in found) == ["b", "c"]


def test_inputs_and_outputs_link_an_evaluation_to_a_training(
    client: MlflowClient, server: RunningServer
) -> None:
    training, evaluation = (client.create_run("0").info.run_id for _ in range(2))
    client.log_outputs(training, [LoggedModelOutput("m-1", 7)])
    dataset = Dataset("eval", "a" * 64, "code", "{}", schema="{}", profile="{}")
    client.log_inputs(
        evaluation,
        datasets=[DatasetInput(dataset, [InputTag("mlflow.data.context", "eval")])],
        models=[LoggedModelInput("m-1")],
    )
    made = client.get_run(training).outputs.model_outputs
    assert [(m.model_id, m.step) for m in made] == [("m-1", 7)]
    inputs = client.get_run(evaluation).inputs
    assert [m.model_id for m in inputs.model_inputs] == ["m-1"]
    assert inputs.dataset_inputs[0].dataset.to_dictionary() == dataset.to_dictionary()
    graph = server.services.graph
    run = node_id(NodeKind.RUN, evaluation)
    used = {e.facet: e.target for e in graph.outgoing([run], types=(EdgeType.USED,))[run]}
    model = used["BASE_MODEL"]
    assert [e.target for e in graph.outgoing([model])[model]] == [node_id(NodeKind.RUN, training)]
    assert graph.nodes([used["EVAL_DATA"]])[used["EVAL_DATA"]].attributes["strength"] == "CONTENT"


def test_a_dataset_is_read_back_as_each_run_gave_it(client: MlflowClient) -> None:
    digest = "a" * 64
    given = [
        Dataset("d", digest, "code", "first", schema="{}"),
        Dataset("d", f"sha256:{digest}", "local", "second", schema="{}", profile="{}"),
        Dataset("d", digest, "code", "first", schema="{}"),
    ]
    ids = [client.create_run("0").info.run_id for _ in given]
    for run_id, dataset in zip(ids, given, strict=True):
        tag = InputTag("mlflow.data.context", "eval")
        client.log_inputs(run_id, datasets=[DatasetInput(dataset, [tag])])
    for run_id, dataset in zip(ids, given, strict=True):
        (found,) = client.get_run(run_id).inputs.dataset_inputs
        assert found.dataset.to_dictionary() == dataset.to_dictionary()
        assert [(tag.key, tag.value) for tag in found.tags] == [("mlflow.data.context", "eval")]


def test_nested_runs_name_their_parent(fluent: Any, server: RunningServer) -> None:
    with fluent.start_run() as outer, fluent.start_run(nested=True) as inner:
        pass
    child = node_id(NodeKind.RUN, inner.info.run_id)
    edges = server.services.graph.outgoing([child], types=(EdgeType.WAS_INFORMED_BY,))[child]
    assert [edge.target for edge in edges] == [node_id(NodeKind.RUN, outer.info.run_id)]


def test_a_run_is_never_its_own_ancestor(client: MlflowClient) -> None:
    first = client.create_run("0").info.run_id
    second = client.create_run("0", tags={"mlflow.parentRunId": first}).info.run_id
    third = client.create_run("0", tags={"mlflow.parentRunId": second}).info.run_id
    for parent in (first, second, third):
        with pytest.raises(MlflowException, match="descends from it") as error:
            client.set_tag(first, "mlflow.parentRunId", parent)
        assert refused(error) == "INVALID_PARAMETER_VALUE"


def test_what_another_project_holds_does_not_exist(
    client: MlflowClient, server: RunningServer
) -> None:
    other = MlflowClient(f"{server.url}/projects/other")
    run_id = client.create_run("0").info.run_id
    for call in (
        lambda: other.get_run(run_id),
        lambda: other.log_metric(run_id, "m", 1.0),
        lambda: other.get_metric_history(run_id, "m"),
        lambda: other.delete_run(run_id),
        lambda: other.create_run("0", tags={"mlflow.parentRunId": run_id}),
    ):
        with pytest.raises(MlflowException, match="not found") as error:
            call()
        assert refused(error) == "RESOURCE_DOES_NOT_EXIST"
    assert other.search_runs(["0"]) == []


def test_four_threads_lose_nothing(client: MlflowClient) -> None:
    shared = client.create_run("0").info.run_id
    barrier = threading.Barrier(4)

    def work(worker: int) -> str:
        barrier.wait()
        run_id = client.create_run("0").info.run_id
        for step in range(10):
            client.log_metric(run_id, "m", step, step=step)
            client.log_metric(shared, "m", worker, step=worker * 10 + step)
        return run_id

    with ThreadPoolExecutor(4) as pool:
        own = list(pool.map(work, range(4)))
    assert len(client.get_metric_history(shared, "m")) == 40
    assert [len(client.get_metric_history(run_id, "m")) for run_id in own] == [10] * 4


def test_racing_writers_of_one_param_agree_on_one_value(client: MlflowClient) -> None:
    run_id = client.create_run("0").info.run_id
    barrier = threading.Barrier(4)

    def work(value: int) -> int | None:
        barrier.wait()
        try:
            client.log_param(run_id, "p", value)
        except MlflowException:
            return None
        return value

    with ThreadPoolExecutor(4) as pool:
        won = [value for value in pool.map(work, range(4)) if value is not None]
    assert [client.get_run(run_id).data.params["p"]] == [str(value) for value in won]
