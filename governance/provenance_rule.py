"""Judges rules about what the candidate runs were made from."""

from collections.abc import Collection, Sequence
from typing import Final

from analytics.facts import GIT_COMMIT, Input, RunFacts
from domain.facet import Facet, Strength
from domain.verdict import RuleStatus
from governance.made import NOTHING_MADE, Made
from governance.replay_rule import judge_replay
from governance.rule import ProvenanceRule, Requirement
from governance.rule_result import RuleResult
from governance.signed_rule import judge_signed

DIRTY_TAGS: Final = ("lineproof.git.dirty", "mlflow.git.dirty")
"""Where a run says whether its working tree was dirty, the first that is there."""


def judge_provenance(
    rule: ProvenanceRule,
    candidate: Sequence[RunFacts],
    quarantined: Collection[str],
    made: Made = NOTHING_MADE,
) -> RuleResult:
    """``quarantined``: ids of the candidate runs with something held upstream, waived or not;
    ``made``: what they made, for the rules that ask for signatures and replays."""
    if rule.requirement is Requirement.NO_QUARANTINED_ANCESTOR:
        return _no_quarantine(rule, candidate, quarantined)
    if rule.requirement is Requirement.CLEAN_COMMIT:
        return _clean_commit(rule, candidate)
    if rule.requirement is Requirement.SIGNED_BY:
        return judge_signed(rule, candidate, made)
    if rule.requirement is Requirement.REPLAY:
        return judge_replay(rule, candidate, made)
    return _identified(rule, candidate, rule.facet, rule.strength or Strength.CONTENT)


def _no_quarantine(
    rule: ProvenanceRule, candidate: Sequence[RunFacts], quarantined: Collection[str]
) -> RuleResult:
    held = [facts.run_id for facts in candidate if facts.run_id in quarantined]
    if held:
        message = f"{len(held)} runs, such as {held[0]!r}, descend from what is quarantined."
        return RuleResult(rule, RuleStatus.FAIL, message, "See `lineproof quarantine list`.")
    return RuleResult(rule, RuleStatus.PASS, "Nothing upstream is quarantined.")


def _clean_commit(rule: ProvenanceRule, candidate: Sequence[RunFacts]) -> RuleResult:
    unknown: list[str] = []
    for facts in candidate:
        dirty = next((facts.tags[tag] for tag in DIRTY_TAGS if tag in facts.tags), None)
        commit = any(use.algorithm == GIT_COMMIT for use in facts.inputs)
        if dirty is not None and dirty.lower() == "true":
            message = f"The run {facts.run_id!r} was built from a tree with uncommitted changes."
            return RuleResult(rule, RuleStatus.FAIL, message, "Commit, then run again.")
        if not commit or dirty is None or dirty.lower() != "false":
            unknown.append(facts.run_id)
    if unknown or not candidate:
        return RuleResult(
            rule,
            RuleStatus.MISSING,
            f"{len(unknown)} of {len(candidate)} runs did not record a commit and a clean tree.",
            f"Set the tag {DIRTY_TAGS[0]} to false where `git status --porcelain` prints nothing.",
        )
    return RuleResult(rule, RuleStatus.PASS, "Every run was built from a clean commit.")


def _identified(
    rule: ProvenanceRule, candidate: Sequence[RunFacts], facet: Facet | None, least: Strength
) -> RuleResult:
    name = facet.value if facet else "any facet"
    missing: list[str] = []
    weak: list[tuple[str, Input]] = []
    for facts in candidate:
        used = [use for use in facts.inputs if facet is None or use.facet is facet]
        missing += [] if used else [facts.run_id]
        weak += [(facts.run_id, use) for use in used if use.strength < least]
    if weak:
        run_id, use = weak[0]
        message = (
            f"{use.name!r} of the run {run_id!r} is identified by {use.strength.name} only, "
            f"{least.name} is asked for."
        )
        return RuleResult(rule, RuleStatus.FAIL, message, "Record a SHA-256 of its bytes.")
    if missing or not candidate:
        message = f"{len(missing)} of {len(candidate)} runs recorded no input of {name}."
        return RuleResult(rule, RuleStatus.MISSING, message, f"Record {name} with each run.")
    return RuleResult(rule, RuleStatus.PASS, f"Every input of {name} is {least.name} or stronger.")
