"""Judges gathered evidence: the one way from ``Evidence`` to ``Judgement``, for every caller."""

from governance.evidence import Evidence
from governance.gate import Judgement, judge


def judged_evidence(evidence: Evidence) -> Judgement:
    """The judgement of the evidence's policy on its candidate."""
    return judge(
        evidence.declared.policy,
        evidence.candidate_facts,
        evidence.comparison,
        analysis=evidence.analysis,
        no_comparison=evidence.no_comparison,
        around=evidence.around(),
    )
