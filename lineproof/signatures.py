"""Signatures over artifacts as the application gives them."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from domain.canonical import JsonObject
from governance.artifact_signature import (
    ArtifactSignature,
    SignatureRegistrar,
    recorded_signatures,
)
from governance.request_reader import object_of, required_text

if TYPE_CHECKING:
    from lineproof.services import Services


def submit(services: "Services", arguments: JsonObject, project: str, source: str) -> JsonObject:
    """Record the DSSE ``envelope``: the signature over each of its subjects."""
    fields = object_of(arguments, "the request", ("envelope",))
    return _shown(_registrar(services, project, source).submit(fields.get("envelope")))


def revoke(services: "Services", arguments: JsonObject, project: str, source: str) -> JsonObject:
    """The signature ``id`` counts no more, for a ``reason``; what it is about is held."""
    fields = object_of(arguments, "the request", ("id", "reason"))
    identity = required_text(fields, "id", limit=100)
    reason = required_text(fields, "reason", limit=1_000)
    return _shown(_registrar(services, project, source).revoke(identity, reason))


def listed(services: "Services", arguments: JsonObject, project: str, _source: str) -> JsonObject:
    """``{"signatures"}``: every signature, by entry."""
    object_of(arguments, "the request", ())
    size = services.catch_up()
    return _shown(recorded_signatures(services.graph, project, as_of=size))


def _registrar(services: "Services", project: str, source: str) -> SignatureRegistrar:
    return SignatureRegistrar(services.log, services.graph, services.catch_up, project, source)


def _shown(found: Iterable[ArtifactSignature]) -> JsonObject:
    return {
        "signatures": [
            {
                "id": one.signature_id,
                "name": one.name,
                "digest": f"sha256:{one.digest}",
                "signedBy": list(one.signed_by),
                "leafIndex": one.seq,
                "revoked": one.revoked,
            }
            for one in found
        ]
    }
