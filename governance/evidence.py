"""Gathers what a judgement rests on, as of one ledger position. ``gate`` does the judging."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from analytics.comparison import Comparison, compare
from analytics.decision import ANALYSIS
from analytics.facts import RunFacts, SummaryReader, gather_facts
from domain.errors import NotFoundError
from domain.metric import Reducer
from governance.artifact_check import artifact_finding
from governance.baseline import BaselineFinding, BaselineSearch
from governance.declared_policy import DeclaredPolicy, require_policy
from governance.gate import Compared, Surroundings, criteria_of
from governance.gate_request import GateRequest
from governance.made import NOTHING_MADE, Made, gather_made
from governance.policy import Policy
from governance.rule_result import RuleResult
from governance.run_set import ExcludedRun, SelectedRuns, resolve
from governance.subject_holds import HeldRun, QuarantineView, quarantine_result
from governance.waiver_force import Waiver, recorded_waivers, waivers_of_rules
from governance.waiver_scope import CandidateScope
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
    second: "SecondBaseline | None" = None
    """The policy's second baseline."""
    held: tuple[HeldRun, ...] = ()
    """Candidate runs with something held upstream, waived or not."""
    waivers: tuple[Waiver, ...] = ()
    """What was in force and lifts a rule or a root here."""
    rule_waivers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Rule id to the id of the waiver that lifts it."""
    at: int | None = None
    """The ledger's time against which waivers were held, ms; None when there is none at all."""
    artifact_finding: RuleResult | None = None
    """What came of the artifacts that the request names."""
    made: Made = NOTHING_MADE
    """What the candidate runs made, where a rule asks for signatures or replays."""

    def around(self) -> Surroundings:
        """What the judgement also rests on."""
        built_in = (quarantine_result(self.held), self.artifact_finding)
        return Surroundings(
            second=(
                None
                if self.second is None
                else Compared(self.second.comparison, self.second.no_comparison)
            ),
            quarantined=[run.run_id for run in self.held],
            built_in=tuple(result for result in built_in if result is not None),
            waivers=self.rule_waivers,
            made=self.made,
        )


@dataclass(frozen=True, slots=True)
class SecondBaseline:
    """The candidate held against the policy's second baseline."""

    selected: SelectedRuns | None
    comparison: Comparison | None
    no_comparison: str


def gather_evidence(
    request: GateRequest,
    *,
    project: str,
    graph: GraphReader,
    metrics: SummaryReader,
    as_of: int,
    analysis: str = ANALYSIS,
    declared: DeclaredPolicy | None = None,
    at: int | None = None,
) -> Evidence:
    """Resolve policy, candidate and baseline, and compare them.

    ``declared`` takes the place of the policy in force. ``at`` is the time of the last entry before
    ``as_of``, against which waivers are held; without it none counts.

    Raises ``NotFoundError`` for an unknown policy, a run that the request names and the project
    lacks, and for a candidate set that is empty: there is nothing to judge.
    """
    declared = declared or require_policy(graph, project, request.policy, as_of=as_of)
    policy = declared.policy
    candidate = _candidate(request, policy, project, graph, metrics, as_of)
    elsewhere = request.baseline.projects if request.baseline else ()
    quarantine = QuarantineView(graph, (project, *elsewhere), as_of=as_of, at=at)
    at_merge = request.ci.merge_base if request.ci else None
    search = BaselineSearch(
        project, candidate.run_ids, graph, metrics, as_of, quarantine.held_among, at_merge
    )
    found = _baseline(request, policy, candidate, search)
    other = _second(policy, candidate, search)
    sides = [side.selected for side in (found, other) if side and side.selected]
    facts = _facts(policy, [candidate, *sides], graph, metrics, as_of)
    compared = _Comparing(candidate, facts, policy, graph, as_of, analysis)
    candidate_facts = tuple(facts[run_id] for run_id in candidate.run_ids)
    scope = CandidateScope(candidate_facts, policy.replicates, graph, project, as_of)
    waivers, rule_waivers = _waivers(scope, policy.name, at)
    named, runs = request.artifacts, candidate.run_ids
    held = quarantine.held_runs(candidate.run_ids)
    used = {*rule_waivers.values(), *(hold.waiver for run in held for hold in run.holds)}
    return Evidence(
        request=request,
        project=project,
        as_of=as_of,
        analysis=analysis,
        declared=declared,
        candidate=candidate,
        candidate_facts=candidate_facts,
        baseline=found.selected,
        comparison=compared.with_baseline(found),
        no_comparison=found.reason,
        second=compared.second(other),
        held=held,
        waivers=tuple(waiver for waiver in waivers if waiver.waiver_id in used),
        rule_waivers=rule_waivers,
        at=at if waivers else None,
        artifact_finding=artifact_finding(
            named, graph=graph, runs=runs, as_of=as_of, analysis=analysis
        ),
        made=gather_made(policy.rules, candidate_facts, graph, project, as_of=as_of),
    )


