"""Whether files are what the candidate runs produced: an artifact that changed must not ship."""

from collections.abc import Iterator, Sequence

from domain.facet import Strength
from domain.verdict import RuleStatus
from governance.named_artifact import NamedArtifact
from governance.rule import BuiltInRule
from governance.rule_result import RuleResult
from graph.model import EdgeType, Node, NodeKind, node_id
from graph.port import GraphReader

ARTIFACTS = "artifacts"
"""Id of the built-in rule."""


def artifact_finding(
    asked: Sequence[NamedArtifact], *, graph: GraphReader, runs: Sequence[str], as_of: int
) -> RuleResult | None:
    """FAIL when a file's digest is not the recorded one, MISSING when none is; None if not asked.

    Only digests over whole contents count (strength CONTENT).
    """
    if not asked:
        return None
    rule = BuiltInRule(ARTIFACTS)
    recorded = list(produced_by_content(graph, runs, as_of=as_of))
    unknown: list[str] = []
    for item in asked:
        named = [node for node in recorded if _named(node, item.name)]
        digests = {str(node.attributes["digest"]) for node in named}
        hexadecimal = item.digest.removeprefix("sha256:")
        if not digests:
            unknown.append(item.name)
        elif hexadecimal not in {digest.removeprefix("sha256:") for digest in digests}:
            message = f"{item.name!r} is not what the candidate produced: its digest differs."
            roots = tuple(sorted(node.id for node in named))
            hint = "Ship the file that was judged."
            return RuleResult(rule, RuleStatus.FAIL, message, hint, roots=roots)
    if unknown:
        message = f"No candidate run recorded the content of {unknown[0]!r}."
        hint = "Log the file as an artifact of the run."
        return RuleResult(rule, RuleStatus.MISSING, message, hint)
    message = f"{len(asked)} files are what the candidate produced."
    return RuleResult(rule, RuleStatus.PASS, message)


def produced_by_content(graph: GraphReader, runs: Sequence[str], *, as_of: int) -> Iterator[Node]:
    """The artifact versions that the runs generated and that a full digest identifies."""
    ids = [node_id(NodeKind.RUN, run_id) for run_id in runs]
    edges = graph.incoming(ids, types=[EdgeType.WAS_GENERATED_BY], as_of=as_of)
    sources = {edge.source for found in edges.values() for edge in found}
    for node in graph.nodes(sources, as_of=as_of).values():
        if node.attributes.get("strength") == Strength.CONTENT.name:
            yield node


def _named(node: Node, name: str) -> bool:
    recorded = str(node.attributes["name"])
    return recorded == name or recorded.rpartition("/")[2] == name
