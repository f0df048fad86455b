"""What a client's words mean for provenance: one table from them to artifact uses and facets.

``docs/reference/facets.md`` shows the same table to users. It is applied once, at ingest, and its
result stands in the entry: replay needs no client rules.
"""

import json
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final, cast

from domain.artifact import ArtifactKind, ArtifactRef, ArtifactUse, content_digest
from domain.errors import ErrorCode, UsageError
from domain.facet import FACET_TAG_PREFIX, Facet, Strength

CONTEXT_TAG: Final = "mlflow.data.context"
COMMIT_TAG: Final = "mlflow.source.git.commit"
REPOSITORY_TAG: Final = "mlflow.source.git.repoURL"
SOURCE_TAG: Final = "mlflow.source.name"
PARENT_TAG: Final = "mlflow.parentRunId"

DATASET_CONTEXTS: Final[Mapping[str, tuple[str, Facet]]] = MappingProxyType(
    {
        "training": ("training", Facet.TRAIN_DATA),
        "train": ("training", Facet.TRAIN_DATA),
        "evaluation": ("evaluation", Facet.EVAL_DATA),
        "eval": ("eval", Facet.EVAL_DATA),
        "test": ("test", Facet.EVAL_DATA),
        "validation": ("validation", Facet.EVAL_DATA),
    }
)
"""Dataset context to role and facet; any other context is a role without a facet."""
NO_CONTEXT_ROLE: Final = "input"

SCHEMA_ALGORITHMS: Final[Mapping[str, str]] = MappingProxyType(
    {"mlflow_tensorspec": "mlflow.numpy", "mlflow_colspec": "mlflow.pandas"}
)
"""First key of a dataset's schema to the algorithm that made its digest."""

FACET_KINDS: Final[Mapping[Facet, ArtifactKind]] = MappingProxyType(
    {
        Facet.EVAL_DATA: ArtifactKind.DATASET,
        Facet.EVAL_CODE: ArtifactKind.CODE,
        Facet.METRIC_DEF: ArtifactKind.CONFIG,
        Facet.TRAIN_DATA: ArtifactKind.DATASET,
        Facet.TRAIN_CODE: ArtifactKind.CODE,
        Facet.BASE_MODEL: ArtifactKind.MODEL,
        Facet.ENVIRONMENT: ArtifactKind.ENVIRONMENT,
        Facet.HARDWARE: ArtifactKind.ENVIRONMENT,
        Facet.WORKFLOW: ArtifactKind.CONFIG,
    }
)
"""Facets that a tag may state, and what kind of artifact stands for each. PARAMS and SEED are the
run's own parameters and need no tag."""


def dataset_use(
    *, name: str, digest: str, context: str, attributes: Mapping[str, str], tags: Mapping[str, str]
) -> ArtifactUse:
    """A dataset that a run used. ``attributes`` hold ``source``, ``source_type``, ``schema``, …"""
    role, facet = DATASET_CONTEXTS.get(context.lower(), (context or NO_CONTEXT_ROLE, None))
    artifact = identity(ArtifactKind.DATASET, name, digest)
    if artifact["algorithm"] != "sha256":
        artifact["algorithm"] = _schema_algorithm(attributes.get("schema", ""))
        artifact["strength"] = Strength.SAMPLED.name
    artifact["attributes"] = dict(attributes)
    use = ArtifactUse(role=role, facet=facet.value if facet else "", artifact=artifact)
    if tags:
        use["tags"] = dict(tags)
    return use


def model_use(model_id: str, *, facet: Facet | None, step: int | None = None) -> ArtifactUse:
    """A logged model that a run used (facet BASE_MODEL) or made (no facet, at ``step``).

    Both have the same identity, so that an evaluation links to the training behind its model.
    """
    artifact = identity(ArtifactKind.MODEL, model_id, model_id)
    use = ArtifactUse(role="model", facet=facet.value if facet else "", artifact=artifact)
    if step is not None:
        use["tags"] = {"step": str(step)}
    return use


def tag_uses(tags: Mapping[str, str], changed: Collection[str]) -> list[ArtifactUse]:
    """What the tags named in ``changed`` say about provenance, given all ``tags`` of the run.

    Raises ``UsageError`` (INVALID_ARGUMENT) for a ``lineproof.facet.*`` tag that names no facet.
    """
    uses: list[ArtifactUse] = []
    if COMMIT_TAG in changed and tags[COMMIT_TAG]:
        name = tags.get(REPOSITORY_TAG) or tags.get(SOURCE_TAG) or "unknown"
        uses.append(commit_use(name, tags[COMMIT_TAG]))
    uses.extend(
        _stated_use(key.removeprefix(FACET_TAG_PREFIX), tags[key])
        for key in sorted(changed)
        if key.startswith(FACET_TAG_PREFIX) and tags[key]
    )
    return uses


def commit_use(name: str, commit: str) -> ArtifactUse:
    """A repository at a commit; whether the tree was clean is not known."""
    artifact = ArtifactRef(
        kind=ArtifactKind.CODE.value,
        name=name,
        digest=commit,
        algorithm="git.commit",
        strength=Strength.NAMED.name,
    )
    return ArtifactUse(role="code", facet=Facet.TRAIN_CODE.value, artifact=artifact)


def _stated_use(name: str, value: str) -> ArtifactUse:
    facet = Facet.__members__.get(name.upper())
    if facet is None or facet not in FACET_KINDS:
        known = ", ".join(sorted(known.value.lower() for known in FACET_KINDS))
        raise UsageError(
            f"The tag {FACET_TAG_PREFIX}{name} names no facet that a tag may state.",
            code=ErrorCode.INVALID_ARGUMENT,
            hint=f"It may be one of {known}.",
        )
    lower = facet.value.lower()
    artifact = identity(FACET_KINDS[facet], lower, value)
    return ArtifactUse(role=f"facet.{lower}", facet=facet.value, artifact=artifact)


def identity(kind: ArtifactKind, name: str, digest: str) -> ArtifactRef:
    """A version by what its client calls it: CONTENT for a SHA-256, else NAMED."""
    content = content_digest(digest)
    return ArtifactRef(
        kind=kind.value,
        name=name,
        digest=content or digest,
        algorithm="sha256" if content else "version",
        strength=Strength.CONTENT.name if content else Strength.NAMED.name,
    )


def _schema_algorithm(schema: str) -> str:
    try:
        parsed: object = json.loads(schema)
    except (ValueError, RecursionError):
        return "mlflow"
    if isinstance(parsed, dict):
        for key in cast("dict[str, object]", parsed):
            if key in SCHEMA_ALGORITHMS:
                return SCHEMA_ALGORITHMS[key]
    return "mlflow"
