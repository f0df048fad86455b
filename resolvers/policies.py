"""Reading declared policies."""

from collections.abc import Collection
from dataclasses import dataclass

from domain.canonical import JsonObject
from domain.errors import NotFoundError
from domain.facet import DEFAULT_REPLICATE_KEYS
from domain.ids import derived_id
from domain.strict_json import parse_json_object
from governance.policy import Policy
from governance.policy_reader import policy_from_document
from graph.model import Node, NodeKind, entity_id, node_id
from graph.port import Condition, GraphReader, NodeQuery, Operator
from resolvers.attributes import integer, text


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    """One version of a declared policy."""

    policy_id: str
    name: str
    digest: str
    document: JsonObject
    """The canonical document whose digest this is."""
    seq: int
    """The entry that declared this version first."""
    applied_at: int
    """The entry that last put it in force."""


def by_ids(
    graph: GraphReader, policy_ids: Collection[str], *, project: str, as_of: int | None
) -> dict[str, PolicyRecord]:
    """The policy versions of ``project`` that exist, by id."""
    nodes = graph.nodes([node_id(NodeKind.POLICY, each) for each in policy_ids], as_of=as_of)
    return {
        entity_id(node.id): _record(node)
        for node in nodes.values()
        if node.kind is NodeKind.POLICY and node.project == project
    }


def in_force(
    graph: GraphReader, *, project: str, name: str | None = None, as_of: int | None
) -> list[PolicyRecord]:
    """The version in force of each policy, by name; of the policy ``name`` alone if given."""
    conditions = () if name is None else (Condition("name", Operator.EQ, name),)
    nodes = graph.find(NodeQuery(project, NodeKind.POLICY, conditions), as_of=as_of)
    latest: dict[str, PolicyRecord] = {}
    for record in sorted(map(_record, nodes), key=lambda each: each.applied_at):
        latest[record.name] = record
    return [latest[each] for each in sorted(latest)]


def one(graph: GraphReader, name_or_id: str, *, project: str, as_of: int | None) -> PolicyRecord:
    """A version by its id, or the one in force by its name; ``NotFoundError`` when neither is."""
    found = by_ids(graph, [name_or_id], project=project, as_of=as_of)
    if name_or_id in found:
        return found[name_or_id]
    named = in_force(graph, project=project, name=name_or_id, as_of=as_of)
    if not named:
        raise NotFoundError(
            f"There is no policy {name_or_id[:60]!r} in this project.",
            hint="Declare it with `lineproof policy apply lineproof.yaml`.",
        )
    return named[0]


def version(
    graph: GraphReader, *, project: str, name: str, digest: str, as_of: int | None
) -> PolicyRecord | None:
    """The version with that digest; None when the project never declared it."""
    policy_id = derived_id("policy", project, name, digest)
    return by_ids(graph, [policy_id], project=project, as_of=as_of).get(policy_id)


def declared(record: PolicyRecord) -> Policy:
    """The policy that the record's document says."""
    return policy_from_document(record.document)


def replicate_keys(
    graph: GraphReader, name_or_id: str | None, *, project: str, as_of: int | None
) -> tuple[str, ...]:
    """The replicate keys of that policy; the default ones without a policy."""
    if name_or_id is None:
        return DEFAULT_REPLICATE_KEYS
    return declared(one(graph, name_or_id, project=project, as_of=as_of)).replicates


def _record(node: Node) -> PolicyRecord:
    return PolicyRecord(
        policy_id=entity_id(node.id),
        name=text(node.attributes, "name"),
        digest=text(node.attributes, "digest"),
        document=parse_json_object(text(node.attributes, "document").encode("utf-8")),
        seq=node.seq,
        applied_at=integer(node.attributes, "applied_at") or node.seq,
    )
