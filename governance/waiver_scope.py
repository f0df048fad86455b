"""Which candidates a waiver of a rule is for: runs by name, a run group, or what the runs made."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.facts import RunFacts
from analytics.groups import fingerprint
from domain.waiver import WaiverDocument
from governance.produced import products
from graph.model import EdgeType, NodeKind, node_id
from graph.port import Condition, GraphReader, NodeQuery, Operator


@dataclass(frozen=True, slots=True)
class CandidateScope:
    """The candidate runs of one judgement, as of its position."""

    candidate: Sequence[RunFacts]
    replicates: Sequence[str]
    """The policy's, for groups are told apart by all else."""
    graph: GraphReader
    project: str
    as_of: int

    def covered_by(self, waiver: WaiverDocument) -> bool:
        """Whether the waiver names every one of the candidate runs in its way."""
        if not self.candidate:
            return False
        runs = {facts.run_id for facts in self.candidate}
        if "runs" in waiver:
            return runs <= set(waiver["runs"])
        if "group" in waiver:
            groups = {fingerprint(facts, self.replicates) for facts in self.candidate}
            return groups == {waiver["group"]}
        return "artifact" in waiver and runs <= self._makers(waiver["artifact"])

    def _makers(self, name: str) -> set[str]:
        """Those of the runs that made something so named."""
        ids = [facts.run_id for facts in self.candidate]
        found = products(self.graph, ids, as_of=self.as_of)
        makers = {product.run_id for product in found if product.named(name)}
        return makers | self._made_versions(name) | self._made_artifacts(ids, name)

    def _made_versions(self, name: str) -> set[str]:
        """The runs behind the versions of the registered model of that name."""
        named = (Condition("name", Operator.EQ, name),)
        models = NodeQuery(self.project, NodeKind.REGISTERED_MODEL, named)
        found: set[str] = set()
        for model in self.graph.find_ids(models, as_of=self.as_of):
            of = (Condition("model", Operator.EQ, model.rpartition("/")[2]),)
            versions = NodeQuery(self.project, NodeKind.MODEL_VERSION, of)
            nodes = self.graph.find(versions, as_of=self.as_of)
            found.update(str(node.attributes["run_id"]) for node in nodes)
        return found

    def _made_artifacts(self, ids: Sequence[str], name: str) -> set[str]:
        """Of any strength: an imported model has a name and perhaps nothing more."""
        runs = {node_id(NodeKind.RUN, run_id): run_id for run_id in ids}
        types = [EdgeType.WAS_GENERATED_BY]
        incoming = self.graph.incoming(runs, types=types, as_of=self.as_of)
        sources = {edge.source for edges in incoming.values() for edge in edges}
        named = {
            node.id
            for node in self.graph.nodes(sources, names=("name",), as_of=self.as_of).values()
            if node.attributes.get("name") == name
        }
        return {
            runs[run]
            for run, edges in incoming.items()
            if any(edge.source in named for edge in edges)
        }
