"""Each test meets MLflow's client as a new process would: the client keeps its state in globals."""

import os
import sys
from collections.abc import Iterator

import pytest


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
