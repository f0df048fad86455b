"""Root fields about artifact versions."""

import strawberry

from resolvers import artifacts
from schema.context import LineproofInfo
from schema.global_ids import local_id
from schema.resolved import resolved
from schema.types.arguments import AsOf
from schema.types.artifact import Artifact, artifact_of
from schema.types.ledger_point import asked_size


@strawberry.type
class ArtifactQuery:
    """Root fields about artifact versions."""

    @resolved("One artifact version, by its global id or its artifact id.")
    def artifact(
        self,
        info: LineproofInfo,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the API
        as_of: AsOf = None,
    ) -> Artifact | None:
        context = info.context
        position = context.position(asked_size(as_of))
        record = artifacts.one(
            context.ports.graph,
            local_id(id, "Artifact"),
            project=context.project,
            as_of=position,
        )
        return artifact_of(record, position)
