"""Policies as the application gives them: declared, tried, listed, with their history."""

from typing import TYPE_CHECKING

from domain.canonical import JsonObject, JsonValue
from domain.errors import NotFoundError, UsageError
from governance.apply_policy import apply_policies, record_policies
from governance.declared_policy import DeclaredPolicy
from governance.evaluate import evaluate_gate
from governance.field_reader import near
from governance.gate_request import gate_request_from_json
from governance.policy_history import applications
from governance.policy_lint import lint
from governance.policy_reader import parse_policy_document
from governance.request_reader import object_of, required_text
from lineproof import verdicts
from resolvers import policies as recorded

if TYPE_CHECKING:
    from lineproof.services import Services


def declare(services: "Services", text: str, *, project: str, source: str) -> JsonObject:
    """Put every policy of the document in force; what changed, and what looks doubtful.

    ``source`` is the door that the request came through. Raises ``UsageError`` (POLICY_INVALID)
    with line and column; then nothing is declared.
    """
    document = parse_policy_document(text)
    changes = apply_policies(
        document,
        graph=services.graph,
        as_of=services.catch_up(),
        project=project,
        actor="",
        source=source,
    )
    leaves = record_policies(changes, ledger=services.log)
    return {
        "policies": [
            {
                "name": change.name,
                "digest": change.digest,
                "previous": change.previous,
                "changed": change.draft is not None,
                "leafIndex": leaves.get(change.name),
            }
            for change in changes
        ],
        "warnings": list(lint(document)),
    }


def test(services: "Services", arguments: JsonObject, project: str, source: str) -> JsonObject:
    """The verdict that a policy of ``document`` would give on recorded runs; writes nothing.

    ``{"document": yaml, "request": gate request}``: the request's policy is one of the document.
    """
    fields = object_of(arguments, "the request", ("document", "request"))
    document = parse_policy_document(_text(fields.get("document")))
    request = gate_request_from_json({**_object(fields.get("request")), "dryRun": True})
    policy = document.policies.get(request.policy)
    if policy is None:
        raise NotFoundError(
            f"The document has no policy {request.policy!r}.",
            hint=near(request.policy, document.policies),
        )
    # As if it were declared now: after every run that is there.
    tried = DeclaredPolicy(policy, policy.digest(), services.log.head().size)
    verdict = evaluate_gate(
        request,
        log=services.log,
        graph=services.graph,
        metrics=services.metrics,
        catch_up=services.catch_up,
        project=project,
        source=source,
        declared=tried,
    )
    return {**verdicts.answer(services, verdict), "warnings": list(lint(document))}


def in_force(services: "Services", arguments: JsonObject, project: str, _source: str) -> JsonObject:
    """``{"policies"}``: name, digest, document and leaf index of every policy in force."""
    object_of(arguments, "the request", ())
    size = services.catch_up()
    found = recorded.in_force(services.graph, project=project, as_of=size)
    return {
        "policies": [
            {
                "name": record.name,
                "digest": record.digest,
                "document": record.document,
                "leafIndex": record.applied_at,
            }
            for record in found
        ]
    }


def history(services: "Services", arguments: JsonObject, project: str, _source: str) -> JsonObject:
    """``{"applications"}``: each time that a version of the policy ``name`` came into force."""
    name = required_text(object_of(arguments, "the request", ("name",)), "name", limit=100)
    size = services.catch_up()
    found = applications(services.graph, project, name, as_of=size)
    if not found:
        raise NotFoundError(
            f"No policy {name!r} is declared in the project {project!r}.",
            hint="Declare it with `lineproof policy apply lineproof.yaml`.",
        )
    at = {
        item.seq: entry.at for item in found for entry in services.log.read(item.seq, item.seq + 1)
    }
    return {
        "applications": [
            {"leafIndex": item.seq, "digest": item.digest, "at": at[item.seq]} for item in found
        ]
    }


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise UsageError("'document' must be the text of a policy file.")
    return value


def _object(value: JsonValue) -> JsonObject:
    if not isinstance(value, dict):
        raise UsageError("'request' must be a gate request.")
    return value
