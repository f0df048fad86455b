"""Audits as the application gives them: one bundle, from which every form is made."""

from typing import TYPE_CHECKING

from domain.canonical import JsonObject
from governance.audit_bundle import audit_bundle
from governance.audit_subject import audited_node, story_seqs
from governance.request_reader import object_of, required_text

if TYPE_CHECKING:
    from lineproof.services import Services


def bundle(services: "Services", arguments: JsonObject, project: str, _source: str) -> JsonObject:
    """The audit bundle of ``subject``: a verdict, a run or an artifact version."""
    fields = object_of(arguments, "the request", ("subject",))
    text = required_text(fields, "subject", limit=1_000)
    size = services.catch_up()
    subject = audited_node(services.graph, project, text, as_of=size)
    seqs = story_seqs(services.graph, project, subject, as_of=size)
    return audit_bundle(services.log, subject, seqs)
