"""However many runs a page holds, each relation is one store call."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from schema.build import SCHEMA
from schema.context import request_context
from tests.schema.conftest import History

QUERY = """query Q($first: Int!) { runs(first: $first) { nodes { id params { key }
  metrics { last } experiment { name } parents { id } children { id } outputs { role }
  verdicts { id }
  inputs { role artifact { name generatedBy { id } usedBy { totalCount nodes { id } } } } } } }"""


class Counting:
    """Counts the calls that reach a port."""

    def __init__(self, port: Any, calls: Counter[str]) -> None:
        self._port = port
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._port, name)
        if not callable(value):
            return value

        def counted(*args: Any, **kw: Any) -> Any:
            self._calls[name] += 1
            return value(*args, **kw)

        return counted


@pytest.fixture(scope="module")
def calls(history: History) -> Callable[[int], Counter[str]]:
    def measure(first: int) -> Counter[str]:
        counted: Counter[str] = Counter()
        context = request_context(history.recorder, project="default", request_id="x")
        graph = Counting(history.recorder.graph, counted)
        metrics = Counting(history.recorder.metrics, counted)
        ports = Ports(history.recorder, graph, metrics)
        counting = request_context(ports, project=context.project, request_id="x")
        counted.clear()
        result = asyncio.run(
            SCHEMA.execute(QUERY, variable_values={"first": first}, context_value=counting)
        )
        assert result.errors is None
        assert len(result.data["runs"]["nodes"]) == first
        return counted

    return measure


class Ports:
    def __init__(self, recorder: Any, graph: Any, metrics: Any) -> None:
        self.log, self.clock, self.ids = recorder.log, recorder.clock, recorder.ids
        self.graph, self.metrics = graph, metrics
        self.catch_up = recorder.catch_up
        self.delta_index = recorder.delta_index


def test_store_calls_do_not_grow_with_the_runs(calls: Callable[[int], Counter[str]]) -> None:
    one, many = calls(1), calls(12)
    assert many == one
    assert many["summaries"] == 1
    assert many["find"] == 1
    assert sum(many.values()) <= 18
