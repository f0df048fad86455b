"""Artifact versions (PROV Entity): immutable, identified by digest with a stated strength."""

import re
from enum import StrEnum
from functools import lru_cache
from typing import Final, NotRequired, TypedDict

from domain.ids import derived_id

GIVEN_DIGEST: Final = "digest_as_given"
"""Attribute that keeps the text of a digest whose identity may be written otherwise."""
OWN_ATTRIBUTE: Final = "lineproof.own."
"""Tags of a use under this prefix are attributes as that run gave them, where an earlier run gave
the same version others: what a run said is read back, whatever others say later."""

UNVERSIONED: Final = "openlineage.unversioned"
"""Algorithm of a dataset as it was before any run was seen to write it."""

_SHA256: Final = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})", re.ASCII)

EXAMPLES_PATH: Final = "lineproof/examples"
"""Below a run's artifacts, with one of ``EXAMPLES_SUFFIXES``: its results example by example."""
EXAMPLES_SUFFIXES: Final = (".csv", ".jsonl")

ARTIFACT_LOGGED: Final = "artifact.logged"
ARTIFACT_DELETED: Final = "artifact.deleted"


class ArtifactLogged(TypedDict):
    """A file was stored under a path; a path may get another file later."""

    path: str
    """Below the project's artifact root: ``<experiment>/<run>/artifacts/...`` as a rule."""
    run_id: str
    """The run that it belongs to; empty when the path names none."""
    digest: str
    """``sha256:<hex>`` of the bytes, which stand in the blob of that name if ``blob`` is absent."""
    size: int
    """Bytes."""
    blob: NotRequired[str]
    """Where the file is sealed (``ledger.sealed_file``): the blob with its ciphertext,"""
    sealed_for: NotRequired[str]
    """and the pseudonym of the subject whose key opens it."""


class ArtifactDeleted(TypedDict):
    """Files are not shown any more. Their bytes and their history stay."""

    paths: list[str]


class ArtifactKind(StrEnum):
    """What an artifact version is."""

    DATASET = "DATASET"
    MODEL = "MODEL"
    CODE = "CODE"
    ENVIRONMENT = "ENVIRONMENT"
    FILE = "FILE"
    CONFIG = "CONFIG"


class ArtifactRef(TypedDict):
    """One artifact version, as it stands in an entry's payload."""

    kind: str
    name: str
    digest: str
    """As the client gave it; the version string where there is no digest (strength NAMED)."""
    algorithm: str
    """What computed ``digest``: ``sha256``, ``mlflow.numpy``, ``git.commit``, ``version``, …"""
    strength: str
    """A ``domain.facet.Strength`` name."""
    uri: NotRequired[str]
    """Opaque: never opened by the server."""
    attributes: NotRequired[dict[str, str]]
    """What else the client said of it (``source_type``, ``schema``, ``profile``), kept whole."""


class ArtifactUse(TypedDict):
    """A run used or generated an artifact version in a role."""

    role: str
    """Alignment key: ``training``, ``evaluation``, ``code``, ``model``, …"""
    facet: str
    """The ``domain.facet.Facet`` name that this use is part of; empty when none."""
    artifact: ArtifactRef
    tags: NotRequired[dict[str, str]]
    """Tags of the input itself (MLflow ``InputTag``)."""


def artifact_id(project: str, artifact: ArtifactRef) -> str:
    """The version's id: a name with another digest is another version."""
    return _derived(
        project, artifact["kind"], artifact["name"], artifact["algorithm"], artifact["digest"]
    )


@lru_cache(maxsize=4096)  # A history names the same versions again and again.
def _derived(*parts: str) -> str:
    return derived_id("artifact", *parts)


def content_digest(text: str) -> str | None:
    """The digits of a SHA-256, in lower case, with or without ``sha256:``; None for other text."""
    found = _SHA256.fullmatch(text)
    return found[1].lower() if found else None


def identity_of(ref: ArtifactRef) -> ArtifactRef:
    """The version without what was said of it."""
    return ArtifactRef(
        kind=ref["kind"],
        name=ref["name"],
        digest=ref["digest"],
        algorithm=ref["algorithm"],
        strength=ref["strength"],
    )
