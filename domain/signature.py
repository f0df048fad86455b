"""Signatures over artifacts: DSSE envelopes of in-toto statements, as entries."""

from typing import Final, TypedDict

from domain.canonical import JsonObject

ARTIFACT_SIGNED: Final = "artifact.signed"
SIGNATURE_REVOKED: Final = "signature.revoked"


class SignedSubject(TypedDict):
    """One thing that was signed."""

    name: str
    digest: str
    """SHA-256 of its bytes, hexadecimal."""


class ArtifactSigned(TypedDict):
    """Payload of ``artifact.signed``."""

    signature_id: str
    """``sha256:`` of the canonical envelope."""
    envelope: JsonObject
    """https://github.com/secure-systems-lab/dsse around an in-toto Statement v1."""
    subjects: list[SignedSubject]
    """Those of the statement."""


class SignatureRevoked(TypedDict):
    """Payload of ``signature.revoked``: it counts no more from this entry on."""

    signature_id: str
    subjects: list[SignedSubject]
    reason: str
