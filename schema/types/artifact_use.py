"""What a run used or generated, and in which role."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.facet import Facet
from resolvers.artifacts import UseRecord
from schema.context import LineproofInfo
from schema.resolved import resolved
from schema.scalars import BigInt
from schema.types.key_value import KeyValue, key_values

if TYPE_CHECKING:
    from schema.types.artifact import Artifact


@strawberry.type(description="A run used, or generated, an artifact version.")
class ArtifactUse:
    """A run used, or generated, an artifact version."""

    role: str = strawberry.field(description="What it was for: `training`, `evaluation`, `code`, …")
    facet: Facet | None = strawberry.field(description="The facet that the use is part of.")
    leaf_index: BigInt = strawberry.field(description="The ledger entry that recorded it.")
    record: strawberry.Private[UseRecord]
    as_of: strawberry.Private[int]

    @resolved("Tags of the use itself, ordered by key.")
    def tags(self) -> list[KeyValue]:
        return key_values(dict(sorted(self.record.tags.items())))

    @resolved("The artifact version.")
    async def artifact(
        self, info: LineproofInfo
    ) -> Annotated["Artifact", strawberry.lazy("schema.types.artifact")] | None:
        from schema.types.artifact import artifact_of

        key = (self.record.artifact_id, self.as_of)
        record = await info.context.loaders.artifacts.load(key)
        return artifact_of(record, self.as_of) if record else None


def artifact_uses(records: Sequence[UseRecord], as_of: int) -> list[ArtifactUse]:
    """The GraphQL objects of ``records``."""
    return [
        ArtifactUse(
            role=record.role,
            facet=Facet(record.facet) if record.facet else None,
            leaf_index=BigInt(record.seq),
            record=record,
            as_of=as_of,
        )
        for record in records
    ]
