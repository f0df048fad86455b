"""Who may sign, as the application gives it."""

from typing import TYPE_CHECKING, cast

from domain.canonical import JsonObject
from governance.approver_change import ApproverRegistrar, change_document
from governance.approvers import Approvers, approvers
from governance.request_reader import object_of
from governance.signature_reader import signature_list

if TYPE_CHECKING:
    from lineproof.services import Services


def change(services: "Services", arguments: JsonObject, project: str, source: str) -> JsonObject:
    """Put the change ``{"document", "signatures"}`` in force; keys that are gone are revoked."""
    fields = object_of(arguments, "the request", ("document", "signatures"))
    document = change_document(fields.get("document"))
    signatures = signature_list(fields.get("signatures"))
    registrar = ApproverRegistrar(services.log, services.graph, services.catch_up, project, source)
    return _shown(registrar.change(document, signatures))


def listed(services: "Services", arguments: JsonObject, project: str, _source: str) -> JsonObject:
    """The set in force; ``leafIndex`` is the entry that put it there, null without one."""
    object_of(arguments, "the request", ())
    return _shown(approvers(services.graph, project, as_of=services.catch_up()))


def _shown(people: Approvers) -> JsonObject:
    return {**cast("JsonObject", people.payload()), "leafIndex": people.seq}
