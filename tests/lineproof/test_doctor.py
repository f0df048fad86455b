"""``lineproof doctor``: what is missing, what is weak, what a later hash makes of it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from domain.facet import Facet
from lineproof.app import create_app
from lineproof.cli.main import main
from lineproof.services import Services
from lineproof.settings import settings_from
from lineproof.wiring import open_services

API = "/api/2.0/mlflow/"
GOLDEN = Path(__file__).parent.parent / "golden"
Findings = dict[str, dict[str, Any]]


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    opened = open_services(settings_from({"LINEPROOF_DATA": str(tmp_path)}))
    yield opened
    opened.close()


@pytest.fixture
def http(services: Services) -> Iterator[TestClient]:
    with TestClient(create_app(services), base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
def doctor(http: TestClient) -> Callable[[str], Findings]:
    def ask(run_id: str) -> Findings:
        answer = http.post("/operations/run.doctor", json={"runId": run_id})
        assert answer.status_code == 200, answer.text
        return {finding["facet"]: finding for finding in answer.json()["facets"]}

    return ask


def start_run(http: TestClient) -> str:
    """A run that used an evaluation set of which a sample was hashed."""
    run_id: str = http.post(f"{API}runs/create", json={}).json()["run"]["info"]["run_id"]
    dataset = {
        "name": "test",
        "digest": "12345678",
        "source_type": "local",
        "source": "{}",
        "schema": '{"mlflow_colspec": []}',
    }
    tags = [{"key": "mlflow.data.context", "value": "evaluation"}]
    body = {"run_id": run_id, "datasets": [{"dataset": dataset, "tags": tags}]}
    assert http.post(f"{API}runs/log-inputs", json=body).status_code == 200
    return run_id


def set_tag(http: TestClient, run_id: str, key: str, value: str) -> None:
    body = {"run_id": run_id, "key": key, "value": value}
    assert http.post(f"{API}runs/set-tag", json=body).status_code == 200


def test_every_facet_is_looked_at_and_what_is_missing_has_its_line(
    http: TestClient, doctor: Callable[[str], Findings]
) -> None:
    findings = doctor(start_run(http))
    assert set(findings) == set(Facet)
    assert findings["EVAL_DATA"]["state"] == "WEAK"
    for facet in set(Facet) - {Facet.EVAL_DATA}:
        assert findings[facet]["state"] == "MISSING"
        assert findings[facet]["advice"]
    tags = {f for f in Facet if "set_tag" in findings[f]["advice"]}
    assert {"EVAL_CODE", "METRIC_DEF", "ENVIRONMENT", "WORKFLOW"} <= tags


def test_following_the_advice_cures(http: TestClient, doctor: Callable[[str], Findings]) -> None:
    run_id = start_run(http)
    for facet, finding in doctor(run_id).items():
        if "lineproof.facet." in finding["advice"]:
            set_tag(http, run_id, f"lineproof.facet.{facet.lower()}", "sha256:" + "ab" * 32)
    body = {
        "run_id": run_id,
        "params": [{"key": "lr", "value": "1"}, {"key": "seed", "value": "2"}],
    }
    assert http.post(f"{API}runs/log-batch", json=body).status_code == 200
    states = {facet: finding["state"] for facet, finding in doctor(run_id).items()}
    assert states.pop("TRAIN_DATA") == "MISSING"
    assert set(states.values()) == {"STRONG"}


def test_a_hash_that_comes_later_makes_it_strong_and_another_one_is_a_conflict(
    http: TestClient, doctor: Callable[[str], Findings]
) -> None:
    one, two = start_run(http), start_run(http)
    key = "lineproof.facet.eval_data"
    set_tag(http, one, key, "sha256:" + "aa" * 32)
    first = doctor(one)["EVAL_DATA"]
    assert (first["state"], first["strength"], first["advice"]) == ("STRONG", "CONTENT", "")
    set_tag(http, two, key, "sha256:" + "bb" * 32)
    assert doctor(one)["EVAL_DATA"]["state"] == "CONFLICT"
    assert doctor(two)["EVAL_DATA"]["state"] == "CONFLICT"
    compared = http.post(
        "/compare", json={"baseline": {"runs": [one]}, "candidate": {"runs": [two]}}
    )
    assert '"CONFLICT"' in compared.text
    set_tag(http, two, key, "sha256:" + "aa" * 32)
    assert doctor(two)["EVAL_DATA"]["state"] == "STRONG"


def test_a_run_of_another_project_is_not_found(http: TestClient) -> None:
    run_id = start_run(http)
    answer = http.post("/projects/other/operations/run.doctor", json={"runId": run_id})
    assert answer.status_code == 404


def test_the_command_shows_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = str(GOLDEN / "openlineage" / "spark.jsonl")
    data = ["--data", str(tmp_path / "cli")]
    assert main(["import", "openlineage", events, *data]) == 0
    run_id = "01941a6e-0c00-7000-8000-0000000000b2"
    capsys.readouterr()
    assert main(["doctor", run_id, *data]) == 0
    shown = capsys.readouterr().out
    assert "TRAIN_CODE   WEAK      code https://example.org/shop.git" in shown
    assert '{"key": "lineproof.context", "value": "evaluation"}' in shown
    assert main(["doctor", run_id, "--format", "json", *data]) == 0
    assert len(json.loads(capsys.readouterr().out)["facets"]) == len(Facet)
    assert main(["doctor", "nobody", *data]) == 3
