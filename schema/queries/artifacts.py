"""Root fields about artifact versions."""

import strawberry

from resolvers import artifacts
from schema.context import LineproofInfo
from schema.global_ids import local_id
from schema.resolved import resolved
from schema.types.arguments import AsOf
from schema.types.artifact import Artifact, artifact_of
from schema.types.artifact_diff import ArtifactDiffType, artifact_diff_of
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

    @resolved("Two artifact versions held against each other, and what changed between them.")
    def artifact_diff(
        self,
        info: LineproofInfo,
        before: strawberry.ID,
        after: strawberry.ID,
        as_of: AsOf = None,
    ) -> ArtifactDiffType:
        context = info.context
        position = context.position(asked_size(as_of))
        found = artifacts.diff(
            context.ports.graph,
            local_id(before, "Artifact"),
            local_id(after, "Artifact"),
            project=context.project,
            as_of=position,
        )
        return artifact_diff_of(found, position)
