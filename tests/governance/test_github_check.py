"""The body of GitHub's "create a check run" keeps to what GitHub takes, whatever was judged."""

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from domain.errors import UsageError
from domain.verdict import Outcome
from governance.github_check import CONCLUSIONS, github_check
from governance.markdown import markdown_report
from governance.verdict import VerdictRecord
from tests.governance.world import BAD, POLICY, World

CI = {"commit": "c" * 40, "pullRequest": "7"}
MOST = 65_535
BODY: dict[str, Any] = {
    "type": "object",
    "required": ["name", "head_sha", "status", "conclusion", "output"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "head_sha": {"type": "string", "minLength": 1},
        "status": {"const": "completed"},
        "conclusion": {
            "enum": [
                "action_required",
                "cancelled",
                "failure",
                "neutral",
                "success",
                "skipped",
                "timed_out",
            ]
        },
        "external_id": {"type": "string"},
        "output": {
            "type": "object",
            "required": ["title", "summary"],
            "additionalProperties": False,
            "properties": {
                "title": {"type": "string", "minLength": 1, "maxLength": 255},
                "summary": {"type": "string", "minLength": 1, "maxLength": MOST},
            },
        },
    },
}
"""The part of GitHub's description of ``checks/create`` (REST, 2022-11-28) that we use."""


@pytest.fixture
def world(open_world: Callable[[str], World]) -> World:
    """A report is made of a statement, whatever store it came from."""
    return open_world("memory")


def _check(verdict: VerdictRecord) -> dict[str, Any]:
    check: dict[str, Any] = json.loads(
        json.dumps(github_check(verdict.statement, verdict.verdict_id, markdown_report(verdict)))
    )
    jsonschema.validate(check, BODY)
    assert len(check["output"]["summary"].encode()) <= MOST
    return check


def test_a_check_requires_action_where_nothing_could_be_judged(world: World) -> None:
    world.declare()
    verdict = world.ask(world.batch("a", BAD[:2]), world.batch("s"), ci=CI)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    check = _check(verdict)
    assert check["conclusion"] == "action_required"
    assert check["head_sha"] == CI["commit"]
    assert check["output"]["summary"] == markdown_report(verdict)
    assert set(CONCLUSIONS) == set(Outcome)
    assert "neutral" not in CONCLUSIONS.values()
    assert {each for each, said in CONCLUSIONS.items() if said == "success"} == {
        Outcome.PASS,
        Outcome.WARN,
    }


def test_a_check_without_a_commit_is_refused(world: World) -> None:
    world.declare()
    verdict = world.ask(world.batch("a"), world.batch("s"))
    with pytest.raises(UsageError, match="told none"):
        github_check(verdict.statement, verdict.verdict_id, "")


def test_a_long_report_is_cut_and_says_so(world: World) -> None:
    """Names of two bytes a letter: the limit is held in bytes, too."""
    rules = "".join(
        f'      - {{id: "{"é" * 90}{number}", metric: "{"ü" * 240}{number}", limit: {{max: 1}}}}\n'
        for number in range(60)
    )
    world.declare(POLICY + rules)
    bad = world.batch("b", BAD)
    world.record(bad[0], {f"{'ü' * 240}{number}": 1.0 for number in range(100)})
    verdict = world.ask(bad, world.batch("s"), ci=CI)
    assert len(markdown_report(verdict).encode()) > MOST
    check = _check(verdict)
    assert check["conclusion"] == "failure"
    assert check["output"]["summary"].startswith("<!-- lineproof:gate/release/7 -->\n### ")
    command = f"lineproof verdict show {verdict.verdict_id} --format markdown"
    assert check["output"]["summary"].endswith(f"\nCut here: `{command}` prints it all.\n")
