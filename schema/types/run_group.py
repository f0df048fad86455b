"""Run groups."""

import strawberry

from domain.facet import Facet, Strength
from resolvers.run_groups import RunGroupRecord
from schema.context import LineproofInfo
from schema.resolved import resolved
from schema.types.arguments import After, First
from schema.types.connection import FIRST, Connection
from schema.types.node import NodeRef, node_ref
from schema.types.run import Run, ids_connection


@strawberry.type(description="One facet that all runs of a group share.")
class GroupFacet:
    """One facet that all runs of a group share."""

    facet: Facet = strawberry.field(description="Which facet.")
    digest: str = strawberry.field(
        description="Equal exactly when everything recorded of the facet is equal."
    )
    strength: Strength = strawberry.field(description="How much the digest proves.")
    sources: list[NodeRef] = strawberry.field(description="What it was read from.")


@strawberry.type(
    description="Runs of one project whose facets are equal but for the replicate keys and the "
    "hardware; made by the server from the fingerprint, never from tags."
)
class RunGroup:
    """Runs that are repetitions of one another."""

    fingerprint: str = strawberry.field(description="The group's digest.")
    replicate_keys: list[str] = strawberry.field(
        description="Parameters that may differ inside the group."
    )
    facets: list[GroupFacet] = strawberry.field(description="What all of its runs share.")
    record: strawberry.Private[RunGroupRecord]
    as_of: strawberry.Private[int]

    @resolved("Its runs by first ledger entry.")
    async def runs(
        self, info: LineproofInfo, first: First = FIRST, after: After = None
    ) -> Connection[Run]:
        return await ids_connection(
            info.context, self.record.run_ids, first=first, after=after, as_of=self.as_of
        )


def run_group_of(record: RunGroupRecord, as_of: int) -> RunGroup:
    """The GraphQL object of ``record``, whose runs are read at ``as_of``."""
    return RunGroup(
        fingerprint=record.fingerprint,
        replicate_keys=list(record.replicate_keys),
        facets=[
            GroupFacet(
                facet=facet,
                digest=value.digest,
                strength=value.strength,
                sources=[node_ref(node) for node in value.nodes],
            )
            for facet, value in record.facets
        ],
        record=record,
        as_of=as_of,
    )
