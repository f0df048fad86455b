"""What runs produced that a SHA-256 of its bytes identifies: artifact versions, stored files."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from domain.facet import Strength
from graph.model import EdgeType, Node, NodeKind, entity_id, node_id
from graph.port import Condition, GraphReader, NodeQuery, Operator
from graph.projector import ACTIVE, file_root

_ARTIFACTS = "/artifacts/"
"""What stands between a run's or model's own folder and the paths of its files."""


@dataclass(frozen=True, slots=True, order=True)
class Product:
    """One thing that a run produced."""

    name: str
    digest: str
    """SHA-256, hexadecimal."""
    run_id: str
    root: str
    """The graph node to hold when it is bad: the version, or the run that a file belongs to."""

    def named(self, name: str) -> bool:
        """Whether it goes by this name: its path, or the last part of it."""
        return name in (self.name, self.name.rpartition("/")[2])


def products(
    graph: GraphReader, run_ids: Collection[str], *, as_of: int, files: bool = True
) -> list[Product]:
    """What these runs produced as of a position, ordered; stored ``files`` too unless told not."""
    runs = graph.nodes([node_id(NodeKind.RUN, run_id) for run_id in run_ids], as_of=as_of)
    found: list[Product] = []
    incoming = graph.incoming(runs, types=[EdgeType.WAS_GENERATED_BY], as_of=as_of)
    sources = {edge.source for edges in incoming.values() for edge in edges}
    made = graph.nodes(sources, as_of=as_of)
    for run in runs.values():
        versions = [made[edge.source] for edge in incoming[run.id] if edge.source in made]
        found += _versions(run, versions)
        if files:
            found += _files(graph, run, versions, as_of)
    return sorted(set(found))


def _versions(run: Node, versions: Sequence[Node]) -> Iterator[Product]:
    for node in versions:
        if node.attributes.get("strength") == Strength.CONTENT.name:
            digest = str(node.attributes["digest"]).removeprefix("sha256:")
            yield Product(str(node.attributes["name"]), digest, entity_id(run.id), node.id)


def _files(
    graph: GraphReader, run: Node, versions: Sequence[Node], as_of: int
) -> Iterator[Product]:
    """The files in the folders of the run and of the models that it logged."""
    experiment = str(run.attributes.get("experiment_id", ""))
    folders = [f"{experiment}/{entity_id(run.id)}/"]
    folders += [f"{experiment}/models/{node.attributes['name']}/" for node in versions]
    for folder in folders:
        conditions = (
            Condition("lifecycle", Operator.EQ, ACTIVE),
            Condition("root", Operator.EQ, file_root(folder)),
            Condition("path", Operator.GE, folder),
            Condition("path", Operator.LT, f"{folder[:-1]}0"),  # "0" comes next after "/".
        )
        for file in graph.find(NodeQuery(run.project, NodeKind.FILE, conditions), as_of=as_of):
            path = str(file.attributes["path"])
            name = path.partition(_ARTIFACTS)[2] or path.removeprefix(folder)
            digest = str(file.attributes["digest"]).removeprefix("sha256:")
            yield Product(name, digest, entity_id(run.id), run.id)
