"""Quarantine at MLflow's own doors, met by its own client: promotions and downloads refuse."""

import hashlib
import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from domain.verdict import Outcome
from governance.holds import active_holds
from governance.products import versions_of_content
from governance.quarantine import Keeper
from lineproof import policies, verdicts
from lineproof.cli.exit_codes import Exit
from lineproof.cli.main import main
from tests.e2e.mlflow_server import RunningServer, running_server

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

pytestmark = pytest.mark.filterwarnings("default")

POLICY = """\
version: 1
metrics:
  accuracy: {direction: higher}
policies:
  release:
    rules:
      - {id: good, metric: accuracy, limit: {min: "0.9"}}
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path / "data") as running:
        yield running


@pytest.fixture
def client(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    return MlflowClient(server.url)


def _keeper(server: RunningServer) -> Keeper:
    services = server.services
    return Keeper(services.log, services.graph, services.catch_up, "default", "test")


def _holds(server: RunningServer) -> list[tuple[str, str]]:
    graph = server.services.graph
    return [(h.root, h.trigger) for h in active_holds(graph, "default", as_of=None, at=None)]


def _trained(client: MlflowClient, name: str = "model") -> tuple[str, str]:
    """A run with a logged model of its own and a file beside it: run id, model id."""
    run_id = client.create_run("0").info.run_id
    client.log_metric(run_id, "accuracy", 0.95)
    client.log_text(run_id, f"weights of {name}", "weights.txt")
    model = client.create_logged_model("0", name=name, source_run_id=run_id)
    client.finalize_logged_model(model.model_id, "READY")
    client.set_terminated(run_id)
    return run_id, model.model_id


def _locked(call: Callable[..., object], *args: Any, **more: Any) -> None:
    with pytest.raises(MlflowException) as caught:
        call(*args, **more)
    assert caught.value.error_code == "INVALID_STATE", caught.value
    assert "is quarantined" in str(caught.value)


def test_promotions_and_downloads_of_what_is_held_are_refused(
    client: MlflowClient, server: RunningServer, tmp_path: Path
) -> None:
    held, model = _trained(client, "held")
    clean, clean_model = _trained(client, "clean")
    client.create_registered_model("shop")
    client.create_model_version("shop", f"models:/{model}", run_id=held)
    client.create_model_version("shop", f"models:/{clean_model}", run_id=clean)
    client.set_registered_model_alias("shop", "champion", "1")
    _keeper(server).hold(f"run:{held}", "its labels were shifted")

    _locked(client.set_registered_model_alias, "shop", "champion", "1")
    _locked(client.transition_model_version_stage, "shop", "1", "Production")
    for source in (f"models:/{model}", f"runs:/{held}/model", f"mlflow-artifacts:/0/{held}/x"):
        _locked(client.create_model_version, "shop", source)
    _locked(client.create_model_version, "shop", "s3://bucket/x", run_id=held)
    _locked(client.get_model_version_download_uri, "shop", "1")
    with pytest.raises(MlflowException, match="Failed to download"):
        client.download_artifacts(held, "weights.txt", str(tmp_path))

    client.set_registered_model_alias("shop", "champion", "2")
    client.transition_model_version_stage("shop", "2", "Production")
    client.transition_model_version_stage("shop", "1", "Archived")
    client.delete_registered_model_alias("shop", "champion")
    client.download_artifacts(clean, "weights.txt", str(tmp_path))
    assert len(client.search_model_versions("name = 'shop'")) == 2

    _keeper(server).release(f"run:{held}", "they were not")
    client.set_registered_model_alias("shop", "champion", "1")
    client.download_artifacts(held, "weights.txt", str(tmp_path))


def test_the_status_of_a_held_file_is_423(client: MlflowClient, server: RunningServer) -> None:
    run_id, _ = _trained(client)
    _keeper(server).hold(f"run:{run_id}", "bad")
    path = f"/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts/weights.txt"
    with pytest.raises(HTTPError) as caught:
        urlopen(server.url + path)
    assert caught.value.code == 423
    caught.value.close()


def test_a_version_that_was_held_by_content_holds_its_file(
    client: MlflowClient, server: RunningServer
) -> None:
    content = b"rows,of,data"
    digest = hashlib.sha256(content).hexdigest()
    user = client.create_run("0").info.run_id
    client.set_tag(user, "lineproof.facet.train_data", f"sha256:{digest}")
    other = client.create_run("0").info.run_id
    client.log_text(other, content.decode(), "data.csv")
    graph = server.services.graph
    server.services.catch_up()
    (root,) = versions_of_content(graph, "default", digest)
    client.download_artifacts(other, "data.csv")
    _keeper(server).hold(root, "contaminated")
    with pytest.raises(MlflowException, match="Failed to download"):
        client.download_artifacts(other, "data.csv")


def test_a_file_replaced_after_its_verdict_holds_its_run_row_36(
    client: MlflowClient, server: RunningServer
) -> None:
    services = server.services
    policies.declare(services, POLICY, project="default", source="test")
    run_id, _ = _trained(client)

    def gate(content: str) -> Any:
        digest = hashlib.sha256(content.encode()).hexdigest()
        artifacts = [{"name": "weights.txt", "digest": f"sha256:{digest}"}]
        request: Any = {"policy": "release", "candidate": {"runs": [run_id]}}
        request["artifacts"] = artifacts
        return verdicts.judge(services, request, project="default", source="test")

    client.log_text(run_id, "other weights", "weights.txt")
    assert _holds(server) == []
    assert gate("other weights")["outcome"] == Outcome.PASS
    client.log_text(run_id, "other weights", "weights.txt")
    assert _holds(server) == []

    client.log_text(run_id, "weights from nowhere", "weights.txt")
    assert _holds(server) == [(f"run:{run_id}", "digest_mismatch")]
    assert gate("weights from nowhere")["outcome"] == Outcome.FAIL


def test_a_file_that_changed_after_its_verdict_exits_1_row_36(
    client: MlflowClient,
    server: RunningServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The command line holds the file that is to ship against what the run recorded."""
    policies.declare(server.services, POLICY, project="default", source="test")
    run_id, _ = _trained(client)
    file = tmp_path / "weights.txt"
    gate = ["gate", "--policy=release", f"--candidate={run_id}", f"--url={server.url}"]
    file.write_text("weights of model")
    assert main([*gate, f"--artifact={file}"]) == Exit.OK
    file.write_text("weights of robber")
    assert main([*gate, f"--artifact={file}"]) == Exit.FAILED
    assert "its digest differs" in capsys.readouterr().out
    assert _holds(server) == [(f"run:{run_id}", "digest_mismatch")]


def test_a_damaged_file_is_not_handed_out_and_holds_its_run(
    client: MlflowClient, server: RunningServer
) -> None:
    run_id, _ = _trained(client)
    client.download_artifacts(run_id, "weights.txt")
    path = server.services.log.blobs.path(
        f"sha256:{hashlib.sha256(b'weights of model').hexdigest()}"
    )
    path.chmod(0o600)
    path.write_bytes(b"weights of robber")
    with pytest.raises(MlflowException):
        client.download_artifacts(run_id, "weights.txt")
    assert _holds(server) == [(f"run:{run_id}", "digest_mismatch")]
