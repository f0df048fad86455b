"""Judges "replay: required": somebody did each candidate run again, and it made the same bytes."""

from collections.abc import Sequence

from analytics.facts import RunFacts
from domain.verdict import RuleStatus
from governance.made import REPLAY_TAG, Made, Replay
from governance.rule import ProvenanceRule
from governance.rule_result import RuleResult
from graph.model import NodeKind, node_id

_WORST_FIRST = (RuleStatus.FAIL, RuleStatus.NOT_COMPARABLE, RuleStatus.MISSING, RuleStatus.PASS)


def judge_replay(rule: ProvenanceRule, candidate: Sequence[RunFacts], made: Made) -> RuleResult:
    """FAIL where a replay from the same inputs diverged, NOT_COMPARABLE where its inputs differ,
    MISSING where there is none or something did not come out again."""
    found = [(_replayed(facts.run_id, made), facts.run_id) for facts in candidate]
    if not found:
        return RuleResult(rule, RuleStatus.MISSING, "There is no run that could be replayed.")
    (status, message), _ = min(found, key=lambda one: _WORST_FIRST.index(one[0][0]))
    hint = "" if status is RuleStatus.PASS else f"Run it again, tagged {REPLAY_TAG} with its id."
    roots = [node_id(NodeKind.RUN, run) for (each, _), run in found if each is RuleStatus.FAIL]
    return RuleResult(rule, status, message, hint, roots=tuple(sorted(roots)))


def _replayed(run_id: str, made: Made) -> tuple[RuleStatus, str]:
    """What came of the replays of one run, the worst first."""
    products = {product.name: product.digest for product in made.of(run_id)}
    replays = made.replays.get(run_id, ())
    if not products or not replays:
        what = "recorded the content of nothing that it made" if replays else "was not replayed"
        return RuleStatus.MISSING, f"The run {run_id!r} {what}."
    outcomes = [_compared(run_id, products, replay) for replay in replays]
    return min(outcomes, key=lambda outcome: _WORST_FIRST.index(outcome[0]))


def _compared(run_id: str, products: dict[str, str], replay: Replay) -> tuple[RuleStatus, str]:
    again = {product.name: product.digest for product in replay.products}
    for name, digest in sorted(products.items()):
        if name not in again:
            continue
        if again[name] != digest:
            says = f"The replay {replay.run_id!r} of the run {run_id!r} made another {name!r}"
            if replay.same_inputs:
                return RuleStatus.FAIL, f"{says} from the same inputs."
            return RuleStatus.NOT_COMPARABLE, f"{says}, from other inputs or parameters."
    lost = sorted(products.keys() - again.keys())
    if lost:
        message = f"The replay {replay.run_id!r} of the run {run_id!r} made no {lost[0]!r}."
        return RuleStatus.MISSING, message
    return RuleStatus.PASS, "Every run was replayed, and what it made came out byte for byte."
