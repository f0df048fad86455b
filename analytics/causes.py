"""What upstream differs between two sets of runs, and what it may be blamed for.

A cause is a frontier difference: something in the ancestry of one side only, with nothing upstream
of it differing. Effects are associations in the record, not proof of causation.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from analytics.ancestry import Ancestry, ancestry
from analytics.cause_label import input_label, param_label, workflow_label
from analytics.criterion import Criterion
from analytics.decision import margin_of
from analytics.delta import MetricDelta
from analytics.facts import Input, RunFacts
from analytics.frontier import Found, Reach, frontier, roots_of
from analytics.slots import (
    InputDifference,
    ParamDifference,
    WorkflowDifference,
    replicates_differ,
)
from analytics.version_changes import Change, input_changes, text_changes
from analytics.version_numbers import artifact_ordinals
from domain.facet import Facet
from domain.metric import MetricKey
from graph.model import NodeKind, node_id
from graph.port import GraphReader

JOB_ROLE = "job"
"""The role of a cause that is a job."""


class CauseKind(StrEnum):
    """What kind of thing differs."""

    PARAM = "PARAM"
    ARTIFACT = "ARTIFACT"
    EDGE = "EDGE"
    TAG = "TAG"


class Attribution(StrEnum):
    """How far a metric's delta can be blamed on a cause."""

    SOLE = "SOLE"
    """The only recorded difference."""
    ISOLATED = "ISOLATED"
    """One of several, but another comparable pair of the store differs in it alone."""
    SHARED = "SHARED"
    """As ISOLATED, but several causes reach the runs through the one thing that differs."""
    CONFOUNDED = "CONFOUNDED"
    """One of ``confounders`` recorded differences that changed together."""
    NO_EFFECT = "NO_EFFECT"
    """The only recorded difference, and the whole interval is within the margin."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Another pair of the store that differs in one cause alone, and what the metric did there."""

    baseline: tuple[str, ...]
    """Run ids, by (first leaf, id)."""
    candidate: tuple[str, ...]
    oriented: float | None


@dataclass(frozen=True, slots=True)
class Effect:
    """One metric's delta, attributed."""

    metric: MetricKey
    attribution: Attribution
    confounders: int
    """How many causes changed together, this one included; 1 when it stands alone."""
    oriented: float | None
    evidence: Evidence | None = None
    """Another comparable pair that differs in the cause alone; only with ISOLATED and SHARED."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One frontier difference between the two ancestries."""

    kind: CauseKind
    facet: Facet
    label: str
    """In words: ``training data digits-train v2``, ``param alpha 0.0001 → 0.01``."""
    role: str
    before: tuple[str, ...]
    """Distinct values (params) or digests (artifacts) on the baseline side, ordered."""
    after: tuple[str, ...]
    before_ids: tuple[str, ...]
    """Graph node ids of artifacts on the baseline side; empty for params."""
    after_ids: tuple[str, ...]
    distance: int
    """Edges from the run to the difference; 1 for a direct input, 0 for the run's own params."""
    path: tuple[str, ...]
    """Graph node ids from a candidate run to the difference, both ends included."""
    effects: tuple[Effect, ...]
    changes: tuple[Change, ...] = ()
    """What changed between the versions: packages, rows, files, columns, where that is known."""


@dataclass(frozen=True, slots=True)
class Unexplained:
    """A delta beyond noise with no recorded cause."""

    metric: MetricKey
    reason: str


def find_causes(
    baseline: Sequence[RunFacts],
    candidate: Sequence[RunFacts],
    *,
    deltas: Sequence[MetricDelta],
    criteria: Mapping[str, Criterion],
    replicate_keys: Collection[str],
    graph: GraphReader,
    as_of: int | None,
    reach: Reach,
) -> tuple[Cause, ...]:
    """The causes by (distance, facet, label), each with its effect on every delta of both sides.

    At most two graph calls: one closure and one count of versions.
    """
    upstream = ancestry(graph, roots_of(baseline, candidate), as_of=as_of)
    found = frontier(baseline, candidate, upstream, replicate_keys, reach)
    ordinals = _ordinals(found, upstream, graph, as_of)
    effects = attributed(deltas, criteria, confounders=len(found))
    causes = [_cause(each, ordinals, effects, reach) for each in found]
    return tuple(sorted(causes, key=lambda cause: (cause.distance, cause.facet, cause.label)))


