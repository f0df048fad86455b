"""What writes come to: entries, and refusals that write nothing."""

from typing import Any

import pytest

from domain.errors import ConflictError, ErrorCode, LineproofError, NotFoundError, UsageError
from graph.model import NodeKind, node_id
from ingest.mlflow import experiments, inputs, logs, runs
from tests.ingest.recorder import Plan, Recorder


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def run_id(recorder: Recorder) -> str:
    return recorder.record(runs.create_run, {"run_name": "r"})


def refused(recorder: Recorder, plan: Plan, body: Any, **more: Any) -> LineproofError:
    before = len(recorder.entries)
    with pytest.raises(LineproofError) as caught:
        recorder.record(plan, body, **more)
    assert len(recorder.entries) == before
    return caught.value


def test_a_run_starts_with_all_that_its_tags_say(recorder: Recorder) -> None:
    parent = recorder.record(runs.create_run, {})
    tags = {
        "mlflow.user": "ann",
        "mlflow.source.name": "train.py",
        "mlflow.source.git.commit": "abc",
        "mlflow.parentRunId": parent,
        "lineproof.facet.eval_code": "v1",
    }
    body = {
        "experiment_id": "0",
        "user_id": "ann",
        "start_time": 5,
        "run_name": "r",
        "tags": [{"key": key, "value": value} for key, value in tags.items()],
    }
    run_id = recorder.record(runs.create_run, body)
    started = dict(recorder.last())
    uses: Any = started.pop("uses")
    assert started == {
        "run_id": run_id,
        "experiment_id": "0",
        "name": "r",
        "user": "ann",
        "start_time": 5,
        "tags": {**tags, "mlflow.runName": "r"},
        "parent_run_id": parent,
        "job": "train.py",
    }
    assert [use["role"] for use in uses] == ["code", "facet.eval_code"]
    entry = recorder.entries[-1]
    assert (entry.type, entry.actor, entry.source) == ("run.started", "ann", "mlflow")


def test_a_run_that_is_given_no_name_gets_one(recorder: Recorder) -> None:
    run_id = recorder.record(runs.create_run, {})
    assert recorder.last()["name"] == f"run-{run_id[:8]}"


def test_a_run_cannot_have_two_names(recorder: Recorder) -> None:
    tags = [{"key": "mlflow.runName", "value": "b"}]
    assert isinstance(
        refused(recorder, runs.create_run, {"run_name": "a", "tags": tags}), UsageError
    )


def test_a_repeated_request_makes_the_same_entry(recorder: Recorder) -> None:
    one, two = (
        recorder.record(runs.create_run, {"experiment_id": "0"}, idem="key") for _ in range(2)
    )
    assert one == two
    assert recorder.entries[-1].payload == recorder.entries[-2].payload
    assert recorder.entries[-1].idem == recorder.entries[-2].idem
    made, again = (
        recorder.record(experiments.create_experiment, {"name": "x"}, idem="other")
        for _ in range(2)
    )
    assert made == again


@pytest.mark.parametrize(
    "name",
    ["a\x00b", "a\x07", "\ud800", "\u202eevil", "x" * 1_000_000],
    ids=["NUL", "BEL", "surrogate", "override", "long"],
)
@pytest.mark.parametrize(
    ("plan", "field"),
    [(runs.create_run, "run_name"), (experiments.create_experiment, "name")],
    ids=["run", "experiment"],
)
def test_names_that_hide_something_are_refused(
    recorder: Recorder, plan: Plan, field: str, name: str
) -> None:
    error = refused(recorder, plan, {field: name})
    assert error.code in (ErrorCode.INVALID_NAME, ErrorCode.INVALID_ARGUMENT)


def test_a_batch_is_one_entry_with_points_params_and_tags(recorder: Recorder, run_id: str) -> None:
    recorder.record(
        logs.log_batch,
        {
            "run_id": run_id,
            "metrics": [{"key": "m", "value": "NaN", "timestamp": 1, "model_id": "m-1"}],
            "params": [{"key": "p", "value": "1"}],
            "tags": [{"key": "t", "value": "2"}],
        },
    )
    assert recorder.last() == {
        "run_id": run_id,
        "metrics": [{"key": "m", "value": "NaN", "timestamp": 1, "step": 0, "model_id": "m-1"}],
        "params": {"p": "1"},
        "tags": {"t": "2"},
        "uses": [],
    }
    assert recorder.types() == ["run.started", "run.logged"]


def batch(**counts: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "metrics": [
            {"key": f"m{i}", "value": 1, "timestamp": 1} for i in range(counts.get("m", 0))
        ],
        "params": [{"key": f"p{i}", "value": "1"} for i in range(counts.get("p", 0))],
        "tags": [{"key": f"t{i}", "value": "1"} for i in range(counts.get("t", 0))],
    }
    return made


