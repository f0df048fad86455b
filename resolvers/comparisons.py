"""Comparing two sets of runs, judged by a policy when one is named."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.comparison import Comparison, compare
from analytics.decision import ANALYSIS
from analytics.delta import MetricDelta
from analytics.delta_index.index import DeltaIndex
from analytics.facts import RunFacts, SummaryReader, gather_facts
from analytics.isolation import Store, isolated
from domain.errors import NotFoundError, UsageError
from domain.facet import DEFAULT_REPLICATE_KEYS
from domain.metric import Reducer
from governance.baseline import BaselineSearch
from governance.gate import criteria_of, judge
from governance.policy import Policy
from governance.rule import DeltaRule
from governance.rule_result import RuleResult
from governance.run_set import RunSet, SelectedRuns, resolve
from governance.subject_holds import QuarantineView
from graph.port import GraphReader


@dataclass(frozen=True, slots=True)
class ComparisonRecord:
    """A comparison, and what the policy's delta rules find in it."""

    comparison: Comparison
    projects: frozenset[str]
    """Of the request and of both sets: whose runs and ancestries it is about."""
    results: dict[str, RuleResult]
    """By metric name: the result of the first delta rule on it; empty without a policy."""


@dataclass(frozen=True, slots=True)
class ComparedMetric:
    """One metric of a comparison with the result of the rule on it, if there is one."""

    delta: MetricDelta
    result: RuleResult | None


def compare_sets(
    graph: GraphReader,
    metrics: SummaryReader,
    baseline: RunSet | None,
    candidate: RunSet,
    *,
    policy: Policy | None,
    project: str,
    as_of: int,
    index: DeltaIndex | None = None,
) -> ComparisonRecord:
    """Compare ``candidate`` with ``baseline`` as of a position.

    Without a baseline it is what the policy's own rule comes to. Runs that are quarantined, and
    those that descend from what is, are left out of both sides; a waiver lifts that at gates alone.
    With ``index`` confounded effects are attributed as far as other pairs of the store allow.
    Raises ``NotFoundError`` for a run that the project lacks and for a set without any run,
    ``UsageError`` for a set that is too large, a filter outside of the grammar, and where neither
    the request nor the policy has a baseline.
    """
    keys = policy.replicates if policy else DEFAULT_REPLICATE_KEYS
    projects = {project, *candidate.projects, *(baseline.projects if baseline else ())}
    held = QuarantineView(graph, sorted(projects), as_of=as_of, at=None)
    after = resolve(
        candidate, project=project, graph=graph, metrics=metrics, replicates=keys, as_of=as_of
    )
    search = BaselineSearch(project, after.run_ids, graph, metrics, as_of, held.held_among)
    before = _baseline(baseline, policy, search)
    ids = [*_asked(before, "baseline"), *_asked(after, "candidate")]
    gathered = gather_facts(graph, metrics, ids, as_of=as_of, steps=_steps(policy))
    facts = {each.run_id: each for each in gathered}
    comparison = compare(
        [facts[run_id] for run_id in _asked(before, "baseline")],
        [facts[run_id] for run_id in _asked(after, "candidate")],
        definitions=policy.metrics if policy else {},
        criteria=criteria_of(policy) if policy else {},
        graph=graph,
        as_of=as_of,
        replicate_keys=keys,
        baseline_selected_by=before.selected_by,
        candidate_selected_by=after.selected_by,
        left_out=_quarantined(held, ids),
    )
    if index is not None:
        comparison = isolated(
            comparison,
            [facts[run_id] for run_id in comparison.baseline.run_ids],
            [facts[run_id] for run_id in comparison.candidate.run_ids],
            definitions=policy.metrics if policy else {},
            criteria=criteria_of(policy) if policy else {},
            store=Store(index, graph, metrics, as_of),
        )
    return ComparisonRecord(comparison, frozenset(projects), _results(policy, comparison, facts))


def compared_metrics(record: ComparisonRecord, *, gated_first: bool) -> list[ComparedMetric]:
    """The metrics by key; those with a rule before the others when ``gated_first``."""
    metrics = [
        ComparedMetric(delta, record.results.get(delta.key.name))
        for delta in record.comparison.deltas
    ]
    return sorted(metrics, key=lambda each: each.result is None) if gated_first else metrics


def _baseline(
    baseline: RunSet | None, policy: Policy | None, search: BaselineSearch
) -> SelectedRuns:
    """The set that was asked for, or what the policy's rule finds."""
    if baseline is not None:
        return resolve(
            baseline,
            project=search.project,
            graph=search.graph,
            metrics=search.metrics,
            replicates=policy.replicates if policy else DEFAULT_REPLICATE_KEYS,
            as_of=search.as_of,
        )
    if policy is None or policy.baseline is None:
        raise UsageError(
            "There is no baseline to compare with.",
            hint="Name one, or a policy that has a baseline rule.",
        )
    found = search.find(policy, policy.baseline)
    if found.selected is None:
        raise NotFoundError(found.reason, hint="Name the baseline runs.")
    return found.selected


def _quarantined(view: QuarantineView, run_ids: Sequence[str]) -> dict[str, str]:
    """Run id to why it is left out, for those with something held upstream."""
    return {
        run.run_id: f"The run descends from {run.holds[0].root}, which is quarantined."
        for run in view.held_runs(run_ids)
    }


def _asked(selected: SelectedRuns, side: str) -> list[str]:
    """Every run that the set names; the comparison says which of them it leaves out, and why."""
    asked = [*selected.run_ids, *(each.run_id for each in selected.excluded)]
    if not asked:
        raise NotFoundError(
            f"The {side} set has no run.", hint="Check the filter, the group or the position."
        )
    return asked


def _results(
    policy: Policy | None, comparison: Comparison, facts: dict[str, RunFacts]
) -> dict[str, RuleResult]:
    if policy is None:
        return {}
    candidate = [facts[run_id] for run_id in comparison.candidate.run_ids]
    judgement = judge(policy, candidate, comparison, analysis=ANALYSIS)
    results: dict[str, RuleResult] = {}
    for result in judgement.results:
        if isinstance(result.rule, DeltaRule):
            name = result.rule.metric if result.delta is None else result.delta.key.name
            results.setdefault(name, result)
    return results


def _steps(policy: Policy | None) -> list[tuple[str, int]]:
    definitions = policy.metrics.values() if policy else ()
    return sorted(
        (each.name, each.step)
        for each in definitions
        if each.reducer is Reducer.AT_STEP and each.step is not None
    )
