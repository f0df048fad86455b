"""Both servers, started once a session."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from benchmarks.mlflow_peer import mlflow_server
from tests.e2e.mlflow_server import running_server

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
# Half of the peer's start is a queue of jobs that no call here needs.
os.environ.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")


@dataclass(frozen=True, slots=True)
class Servers:
    """Where both are."""

    ours: str
    theirs: str


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("differential")
    with mlflow_server(folder / "mlflow") as peer, running_server(folder / "lineproof") as us:
        yield Servers(us.url, peer.url)
