"""MLflow's run search over a graph in memory: pages, positions, and how often stores are asked."""

from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.last_values import LastValues
from domain.errors import UsageError
from domain.metric import MetricPoint
from ingest.mlflow import inputs, logs, runs
from resolvers.mlflow_search import RunSearch, search_runs
from tests.ingest.recorder import Recorder


class Counting:
    """Passes every call on and counts it."""

    def __init__(self, inner: object) -> None:
        self._inner = inner
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        self.calls += 1
        return getattr(self._inner, name)


class NoMetrics:
    """Metric tables in which nothing was ever logged."""

    def summaries(
        self, run_ids: Collection[str], *, keys: object = None, as_of: object = None
    ) -> dict[str, dict[str, Any]]:
        return {run_id: {} for run_id in run_ids}

    def points(self, run_id: str, key: str, *, as_of: object = None) -> list[MetricPoint]:
        return []

    def last_values(self, key: str, *, as_of: object = None) -> LastValues:
        return LastValues.of({})


def recorded(count: int) -> Recorder:
    recorder = Recorder()
    for index in range(count):
        run_id = recorder.record(
            runs.create_run, {"run_name": f"r{index}", "start_time": index % 3}
        )
        recorder.record(logs.log_param, {"run_id": run_id, "key": "p", "value": str(index % 2)})
        dataset = {"name": f"d{index}", "digest": "1"}
        recorder.record(inputs.log_inputs, {"run_id": run_id, "datasets": [{"dataset": dataset}]})
    return recorder


def found(recorder: Recorder, **question: Any) -> tuple[list[str], str]:
    search = RunSearch("p", ("0",), **question)
    page = search_runs(recorder.graph, NoMetrics(), search, visible=len(recorder.entries))
    return [run.name for run in page.runs], page.next_page_token


EVERYTHING = {
    "filter": "params.p = '0' AND dataset.name LIKE 'd%' "
    "AND artifact_uri LIKE '%' AND run_id != ''",
    "order_by": ("params.p", "metrics.m", "artifact_uri"),
}


@pytest.mark.parametrize("question", [{}, EVERYTHING], ids=["plain", "everything"])
def test_the_number_of_store_calls_does_not_grow_with_the_runs(question: dict[str, Any]) -> None:
    calls: list[tuple[int, int]] = []
    for count in (2, 40):
        recorder = recorded(count)
        graph, metrics = Counting(recorder.graph), Counting(NoMetrics())
        search = RunSearch("p", ("0",), **question)
        page = search_runs(graph, metrics, search, visible=len(recorder.entries))  # type: ignore[arg-type]
        assert page.runs
        calls.append((graph.calls, metrics.calls))
    assert calls[0] == calls[1]


@given(size=st.integers(1, 9))
@settings(max_examples=9, deadline=None)
def test_pages_of_any_size_make_the_same_list_whatever_is_written_meanwhile(size: int) -> None:
    recorder = recorded(7)
    whole, _ = found(recorder)
    seen: list[str] = []
    token = ""
    while True:
        page, token = found(recorder, max_results=size, page_token=token)
        seen += page
        recorder.record(runs.create_run, {"run_name": "late", "start_time": 99})
        if not token:
            break
    assert seen == whole


def test_a_token_of_a_position_that_is_not_visible_is_refused() -> None:
    recorder = recorded(3)
    _, token = found(recorder, max_results=1)
    search = RunSearch("p", ("0",), max_results=1, page_token=token)
    with pytest.raises(UsageError, match="Invalid page token"):
        search_runs(recorder.graph, NoMetrics(), search, visible=2)


def test_no_experiments_no_runs() -> None:
    search = RunSearch("p", ())
    assert search_runs(recorded(1).graph, NoMetrics(), search, visible=9).runs == ()