@pytest.mark.parametrize(
    "counts", [{"m": 1000}, {"p": 100}, {"t": 100}, {"m": 800, "p": 100, "t": 100}]
)
def test_batches_up_to_the_limit_are_taken(
    recorder: Recorder, run_id: str, counts: dict[str, int]
) -> None:
    recorder.record(logs.log_batch, {"run_id": run_id, **batch(**counts)})


@pytest.mark.parametrize(
    "counts", [{"m": 1001}, {"p": 101}, {"t": 101}, {"m": 801, "p": 100, "t": 100}]
)
def test_larger_batches_are_refused(
    recorder: Recorder, run_id: str, counts: dict[str, int]
) -> None:
    error = refused(recorder, logs.log_batch, {"run_id": run_id, **batch(**counts)})
    assert "at most" in error.message


def test_one_bad_item_refuses_the_whole_batch(recorder: Recorder, run_id: str) -> None:
    good = batch(m=3, p=3, t=3)
    for name, bad in (
        ("metrics", {"key": "m", "value": True, "timestamp": 1}),
        ("metrics", {"key": "m", "timestamp": 1}),
        ("params", {"key": "p0", "value": "1"}),
        ("params", {"key": "", "value": "1"}),
        ("tags", {"value": "1"}),
        ("tags", "text"),
    ):
        refused(recorder, logs.log_batch, {"run_id": run_id, **good, name: [*good[name], bad]})


def test_an_empty_batch_records_nothing(recorder: Recorder, run_id: str) -> None:
    recorder.record(logs.log_batch, {"run_id": run_id})
    assert recorder.types() == ["run.started"]


def test_a_param_is_immutable(recorder: Recorder, run_id: str) -> None:
    recorder.record(logs.log_param, {"run_id": run_id, "key": "p", "value": "1"})
    recorder.record(logs.log_param, {"run_id": run_id, "key": "p", "value": "1"})
    error = refused(recorder, logs.log_param, {"run_id": run_id, "key": "p", "value": "2"})
    assert (type(error), error.code) == (ConflictError, ErrorCode.PARAM_IMMUTABLE)


def test_a_name_tag_renames_the_run_and_a_name_is_a_tag(recorder: Recorder, run_id: str) -> None:
    node = node_id(NodeKind.RUN, run_id)

    def name_and_tag() -> tuple[object, object]:
        attributes = recorder.graph.nodes([node])[node].attributes
        return attributes["name"], attributes["tags.mlflow.runName"]

    recorder.record(logs.set_tag, {"run_id": run_id, "key": "mlflow.runName", "value": "b"})
    assert name_and_tag() == ("b", "b")
    recorder.record(runs.update_run, {"run_id": run_id, "run_name": "c"})
    assert name_and_tag() == ("c", "c")


@pytest.mark.parametrize("status", ["DONE", "finished", 0, 6, True, []], ids=repr)
def test_a_status_that_is_none_is_refused(recorder: Recorder, run_id: str, status: Any) -> None:
    refused(recorder, runs.update_run, {"run_id": run_id, "status": status})


@pytest.mark.parametrize("status", ["FINISHED", 3])
def test_a_status_may_come_as_a_number(recorder: Recorder, run_id: str, status: Any) -> None:
    recorder.record(runs.update_run, {"run_id": run_id, "status": status, "end_time": 7})
    assert recorder.last() == {"run_id": run_id, "status": "FINISHED", "end_time": 7}


@pytest.mark.parametrize("length", [1, 2, 5])
def test_no_chain_of_parents_closes(recorder: Recorder, length: int) -> None:
    first = last = recorder.record(runs.create_run, {})
    for _ in range(length - 1):
        tags = [{"key": "mlflow.parentRunId", "value": last}]
        last = recorder.record(runs.create_run, {"tags": tags})
    body = {"run_id": first, "key": "mlflow.parentRunId", "value": last}
    assert refused(recorder, logs.set_tag, body).code is ErrorCode.LINEAGE_CYCLE


def test_a_parent_must_exist_in_the_project(recorder: Recorder, run_id: str) -> None:
    for parent in ("unknown", "0" * 32):
        body = {"run_id": run_id, "key": "mlflow.parentRunId", "value": parent}
        assert isinstance(refused(recorder, logs.set_tag, body), NotFoundError)


def test_another_project_sees_neither_runs_nor_experiments(recorder: Recorder, run_id: str) -> None:
    made = recorder.record(experiments.create_experiment, {"name": "x"})
    for plan, body in (
        (logs.log_metric, {"run_id": run_id, "key": "m", "value": 1, "timestamp": 1}),
        (runs.delete_run, {"run_id": run_id}),
        (runs.create_run, {"experiment_id": made}),
        (experiments.delete_experiment, {"experiment_id": made}),
        (inputs.log_inputs, {"run_id": run_id, "models": [{"model_id": "m"}]}),
    ):
        assert isinstance(refused(recorder, plan, body, project="other"), NotFoundError)


