"""Baseline rules, resolved when a verdict is made and written into it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from analytics.facts import SummaryReader
from domain.errors import NotFoundError
from domain.verdict import Outcome
from governance.policy import LastPassing, PinnedGroup, PinnedRuns, Policy
from governance.run_set import GroupOf, SelectedRuns, named_runs, resolve, select
from graph.model import EdgeType, Node, NodeKind, entity_id
from graph.port import Condition, GraphReader, NodeQuery, Operator

BRANCH_TAGS = ("lineproof.branch", "mlflow.source.git.branch")
"""Where a run's branch is read, the first that is there."""
_PAGE = 50
"""Verdicts read at a time."""


@dataclass(frozen=True, slots=True)
class BaselineFinding:
    """The runs that the rule came to, or why there are none."""

    selected: SelectedRuns | None
    reason: str = ""


def policy_baseline(
    policy: Policy,
    *,
    project: str,
    candidate: Sequence[str],
    graph: GraphReader,
    metrics: SummaryReader,
    as_of: int,
) -> BaselineFinding:
    """The policy's own baseline as of a position; the candidate's runs are never part of it."""
    rule = policy.baseline
    if rule is None:
        return BaselineFinding(None, "The policy has no baseline and the request names none.")
    try:
        if isinstance(rule, LastPassing):
            return _last_passing(policy.name, rule, project, candidate, graph, as_of)
        selected = _pinned(rule, policy, project, graph, metrics, as_of)
    except NotFoundError as error:
        return BaselineFinding(None, f"The pinned baseline cannot be read: {error.message}")
    return BaselineFinding(selected)


def _pinned(
    rule: PinnedRuns | PinnedGroup,
    policy: Policy,
    project: str,
    graph: GraphReader,
    metrics: SummaryReader,
    as_of: int,
) -> SelectedRuns:
    if isinstance(rule, PinnedGroup):
        group = resolve(
            GroupOf(rule.run),
            project=project,
            graph=graph,
            metrics=metrics,
            replicates=policy.replicates,
            as_of=as_of,
        )
        return SelectedRuns("pinned", group.run_ids, group.excluded)
    return select("pinned", named_runs(graph, project, rule.runs, as_of=as_of))


def _last_passing(
    name: str,
    rule: LastPassing,
    project: str,
    candidate: Sequence[str],
    graph: GraphReader,
    as_of: int,
) -> BaselineFinding:
    """The candidate runs of the latest PASS under this policy's name.

    A verdict counts when none of its runs is judged now, none was deleted, and each carries the
    branch.
    """
    query = NodeQuery(
        project,
        NodeKind.VERDICT,
        (
            Condition("outcome", Operator.EQ, Outcome.PASS.value),
            Condition("policy_name", Operator.EQ, name),
        ),
        descending=True,
        limit=_PAGE,
    )
    while True:
        verdicts = graph.find(query, as_of=as_of)
        judged = _judged(graph, verdicts, as_of)
        for verdict in verdicts:
            runs = judged[verdict.id]
            if _counts(runs, rule, candidate):
                return BaselineFinding(
                    select("last_passing", runs, str(verdict.attributes["verdict_id"]))
                )
        if len(verdicts) < _PAGE:
            return BaselineFinding(None, _none_passed(name, rule))
        query = replace(query, after=(verdicts[-1].seq, verdicts[-1].id))


def _judged(graph: GraphReader, verdicts: Sequence[Node], as_of: int) -> dict[str, list[Node]]:
    """Verdict node id to the candidate runs that it judged."""
    edges = graph.outgoing([node.id for node in verdicts], types=[EdgeType.JUDGED], as_of=as_of)
    targets = {
        verdict: [edge.target for edge in found if edge.role == "candidate"]
        for verdict, found in edges.items()
    }
    runs = graph.nodes({run for found in targets.values() for run in found}, as_of=as_of)
    return {
        verdict: [runs[run] for run in found if run in runs] for verdict, found in targets.items()
    }


def _counts(runs: Sequence[Node], rule: LastPassing, candidate: Sequence[str]) -> bool:
    return bool(runs) and all(
        node.attributes.get("lifecycle") != "deleted"
        and entity_id(node.id) not in candidate
        and (rule.branch is None or _branch(node) == rule.branch)
        for node in runs
    )


def _branch(node: Node) -> str | None:
    for tag in BRANCH_TAGS:
        value = node.attributes.get(f"tags.{tag}")
        if value is not None:
            return str(value)
    return None


def _none_passed(name: str, rule: LastPassing) -> str:
    where = "" if rule.branch is None else f" of runs on the branch {rule.branch!r}"
    return f"No earlier verdict{where} under the policy {name!r} is a PASS."
