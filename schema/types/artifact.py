"""Artifact versions."""

import strawberry

from domain.artifact import ArtifactKind
from domain.facet import Strength
from resolvers.artifacts import ArtifactRecord
from schema.context import LineproofInfo
from schema.global_ids import global_id
from schema.resolved import resolved
from schema.scalars import BigInt
from schema.types.arguments import After, First
from schema.types.connection import FIRST, Connection
from schema.types.key_value import KeyValue, key_values
from schema.types.node import NodeInterface
from schema.types.run import Run, ids_connection, load_runs


@strawberry.type(description="One immutable version of an artifact (PROV Entity).")
class Artifact(NodeInterface):
    """One immutable version of an artifact."""

    artifact_id: str = strawberry.field(description="Derived from kind, name and digest.")
    kind: ArtifactKind = strawberry.field(description="What it is.")
    name: str = strawberry.field(description="Its name; any text, show it escaped.")
    digest: str = strawberry.field(description="As the client gave it, or its version string.")
    algorithm: str = strawberry.field(description="What computed the digest.")
    strength: Strength = strawberry.field(description="How much the digest proves.")
    uri: str | None = strawberry.field(description="Opaque; never opened by the server.")
    leaf_index: BigInt = strawberry.field(description="The first ledger entry that names it.")
    record: strawberry.Private[ArtifactRecord]
    as_of: strawberry.Private[int]

    @resolved("What else the client said of it, ordered by key.")
    def attributes(self) -> list[KeyValue]:
        return key_values(self.record.attributes)

    @resolved("The runs that generated it.")
    async def generated_by(self, info: LineproofInfo) -> list[Run]:
        found = await info.context.loaders.makers.load((self.artifact_id, self.as_of))
        return await load_runs(info.context, found or (), self.as_of, within=[self.record.project])

    @resolved("The runs that used it, by first use.")
    async def used_by(
        self,
        info: LineproofInfo,
        first: First = FIRST,
        after: After = None,
    ) -> Connection[Run]:
        found = await info.context.loaders.users.load((self.artifact_id, self.as_of))
        return await ids_connection(
            info.context,
            found or (),
            first=first,
            after=after,
            as_of=self.as_of,
            within=[self.record.project],
        )


def artifact_of(record: ArtifactRecord, as_of: int) -> Artifact:
    """The GraphQL object of ``record``, whose fields are read at ``as_of``."""
    return Artifact(
        id=strawberry.ID(global_id("Artifact", record.artifact_id)),
        artifact_id=record.artifact_id,
        kind=ArtifactKind(record.kind),
        name=record.name,
        digest=record.digest,
        algorithm=record.algorithm,
        strength=Strength[record.strength],
        uri=record.uri or None,
        leaf_index=BigInt(record.seq),
        record=record,
        as_of=as_of,
    )
