"""Artifacts that a gate request names: a file as it is now."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.canonical import JsonValue
from governance.request_reader import object_of, refused, required_text

MAX_ARTIFACTS: Final = 1_000
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, order=True)
class NamedArtifact:
    """A file that is to ship."""

    name: str
    """Its name or path, as a run recorded it."""
    digest: str
    """``sha256:<hex>`` of its bytes."""


def named_artifacts(value: JsonValue) -> tuple[NamedArtifact, ...]:
    """The list in a request, ordered; ``UsageError`` (INVALID_ARGUMENT) for anything else."""
    if value is None:
        return ()
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) > MAX_ARTIFACTS:
        raise refused(f"'artifacts' must be a list of at most {MAX_ARTIFACTS}")
    return tuple(sorted({_artifact(item) for item in value}))


def _artifact(value: JsonValue) -> NamedArtifact:
    fields = object_of(value, "an artifact", ("name", "digest"))
    digest = required_text(fields, "digest", limit=100)
    if not _SHA256.fullmatch(digest):
        raise refused("'digest' of an artifact must read sha256:<64 hexadecimal digits>")
    return NamedArtifact(required_text(fields, "name", limit=1_000), digest)
