"""Declaring policies: what ``POST /policies`` and ``lineproof policy apply`` both do."""

from typing import TYPE_CHECKING

from domain.canonical import JsonObject
from governance.apply_policy import apply_policies, record_policies
from governance.policy_lint import lint
from governance.policy_reader import parse_policy_document

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
