"""Policies as they stand declared in the ledger, read through the graph as of a position."""

from dataclasses import dataclass

from domain.canonical import canonical_digest
from domain.errors import ErrorCode, IntegrityError, NotFoundError
from domain.strict_json import parse_json_object
from governance.field_reader import near
from governance.policy import Policy
from governance.policy_reader import policy_from_document
from graph.model import Node, NodeKind
from graph.port import Condition, GraphReader, NodeQuery, Operator


@dataclass(frozen=True, slots=True)
class DeclaredPolicy:
    """A policy in force."""

    policy: Policy
    digest: str
    leaf_index: int
    """The entry that put this version in force."""


def find_policy(
    graph: GraphReader, project: str, name: str, *, as_of: int
) -> DeclaredPolicy | None:
    """The version of the policy ``name`` in force at ``as_of``; None when there is none."""
    named = (Condition("name", Operator.EQ, name),)
    nodes = graph.find(NodeQuery(project, NodeKind.POLICY, named), as_of=as_of)
    return _declared(max(nodes, key=_applied_at)) if nodes else None


def require_policy(graph: GraphReader, project: str, name: str, *, as_of: int) -> DeclaredPolicy:
    """Like ``find_policy``; ``NotFoundError`` with near names when there is none."""
    declared = find_policy(graph, project, name, as_of=as_of)
    if declared is not None:
        return declared
    nodes = graph.find(NodeQuery(project, NodeKind.POLICY), as_of=as_of)
    known = {str(node.attributes["name"]) for node in nodes}
    raise NotFoundError(
        f"No policy {name!r} is declared in the project {project!r}.",
        hint=near(name, known) or "Declare it with `lineproof policy apply lineproof.yaml`.",
        context={"policy": name, "project": project},
    )


def _declared(node: Node) -> DeclaredPolicy:
    document = parse_json_object(str(node.attributes["document"]).encode("utf-8"))
    digest = str(node.attributes["digest"])
    if canonical_digest(document) != digest:
        raise IntegrityError(
            f"The recorded policy {node.attributes['name']!r} does not have its digest {digest}.",
            code=ErrorCode.LEDGER_TAMPERED,
            hint="Verify the ledger, then rebuild the projections.",
        )
    return DeclaredPolicy(policy_from_document(document), digest, _applied_at(node))


def _applied_at(node: Node) -> int:
    return int(node.attributes["applied_at"])
