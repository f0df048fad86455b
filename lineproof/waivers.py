"""Waivers as the application gives them."""

from typing import TYPE_CHECKING, cast

from domain.canonical import JsonObject
from governance.request_reader import object_of, required_text
from governance.signature_reader import signature_list
from governance.waiver import waiver_document
from governance.waiver_entries import Registrar
from governance.waiver_force import Waiver, recorded_waivers

if TYPE_CHECKING:
    from lineproof.services import Services


def submit(services: "Services", arguments: JsonObject, project: str, source: str) -> JsonObject:
    """Record the waiver ``{"document", "signatures"}``."""
    fields = object_of(arguments, "the request", ("document", "signatures"))
    document = waiver_document(fields.get("document"))
    signatures = signature_list(fields.get("signatures"))
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


def _registrar(services: "Services", project: str, source: str) -> Registrar:
    return Registrar(services.log, services.graph, services.catch_up, project, source)


def _shown(services: "Services", waiver: Waiver) -> JsonObject:
    return {
        "id": waiver.waiver_id,
        "document": cast("JsonObject", waiver.document),
        "signedBy": list(waiver.signed_by),
        "leafIndex": waiver.seq,
        "state": waiver.state,
        "inForce": waiver.in_force(services.clock.now_ms()),
    }
