"""Policies, gates, verdicts and proofs over plain HTTP, on a real data folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from ledger.proof import verify_proof
from lineproof.app import create_app
from lineproof.cli.gate_verify import verify
from lineproof.services import Services
from lineproof.settings import settings_from
from lineproof.wiring import open_services
from tests.lineproof.planted_runs import GOOD, POLICY, WORSE, plant_runs

YAML = {"content-type": "application/yaml"}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    opened = open_services(settings_from({"LINEPROOF_DATA": str(tmp_path / "data")}))
    plant_runs(opened.log)
    yield opened
    opened.close()


@pytest.fixture
def client(services: Services) -> Iterator[TestClient]:
    with TestClient(create_app(services), base_url="http://127.0.0.1:8420") as client:
        yield client


def _request(candidate: tuple[str, ...], **more: object) -> dict[str, object]:
    sides = {"candidate": {"runs": list(candidate)}, "baseline": {"runs": list(GOOD)}}
    return {"policy": "release", **sides, **more}


def test_a_policy_is_declared_once(client: TestClient) -> None:
    first = client.post("/policies", content=POLICY, headers=YAML).json()
    again = client.post("/policies", content=POLICY, headers=YAML).json()
    assert first["policies"][0]["name"] == "release"
    assert first["policies"][0]["changed"] is True
    assert isinstance(first["policies"][0]["leafIndex"], int)
    assert first["warnings"]
    assert again["policies"][0]["changed"] is False
    assert again["policies"][0]["digest"] == first["policies"][0]["digest"]


def test_a_worse_candidate_fails_and_the_verdict_is_proven(
    client: TestClient, services: Services
) -> None:
    client.post("/policies", content=POLICY, headers=YAML)
    response = client.post("/gate", json=_request(WORSE))
    verdict = response.json()
    assert response.status_code == 200
    assert (verdict["outcome"], verdict["exitCode"], verdict["blocking"]) == ("FAIL", 1, True)
    assert verdict["statement"]["rules"][0]["status"] == "FAIL"
    assert "FAIL" in verdict["text"]
    assert "<!-- lineproof:gate/release/" in verdict["markdown"]
    shown = client.get(f"/verdicts/{verdict['id']}").json()
    assert shown == verdict
    proof = client.get(f"/proofs/{verdict['leafIndex']}")
    assert proof.headers["content-type"] == "text/plain; charset=utf-8"
    checkpoint = verify_proof(proof.text, verdict["entry"].encode(), services.log.vkey)
    assert checkpoint.size > verdict["leafIndex"]
    assert verify(shown, proof.text, services.log.vkey).startswith("Verified: FAIL by policy")


def test_the_same_question_is_answered_with_the_same_verdict(client: TestClient) -> None:
    client.post("/policies", content=POLICY, headers=YAML)
    first = client.post("/gate", json=_request(WORSE, idempotencyKey="k")).json()
    again = client.post("/gate", json=_request(WORSE, idempotencyKey="k")).json()
    assert again == {
        **first,
        "replayed": True,
        "text": again["text"],
        "markdown": again["markdown"],
    }
    conflict = client.post("/gate", json=_request(GOOD, idempotencyKey="k"))
    assert conflict.status_code == 409
    assert conflict.json()["code"] == "IDEMPOTENCY_CONFLICT"


def test_a_dry_run_records_nothing(client: TestClient, services: Services) -> None:
    client.post("/policies", content=POLICY, headers=YAML)
    before = services.log.head().size
    verdict = client.post("/gate", json=_request(WORSE, dryRun=True)).json()
    assert verdict["outcome"] == "FAIL"
    assert verdict["leafIndex"] is None
    assert verdict["entry"] is None
    assert services.log.head().size == before
    assert client.get(f"/verdicts/{verdict['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        (b"", "MALFORMED", 400),
        (b"{", "MALFORMED", 400),
        (b'{"policy": "a", "policy": "b"}', "MALFORMED", 400),
        (b"[" * 100 + b"]" * 100, "MALFORMED", 400),
        (b"\xef\xbb\xbf{}", "MALFORMED", 400),
        ("{}".encode("utf-16"), "MALFORMED", 400),
        (b"{} {}", "MALFORMED", 400),
        (b"[]", "MALFORMED", 400),
        (b'{"policy": "release"}', "INVALID_ARGUMENT", 400),
        (b'{"policy": "none", "candidate": {"runs": ["good0"]}}', "NOT_FOUND", 404),
        (b'{"policy": "release", "candidate": {"runs": ["none"]}}', "NOT_FOUND", 404),
        (
            b'{"policy": "release", "candidate": {"runs": ["good0"]}, "x": 1}',
            "INVALID_ARGUMENT",
            400,
        ),
    ],
)
def test_a_request_that_cannot_be_judged_is_a_typed_error_and_nothing_is_written(
    client: TestClient, services: Services, body: bytes, code: str, status: int
) -> None:
    client.post("/policies", content=POLICY, headers=YAML)
    before = services.log.head().size
    response = client.post("/gate", content=body, headers={"content-type": "application/json"})
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == code
    assert response.json()["hint"]
    assert services.log.head().size == before


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
@pytest.mark.parametrize("path", ["/gate", "/policies"])
def test_bodies_that_a_form_can_send_are_refused(
    client: TestClient, services: Services, path: str, kind: str
) -> None:
    before = services.log.head().size
    response = client.post(path, content=POLICY, headers={"content-type": kind})
    assert response.status_code == 415
    assert services.log.head().size == before


@pytest.mark.parametrize("path", ["/gate", "/policies"])
def test_nothing_is_changed_by_get(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 405


def test_a_wrong_policy_names_its_line_and_nothing_is_declared(
    client: TestClient, services: Services
) -> None:
    before = services.log.head().size
    wrong = POLICY.replace("margin:", "margni:")
    response = client.post("/policies", content=wrong, headers=YAML)
    assert response.status_code == 400
    assert response.json()["code"] == "POLICY_INVALID"
    assert services.log.head().size == before
    binary = client.post("/policies", content=b"\xff\xfe", headers=YAML)
    assert binary.json()["code"] == "POLICY_INVALID"


def test_another_project_sees_neither_verdicts_nor_proofs(
    client: TestClient, services: Services
) -> None:
    client.post("/policies", content=POLICY, headers=YAML)
    verdict = client.post("/gate", json=_request(WORSE)).json()
    for path in (f"/verdicts/{verdict['id']}", f"/proofs/{verdict['leafIndex']}"):
        assert client.get(path).status_code == 200
        assert client.get(f"/projects/other{path}").status_code == 404
    assert client.post("/projects/other/gate", json=_request(WORSE)).status_code == 404


@pytest.mark.parametrize("seq", ["-1", "1e3", "999999", "9" * 40, "٣", "x"])
def test_a_proof_of_nothing_is_not_found(client: TestClient, seq: str) -> None:
    assert client.get(f"/proofs/{seq}").status_code == 404


def test_ready_means_that_what_was_recorded_can_be_read(
    client: TestClient, services: Services
) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    size = services.log.head().size
    assert client.get("/readyz").json() == {"status": "ready", "tree_size": size}


def test_the_ledger_is_served_while_it_grows(client: TestClient, services: Services) -> None:
    size = services.log.publish().size
    assert client.get("/ledger/checkpoint").text == services.log.checkpoint().text
    bundle = client.get(f"/ledger/tile/entries/000.p/{size}")
    assert b"run.started" in bundle.content
