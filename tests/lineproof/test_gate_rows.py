"""Rows 34 and 42 of the bad inputs through the command line and a real server: never a pass."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from lineproof import policies
from lineproof.cli.exit_codes import Exit
from lineproof.cli.main import main
from tests.e2e.mlflow_server import RunningServer, running_server
from tests.lineproof.planted_runs import GOOD, POLICY, WORSE, plant_runs

RULES = POLICY[: POLICY.index("    rules:")]
SIDES = [f"--candidate={','.join(GOOD[:5])}", f"--baseline={','.join(GOOD[5:])}"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("rows") / "data") as running:
        plant_runs(running.services.log)
        policies.declare(running.services, POLICY, project="default", source="test")
        yield running


def _declared(server: RunningServer, tmp_path: Path, name: str, rule: str) -> int:
    """The exit code of declaring a policy of that one rule."""
    text = f"{RULES}    rules:\n      - {rule}\n".replace("release:", f"{name}:")
    file = tmp_path / "lineproof.yaml"
    file.write_text(text)
    return main(["policy", "apply", str(file), f"--url={server.url}"])


@pytest.mark.parametrize(
    "rule",
    [
        "{id: odd, metric: accuracy, approximately: 0.9}",
        '{id: odd, metric: accuracy, margin: {about: "0.1"}, min_samples: 3}',
        '{id: odd, assert: "run.metrics.accuracy ~= 0.9"}',
        '{id: odd, assert: "run.metrics.accuracy >"}',
        "{id: odd, provenance: {smells: good}}",
    ],
)
def test_an_unknown_operator_is_never_declared_and_never_passes_row_42(
    server: RunningServer, tmp_path: Path, rule: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _declared(server, tmp_path, "unknown", rule) == Exit.USAGE
    assert "code: POLICY_INVALID" in capsys.readouterr().err
    gate = ["gate", "--policy=unknown", *SIDES, f"--url={server.url}"]
    assert main(gate) == Exit.CANNOT_JUDGE


@pytest.mark.parametrize(
    ("name", "rule", "status"),
    [
        ("gone", "{id: gone, metric: no_such_metric, limit: {max: 1}}", "MISSING"),
        ("gone2", '{id: gone, metric: nothing, margin: {abs: "1"}, min_samples: 3}', "MISSING"),
        ("zero", '{id: zero, assert: "run.metrics.accuracy / 0.0 > 0.5"}', "ERROR"),
        ("whole", '{id: zero, assert: "1 / 0 > 0"}', "ERROR"),
        ("rest", '{id: zero, assert: "5 % 0 == 0"}', "ERROR"),
        ("read", '{id: read, assert: "run.metrics.no_such_metric > 0.0"}', "ERROR"),
    ],
)
def test_a_missing_metric_and_a_division_by_zero_never_pass_row_42(
    server: RunningServer,
    tmp_path: Path,
    name: str,
    rule: str,
    status: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _declared(server, tmp_path, name, rule) == Exit.OK
    gate = ["gate", f"--policy={name}", *SIDES, f"--url={server.url}", "--format=json"]
    capsys.readouterr()
    assert main(gate) == Exit.CANNOT_JUDGE
    printed = capsys.readouterr().out  # the server logs to the same place
    verdict: Any = json.JSONDecoder().raw_decode(printed[printed.index("{\n") :])[0]
    assert [each["status"] for each in verdict["statement"]["rules"]] == [status]


@pytest.mark.parametrize(
    "side",
    [
        ["--candidate=tags.variant = 'nobody'"],
        ["--candidate="],
        ["--candidate=,"],
        [SIDES[0], "--baseline=tags.variant = 'nobody'"],
    ],
)
def test_an_empty_set_never_passes_row_42(server: RunningServer, side: list[str]) -> None:
    code = main(["gate", "--policy=release", *side, f"--url={server.url}"])
    assert code in (Exit.USAGE, Exit.CANNOT_JUDGE)


def test_a_policy_without_rules_never_passes_row_42(server: RunningServer, tmp_path: Path) -> None:
    file = tmp_path / "lineproof.yaml"
    file.write_text(f"{RULES}    rules: []\n".replace("release:", "empty:"))
    main(["policy", "apply", str(file), f"--url={server.url}"])
    gate = ["gate", "--policy=empty", *SIDES, f"--url={server.url}"]
    assert main(gate) == Exit.CANNOT_JUDGE


def test_an_idempotency_key_with_another_question_is_a_conflict_row_34(
    server: RunningServer, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = ["gate", "--policy=release", "--idempotency-key=k", f"--url={server.url}"]
    assert main([*gate, *SIDES]) == Exit.OK
    assert main([*gate, *SIDES]) == Exit.OK
    before = server.services.log.head().size
    worse = [f"--candidate={','.join(WORSE)}", f"--baseline={','.join(GOOD)}"]
    assert main([*gate, *worse]) == Exit.USAGE
    assert "code: IDEMPOTENCY_CONFLICT" in capsys.readouterr().err
    assert server.services.log.head().size == before


def test_an_idempotency_key_with_another_body_is_refused_at_ingest_row_34(
    server: RunningServer,
) -> None:
    def create(name: str) -> int:
        request = Request(
            f"{server.url}/api/2.0/mlflow/experiments/create",
            json.dumps({"name": name}).encode(),
            {"Content-Type": "application/json", "Idempotency-Key": "row-34"},
        )
        try:
            with urlopen(request) as answer:
                return int(answer.status)
        except HTTPError as error:
            with error:
                assert json.loads(error.read())["lineproof_code"] == "IDEMPOTENCY_CONFLICT"
            return error.code

    assert create("first") == 200
    before = server.services.log.head().size
    assert create("second") == 409
    assert server.services.log.head().size == before