def test_deleting_an_experiment_marks_its_active_runs_in_the_same_unit(recorder: Recorder) -> None:
    made = recorder.record(experiments.create_experiment, {"name": "x"})
    ids = [recorder.record(runs.create_run, {"experiment_id": made}) for _ in range(3)]
    recorder.record(runs.delete_run, {"run_id": ids[0]})
    recorder.record(experiments.delete_experiment, {"experiment_id": made})
    assert recorder.types()[-3:] == ["experiment.deleted", "run.deleted", "run.deleted"]
    error = refused(recorder, runs.create_run, {"experiment_id": made})
    assert error.code is ErrorCode.EXPERIMENT_DELETED
    recorder.record(experiments.restore_experiment, {"experiment_id": made})
    assert recorder.types()[-4:] == ["experiment.restored", *["run.restored"] * 3]
    assert len({entry.idem for entry in recorder.entries}) == len(recorder.entries)


@pytest.mark.parametrize("experiment_id", ["", "x", "-1", "1.0", "9" * 30, "٣", None, 5], ids=ascii)
def test_experiment_ids_are_decimal(recorder: Recorder, experiment_id: Any) -> None:
    body = {"experiment_id": experiment_id}
    assert isinstance(refused(recorder, experiments.delete_experiment, body), UsageError)


def test_experiment_names_are_unique_in_a_project(recorder: Recorder) -> None:
    made = recorder.record(experiments.create_experiment, {"name": "x"})
    for plan, body in (
        (experiments.create_experiment, {"name": "x"}),
        (experiments.create_experiment, {"name": "Default"}),
        (experiments.rename_experiment, {"experiment_id": made, "new_name": "Default"}),
    ):
        assert refused(recorder, plan, body).code is ErrorCode.ALREADY_EXISTS
    recorder.record(experiments.rename_experiment, {"experiment_id": made, "new_name": "x"})


def test_a_tag_that_is_not_set_cannot_be_deleted(recorder: Recorder, run_id: str) -> None:
    assert isinstance(
        refused(recorder, logs.delete_tag, {"run_id": run_id, "key": "t"}), NotFoundError
    )
    body = {"experiment_id": "0", "key": "t"}
    assert isinstance(refused(recorder, experiments.delete_experiment_tag, body), NotFoundError)


def test_a_location_is_checked_and_kept_as_text(recorder: Recorder) -> None:
    body = {"name": "x", "artifact_location": "s3://b/../c"}
    assert refused(recorder, experiments.create_experiment, body).code is ErrorCode.INVALID_PATH
    made = recorder.record(experiments.create_experiment, {"name": "x"})
    assert recorder.last()["artifact_location"] == f"mlflow-artifacts:/{made}"


def test_inputs_keep_what_was_said_of_them(recorder: Recorder, run_id: str) -> None:
    dataset = {"name": "d", "digest": "AB" * 32, "source_type": "code", "source": "{}"}
    tags = [{"key": "mlflow.data.context", "value": "eval"}]
    body = {"run_id": run_id, "datasets": [{"dataset": dataset, "tags": tags}]}
    recorder.record(inputs.log_inputs, body)
    (use,) = recorder.last()["uses"]  # type: ignore[misc,union-attr]
    assert use == {
        "role": "eval",
        "facet": "EVAL_DATA",
        "artifact": {
            "kind": "DATASET",
            "name": "d",
            "digest": "ab" * 32,
            "algorithm": "sha256",
            "strength": "CONTENT",
            "attributes": {"source_type": "code", "source": "{}", "digest_as_given": "AB" * 32},
        },
        "tags": {"mlflow.data.context": "eval"},
    }


@pytest.mark.parametrize(
    "dataset",
    [
        {},
        {"name": "d"},
        {"name": "d\0", "digest": "1"},
        {"name": "x" * 501, "digest": "1"},
        {"name": "d", "digest": "1" * 129},
        {"name": "d", "digest": "1", "source": "x" * 65_536},
        {"name": "d", "digest": "1", "schema": 5},
    ],
    ids=["empty", "no digest", "NUL", "name", "digest", "source", "schema"],
)
def test_datasets_that_are_refused(recorder: Recorder, run_id: str, dataset: Any) -> None:
    refused(recorder, inputs.log_inputs, {"run_id": run_id, "datasets": [{"dataset": dataset}]})


def test_model_ids_that_are_paths_are_refused(recorder: Recorder, run_id: str) -> None:
    body = {"run_id": run_id, "models": [{"model_id": "../../etc/passwd"}]}
    assert refused(recorder, inputs.log_outputs, body).code is ErrorCode.INVALID_PATH