def _candidate(
    request: GateRequest,
    policy: Policy,
    project: str,
    graph: GraphReader,
    metrics: SummaryReader,
    as_of: int,
) -> SelectedRuns:
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
    return candidate


def _waivers(
    scope: CandidateScope, policy: str, at: int | None
) -> tuple[tuple[Waiver, ...], dict[str, str]]:
    """Every recorded waiver, and rule id to the one that lifts it; none without a time."""
    if at is None:
        return (), {}
    waivers = recorded_waivers(scope.graph, scope.project, as_of=scope.as_of)
    return waivers, waivers_of_rules(waivers, policy, scope, at=at)


def _facts(
    policy: Policy,
    sides: Sequence[SelectedRuns],
    graph: GraphReader,
    metrics: SummaryReader,
    as_of: int,
) -> dict[str, RunFacts]:
    run_ids = [run_id for side in sides for run_id in side.run_ids]
    steps = _steps(policy)
    return {
        each.run_id: each
        for each in gather_facts(graph, metrics, run_ids, as_of=as_of, steps=steps)
    }


@dataclass(frozen=True, slots=True)
class _Comparing:
    """The candidate, ready to be compared with any baseline."""

    candidate: SelectedRuns
    facts: Mapping[str, RunFacts]
    policy: Policy
    graph: GraphReader
    as_of: int
    analysis: str

    def second(self, found: BaselineFinding | None) -> SecondBaseline | None:
        """The comparison with the second baseline; None when the policy has none."""
        if found is None:
            return None
        return SecondBaseline(found.selected, self.with_baseline(found), found.reason)

    def with_baseline(self, found: BaselineFinding) -> Comparison | None:
        """The comparison; None when the baseline cannot serve as one."""
        if found.selected is None or found.reason:
            return None
        return compare(
            [self.facts[run_id] for run_id in found.selected.run_ids],
            [self.facts[run_id] for run_id in self.candidate.run_ids],
            definitions=self.policy.metrics,
            criteria=criteria_of(self.policy),
            graph=self.graph,
            as_of=self.as_of,
            replicate_keys=self.policy.replicates,
            baseline_selected_by=found.selected.selected_by,
            candidate_selected_by=self.candidate.selected_by,
            analysis=self.analysis,
        )


def _baseline(
    request: GateRequest, policy: Policy, candidate: SelectedRuns, search: BaselineSearch
) -> BaselineFinding:
    """The baseline, with a reason when it cannot serve as one."""
    if request.baseline is None:
        found = search.find(policy, policy.baseline)
    else:
        found = BaselineFinding(
            resolve(
                request.baseline,
                project=search.project,
                graph=search.graph,
                metrics=search.metrics,
                replicates=policy.replicates,
                as_of=search.as_of,
            )
        )
    return _usable(found, candidate, search)


def _second(
    policy: Policy, candidate: SelectedRuns, search: BaselineSearch
) -> BaselineFinding | None:
    if policy.second_baseline is None:
        return None
    return _usable(search.find(policy, policy.second_baseline), candidate, search)


def _usable(
    found: BaselineFinding, candidate: SelectedRuns, search: BaselineSearch
) -> BaselineFinding:
    """Without what is quarantined, and without the runs that are judged."""
    if found.selected is None:
        return found
    return _apart(search.without_held(found.selected), candidate)


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
