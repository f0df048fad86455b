"""What changing only one thing has ever done to a metric, nearest groups, common causes."""

from collections.abc import Sequence

import strawberry

from analytics.delta_index.index import Group
from analytics.shared_cause import CommonCause, CommonCauses
from resolvers.effects import NearGroup, SlotEffect
from resolvers.lineage import label_of
from schema.context import LineproofInfo
from schema.resolved import resolved
from schema.types.arguments import After, First
from schema.types.cause import SharedCause
from schema.types.connection import FIRST, Connection
from schema.types.delta import Delta, MetricMoments, moments_of, plain_delta
from schema.types.node import NodeRef, node_ref
from schema.types.run import Run, ids_connection


@strawberry.type(description="A run group as the delta index holds it: finished runs alone.")
class IndexedGroup:
    """A run group as the delta index holds it."""

    fingerprint: str = strawberry.field(description="The group's digest.")
    group: strawberry.Private[Group]
    as_of: strawberry.Private[int]

    @resolved("Its runs by first ledger entry.")
    async def runs(
        self, info: LineproofInfo, first: First = FIRST, after: After = None
    ) -> Connection[Run]:
        return await ids_connection(
            info.context, self.group.run_ids, first=first, after=after, as_of=self.as_of
        )


@strawberry.type(
    name="SlotEffect",
    description="Two groups that differ in one thing alone, and what a metric did between them. An "
    "association in the record, no proof of causation.",
)
class SlotEffectType:
    """Two groups that differ in one thing alone."""

    label: str = strawberry.field(description="The difference in words; any text.")
    baseline: IndexedGroup = strawberry.field(description="The group that was recorded first.")
    candidate: IndexedGroup = strawberry.field(description="The other group.")
    before: MetricMoments | None = strawberry.field(description="The baseline's values.")
    after: MetricMoments | None = strawberry.field(description="The candidate's values.")
    delta: Delta | None = strawberry.field(
        description="The movement; null when neither group recorded the metric."
    )


@strawberry.type(
    name="NearGroup",
    description="A comparable group that differs from a run's group in one thing alone.",
)
class NearGroupType:
    """A comparable group that differs in one thing alone."""

    slot: str = strawberry.field(
        description="What differs: a facet, or `PARAMS/<name>` for one parameter."
    )
    label: str = strawberry.field(description="The difference in words; any text.")
    group: IndexedGroup = strawberry.field(description="The group.")


@strawberry.type(
    name="CommonCause", description="Something that regressed runs have upstream and others not."
)
class CommonCauseType:
    """Something that regressed runs have upstream and others not."""

    label: str = strawberry.field(description="The artifact, run or parameter in words; any text.")
    node: NodeRef | None = strawberry.field(
        description="The artifact or run; null for a parameter."
    )
    distance: int = strawberry.field(
        description="Least number of edges from any run; 0 for a parameter."
    )
    shared_by: SharedCause = strawberry.field(description="How many runs have it, and p.")


@strawberry.type(name="CommonCauses", description="What regressed runs have in common, ranked.")
class CommonCausesType:
    """What regressed runs have in common, ranked."""

    causes: list[CommonCauseType] = strawberry.field(description="By (p, distance, id).")
    hypotheses: int = strawberry.field(
        description="Distinct patterns that were tested; Holm corrects over them."
    )
    truncated: bool = strawberry.field(description="Whether the ancestry was cut.")


def slot_effect_of(effect: SlotEffect, as_of: int) -> SlotEffectType:
    """The GraphQL object of ``effect``."""
    delta = effect.delta
    return SlotEffectType(
        label=effect.label,
        baseline=_group(effect.baseline, as_of),
        candidate=_group(effect.candidate, as_of),
        before=moments_of(delta.baseline) if delta else None,
        after=moments_of(delta.candidate) if delta else None,
        delta=plain_delta(delta) if delta else None,
    )


def near_group_of(near: NearGroup, as_of: int) -> NearGroupType:
    """The GraphQL object of ``near``."""
    return NearGroupType(
        slot=near.neighbour.slot, label=near.label, group=_group(near.neighbour.group, as_of)
    )


def common_causes_of(found: CommonCauses, causes: Sequence[CommonCause]) -> CommonCausesType:
    """The GraphQL object of ``found``, showing ``causes``."""
    return CommonCausesType(
        causes=[_common(cause, found) for cause in causes],
        hypotheses=found.hypotheses,
        truncated=found.truncated,
    )


def _common(cause: CommonCause, found: CommonCauses) -> CommonCauseType:
    node = cause.node
    return CommonCauseType(
        label=f"param {cause.param}" if node is None else label_of(node),
        node=None if node is None else node_ref(node.id),
        distance=cause.distance,
        shared_by=SharedCause(
            regressed=cause.regressed,
            regressed_total=found.regressed_total,
            others=cause.others,
            others_total=found.others_total,
            p=cause.p,
        ),
    )


def _group(group: Group, as_of: int) -> IndexedGroup:
    return IndexedGroup(fingerprint=group.fingerprint, group=group, as_of=as_of)
