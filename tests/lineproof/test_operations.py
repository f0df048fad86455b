"""Trying and listing policies, explaining verdicts, waiting: both doors, the same answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from domain.canonical import JsonObject
from domain.errors import BackendError, ErrorCode, LineproofError, NotFoundError
from domain.run import RUN_STARTED, RUN_UPDATED
from ledger.entry import Draft
from lineproof.app import create_app
from lineproof.cli.exit_codes import Exit
from lineproof.cli.local import LocalBackend
from lineproof.cli.main import main
from lineproof.cli.wait import wait_for_candidate
from lineproof.services import Services
from lineproof.settings import Settings, settings_from
from lineproof.wiring import open_services
from tests.lineproof.planted_runs import GOOD, POLICY, WORSE, plant_runs


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def settings(data: Path) -> Settings:
    return settings_from({"LINEPROOF_DATA": str(data)})


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    opened = open_services(settings)
    plant_runs(opened.log)
    yield opened
    opened.close()


@pytest.fixture
def backend(services: Services, settings: Settings) -> LocalBackend:
    return LocalBackend(services, settings)


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    file = tmp_path / "lineproof.yaml"
    file.write_text(POLICY)
    return file


def _question(candidate: tuple[str, ...]) -> JsonObject:
    return {
        "policy": "release",
        "candidate": {"runs": list(candidate)},
        "baseline": {"runs": list(GOOD)},
    }


def test_a_policy_is_tried_on_recorded_runs_and_nothing_is_written(
    backend: LocalBackend, services: Services
) -> None:
    before = services.log.head()
    answer = backend.ask("policy.test", {"document": POLICY, "request": _question(WORSE)})
    assert answer["outcome"] == "FAIL"
    assert answer["leafIndex"] is None
    assert services.log.head() == before
    with pytest.raises(NotFoundError):
        backend.gate(_question(WORSE))


def test_both_doors_give_the_same_answer(backend: LocalBackend, services: Services) -> None:
    question = {"document": POLICY, "request": _question(WORSE)}
    with TestClient(create_app(services), base_url="http://127.0.0.1:8420") as client:
        response = client.post("/operations/policy.test", json=question)
        assert response.json() == backend.ask("policy.test", question)
        unknown = client.post("/operations/policy.tset", json={})
        assert unknown.status_code == 404
        assert "policy.test" in unknown.json()["hint"]
        assert client.post("/operations/policy.list", content="{}").status_code == 415


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"document": 1, "request": {}},
        {"document": POLICY, "request": []},
        {"document": "version: 2", "request": {}},
        {"document": POLICY, "request": {"policy": "other", "candidate": {"runs": ["good0"]}}},
    ],
)
def test_a_trial_that_makes_no_sense_is_a_typed_error(
    backend: LocalBackend, arguments: JsonObject
) -> None:
    with pytest.raises(LineproofError):
        backend.ask("policy.test", arguments)


def test_the_history_of_a_policy_names_every_application(
    backend: LocalBackend, services: Services
) -> None:
    stricter = POLICY.replace("0.005", "0.001")
    for text in (POLICY, stricter, POLICY, POLICY):
        backend.apply_policies(text)
    answer = backend.ask("policy.history", {"name": "release"})
    applications = answer["applications"]
    assert isinstance(applications, list)
    digests = [item["digest"] for item in applications if isinstance(item, dict)]
    assert len(digests) == 3
    assert digests[0] == digests[2] != digests[1]
    with pytest.raises(NotFoundError):
        backend.ask("policy.history", {"name": "none"})


def test_the_policy_commands_work_on_a_folder(
    services: Services, data: Path, policy_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--data", str(data)]
    file = str(policy_file)
    assert main(["policy", "lint", file]) == Exit.OK
    assert main(["policy", "diff", file, *where]) == Exit.OK
    assert "release  new" in capsys.readouterr().out
    sides = ["--policy=release", f"--candidate={','.join(WORSE)}", f"--baseline={','.join(GOOD)}"]
    assert main(["policy", "test", file, *sides, *where]) == Exit.FAILED
    assert main(["policy", "apply", file, *where]) == Exit.OK
    policy_file.write_text(POLICY.replace("0.005", "0.02").replace("block", "warn"))
    capsys.readouterr()
    assert main(["policy", "diff", file, *where]) == Exit.OK
    shown = capsys.readouterr().out
    assert "release  changed" in shown
    assert 'rules.accuracy.margin.abs: "0.005" -> "0.02"' in shown
    assert main(["policy", "lint", file]) == Exit.OK
    assert "never stop a run" in capsys.readouterr().err
    assert main(["policy", "history", "release", *where]) == Exit.OK
    assert capsys.readouterr().out.startswith("entry ")


def test_a_verdict_is_explained_and_replayed(
    backend: LocalBackend, services: Services, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backend.apply_policies(POLICY)
    verdict = backend.gate(_question(WORSE))
    capsys.readouterr()
    assert main(["verdict", "explain", str(verdict["id"]), "--data", str(data)]) == Exit.OK
    told = capsys.readouterr().out
    assert told.startswith("FAIL. It must not ship.")
    assert "positive is better" in told
    assert main(["verdict", "replay", str(verdict["id"]), "--data", str(data)]) == Exit.OK
    assert main(["replay", "verdict", "--all", "--data", str(data)]) == Exit.OK


def test_a_candidate_is_ready_when_it_is_recorded_and_finished(
    backend: LocalBackend, services: Services
) -> None:
    question: JsonObject = {"candidate": {"runs": ["late"]}}
    assert backend.ask("gate.ready", question)["ready"] is False
    started = {
        "run_id": "late",
        "experiment_id": "7",
        "name": "late",
        "user": "",
        "start_time": 0,
        "tags": {},
        "uses": [],
        "parent_run_id": "",
        "job": "",
    }
    services.log.append([Draft(RUN_STARTED, "default", "a", "test", "late", started)])
    assert backend.ask("gate.ready", question) == {
        "ready": False,
        "waitingFor": ["The run 'late' is RUNNING."],
    }
    finished = {"run_id": "late", "status": "FINISHED"}
    services.log.append([Draft(RUN_UPDATED, "default", "a", "test", "late/end", finished)])
    assert backend.ask("gate.ready", question)["ready"] is True


class _Scripted:
    """A backend whose answers were written down before."""

    def __init__(self, *answers: JsonObject | LineproofError) -> None:
        self.left = list(answers)

    def ask(self, _operation: str, _arguments: JsonObject) -> JsonObject:
        answer = self.left.pop(0)
        if isinstance(answer, LineproofError):
            raise answer
        return answer


def _wait(backend: _Scripted, seconds: float = 60.0) -> list[float]:
    now = [0.0]
    pauses: list[float] = []

    def sleep(pause: float) -> None:
        pauses.append(pause)
        now[0] += pause

    request: JsonObject = {"policy": "p", "candidate": {"runs": ["r"]}}
    wait_for_candidate(backend, request, seconds=seconds, sleep=sleep, clock=lambda: now[0])  # type: ignore[arg-type]
    return pauses


def test_waiting_asks_again_until_the_candidate_is_ready() -> None:
    unready: JsonObject = {"ready": False, "waitingFor": ["not yet"]}
    backend = _Scripted(unready, BackendError("down"), unready, {"ready": True})
    assert _wait(backend) == [0.2, 0.4, 0.8]


def test_waiting_ends_with_the_time() -> None:
    unready: JsonObject = {"ready": False, "waitingFor": ["not yet"]}
    assert sum(_wait(_Scripted(*[unready] * 50), seconds=5.0)) == pytest.approx(5.0)


def test_what_will_not_pass_is_not_waited_for() -> None:
    error = LineproofError("no", code=ErrorCode.LEDGER_TAMPERED)
    with pytest.raises(LineproofError, match="no"):
        _wait(_Scripted(error))


def test_waiting_for_nothing_still_asks_the_gate(
    data: Path, backend: LocalBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    backend.apply_policies(POLICY)
    argv = ["gate", "--policy=release", "--candidate=never", "--wait=0.3", "--data", str(data)]
    assert main(argv) == Exit.CANNOT_JUDGE
    assert "waiting: There is no run 'never'" in capsys.readouterr().err
