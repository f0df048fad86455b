"""Judges "signed by": the file that a run made, or every input of a facet, by a named key."""

from collections.abc import Iterator, Sequence

from analytics.facts import RunFacts
from domain.facet import Strength
from domain.verdict import RuleStatus
from governance.made import Made
from governance.rule import ProvenanceRule
from governance.rule_result import RuleResult

_HINT = (
    "Sign it with `lineproof signature make`, and submit that with `lineproof signature submit`."
)


def judge_signed(rule: ProvenanceRule, candidate: Sequence[RunFacts], made: Made) -> RuleResult:
    """FAIL when something is not signed, MISSING when there is nothing that could be signed."""
    missing: list[str] = []
    unsigned: list[str] = []
    what = repr(rule.artifact) if rule.artifact else f"input of {rule.facet or 'no facet'}"
    for facts in candidate:
        found = list(_digests(rule, facts, made))
        if not found or None in found:
            missing.append(facts.run_id)
        elif any(rule.signer not in made.signers.get(str(each), ()) for each in found):
            unsigned.append(facts.run_id)
    if unsigned:
        message = (
            f"{len(unsigned)} of {len(candidate)} runs, such as {unsigned[0]!r}, have a {what} "
            f"that {rule.signer!r} did not sign."
        )
        return RuleResult(rule, RuleStatus.FAIL, message, _HINT)
    if missing or not candidate:
        message = f"{len(missing)} of {len(candidate)} runs recorded no content of {what}."
        return RuleResult(rule, RuleStatus.MISSING, message, "Record a SHA-256 of its bytes.")
    return RuleResult(rule, RuleStatus.PASS, f"Every {what} is signed by {rule.signer!r}.")


def _digests(rule: ProvenanceRule, facts: RunFacts, made: Made) -> Iterator[str | None]:
    """SHA-256 of each thing that must be signed; None for one that has no such digest."""
    if rule.artifact is not None:
        for product in made.of(facts.run_id):
            if product.named(rule.artifact):
                yield product.digest
        return
    for use in facts.inputs:
        if use.facet is rule.facet:
            yield use.digest if use.strength is Strength.CONTENT else None
