"""``runs/search`` through MLflow's own client: filters, orders, pages, views."""

import math
import warnings
from typing import Any

import pytest

from tests.e2e.mlflow_server import RunningServer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param
    from mlflow.exceptions import MlflowException

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture
def client(server: RunningServer, project: str) -> MlflowClient:
    return MlflowClient(f"{server.url}/projects/{project}")


def refused(error: pytest.ExceptionInfo[MlflowException]) -> str:
    return error.value.error_code


def names(runs: Any) -> list[str]:
    return [run.info.run_name for run in runs]


def start_four(client: MlflowClient) -> MlflowClient:
    """a: 1.0, b: 2.0, c: NaN, d: no metric; started in this order."""
    for start, (name, value) in enumerate(
        {"a": 1.0, "b": 2.0, "c": math.nan, "d": None}.items(), start=1
    ):
        run_id = client.create_run("0", start_time=start, run_name=name).info.run_id
        metrics = [] if value is None else [Metric("m", value, 1, 0)]
        client.log_batch(run_id, metrics=metrics, params=[Param("p", name.upper())])
    return client


@pytest.fixture(scope="module")
def four_runs(server: RunningServer) -> MlflowClient:
    """Only read by the tests that use it."""
    return start_four(MlflowClient(f"{server.url}/projects/four"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "dcba"),
        ("metrics.m > 0.5", "ba"),
        ("metrics.m != 1", "cb"),
        ("metrics.m > 0 and params.p = 'B'", "b"),
        ("params.p LIKE '_' AND params.p ILIKE 'a'", "a"),
        ("params.q IS NULL AND tags.`mlflow.runName` != 'a'", "dcb"),
        ("attributes.run_name IN ('a')", None),
        ("start_time >= 3", "dc"),
        ("status = 'RUNNING' AND created < 2", "a"),
        ("params.p = '\\' OR 1=1 --'", None),
        ("artifact_uri LIKE '%artifacts' and run_name = 'd'", "d"),
        ("dataset.name = 'x'", ""),
    ],
)
def test_search_filters(four_runs: MlflowClient, text: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(MlflowException, match="at column") as error:
            four_runs.search_runs(["0"], text)
        assert refused(error) == "INVALID_PARAMETER_VALUE"
    else:
        assert "".join(names(four_runs.search_runs(["0"], text))) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (["metrics.m ASC"], "abcd"),
        (["metrics.m DESC"], "bacd"),
        (["params.p"], "abcd"),
        (["start_time ASC"], "abcd"),
        (["attributes.status", "run_name DESC"], "dcba"),
        (["tags.absent", "metrics.m DESC"], "bacd"),
    ],
)
def test_search_orders_nan_and_absent_last(
    four_runs: MlflowClient, order: list[str], expected: str
) -> None:
    assert "".join(names(four_runs.search_runs(["0"], order_by=order))) == expected


def test_search_pages_show_one_state(client: MlflowClient) -> None:
    start_four(client)
    first = client.search_runs(["0"], max_results=3)
    client.create_run("0", start_time=99, run_name="e")
    rest = client.search_runs(["0"], max_results=3, page_token=first.token)
    assert "".join(names([*first, *rest])) == "dcba"
    assert not rest.token
    for token, text in ((first.token, "params.p = 'A'"), ("zzz", ""), ("bnVsbA==", "")):
        with pytest.raises(MlflowException, match="Invalid page token") as error:
            client.search_runs(["0"], text, max_results=3, page_token=token)
        assert refused(error) == "INVALID_PARAMETER_VALUE"


def test_search_views(client: MlflowClient) -> None:
    start_four(client)
    (run,) = client.search_runs(["0"], "run_name = 'b'")
    client.delete_run(run.info.run_id)
    found = {view: names(client.search_runs(["0"], run_view_type=view)) for view in (1, 2, 3)}
    assert found == {1: ["d", "c", "a"], 2: ["b"], 3: ["d", "c", "b", "a"]}
