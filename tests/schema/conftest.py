"""A recorded history, and a way to ask the schema about it."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from schema.build import SCHEMA
from schema.context import request_context
from schema.errors import formatted
from tests.schema.recorded import Recorder, open_recorder, record_variants


@dataclass
class History:
    """The ports and the run ids of each variant."""

    recorder: Recorder
    runs: dict[str, list[str]]

    def ask(self, query: str, *, project: str = "default", **variables: Any) -> dict[str, Any]:
        """The response body as HTTP would give it."""
        context = request_context(self.recorder, project=project, request_id="req-1")
        result = asyncio.run(
            SCHEMA.execute(query, variable_values=variables, context_value=context)
        )
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = [formatted(each, request_id="req-1") for each in result.errors]
        return body

    def data(self, query: str, **kw: Any) -> dict[str, Any]:
        """The data of a request that must not fail."""
        body = self.ask(query, **kw)
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data

    def code(self, query: str, **kw: Any) -> str:
        """The code of the one error of a request that must fail."""
        (error,) = self.ask(query, **kw)["errors"]
        assert error["extensions"]["requestId"] == "req-1"
        code: str = error["extensions"]["code"]
        return code


@pytest.fixture(scope="session")
def new_history(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[], History]]:
    opened: list[Recorder] = []

    def make() -> History:
        folder: Path = tmp_path_factory.mktemp("history")
        recorder = open_recorder(folder)
        opened.append(recorder)
        runs = record_variants(recorder)
        recorder.run("f" * 32, project="other")
        recorder.catch_up()
        return History(recorder, runs)

    yield make
    for recorder in opened:
        recorder.metrics.close()
        recorder.log.close()


@pytest.fixture(scope="session")
def history(new_history: Callable[[], History]) -> History:
    """Read only: tests that write make their own."""
    return new_history()