def attributed(
    deltas: Sequence[MetricDelta], criteria: Mapping[str, Criterion], *, confounders: int
) -> tuple[Effect, ...]:
    """The effect of each of ``confounders`` causes on each metric that both sides recorded."""
    return tuple(
        Effect(
            metric=delta.key,
            attribution=_attribution(delta, criteria.get(delta.key.name), confounders),
            confounders=confounders,
            oriented=delta.oriented,
        )
        for delta in deltas
        if delta.raw is not None
    )


def find_unexplained(
    baseline: Sequence[RunFacts],
    candidate: Sequence[RunFacts],
    deltas: Sequence[MetricDelta],
    replicate_keys: Collection[str],
) -> tuple[Unexplained, ...]:
    """Deltas beyond noise, given that no cause is recorded.

    Beyond noise means that the interval excludes 0; or, for one run against one, that they differ
    though both recorded the same seed.
    """
    seeded = all(
        any(key in facts.params for key in replicate_keys) for facts in (*baseline, *candidate)
    )
    same_seed = seeded and not replicates_differ(baseline, candidate, replicate_keys)
    return tuple(
        Unexplained(delta.key, reason)
        for delta in deltas
        if (reason := _beyond_noise(delta, same_seed=same_seed))
    )


def _attribution(delta: MetricDelta, criterion: Criterion | None, confounders: int) -> Attribution:
    if confounders > 1:
        return Attribution.CONFOUNDED
    if criterion is None or delta.oriented is None or delta.interval is None:
        return Attribution.SOLE
    margin = margin_of(delta, criterion)
    inside = -margin < delta.interval.low and delta.interval.high < margin
    return Attribution.NO_EFFECT if inside else Attribution.SOLE


def _beyond_noise(delta: MetricDelta, *, same_seed: bool) -> str:
    what = "an unrecorded input or nondeterminism"
    if delta.interval is not None:
        outside = delta.interval.low > 0 or delta.interval.high < 0
        return (
            f"Beyond the variation of the runs with no recorded cause: {what}." if outside else ""
        )
    single = delta.baseline and delta.candidate and delta.baseline.n == delta.candidate.n == 1
    if single and same_seed and delta.raw:
        return f"Differs between two runs of the same seed with no recorded cause: {what}."
    return ""


def _ordinals(
    found: Sequence[Found], upstream: Ancestry, graph: GraphReader, as_of: int | None
) -> dict[str, int]:
    """Version numbers of the artifacts that were met only upstream, by graph node id."""
    nodes = [
        upstream.nodes[node]
        for each in found
        if isinstance(each.difference, InputDifference)
        for use in (*each.difference.before, *each.difference.after)
        if not use.ordinal and (node := _node(use)) in upstream.nodes
    ]
    return artifact_ordinals(graph, nodes, as_of=as_of)


def _cause(
    each: Found, ordinals: Mapping[str, int], effects: tuple[Effect, ...], reach: Reach
) -> Cause:
    difference = each.difference
    changes = _changes(each) if reach >= Reach.WORKFLOW else ()
    before_ids: tuple[str, ...] = ()
    after_ids: tuple[str, ...] = ()
    if isinstance(difference, ParamDifference):
        kind = CauseKind.TAG if difference.tag else CauseKind.PARAM
        role, before, after = difference.name, difference.before, difference.after
        label = param_label(difference, changes)
    elif isinstance(difference, WorkflowDifference):
        kind, role = CauseKind.EDGE, JOB_ROLE
        before, after = difference.before, difference.after
        label = workflow_label(difference)
    else:
        both = difference.before and difference.after
        kind = CauseKind.ARTIFACT if both else CauseKind.EDGE
        role = difference.role
        before = tuple(sorted({use.digest for use in difference.before}))
        after = tuple(sorted({use.digest for use in difference.after}))
        before_ids = tuple(sorted(map(_node, difference.before)))
        after_ids = tuple(sorted(map(_node, difference.after)))
        label = input_label(
            difference, lambda use: use.ordinal or ordinals.get(_node(use), 0), changes
        )
    return Cause(
        kind=kind,
        facet=difference.facet,
        label=label,
        role=role,
        before=before,
        after=after,
        before_ids=before_ids,
        after_ids=after_ids,
        distance=each.distance,
        path=each.path,
        effects=effects,
        changes=changes,
    )


def _changes(each: Found) -> tuple[Change, ...]:
    difference = each.difference
    if isinstance(difference, InputDifference):
        return input_changes(*difference.exclusive())
    if isinstance(difference, ParamDifference) and difference.facet is Facet.ENVIRONMENT:
        return text_changes(difference.before, difference.after)
    return ()


def _node(use: Input) -> str:
    return node_id(NodeKind.ARTIFACT, use.artifact_id)
