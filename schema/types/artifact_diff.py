"""Two artifact versions held against each other."""

import strawberry

from analytics.comparability import Level
from domain.facet import Strength
from resolvers.artifacts import ArtifactDiff
from schema.types.artifact import Artifact, artifact_of
from schema.types.cause import VersionChange, version_change


@strawberry.type(name="ArtifactDiff", description="Two artifact versions held against each other.")
class ArtifactDiffType:
    """Two artifact versions held against each other."""

    before: Artifact = strawberry.field(description="The one version.")
    after: Artifact = strawberry.field(description="The other version.")
    level: Level = strawberry.field(
        description="VERIFIED and ASSUMED: equal. BROKEN: proven different. UNKNOWN: the two "
        "identities cannot be held against each other. CONFLICT: one weak identity, two contents."
    )
    strength: Strength = strawberry.field(description="How surely that is known.")
    reason: str = strawberry.field(description="The same in a sentence.")
    changes: list[VersionChange] = strawberry.field(
        description="Packages, rows, files and columns that changed, where that is known."
    )


def artifact_diff_of(diff: ArtifactDiff, as_of: int) -> ArtifactDiffType:
    """The GraphQL object of ``diff``."""
    return ArtifactDiffType(
        before=artifact_of(diff.before, as_of),
        after=artifact_of(diff.after, as_of),
        level=diff.level,
        strength=diff.strength,
        reason=diff.reason,
        changes=[version_change(change) for change in diff.changes],
    )
