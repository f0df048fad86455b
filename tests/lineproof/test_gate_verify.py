"""A verdict that was edited, or is proven by another proof or key, does not hold."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from domain.errors import IntegrityError, UsageError
from ledger.signing import generate_signer
from lineproof import policies, verdicts
from lineproof.cli.exit_codes import Exit
from lineproof.cli.expectations import Expected
from lineproof.cli.gate_verify import verify
from lineproof.cli.main import main
from lineproof.settings import settings_from
from lineproof.wiring import open_services
from tests.lineproof.planted_runs import GOOD, POLICY, WORSE, plant_runs

Verdict = dict[str, Any]


class Evidence(NamedTuple):
    verdict: Verdict
    proof: str
    other_proof: str
    later_proof: str
    vkey: str


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    data = tmp_path_factory.mktemp("verify") / "data"
    services = open_services(settings_from({"LINEPROOF_DATA": str(data)}))
    try:
        plant_runs(services.log)
        policies.declare(services, POLICY, project="default", source="test")
        request = {
            "policy": "release",
            "candidate": {"runs": list(WORSE)},
            "baseline": {"runs": list(GOOD)},
            "ci": {"commit": "a" * 40},
        }
        verdict = dict(verdicts.judge(services, request, project="default", source="test"))
        seq = verdict["leafIndex"]
        assert isinstance(seq, int)
        proof, other = services.log.prove(seq), services.log.prove(0)
        policies.declare(services, POLICY, project="later", source="test")
        services.log.publish()
        return Evidence(verdict, proof, other, services.log.prove(seq), services.log.vkey)
    finally:
        services.close()


def _exit(tmp_path: Path, verdict: Verdict, evidence: Evidence, *more: str) -> int:
    """What ``lineproof gate verify`` exits with, offline, on the latest proof."""
    path, proof = tmp_path / "verdict.json", tmp_path / "verdict.tlog-proof"
    path.write_text(json.dumps(verdict))
    proof.write_text(evidence.later_proof)
    argv = ["gate", "verify", str(path), "--proof", str(proof), "--key", evidence.vkey]
    return main([*argv, *more])


def _edited(verdict: Verdict, edit: Callable[[Verdict], object]) -> Verdict:
    copy: Verdict = json.loads(json.dumps(verdict))
    edit(copy)
    return copy


def test_a_recorded_verdict_holds(evidence: Evidence) -> None:
    line = verify(evidence.verdict, evidence.proof, evidence.vkey)
    assert "FAIL by policy release" in line
    assert str(evidence.verdict["leafIndex"]) in line


@pytest.mark.parametrize(
    "edit",
    [
        lambda v: v.update(outcome="PASS"),
        lambda v: v.update(exitCode=0),
        lambda v: v.update(blocking=False),
        lambda v: v.update(id="0" * 32),
        lambda v: v.update(leafIndex=0),
        lambda v: v["statement"].update(outcome="PASS"),
        lambda v: v["statement"].update(project="other"),
        lambda v: v["statement"]["subject"].update(run_ids=["good0"]),
        lambda v: v["statement"]["policy"].update(name="lenient"),
        lambda v: v["statement"].pop("subject"),
        lambda v: v["statement"]["rules"].clear(),
        lambda v: v.update(entry=v["entry"].replace("FAIL", "PASS")),
        lambda v: v.update(entry=v["entry"] + " "),
    ],
)
def test_an_edited_verdict_does_not_hold_row_35(
    evidence: Evidence, tmp_path: Path, edit: Callable[[Verdict], object]
) -> None:
    assert _exit(tmp_path, _edited(evidence.verdict, edit), evidence) == Exit.INTEGRITY


def test_the_proof_of_another_entry_proves_nothing(evidence: Evidence) -> None:
    with pytest.raises(IntegrityError):
        verify(evidence.verdict, evidence.other_proof, evidence.vkey)


def test_another_key_of_the_same_name_is_not_trusted(evidence: Evidence) -> None:
    other = generate_signer(evidence.vkey.partition("+")[0]).verifier.vkey
    with pytest.raises(IntegrityError):
        verify(evidence.verdict, evidence.proof, other)


def test_a_dry_run_cannot_be_verified(evidence: Evidence) -> None:
    dry = {**evidence.verdict, "entry": None, "leafIndex": None}
    with pytest.raises(UsageError, match="not a recorded verdict"):
        verify(dry, evidence.proof, evidence.vkey)


@pytest.mark.parametrize(
    "expected",
    [
        ("--run=good0",),
        tuple(f"--run={run}" for run in WORSE[1:]),
        ("--policy=other",),
        (f"--commit={'b' * 40}",),
        ("--project=other",),
        ("--min-tree-size=1000",),
        ("--max-age-entries=0",),
    ],
    ids=["other runs", "fewer runs", "policy", "commit", "project", "saw too little", "too old"],
)
def test_a_genuine_verdict_about_something_else_is_no_evidence_row_35(
    evidence: Evidence, tmp_path: Path, expected: tuple[str, ...]
) -> None:
    assert _exit(tmp_path, evidence.verdict, evidence) == Exit.OK
    assert _exit(tmp_path, evidence.verdict, evidence, *expected) == Exit.INTEGRITY


def test_the_expected_verdict_holds(evidence: Evidence) -> None:
    statement = evidence.verdict["statement"]
    expected = Expected(
        runs=frozenset(WORSE),
        policy=statement["policy"]["digest"],
        commit="a" * 40,
        project="default",
        max_age_entries=3,
        min_tree_size=10,
    )
    assert "FAIL" in verify(evidence.verdict, evidence.later_proof, evidence.vkey, expected)


def test_a_blocking_verdict_is_not_shipped_on_where_a_pass_is_required(
    evidence: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verdict, proof = tmp_path / "verdict.json", tmp_path / "verdict.tlog-proof"
    verdict.write_text(json.dumps(evidence.verdict))
    proof.write_text(evidence.proof)
    argv = ["verdict", "verify", str(verdict), "--proof", str(proof), "--key", evidence.vkey]
    assert main([*argv, "--require-pass"]) == Exit.FAILED
    assert main([*argv, "--run", "good0"]) == Exit.INTEGRITY
    assert "it judged other runs" in capsys.readouterr().err


def test_the_command_exits_0_or_4(
    evidence: Evidence, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verdict, proof = tmp_path / "verdict.json", tmp_path / "verdict.tlog-proof"
    verdict.write_text(json.dumps(evidence.verdict))
    proof.write_text(evidence.proof)
    argv = ["gate", "verify", str(verdict), "--proof", str(proof), "--key", evidence.vkey]
    assert main(argv) == Exit.OK
    assert capsys.readouterr().out.startswith("Verified: ")
    verdict.write_text(json.dumps({**evidence.verdict, "outcome": "PASS"}))
    assert main(argv) == Exit.INTEGRITY
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "code: PROOF_INVALID" in printed.err
