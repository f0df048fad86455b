"""Files through MLflow's proxied artifact API: the real client, and raw requests for the rest."""

import hashlib
import http.client
import json
import os
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ledger.verify import verify_folder
from tests.e2e.mlflow_server import RunningServer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

pytestmark = pytest.mark.filterwarnings("default")

FILES = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture
def client(server: RunningServer, project: str, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    uri = f"{server.url}/projects/{project}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return MlflowClient(uri)


class Raw:
    """Requests as they are, of one project."""

    def __init__(self, server: RunningServer, project: str) -> None:
        self.netloc = urlsplit(server.url).netloc
        self.prefix = f"/projects/{project}"

    def __call__(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.netloc, timeout=20)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, self.prefix + path, body, named)
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        data = answer.read()
        connection.close()
        return answer.status, found, data


@pytest.fixture
def raw(server: RunningServer, project: str) -> Raw:
    return Raw(server, project)


def test_the_client_logs_lists_and_downloads(
    client: MlflowClient, server: RunningServer, project: str, tmp_path: Path
) -> None:
    run_id = client.create_run("0").info.run_id
    data = os.urandom(3_000_000)
    (tmp_path / "weights.bin").write_bytes(data)
    client.log_artifact(run_id, str(tmp_path / "weights.bin"), "model/é")
    client.log_text(run_id, "hello", "notes.txt")
    client.log_dict(run_id, {"a": 1}, "model/config.json")

    top = [(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(run_id)]
    assert top == [("model", True, None), ("notes.txt", False, 5)]
    inner = [(f.path, f.is_dir) for f in client.list_artifacts(run_id, "model")]
    assert inner == [("model/config.json", False), ("model/é", True)]
    assert client.list_artifacts(run_id, "notes.txt") == []
    assert client.list_artifacts(run_id, "nothing") == []

    folder = client.download_artifacts(run_id, "model", str(tmp_path))
    assert (Path(folder) / "é" / "weights.bin").read_bytes() == data
    entries = [e for e in _entries(server, project) if e.type == "artifact.logged"]
    assert {e.payload["run_id"] for e in entries} == {run_id}
    assert entries[0].payload["digest"] == "sha256:" + hashlib.sha256(data).hexdigest()
    assert entries[0].payload["size"] == len(data)


def test_a_deleted_file_leaves_a_trace(
    client: MlflowClient, server: RunningServer, project: str, raw: Raw
) -> None:
    run_id = client.create_run("0").info.run_id
    for name in ("keep.txt", "gone/a.txt", "gone/b.txt"):
        client.log_text(run_id, name, name)
    place = f"{FILES}/0/{run_id}/artifacts"
    assert raw("DELETE", f"{place}/gone")[0] == 200
    assert [f.path for f in client.list_artifacts(run_id)] == ["keep.txt"]
    assert raw("GET", f"{place}/gone/a.txt")[0] == 404
    assert raw("DELETE", f"{place}/gone")[0] == 404
    (deleted,) = [e for e in _entries(server, project) if e.type == "artifact.deleted"]
    assert deleted.payload["paths"] == [
        f"0/{run_id}/artifacts/gone/a.txt",
        f"0/{run_id}/artifacts/gone/b.txt",
    ]


def test_a_path_shows_its_latest_file(client: MlflowClient) -> None:
    run_id = client.create_run("0").info.run_id
    for text in ("one", "two", "one"):
        client.log_text(run_id, text, "notes.txt")
        uri = f"{client.get_run(run_id).info.artifact_uri}/notes.txt"
        from mlflow.artifacts import load_text

        assert load_text(uri) == text


def test_a_range_is_answered_in_part(raw: Raw) -> None:
    data = bytes(range(256)) * 10
    assert raw("PUT", f"{FILES}/0/plain/x.bin", data)[0] == 200
    status, headers, part = raw("GET", f"{FILES}/0/plain/x.bin", Range="bytes=100-299")
    assert (status, part) == (206, data[100:300])
    assert headers["content-range"] == "bytes 100-299/2560"
    assert headers["etag"] == f'"sha256:{hashlib.sha256(data).hexdigest()}"'
    assert headers["content-disposition"].startswith("attachment")
    assert raw("GET", f"{FILES}/0/plain/x.bin", Range="bytes=9999-")[0] == 416


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "0/r/artifacts/..%2f..%2fx",
        "0/r/artifacts/..%252f..%252fx",
        "%2Fetc%2Fpasswd",
        "0//x",
        "0/r/./x",
        "0/r/a%5C..%5Cb",
        "0/r/a%00b",
        "file:/etc/passwd",
        "C:/x",
        "0/" + "x" * 3000,
    ],
)
def test_a_path_that_could_lead_astray_is_refused(
    server: RunningServer, project: str, raw: Raw, path: str
) -> None:
    before = server.services.log.head().size
    for method, body in (("PUT", b"x"), ("GET", None), ("DELETE", None)):
        status, _, answer = raw(method, f"{FILES}/{path}", body)
        assert status == 400
        assert json.loads(answer)["error_code"] == "INVALID_PARAMETER_VALUE"
    assert _entries(server, project) == []
    assert server.services.log.head().size == before


def test_what_breaks_off_or_is_compressed_is_stored_nowhere(
    server: RunningServer, project: str, raw: Raw
) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"x" * 100_000
        raise ConnectionError

    connection = http.client.HTTPConnection(raw.netloc)
    with closing(connection), pytest.raises(ConnectionError):
        connection.request("PUT", f"{raw.prefix}{FILES}/0/r/broken", pieces())
    assert raw("PUT", f"{FILES}/0/r/zip", b"x", Content_Encoding="gzip")[0] == 415
    assert _entries(server, project) == []


def test_more_than_a_request_may_hold_is_no_problem_for_a_file(
    server: RunningServer, raw: Raw
) -> None:
    piece = b"lineproof" * 100_000
    chunked = (piece for _ in range(20))
    assert raw("PUT", f"{FILES}/0/r/large", chunked)[0] == 200
    assert raw("GET", f"{FILES}/0/r/large")[2] == piece * 20
    server.services.log.publish()
    folder = server.services.ledger_files.parent.parent
    assert verify_folder(folder).faults == []


def test_a_run_whose_files_are_elsewhere_is_not_opened(client: MlflowClient, raw: Raw) -> None:
    experiment = client.create_experiment("elsewhere", "file:///etc")
    run_id = client.create_run(experiment).info.run_id
    status, _, answer = raw("GET", f"/api/2.0/mlflow/artifacts/list?run_id={run_id}")
    assert status == 400
    assert "not kept here" in json.loads(answer)["message"]
    with pytest.raises(MlflowException, match="not found"):
        client.list_artifacts("0" * 32)


def test_multipart_is_declined_as_mlflow_does(raw: Raw) -> None:
    for step in ("create", "complete", "abort"):
        path = f"/api/2.0/mlflow-artifacts/mpu/{step}/0/x"
        status, _, answer = raw("POST", path, b"{}", Content_Type="application/json")
        assert (status, json.loads(answer)["error_code"]) == (501, "NOT_IMPLEMENTED")


def _entries(server: RunningServer, project: str) -> list[Any]:
    log = server.services.log
    found = [e for e in log.read(0, log.head().size) if e.project == project]
    return [e for e in found if e.type.startswith("artifact.")]
