"""Approvers and waivers as the application gives them."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from domain.canonical import JsonObject, JsonValue
from domain.waiver import WaiverSignature
from governance.approvers import approvers
from governance.request_reader import object_of, refused, required_text, text_list
from governance.waiver import waiver_document
from governance.waiver_entries import Registrar
from governance.waiver_force import Waiver, recorded_waivers

if TYPE_CHECKING:
    from lineproof.services import Services

MAX_SIGNATURES = 100


def submit(services: "Services", arguments: JsonObject, project: str, source: str) -> JsonObject:
    """Record the waiver ``{"document", "signatures"}``."""
    fields = object_of(arguments, "the request", ("document", "signatures"))
    document = waiver_document(fields.get("document"))
    signatures = _signatures(fields.get("signatures"))
    registrar = _registrar(services, project, source)
    return _shown(services, registrar.submit(document, signatures, now=services.clock.now_ms()))


def listed(services: "Services", arguments: JsonObject, project: str, _source: str) -> JsonObject:
    """``{"waivers"}``: every waiver, with whether it is in force now."""
    object_of(arguments, "the request", ())
    size = services.catch_up()
    found = recorded_waivers(services.graph, project, as_of=size)
    return {"waivers": [_shown(services, waiver) for waiver in found]}


def revoke(services: "Services", arguments: JsonObject, project: str, source: str) -> JsonObject:
    """End the waiver ``id`` for a ``reason``."""
    fields = object_of(arguments, "the request", ("id", "reason"))
    identity = required_text(fields, "id", limit=100)
    registrar = _registrar(services, project, source)
    registrar.revoke(identity, required_text(fields, "reason", limit=2_000))
    return _shown(services, registrar.require(identity))


def set_approvers(
    services: "Services", arguments: JsonObject, project: str, source: str
) -> JsonObject:
    """Put ``{"threshold", "keys"}`` in force; keys that are gone are revoked."""
    fields = object_of(arguments, "the request", ("threshold", "keys"))
    threshold = fields.get("threshold")
    if isinstance(threshold, bool) or not isinstance(threshold, int):
        raise refused("'threshold' must be a whole number")
    keys = text_list(fields, "keys", most=100, limit=500)
    found = _registrar(services, project, source).set_approvers(threshold, keys)
    return cast("JsonObject", found.payload())


def get_approvers(
    services: "Services", arguments: JsonObject, project: str, _source: str
) -> JsonObject:
    """The set in force."""
    object_of(arguments, "the request", ())
    found = approvers(services.graph, project, as_of=services.catch_up())
    return cast("JsonObject", found.payload())


def _registrar(services: "Services", project: str, source: str) -> Registrar:
    return Registrar(services.log, services.graph, services.catch_up, project, source)


def _signatures(value: JsonValue) -> list[WaiverSignature]:
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) > MAX_SIGNATURES:
        raise refused(f"'signatures' must be a list of at most {MAX_SIGNATURES}")
    return [_signature(item) for item in value]


def _signature(value: JsonValue) -> WaiverSignature:
    fields: Mapping[str, JsonValue] = object_of(value, "a signature", ("key", "signature"))
    key = required_text(fields, "key", limit=500)
    signature = required_text(fields, "signature", limit=200)
    try:
        base64.b64decode(signature, validate=True)
    except binascii.Error:
        raise refused("'signature' must be base64") from None
    return {"key": key, "signature": signature}


def _shown(services: "Services", waiver: Waiver) -> JsonObject:
    return {
        "id": waiver.waiver_id,
        "document": cast("JsonObject", waiver.document),
        "signedBy": list(waiver.signed_by),
        "leafIndex": waiver.seq,
        "state": waiver.state,
        "inForce": waiver.in_force(services.clock.now_ms()),
    }
