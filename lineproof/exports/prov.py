"""PROV-JSON (W3C submission, 2013): runs are activities, artifact versions entities.

Nodes that PROV has no word for are entities too; edges of that sort are influences. Every node and
edge keeps its own name in ``lineproof:`` attributes, so that the graph reads back as it was.
"""

from typing import Final

from domain.canonical import JsonValue
from graph.model import EdgeType, NodeKind, entity_id
from ingest.files.prov import NAMESPACE
from lineproof.exports.graph import ExportedEdge, ExportedGraph, ExportedNode
from lineproof.exports.times import rfc3339

_SECTION: Final = {NodeKind.RUN: "activity", NodeKind.AGENT: "agent"}
_RELATIONS: Final = {
    EdgeType.USED: ("used", "prov:activity", "prov:entity"),
    EdgeType.WAS_GENERATED_BY: ("wasGeneratedBy", "prov:entity", "prov:activity"),
    EdgeType.WAS_DERIVED_FROM: ("wasDerivedFrom", "prov:generatedEntity", "prov:usedEntity"),
    EdgeType.WAS_INFORMED_BY: ("wasInformedBy", "prov:informed", "prov:informant"),
    EdgeType.WAS_ASSOCIATED_WITH: ("wasAssociatedWith", "prov:activity", "prov:agent"),
}
_INFLUENCE: Final = ("wasInfluencedBy", "prov:influencee", "prov:influencer")
_WITH_ROLE: Final = ("used", "wasGeneratedBy", "wasAssociatedWith")


def prov_document(graph: ExportedGraph) -> dict[str, JsonValue]:
    """The document; ``prov.model.ProvDocument.deserialize`` reads it."""
    document: dict[str, dict[str, JsonValue]] = {"prefix": {"lineproof": NAMESPACE}}
    kinds = {node.id: node.kind for node in graph.nodes}
    belongs = _belongings(graph)
    for node in graph.nodes:
        section = document.setdefault(_SECTION.get(node.kind, "entity"), {})
        section[_name(node.id)] = _attributes(node, belongs.get(node.id, {}))
    for number, edge in enumerate(graph.edges, 1):
        kind, value = _relation(edge, kinds)
        document.setdefault(kind, {})[f"_:e{number}"] = value
    return {**document}


def _attributes(node: ExportedNode, more: dict[str, str]) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {
        f"lineproof:{name}": node.attributes[name] for name in sorted(node.attributes)
    }
    found["lineproof:node"] = node.kind.value
    if node.text("name"):
        found["prov:label"] = node.text("name")
    if node.kind is NodeKind.RUN:
        found["lineproof:run_id"] = entity_id(node.id)
        found |= more
        for name, attribute in (("prov:startTime", "start_time"), ("prov:endTime", "end_time")):
            time = node.attributes.get(attribute)
            if isinstance(time, int):
                found[name] = rfc3339(time)
    return found


def _belongings(graph: ExportedGraph) -> dict[str, dict[str, str]]:
    """The experiment and the job of each run, by name: what an import asks for."""
    names = {node.id: node.text("name") for node in graph.nodes}
    words = {EdgeType.IN_EXPERIMENT: "experiment", EdgeType.EXECUTION_OF: "job"}
    found: dict[str, dict[str, str]] = {}
    for edge in graph.edges:
        word = words.get(EdgeType(edge.type))
        if word:
            found.setdefault(edge.source, {})[f"lineproof:{word}"] = names[edge.target]
    return found


def _relation(edge: ExportedEdge, kinds: dict[str, NodeKind]) -> tuple[str, dict[str, JsonValue]]:
    kind, source, target = _RELATIONS.get(EdgeType(edge.type), _INFLUENCE)
    if kind == "wasInformedBy" and kinds[edge.source] is not NodeKind.RUN:
        kind, source, target = _INFLUENCE  # Jobs are no activities.
    value: dict[str, JsonValue] = {
        source: _name(edge.source),
        target: _name(edge.target),
        "lineproof:edge": edge.type,
    }
    if edge.role:
        value["prov:role" if kind in _WITH_ROLE else "lineproof:role"] = edge.role
    if edge.facet:
        value["lineproof:facet"] = edge.facet
    return kind, value


def _name(node: str) -> str:
    return f"lineproof:{node}"
