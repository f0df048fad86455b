"""What MLflow's charts ask for: the same points of a series from both servers."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric

from tests.differential.conftest import Servers

PATH = "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval"
POINTS = (
    [Metric("m", (n * 37 % 11) / 4, 1_000 + n % 3, n // 2) for n in range(57)]
    + [Metric("m", float("nan"), 1_000, 4), Metric("m", 0.0, 1_000, 4), Metric("m", -1.0, 1, 4)]
    + [Metric("m", 2.5, 5, -3), Metric("m", 2.5, 5, -3)]
)
QUESTIONS: list[dict[str, str]] = [
    {},
    *({"max_results": str(size)} for size in (1, 2, 3, 7, 50, 60, 61, 62, 2_500)),
    {"start_step": "4", "end_step": "4"},
    {"start_step": "-3", "end_step": "9", "max_results": "5"},
    {"start_step": "900", "end_step": "901"},
    {"start_step": "5", "end_step": "4"},
    {"start_step": "5"},
    {"end_step": "5"},
    {"max_results": "0"},
    {"max_results": "2501"},
    {"metric_key": "none"},
    {"metric_key": ""},
]


@pytest.fixture(scope="module")
def runs(servers: Servers) -> dict[str, list[str]]:
    """Of each server: a run with the points, and one with a few."""
    made: dict[str, list[str]] = {}
    for url in (servers.ours, servers.theirs):
        client = MlflowClient(url)
        ids = [client.create_run("0").info.run_id for _ in range(2)]
        client.log_batch(ids[0], metrics=POINTS)
        client.log_batch(ids[1], metrics=POINTS[:3])
        made[url] = ids
    return made


def ask(url: str, run_ids: list[str], more: dict[str, str]) -> tuple[int, Any]:
    """The status, and the points with numbers for run ids, or the error's code."""
    fields = [("run_ids", one) for one in run_ids] + list({"metric_key": "m", **more}.items())
    try:
        with urllib.request.urlopen(f"{url}{PATH}?{urllib.parse.urlencode(fields)}") as answer:
            points = json.load(answer).get("metrics", [])
            return answer.status, [
                {**one, "run_id": run_ids.index(one["run_id"])} for one in points
            ]
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["error_code"]


@pytest.mark.parametrize("more", QUESTIONS, ids=str)
def test_samples_are_those_of_mlflow(
    servers: Servers, runs: dict[str, list[str]], more: dict[str, str]
) -> None:
    ours, theirs = (ask(url, runs[url], more) for url in (servers.ours, servers.theirs))
    assert ours == theirs


@pytest.mark.parametrize("asked", [[], ["f" * 32], ["f" * 32] * 101], ids=len)
def test_runs_that_cannot_be_sampled(servers: Servers, asked: list[str]) -> None:
    assert ask(servers.ours, asked, {}) == ask(servers.theirs, asked, {})
