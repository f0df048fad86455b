"""Release gates 1 and 2 of the acceptance scenarios, as whole processes where that is the point."""

import base64
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analytics.tables import MetricTables
from domain.clock import FrozenClock
from domain.run import RUN_STARTED
from governance.replay import replay_verdicts
from graph.memory import MemoryGraph
from ledger.log import Log
from ledger.projection import catch_up
from lineproof import policies, verdicts
from lineproof.cli.main import main
from lineproof.services import Services
from lineproof.settings import settings_from
from lineproof.wiring import open_services
from tests.lineproof.planted_runs import GOOD, POLICY, WORSE, plant_runs

ROOT = Path(__file__).parents[2]
VERDICTS = int(os.environ.get("LINEPROOF_TEST_VERDICTS", "24"))
"""Scenario 4 asks for 500: ``make stress`` sets it."""
ELSEWHERE = {
    "PYTHONHASHSEED": "4711",
    "POLARS_MAX_THREADS": "1",
    "TZ": "Asia/Kathmandu",
    "LC_ALL": "C.UTF-8",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def services(data: Path) -> Iterator[Services]:
    opened = open_services(settings_from({"LINEPROOF_DATA": str(data)}))
    plant_runs(opened.log)
    policies.declare(opened, POLICY, project="default", source="test")
    yield opened
    opened.close()


def _judge(services: Services, candidate: tuple[str, ...], baseline: tuple[str, ...]) -> Any:
    request = {
        "policy": "release",
        "candidate": {"runs": list(candidate)},
        "baseline": {"runs": list(baseline)},
    }
    return verdicts.judge(services, request, project="default", source="test")


def _elsewhere(cwd: Path, *argv: str) -> "subprocess.CompletedProcess[str]":
    inherited = {name: value for name, value in os.environ.items() if "LINEPROOF" not in name}
    return subprocess.run(
        [sys.executable, "-m", "lineproof", *argv],
        env={
            **inherited,
            **ELSEWHERE,
            "PYTHONPATH": str(ROOT),
            "LINEPROOF_HOME": str(cwd / "home"),
        },
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=1_800,
        check=False,
    )


def test_verdicts_are_equal_in_another_process_and_store_scenario_4(
    data: Path, tmp_path: Path, graph_kind: str, request: pytest.FixtureRequest
) -> None:
    opened = open_services(settings_from({"LINEPROOF_DATA": str(data)}))
    plant_runs(opened.log)
    policies.declare(opened, POLICY, project="default", source="test")
    sides = itertools.product(
        itertools.combinations((*GOOD, *WORSE), 4), itertools.combinations(GOOD, 5)
    )
    apart = (side for side in sides if not set(side[0]) & set(side[1]))
    for candidate, baseline in itertools.islice(apart, VERDICTS):
        _judge(opened, candidate, baseline)
    opened.close()
    for projection in ("graph.db", "deltas.db"):
        (data / projection).unlink(missing_ok=True)
    shutil.rmtree(data / "tables")
    if graph_kind == "memory":
        assert _replayed_in_memory(data) == VERDICTS
        return
    store = "sqlite"
    if graph_kind == "neo4j":
        store = request.getfixturevalue("neo4j_url")
        request.getfixturevalue("graph_store")

    done = _elsewhere(tmp_path, "replay", "verdict", "--all", "--data", str(data), "--graph", store)

    assert done.returncode == 0, done.stderr
    assert f"{VERDICTS} of {VERDICTS} verdicts came out byte for byte." in done.stdout


def _replayed_in_memory(data: Path) -> int:
    """How many verdicts came out again on a store that keeps nothing, in this process."""
    clock = FrozenClock(0)
    log, graph = Log.open(data, clock=clock, background=False), MemoryGraph()
    metrics = MetricTables.open(data, clock=clock)
    try:
        for projection in (graph, metrics):
            catch_up(log, projection, upto=log.head().size)
        return len(replay_verdicts(log, graph=graph, metrics=metrics))
    finally:
        metrics.close()
        log.close()


def test_a_flipped_byte_is_named_and_nothing_later_is_trusted_scenario_5(
    data: Path, tmp_path: Path
) -> None:
    opened = open_services(settings_from({"LINEPROOF_DATA": str(data)}))
    plant_runs(opened.log)
    policies.declare(opened, POLICY, project="default", source="test")
    verdict = _judge(opened, WORSE, GOOD)
    (seq,) = (
        entry.seq
        for entry in opened.log.read(0, verdict["leafIndex"])
        if entry.type == RUN_STARTED and entry.payload["run_id"] == "worse3"
    )
    opened.close()
    bundles = (data / "ledger/static/tile/entries/000.p").iterdir()
    bundle = max(bundles, key=lambda path: int(path.name))
    entries = bytearray(bundle.read_bytes())
    at = entries.index(b'"run_id":"worse3"')
    entries[at + 12] ^= 1
    bundle.write_bytes(entries)

    verified = _elsewhere(tmp_path, "replay", "verify", str(data))
    assert verified.returncode == 4
    assert f"fault: entry {seq}: " in verified.stderr
    assert "code: LEDGER_TAMPERED" in verified.stderr
    for projection in ("graph.db", "tables"):
        place = data / projection
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    replayed = _elsewhere(tmp_path, "replay", "verdict", "--all", "--data", str(data))
    assert replayed.returncode == 4
    assert "identical" not in replayed.stdout


def test_an_auditor_without_the_server_proves_a_verdict_scenario_10(
    services: Services, tmp_path: Path
) -> None:
    answer = _judge(services, WORSE, GOOD)
    verdict, proof = tmp_path / "verdict.json", tmp_path / "verdict.tlog-proof"
    verdict.write_text(json.dumps(answer))
    proof.write_text(services.log.prove(answer["leafIndex"]))
    key = services.log.vkey
    away = tmp_path / "away"
    away.mkdir()
    argv = ("gate", "verify", str(verdict), "--proof", str(proof), "--key", key)
    done = _elsewhere(away, *argv)
    assert done.returncode == 0, done.stderr
    assert "FAIL by policy release" in done.stdout
    assert _folded(proof.read_text(), answer["entry"].encode()) in proof.read_text()


def _folded(proof: str, entry: bytes) -> str:
    """The root by RFC 9162 and the proof file's specification, without a line of ours."""
    head, _, note = proof.partition("\n\n")
    _, index_line, *path = head.split("\n")
    index, last = int(index_line.split()[1]), int(note.split("\n")[1]) - 1
    node = hashlib.sha256(b"\0" + entry).digest()
    for sibling in (base64.b64decode(line) for line in path):
        if index % 2 or index == last:
            node = hashlib.sha256(b"\1" + sibling + node).digest()
            while index and not index % 2:
                index, last = index // 2, last // 2
        else:
            node = hashlib.sha256(b"\1" + node + sibling).digest()
        index, last = index // 2, last // 2
    return base64.b64encode(node).decode()


def test_two_samples_where_three_are_needed_never_exit_0_scenario_11(
    services: Services, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sides = [f"--candidate={GOOD[0]},{GOOD[1]}", f"--baseline={','.join(GOOD[2:])}"]
    argv = ["gate", "--policy=release", *sides, "--data", str(data)]
    assert main(argv) == 3
    assert "INCONCLUSIVE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["gate", "--policy=none", "--candidate=good0"], 3),
        (["gate", "--policy=release", "--candidate=nobody"], 3),
        (["quarantine", "hold", "nothing", "--reason=x"], 3),
        (["quarantine", "release", "run:good0", "--reason=x"], 2),
        (["quarantine", "heal", "run:nobody", "--plan"], 3),
        (["waiver", "revoke", "sha256:0", "--reason=x"], 3),
        (["waiver", "draft", "--root=run:good0", "--reason=x", "--until=tomorrow"], 2),
        (["approver", "set", "/nowhere"], 2),
        (["audit", "nothing"], 3),
        (["audit", "verify", "/nowhere", "--key=k"], 2),
        (["audit", "bundle"], 2),
        (["schedule", "show"], 3),
        (["policy", "history", "none"], 3),
        (["verdict", "vsa", "none"], 3),
    ],
)
def test_any_failure_is_one_typed_error_without_a_traceback_scenario_24(
    services: Services,
    data: Path,
    argv: list[str],
    code: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = [] if "draft" in argv else ["--data", str(data)]
    assert main([*argv, *folder]) == code
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err + printed.out
    assert sum(line.startswith("  code: ") for line in printed.err.splitlines()) == 1
