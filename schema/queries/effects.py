"""Root fields about effects over the whole store: what one change did, what runs have in common."""

from typing import Annotated, TypeAlias

import strawberry

from analytics.shared_cause import common_causes
from domain.facet import DEFAULT_REPLICATE_KEYS, Facet
from domain.metric import MetricDefinition
from governance.policy import Policy
from governance.run_set import resolve
from resolvers import effects, policies
from resolvers.paging import checked_size
from schema.context import LineproofInfo, RequestContext
from schema.global_ids import local_id
from schema.resolved import resolved
from schema.types.arguments import After, AsOf, First
from schema.types.connection import FIRST, Connection, page_info
from schema.types.effect import (
    CommonCausesType,
    NearGroupType,
    SlotEffectType,
    common_causes_of,
    near_group_of,
    slot_effect_of,
)
from schema.types.ledger_point import asked_size
from schema.types.run_set import RunSetInput, run_set_of

MAX_ANCESTRY = 100_000
"""Nodes that a search for common causes reads."""

PolicyName: TypeAlias = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Whose metric definitions and replicate keys count."),
]


@strawberry.type
class EffectQuery:
    """Root fields about effects over the whole store."""

    @resolved("What changing only this has ever done to that metric.")
    def effects(
        self,
        info: LineproofInfo,
        facet: Annotated[Facet, strawberry.argument(description="What alone differs.")],
        metric: Annotated[str, strawberry.argument(description="The metric's name.")],
        param: Annotated[
            str | None,
            strawberry.argument(description="With PARAMS: this parameter alone differs."),
        ] = None,
        policy: PolicyName = None,
        first: First = FIRST,
        after: After = None,
        as_of: AsOf = None,
    ) -> Connection[SlotEffectType] | None:
        context = info.context
        position = context.position(asked_size(as_of))
        declared = _policy(context, policy, position)
        page, total = effects.effects(
            context.ports.graph,
            context.ports.metrics,
            context.ports.delta_index(),
            effects.slot_of(facet, param),
            (declared.metrics.get(metric) if declared else None) or MetricDefinition(metric),
            project=context.project,
            first=first,
            after=after,
            as_of=position,
        )
        return Connection(
            nodes=[slot_effect_of(each, position) for each in page.items],
            page_info=page_info(page, after=after),
            cursors=page.cursors,
            count=lambda: total,
        )

    @resolved("The comparable groups that differ from a run's in one thing alone, nearest first.")
    def nearest_groups(
        self,
        info: LineproofInfo,
        of: Annotated[
            strawberry.ID, strawberry.argument(description="Global id or MLflow id of a run.")
        ],
        first: First = 10,
        as_of: AsOf = None,
    ) -> list[NearGroupType] | None:
        context = info.context
        position = context.position(asked_size(as_of))
        found = effects.nearest_groups(
            context.ports.graph,
            context.ports.metrics,
            context.ports.delta_index(),
            local_id(of, "Run"),
            project=context.project,
            first=first,
            as_of=position,
        )
        return [near_group_of(each, position) for each in found]

    @resolved("What regressed runs have upstream that others have not, the surest first.")
    def common_causes(
        self,
        info: LineproofInfo,
        regressed: Annotated[RunSetInput, strawberry.argument(description="The regressed runs.")],
        others: Annotated[RunSetInput, strawberry.argument(description="Runs that did not.")],
        policy: PolicyName = None,
        first: First = 10,
        as_of: AsOf = None,
    ) -> CommonCausesType | None:
        context = info.context
        position = context.position(asked_size(as_of))
        declared = _policy(context, policy, position)
        keys = declared.replicates if declared else DEFAULT_REPLICATE_KEYS
        sides = [
            resolve(
                run_set_of(given, what),
                project=context.project,
                graph=context.ports.graph,
                metrics=context.ports.metrics,
                replicates=keys,
                as_of=position,
            ).run_ids
            for given, what in ((regressed, "regressed"), (others, "others"))
        ]
        found = common_causes(
            context.ports.graph,
            *sides,
            replicate_keys=keys,
            as_of=position,
            max_nodes=MAX_ANCESTRY,
        )
        return common_causes_of(found, found.causes[: checked_size(first)])


def _policy(context: RequestContext, policy: str | None, position: int) -> Policy | None:
    if policy is None:
        return None
    name = local_id(strawberry.ID(policy), "Policy")
    record = policies.one(context.ports.graph, name, project=context.project, as_of=position)
    return policies.declared(record)
