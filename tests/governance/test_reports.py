"""The verdict for people: order, numbers and inert names, in text and in Markdown."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from analytics.causes import Attribution, Cause, CauseKind, Effect, Unexplained
from analytics.comparability import Level
from analytics.decision import ANALYSIS
from analytics.facts import RunFacts
from domain.facet import Facet
from domain.metric import MetricKey
from governance.declared_policy import DeclaredPolicy
from governance.evidence import Evidence
from governance.gate import judge
from governance.gate_request import CiContext, GateRequest
from governance.markdown import markdown_report, marker
from governance.policy import Policy
from governance.run_set import RunIds, SelectedRuns
from governance.text import text_report
from governance.verdict import VerdictRecord
from governance.verdict_statement import verdict_statement
from tests.governance.builders import (
    BAD,
    GOOD,
    comparison,
    delta_rule,
    limit_rule,
    policy,
    run,
    runs,
)

HOSTILE = "<img src=x onerror=alert(1)> | `x` [a](javascript:b) @octocat"


def _cause(label: str, metric: str = "accuracy") -> Cause:
    effect = Effect(MetricKey(metric), Attribution.CONFOUNDED, 2, -0.05)
    return Cause(
        CauseKind.ARTIFACT,
        Facet.TRAIN_DATA,
        label,
        "training",
        ("a",),
        ("b",),
        (),
        (),
        1,
        (),
        (effect,),
    )


def _verdict(
    of: Policy,
    candidate: Sequence[RunFacts],
    *,
    causes: Sequence[Cause] = (),
    level: Level = Level.ASSUMED,
    ci: CiContext | None = None,
    seq: int | None = 21,
) -> VerdictRecord:
    baseline = runs("b", GOOD, of.rules[0].metric)
    compared = replace(
        comparison(of, baseline, candidate, level),
        causes=tuple(causes),
        unexplained=(Unexplained(MetricKey("loss"), "Nothing recorded differs."),),
    )
    evidence = Evidence(
        request=GateRequest(of.name, RunIds(tuple(each.run_id for each in candidate)), ci=ci),
        project="default",
        as_of=20,
        analysis=ANALYSIS,
        declared=DeclaredPolicy(of, of.digest(), 3),
        candidate=SelectedRuns("runs", tuple(each.run_id for each in candidate)),
        candidate_facts=tuple(candidate),
        baseline=SelectedRuns("last_passing", tuple(each.run_id for each in baseline)),
        comparison=compared,
        no_comparison="",
    )
    judgement = judge(of, candidate, compared, analysis=ANALYSIS)
    return VerdictRecord("v" * 32, verdict_statement(evidence, judgement, b"\0" * 32), seq)


def test_text_tells_the_verdict_in_order() -> None:
    verdict = _verdict(
        policy(delta_rule(), limit_rule()), runs("c", BAD), causes=[_cause("data v2")]
    )

    lines = text_report(verdict).splitlines()

    assert lines[0] == "FAIL  release: accuracy: Worse than the margin."
    assert lines[1] == "Comparability: ASSUMED (EVAL_DATA ASSUMED)"
    assert re.match(r"rule +status +severity +delta +bounds +margin +runs +finding", lines[3])
    assert re.match(
        r"accuracy +FAIL +BLOCK +-0\.05 +\[-0\.05\d+, -0\.04\d+\] +0\.005 +5 ", lines[4]
    )
    assert re.match(r"limit-accuracy +PASS +BLOCK +0\.902 +\[–, 0\.97\] +– +5 of 5 ", lines[5])
    assert "  data v2: CONFOUNDED(2) for accuracy" in lines
    assert "  loss is UNEXPLAINED: Nothing recorded differs." in lines
    assert "Candidate: 5 runs (runs); baseline: 5 runs (last_passing)" in lines
    assert any("declared before the first candidate run (leaf 3)" in line for line in lines)
    assert lines[-1].startswith("  lineproof gate verify verdict.json")


def test_markdown_folds_what_is_not_needed_at_first() -> None:
    causes = [_cause(f"data v{number}") for number in range(8)]
    verdict = _verdict(policy(delta_rule()), runs("c", BAD), causes=causes)

    report = markdown_report(verdict)

    order = [
        "<!-- lineproof:gate/release/c0 -->",
        "FAIL",
        "**Comparability**",
        "| Rule |",
        "**What changed upstream**",
        "<details>",
        "| Metric |",
        "lineproof gate verify",
        "</details>",
    ]
    assert [report.index(part) for part in order] == sorted(report.index(part) for part in order)
    assert report.count("data v") == 5
    assert "- and 3 more" in report


@pytest.mark.parametrize("render", [markdown_report, text_report])
def test_a_dry_run_has_nothing_to_prove(render: object) -> None:
    assert callable(render)
    report = render(_verdict(policy(delta_rule()), runs("c", GOOD), seq=None))

    assert "nothing was recorded" in report
    assert "gate verify" not in report


def test_hostile_names_are_inert_in_markdown() -> None:
    metrics = {HOSTILE: 0.5}
    candidate = [run(f"c{i}", metrics) for i in range(3)]
    of = replace(policy(limit_rule(metric=HOSTILE, maximum="0.1")), name="a-->b")

    report = markdown_report(_verdict(of, candidate, causes=[_cause(HOSTILE, HOSTILE)]))

    outside_code = re.sub(
        r"(`+).+?\1", "", re.sub(r"<!--.*?-->|</?details>|</?summary>", "", report)
    )
    assert not re.search(r"(?<!\\)<|(?<!\\)\]\(|@octocat", outside_code)
    for line in report.splitlines():
        if line.startswith("|"):
            cells = re.split(r"(?<!\\)\|", line)
            assert len(cells) in (7, 10)


def test_the_marker_names_policy_and_subject_and_cannot_be_broken() -> None:
    of = policy(delta_rule())
    hostile = replace(of, name="x --> <script>")

    plain = _verdict(of, runs("c", GOOD), ci=CiContext(commit="abc", pull_request="42"))

    assert marker(plain.statement) == "<!-- lineproof:gate/release/42 -->"
    assert marker(_verdict(of, runs("c", GOOD), ci=CiContext(commit="abc")).statement).endswith(
        "/abc -->"
    )
    broken = marker(_verdict(hostile, runs("c", GOOD)).statement)
    assert re.fullmatch(r"<!-- lineproof:gate/[\w.#-]+/c0 -->", broken)
    assert broken.count("--") == 2


def test_unknown_comparability_shows_the_line_that_would_record_it() -> None:
    verdict = _verdict(policy(delta_rule()), runs("c", GOOD), level=Level.UNKNOWN)

    hint = "log_input(dataset, context='evaluation')"
    assert f"To do: `{hint}`" in markdown_report(verdict)
    assert f"Hint: {hint}" in text_report(verdict)
