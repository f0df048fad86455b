"""Which version of a policy came into force when."""

from dataclasses import dataclass

from graph.model import NodeKind
from graph.port import Condition, GraphReader, NodeQuery, Operator


@dataclass(frozen=True, slots=True)
class Application:
    """One time that a version came into force."""

    seq: int
    """The entry that applied it."""
    digest: str


def applications(
    graph: GraphReader, project: str, name: str, *, as_of: int
) -> tuple[Application, ...]:
    """Every application of the policy ``name``, the first first; empty when there is none."""
    named = (Condition("name", Operator.EQ, name),)
    found = [
        Application(int(change.value), str(node.attributes["digest"]))
        for node in graph.find(NodeQuery(project, NodeKind.POLICY, named), as_of=as_of)
        for change in graph.history(node.id)
        if change.name == "applied_at" and change.seq < as_of
    ]
    return tuple(sorted(found, key=lambda each: each.seq))
