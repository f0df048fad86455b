"""One server for a module's tests, each in a project of its own, each with a new client.

Each test meets MLflow's client as a new process would: the client keeps its state in globals.
"""

import os
import sys
from collections.abc import Iterator

import pytest

from tests.e2e.mlflow_server import RunningServer, running_server

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

_projects = iter(range(10_000))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture
def project() -> str:
    return f"p{next(_projects)}"


@pytest.fixture(autouse=True)
def fresh_mlflow_client() -> Iterator[None]:
    """Take back the tracking address and the experiment that a test made the client's own."""
    before = {name: value for name, value in os.environ.items() if name.startswith("MLFLOW_")}
    yield
    if "mlflow" in sys.modules:
        import mlflow

        mlflow.set_tracking_uri(None)
        mlflow.tracking.fluent._active_experiment_id = None
    for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
        del os.environ[name]
    os.environ.update(before)
