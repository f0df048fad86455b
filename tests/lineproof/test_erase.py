"""Erasable runs from MLflow's door to the last projection."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from ledger.verify import verify_folder
from lineproof.app import create_app
from lineproof.cli.exit_codes import Exit
from lineproof.cli.main import main
from lineproof.settings import settings_from
from lineproof.wiring import open_services
from tests.lineproof.planted_runs import POLICY

API = "/api/2.0/mlflow/"
ALICE = "alice@example.com"
SECRET = "heart-rate-of-alice"


class _Door:
    def __init__(self, client: TestClient) -> None:
        self.client = client

    def post(self, path: str, expected: int = 200, /, **body: object) -> dict[str, Any]:
        response = self.client.post(API + path, json=body)
        assert response.status_code == expected, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def run(self, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"{API}runs/get", params={"run_id": run_id}).json()
        return found["run"]

    def train(self, name: str, accuracy: float, subject: str | None) -> str:
        tags = {"mlflow.user": "alice", "note": SECRET}
        if subject is not None:
            tags["lineproof.erasable"] = subject
        listed = [{"key": key, "value": value} for key, value in tags.items()]
        made = self.post("runs/create", run_name=name, user_id="alice", start_time=1, tags=listed)
        run_id: str = made["run"]["info"]["run_id"]
        metric = {"key": "accuracy", "value": accuracy, "timestamp": 1, "step": 0}
        params = [{"key": "seed", "value": name[-1]}, {"key": "data", "value": SECRET}]
        self.post("runs/log-batch", run_id=run_id, metrics=[metric], params=params)
        self.post("runs/update", run_id=run_id, status="FINISHED", end_time=2)
        return run_id


@contextmanager
def door(data: Path) -> Iterator[_Door]:
    services = open_services(settings_from({"LINEPROOF_DATA": str(data)}))
    try:
        with TestClient(create_app(services), base_url="http://127.0.0.1:8420") as client:
            yield _Door(client)
    finally:
        services.close()


def stored(data: Path) -> bytes:
    return b"\n".join(p.read_bytes() for p in sorted(data.rglob("*")) if p.is_file())


def test_an_erasable_run_reads_back_as_written(tmp_path: Path) -> None:
    with door(tmp_path / "data") as mlflow:
        run_id = mlflow.train("mine1", 0.9, ALICE)
        run = mlflow.run(run_id)
        assert run["info"]["run_name"] == "mine1"
        assert run["info"]["status"] == "FINISHED"
        tags = {tag["key"]: tag["value"] for tag in run["data"]["tags"]}
        assert tags["lineproof.erasable"] == ALICE
        assert tags["note"] == SECRET
        assert run["data"]["metrics"][0]["value"] == 0.9
        mlflow.post("runs/set-tag", run_id=run_id, key="note", value=SECRET + "2")
        mlflow.post("runs/update", run_id=run_id, run_name="renamed")
        assert mlflow.run(run_id)["info"]["run_name"] == "renamed"
        mlflow.post("runs/delete-tag", run_id=run_id, key="note")
    ledger = stored(tmp_path / "data/ledger") + stored(tmp_path / "data/blobs")
    for word in (SECRET, ALICE, "mine1", "renamed", '"actor":"alice"'):
        assert word.encode() not in ledger, word


def test_the_tag_is_for_the_start_of_a_run(tmp_path: Path) -> None:
    with door(tmp_path / "data") as mlflow:
        plain = mlflow.train("plain1", 0.9, None)
        mine = mlflow.train("mine1", 0.9, ALICE)
        tag = {"key": "lineproof.erasable", "value": "bob"}
        mlflow.post("runs/set-tag", 400, run_id=plain, **tag)
        mlflow.post("runs/set-tag", 400, run_id=mine, **tag)
        mlflow.post("runs/set-tag", run_id=mine, key="lineproof.erasable", value=ALICE)
        mlflow.post("runs/delete-tag", 400, run_id=mine, key="lineproof.erasable")
        mlflow.post("runs/create", 400, tags=[{"key": "lineproof.erasable", "value": " "}])


def test_erasing_reaches_every_projection_and_the_proof_stands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    (tmp_path / "lineproof.yaml").write_text(POLICY)
    where = ["--data", str(data)]
    with door(data) as mlflow:
        base = [mlflow.train(f"base{n}", 0.9 + n / 10_000, "bob") for n in range(5)]
        mine = [mlflow.train(f"mine{n}", 0.95 + n / 10_000, ALICE) for n in range(5)]
        experiment = mlflow.run(mine[0])["info"]["experiment_id"]
    assert main(["policy", "apply", str(tmp_path / "lineproof.yaml"), *where]) == Exit.OK
    sides = ["--candidate", ",".join(mine), "--baseline", ",".join(base)]
    assert main(["gate", "--policy", "release", *sides, *where]) == Exit.OK
    assert main(["replay", "verdict", "--all", *where]) == Exit.OK

    assert main(["erase", "nobody", *where]) == Exit.CANNOT_JUDGE
    assert main(["erase", ALICE, *where]) == Exit.OK
    assert main(["erase", ALICE, *where]) == Exit.OK
    report = verify_folder(data)
    report.raise_first()
    assert report.erased == 15
    assert main(["ledger", "verify", str(data)]) == Exit.OK
    assert "15 of 30 erasable payloads are erased" in capsys.readouterr().out

    with door(data) as mlflow:
        run = mlflow.run(mine[0])
        assert run["info"]["status"] == "FINISHED"
        assert run["info"]["run_name"] == f"run-{mine[0][:8]}"
        assert "metrics" not in run["data"] or run["data"]["metrics"] == []
        assert SECRET not in json.dumps(run)
        assert mlflow.run(base[0])["data"]["metrics"][0]["value"] == 0.9
        refused = mlflow.post("runs/set-tag", 410, run_id=mine[0], key="a", value="b")
        assert "erased" in refused["message"]
        found = mlflow.post("runs/search", experiment_ids=[experiment])["runs"]
        assert len(found) == 10
    assert main(["erase", "bob", *where]) == Exit.OK
    for name in ("graph.db", "tables"):
        assert (data / name).exists()
    for word in (SECRET, ALICE):
        assert word.encode() not in stored(data), word

    capsys.readouterr()
    assert main(["replay", "verdict", "--all", *where]) == Exit.CANNOT_JUDGE
    printed = capsys.readouterr()
    assert "INCONCLUSIVE (erased)" in printed.err
    assert "code: ERASED" in printed.err
    assert main(["gate", "--policy", "release", *sides, *where]) != Exit.OK


def test_a_server_must_be_stopped_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with door(tmp_path / "data") as mlflow:
        run_id = mlflow.train("mine1", 0.9, ALICE)
        assert main(["erase", ALICE, "--data", str(tmp_path / "data")]) == Exit.USAGE
        assert "Another process uses this ledger" in capsys.readouterr().err
        assert mlflow.run(run_id)["info"]["run_name"] == "mine1"
