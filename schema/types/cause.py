"""Causes: what differs upstream, and what it may be blamed for."""

from collections.abc import Sequence
from itertools import zip_longest

import strawberry

from analytics.causes import Attribution, Cause, CauseKind, Effect, Evidence
from analytics.version_changes import Change, ChangeKind
from domain.facet import Facet
from governance.statement import CauseClaim, EffectClaim
from graph.model import NodeKind, node_id
from schema.resolved import resolved
from schema.types.delta import number
from schema.types.node import NodeRef, node_ref
from schema.types.run import finite


@strawberry.type(
    description="One distinct value of a side: a parameter's, or an artifact's digest."
)
class CauseValue:
    """One distinct value of a side."""

    id: strawberry.ID | None = strawberry.field(
        description="Global id of the artifact version; null for what is not an artifact, and in "
        "a recorded verdict, which keeps digests alone."
    )
    digest: str | None = strawberry.field(description="The artifact's digest; null for parameters.")
    value: str = strawberry.field(description="The value or the digest; any text.")


@strawberry.type(description="One thing that changed between two versions of an artifact.")
class VersionChange:
    """One thing that changed between two versions of an artifact."""

    kind: ChangeKind = strawberry.field(description="What kind of thing it is.")
    name: str = strawberry.field(
        description="The package, file or column; empty for a count. Any text, show it escaped."
    )
    before: str | None = strawberry.field(
        description="Version, digest, type or count; null when it was added."
    )
    after: str | None = strawberry.field(description="The same; null when it was removed.")


@strawberry.type(
    description="Another comparable pair of the store that differs in the cause alone."
)
class EffectEvidence:
    """Another comparable pair of the store that differs in the cause alone."""

    baseline: NodeRef = strawberry.field(description="The first run without the cause.")
    candidate: NodeRef = strawberry.field(description="The first run with the cause.")
    baseline_runs: list[NodeRef] = strawberry.field(description="Every run without the cause.")
    candidate_runs: list[NodeRef] = strawberry.field(description="Every run with the cause.")
    delta: float | None = strawberry.field(
        description="What the metric did there: oriented, or raw without a direction."
    )


@strawberry.type(
    description="A metric's delta, attributed. An association in the record, no proof of causation."
)
class CauseEffect:
    """A metric's delta, attributed."""

    metric: str = strawberry.field(description="The metric's name.")
    attribution: Attribution = strawberry.field(description="How far the cause can be blamed.")
    confounders: int = strawberry.field(
        description="How many causes changed together, this one included."
    )
    delta: float | None = strawberry.field(description="The oriented delta of the pair.")

    evidence: EffectEvidence | None = strawberry.field(
        default=None,
        description="With ISOLATED and SHARED, and with NO_EFFECT among several causes: the pair "
        "that shows it. Not kept in verdicts.",
    )


@strawberry.type(description="How many regressed runs and how many others have a cause upstream.")
class SharedCause:
    """How many regressed runs and how many others have a cause upstream."""

    regressed: int = strawberry.field(description="Regressed runs that have it upstream.")
    regressed_total: int = strawberry.field(description="Regressed runs in all.")
    others: int = strawberry.field(description="Other runs that have it upstream.")
    others_total: int = strawberry.field(description="Other runs in all.")
    p: float = strawberry.field(description="Fisher's exact one-sided test, after Holm.")


@strawberry.type(name="Cause", description="A frontier difference: nothing upstream of it differs.")
class CauseType:
    """A frontier difference."""

    kind: CauseKind = strawberry.field(description="What kind of thing differs.")
    facet: Facet = strawberry.field(description="The facet that it is part of.")
    label: str = strawberry.field(description="The difference in words; any text.")
    role: str = strawberry.field(description="In which role it was used; empty when in none.")
    before: list[CauseValue] = strawberry.field(description="What the baseline has, ordered.")
    after: list[CauseValue] = strawberry.field(description="What the candidate has, ordered.")
    distance: int = strawberry.field(description="Edges from the run; 0 for its own parameters.")
    path: list[NodeRef] = strawberry.field(
        description="From a candidate run to the difference, both ends included."
    )
    effects: list[CauseEffect] = strawberry.field(description="What it may be blamed for.")
    changes: list[VersionChange] = strawberry.field(
        description="Packages, rows, files and columns that changed, where that is known."
    )

    @resolved("Common causes are computed over many runs, not for one pair: null here.")
    def shared_by(self) -> SharedCause | None:
        return None


@strawberry.type(description="A delta beyond noise with no recorded cause.")
class UnexplainedDelta:
    """A delta beyond noise with no recorded cause."""

    metric: str = strawberry.field(description="The metric's name.")
    reason: str = strawberry.field(description="Why nothing recorded explains it.")


def cause_of(cause: Cause) -> CauseType:
    """The GraphQL object of ``cause``."""
    return CauseType(
        kind=cause.kind,
        facet=cause.facet,
        label=cause.label,
        role=cause.role,
        before=_values(cause.kind, cause.before, cause.before_ids),
        after=_values(cause.kind, cause.after, cause.after_ids),
        distance=cause.distance,
        path=[node_ref(node) for node in cause.path],
        effects=[_effect(effect) for effect in cause.effects],
        changes=[version_change(change) for change in cause.changes],
    )


def version_change(change: Change) -> VersionChange:
    """The GraphQL object of ``change``."""
    return VersionChange(
        kind=change.kind, name=change.name, before=change.before, after=change.after
    )


def claimed_cause(claim: CauseClaim) -> CauseType:
    """A cause as a verdict's statement claims it."""
    kind = CauseKind(claim["kind"])
    return CauseType(
        kind=kind,
        facet=Facet(claim["facet"]),
        label=claim["label"],
        role=claim["role"],
        before=_values(kind, claim["before"], ()),
        after=_values(kind, claim["after"], ()),
        distance=claim["distance"],
        path=[node_ref(node) for node in claim["path"]],
        effects=[_claimed_effect(effect) for effect in claim["effects"]],
        changes=[
            VersionChange(
                kind=ChangeKind(each["kind"]),
                name=each["name"],
                before=each["before"],
                after=each["after"],
            )
            for each in claim.get("changes", ())
        ],
    )


def _values(kind: CauseKind, values: Sequence[str], nodes: Sequence[str]) -> list[CauseValue]:
    """Artifact ids stand beside their digests only when there is one for each."""
    ids = nodes if len(nodes) == len(values) else ()
    return [
        CauseValue(
            id=node_ref(node).id if node else None,
            digest=value if kind is CauseKind.ARTIFACT else None,
            value=value,
        )
        for value, node in zip_longest(values, ids)
    ]


def _effect(effect: Effect) -> CauseEffect:
    return CauseEffect(
        metric=effect.metric.name,
        attribution=effect.attribution,
        confounders=effect.confounders,
        delta=finite(effect.oriented),
        evidence=None if effect.evidence is None else _evidence(effect.evidence),
    )


def _evidence(evidence: Evidence) -> EffectEvidence:
    sides = [
        [node_ref(node_id(NodeKind.RUN, run)) for run in runs]
        for runs in (evidence.baseline, evidence.candidate)
    ]
    return EffectEvidence(
        baseline=sides[0][0],
        candidate=sides[1][0],
        baseline_runs=sides[0],
        candidate_runs=sides[1],
        delta=finite(evidence.oriented),
    )


def _claimed_effect(claim: EffectClaim) -> CauseEffect:
    return CauseEffect(
        metric=claim["metric"],
        attribution=Attribution(claim["attribution"]),
        confounders=claim["confounders"],
        delta=number(claim["oriented"]),
    )
