"""Gathers what a judgement rests on, as of one ledger position. ``gate`` does the judging."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from analytics.comparison import Comparison, compare
from analytics.decision import ANALYSIS
from analytics.facts import RunFacts, SummaryReader, gather_facts
from domain.errors import NotFoundError
from domain.metric import Reducer
from governance.baseline import BaselineFinding, policy_baseline
from governance.declared_policy import DeclaredPolicy, require_policy
from governance.gate import criteria_of
from governance.gate_request import GateRequest
from governance.policy import Policy
from governance.run_set import ExcludedRun, SelectedRuns, resolve
from graph.port import GraphReader


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that a verdict is a function of."""

    request: GateRequest
    project: str
    as_of: int
    """Tree size: only entries with a smaller seq were read."""
    analysis: str
    declared: DeclaredPolicy
    candidate: SelectedRuns
    candidate_facts: tuple[RunFacts, ...]
    baseline: SelectedRuns | None
    comparison: Comparison | None
    no_comparison: str
    """Why ``comparison`` is None, in a sentence; empty when it is not."""


def gather_evidence(
    request: GateRequest,
    *,
    project: str,
    graph: GraphReader,
    metrics: SummaryReader,
    as_of: int,
    analysis: str = ANALYSIS,
    declared: DeclaredPolicy | None = None,
) -> Evidence:
    """Resolve policy, candidate and baseline, and compare them.

    ``declared`` takes the place of the policy in force.

    Raises ``NotFoundError`` for an unknown policy, a run that the request names and the project
    lacks, and for a candidate set that is empty: there is nothing to judge.
    """
    declared = declared or require_policy(graph, project, request.policy, as_of=as_of)
    policy = declared.policy
    candidate = resolve(
        request.candidate,
        project=project,
        graph=graph,
        metrics=metrics,
        replicates=policy.replicates,
        as_of=as_of,
    )
    if not candidate.run_ids:
        raise NotFoundError(
            "The candidate set has no run that could be judged.",
            hint="Check the run ids or the filter; deleted runs do not count.",
            context={"excluded": [item.run_id for item in candidate.excluded]},
        )
    found = _baseline(request, policy, project, candidate, graph, metrics, as_of)
    sides = [candidate] if found.selected is None else [candidate, found.selected]
    facts = {
        each.run_id: each
        for each in gather_facts(
            graph,
            metrics,
            [run_id for side in sides for run_id in side.run_ids],
            as_of=as_of,
            steps=_steps(policy),
        )
    }
    comparison = (
        _compared(found.selected, candidate, facts, policy, graph, as_of, analysis)
        if found.selected is not None and not found.reason
        else None
    )
    return Evidence(
        request=request,
        project=project,
        as_of=as_of,
        analysis=analysis,
        declared=declared,
        candidate=candidate,
        candidate_facts=tuple(facts[run_id] for run_id in candidate.run_ids),
        baseline=found.selected,
        comparison=comparison,
        no_comparison=found.reason,
    )


def _compared(
    baseline: SelectedRuns,
    candidate: SelectedRuns,
    facts: Mapping[str, RunFacts],
    policy: Policy,
    graph: GraphReader,
    as_of: int,
    analysis: str,
) -> Comparison:
    return compare(
        [facts[run_id] for run_id in baseline.run_ids],
        [facts[run_id] for run_id in candidate.run_ids],
        definitions=policy.metrics,
        criteria=criteria_of(policy),
        graph=graph,
        as_of=as_of,
        replicate_keys=policy.replicates,
        baseline_selected_by=baseline.selected_by,
        candidate_selected_by=candidate.selected_by,
        analysis=analysis,
    )


def _baseline(
    request: GateRequest,
    policy: Policy,
    project: str,
    candidate: SelectedRuns,
    graph: GraphReader,
    metrics: SummaryReader,
    as_of: int,
) -> BaselineFinding:
    """The baseline, with a reason when it cannot serve as one."""
    if request.baseline is None:
        found = policy_baseline(
            policy,
            project=project,
            candidate=candidate.run_ids,
            graph=graph,
            metrics=metrics,
            as_of=as_of,
        )
    else:
        found = BaselineFinding(
            resolve(
                request.baseline,
                project=project,
                graph=graph,
                metrics=metrics,
                replicates=policy.replicates,
                as_of=as_of,
            )
        )
    return found if found.selected is None else _apart(found.selected, candidate)


def _apart(selected: SelectedRuns, candidate: SelectedRuns) -> BaselineFinding:
    """The baseline without the runs that are judged: nothing is its own baseline."""
    shared = {*candidate.run_ids}.intersection(selected.run_ids)
    apart = replace(
        selected,
        run_ids=tuple(run_id for run_id in selected.run_ids if run_id not in shared),
        excluded=(
            *selected.excluded,
            *(ExcludedRun(run_id, "It is also a candidate.") for run_id in sorted(shared)),
        ),
    )
    reason = "" if apart.run_ids else "The baseline set has no run to compare with."
    return BaselineFinding(apart, reason)


def _steps(policy: Policy) -> list[tuple[str, int]]:
    return sorted(
        (definition.name, definition.step)
        for definition in policy.metrics.values()
        if definition.reducer is Reducer.AT_STEP and definition.step is not None
    )
