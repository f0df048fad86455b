"""Baseline rules, resolved when a verdict is made and written into it."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias

from analytics.facts import SummaryReader
from domain.errors import NotFoundError
from domain.metric import Direction, MetricDefinition
from domain.verdict import Outcome
from governance.baseline_rule import (
    BaselineRule,
    Best,
    LastPassing,
    MergeBase,
    PinnedGroup,
    PinnedRuns,
    Window,
)
from governance.passing_mean import oriented_mean
from governance.policy import Policy
from governance.run_set import (
    MAX_RUNS,
    ExcludedRun,
    GroupOf,
    SelectedRuns,
    named_runs,
    resolve,
    select,
)
from graph.model import EdgeType, Node, NodeKind, entity_id, node_id
from graph.port import Condition, GraphReader, NodeQuery, Operator

BRANCH_TAGS = ("lineproof.branch", "mlflow.source.git.branch")
"""Where a run's branch is read, the first that is there."""
COMMIT_TAGS = ("lineproof.commit", "mlflow.source.git.commit")
"""Where a run's commit is read, the first that is there."""
_PAGE = 50
"""Verdicts read at a time."""

HeldAmong: TypeAlias = Callable[[Collection[str]], Collection[str]]
"""Which of these graph nodes are quarantined."""


@dataclass(frozen=True, slots=True)
class BaselineFinding:
    """The runs that the rule came to, or why there are none."""

    selected: SelectedRuns | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BaselineSearch:
    """Where baselines are looked for."""

    project: str
    candidate: Sequence[str]
    """Run ids; none of them is ever part of a baseline."""
    graph: GraphReader
    metrics: SummaryReader
    as_of: int
    held_among: HeldAmong
    merge_base: str | None = None
    """The commit that the request names."""

    def find(self, policy: Policy, rule: BaselineRule | None) -> BaselineFinding:
        """What ``rule`` of ``policy`` comes to."""
        if rule is None:
            return BaselineFinding(None, "The policy has no baseline and the request names none.")
        try:
            if isinstance(rule, PinnedRuns | PinnedGroup):
                return BaselineFinding(self._pinned(policy, rule))
            if isinstance(rule, MergeBase):
                return self._merge_base()
            if isinstance(rule, Window):
                return self._window(policy.name, rule)
            if isinstance(rule, Best):
                return self._best(policy, rule)
            return self._last_passing(policy.name, rule)
        except NotFoundError as error:
            return BaselineFinding(None, f"The pinned baseline cannot be read: {error.message}")

    def without_held(self, selected: SelectedRuns) -> SelectedRuns:
        """The runs that are not quarantined; the others stand as excluded."""
        nodes = {run_id: node_id(NodeKind.RUN, run_id) for run_id in selected.run_ids}
        held = self.held_among(nodes.values())
        if not held:
            return selected
        return replace(
            selected,
            run_ids=tuple(run_id for run_id in selected.run_ids if nodes[run_id] not in held),
            excluded=(
                *selected.excluded,
                *(
                    ExcludedRun(run_id, "It is quarantined.")
                    for run_id in selected.run_ids
                    if nodes[run_id] in held
                ),
            ),
        )

    def _pinned(self, policy: Policy, rule: PinnedRuns | PinnedGroup) -> SelectedRuns:
        if isinstance(rule, PinnedRuns):
            nodes = named_runs(self.graph, self.project, rule.runs, as_of=self.as_of)
            return select("pinned", nodes)
        group = resolve(
            GroupOf(rule.run),
            project=self.project,
            graph=self.graph,
            metrics=self.metrics,
            replicates=policy.replicates,
            as_of=self.as_of,
        )
        return SelectedRuns("pinned", group.run_ids, group.excluded)

    def _last_passing(self, name: str, rule: LastPassing) -> BaselineFinding:
        """The candidate runs of the latest PASS under this policy's name that counts."""
        for verdict, runs in self._passing(name, rule.branch):
            return BaselineFinding(
                select("last_passing", runs, str(verdict.attributes["verdict_id"]))
            )
        return BaselineFinding(None, _none_passed(name, rule.branch))

    def _window(self, name: str, rule: Window) -> BaselineFinding:
        """The candidate runs of the latest ``n`` PASSes that count, each once."""
        runs: dict[str, Node] = {}
        for _, judged in islice(self._passing(name, rule.branch), rule.n):
            runs.update({node.id: node for node in judged})
        if not runs:
            return BaselineFinding(None, _none_passed(name, rule.branch))
        return BaselineFinding(select("window", list(runs.values())))

    def _best(self, policy: Policy, rule: Best) -> BaselineFinding:
        """The candidate runs of the PASS with the best mean; of equal ones the earliest."""
        definition = policy.metrics.get(rule.metric) or MetricDefinition(rule.metric)
        if definition.direction is Direction.NONE:
            reason = f"Nobody knows which {rule.metric!r} is best: its direction is not declared."
            return BaselineFinding(None, reason)
        best: tuple[float, Node, Sequence[Node]] | None = None
        for verdict, runs in self._passing(policy.name, rule.branch):
            mean = oriented_mean(verdict, definition)
            if mean is not None and (best is None or mean >= best[0]):
                best = (mean, verdict, runs)
        if best is None:
            return BaselineFinding(None, _none_passed(policy.name, rule.branch))
        _, verdict, runs = best
        return BaselineFinding(select("best", runs, str(verdict.attributes["verdict_id"])))

    def _merge_base(self) -> BaselineFinding:
        """The finished runs at the request's merge base, of the jobs that the candidate runs."""
        commit = self.merge_base
        if commit is None:
            reason = "The request names no merge base (ci.mergeBase, `git merge-base HEAD main`)."
            return BaselineFinding(None, reason)
        jobs = self._jobs([node_id(NodeKind.RUN, run_id) for run_id in self.candidate])
        wanted = {job for found in jobs.values() for job in found}
        runs: dict[str, Node] = {}
        for tag in reversed(COMMIT_TAGS):
            at_commit = Condition(f"tags.{tag}", Operator.EQ, commit)
            query = NodeQuery(self.project, NodeKind.RUN, (at_commit,), limit=MAX_RUNS + 1)
            runs.update({node.id: node for node in self.graph.find(query, as_of=self.as_of)})
        of_jobs = self._jobs(list(runs))
        found = [
            node
            for node in runs.values()
            if _first(node, COMMIT_TAGS) == commit
            and of_jobs[node.id] & wanted
            and entity_id(node.id) not in self.candidate
        ]
        if not found:
            reason = f"No run of the candidate's jobs is recorded at the merge base {commit!r}."
            return BaselineFinding(None, reason)
        return BaselineFinding(select("merge_base", found))

    def _jobs(self, runs: Sequence[str]) -> dict[str, set[str]]:
        types = (EdgeType.EXECUTION_OF,)
        edges = self.graph.outgoing(runs, types=types, as_of=self.as_of)
        return {run: {edge.target for edge in found} for run, found in edges.items()}

    def _passing(self, name: str, branch: str | None) -> Iterator[tuple[Node, Sequence[Node]]]:
        """The passing verdicts under a policy's name that count, the latest first, with runs.

        A verdict counts when none of its runs is judged now, none was deleted or is quarantined,
        and each carries the branch.
        """
        query = NodeQuery(
            self.project,
            NodeKind.VERDICT,
            (
                Condition("outcome", Operator.EQ, Outcome.PASS.value),
                Condition("policy_name", Operator.EQ, name),
            ),
            descending=True,
            limit=_PAGE,
        )
        while True:
            verdicts = self.graph.find(query, as_of=self.as_of)
            judged = self._judged(verdicts)
            held = self.held_among({node.id for runs in judged.values() for node in runs})
            for verdict in verdicts:
                runs = judged[verdict.id]
                if self._counts(runs, branch) and not any(node.id in held for node in runs):
                    yield verdict, runs
            if len(verdicts) < _PAGE:
                return
            query = replace(query, after=(verdicts[-1].seq, verdicts[-1].id))

    def _judged(self, verdicts: Sequence[Node]) -> dict[str, list[Node]]:
        """Verdict node id to the candidate runs that it judged."""
        ids = [verdict.id for verdict in verdicts]
        edges = self.graph.outgoing(ids, types=[EdgeType.JUDGED], as_of=self.as_of)
        targets = {
            verdict: [edge.target for edge in found if edge.role == "candidate"]
            for verdict, found in edges.items()
        }
        wanted = {run for found in targets.values() for run in found}
        runs = self.graph.nodes(wanted, as_of=self.as_of)
        return {
            verdict: [runs[run] for run in found if run in runs]
            for verdict, found in targets.items()
        }

    def _counts(self, runs: Sequence[Node], branch: str | None) -> bool:
        return bool(runs) and all(
            node.attributes.get("lifecycle") != "deleted"
            and entity_id(node.id) not in self.candidate
            and (branch is None or _first(node, BRANCH_TAGS) == branch)
            for node in runs
        )


def _first(node: Node, tags: Sequence[str]) -> str | None:
    values = (node.attributes.get(f"tags.{tag}") for tag in tags)
    return next((str(value) for value in values if value is not None), None)


def _none_passed(name: str, branch: str | None) -> str:
    where = "" if branch is None else f" of runs on the branch {branch!r}"
    return f"No earlier verdict{where} under the policy {name!r} is a PASS."
