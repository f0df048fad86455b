"""Stored files that are not what they were: replaced after a verdict passed them, or damaged."""

from collections.abc import Iterator

from domain.quarantine import Trigger
from domain.verdict import Outcome
from governance.products import nodes_of_file
from governance.triggers import Triggered
from graph.model import EdgeType, NodeKind, node_id
from graph.port import GraphReader

_PASSED = (Outcome.PASS.value, Outcome.WARN.value)


def replaced_after_verdict(
    graph: GraphReader, project: str, path: str, digest: str
) -> Iterator[Triggered]:
    """What to hold when ``digest`` (``sha256:<hex>``) is about to be stored at ``path``.

    The runs that the file there belongs to, when its bytes change and a verdict let them pass.
    """
    file = node_id(NodeKind.FILE, f"{project}/{path}")
    node = graph.nodes([file]).get(file)
    if node is None or node.attributes["digest"] == digest:
        return
    runs = [each for each in nodes_of_file(graph, project, path) if each.startswith("run:")]
    judged = graph.incoming(runs, types=[EdgeType.JUDGED])
    for run in sorted(runs):
        verdicts = [edge.source for edge in judged[run] if edge.role == "candidate"]
        for verdict in graph.nodes(verdicts).values():
            if verdict.attributes["outcome"] in _PASSED:
                reason = f"{path} was replaced after verdict {verdict.attributes['verdict_id']}."
                yield Triggered(run, reason, Trigger.DIGEST_MISMATCH)
                break


def damaged(graph: GraphReader, project: str, path: str) -> Iterator[Triggered]:
    """What to hold when the bytes stored for ``path`` are not those that were recorded."""
    for root in sorted(graph.nodes(nodes_of_file(graph, project, path), names=())):
        reason = f"The stored bytes of {path} are not those that were recorded."
        yield Triggered(root, reason, Trigger.DIGEST_MISMATCH)
