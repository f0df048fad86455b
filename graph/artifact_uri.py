"""Where a run's artifacts are, as MLflow derives it: an opaque address that is never opened."""

from collections.abc import Mapping, Sequence

from graph.model import Node, NodeKind, entity_id, node_id
from graph.port import GraphReader


def artifact_locations(
    graph: GraphReader, runs: Sequence[Node], *, as_of: int | None = None
) -> Mapping[str, str]:
    """The artifact location of each experiment that the runs are in, by node id."""
    wanted = {experiment_of(run) for run in runs}
    nodes = graph.nodes(sorted(wanted), names=["artifact_location"], as_of=as_of)
    return {
        one: str(nodes[one].attributes.get("artifact_location", "")) if one in nodes else ""
        for one in wanted
    }


def artifact_uri(run: Node, locations: Mapping[str, str]) -> str:
    """The address of the run's artifacts; ``run`` has at least its ``experiment_id``."""
    return f"{locations[experiment_of(run)].rstrip('/')}/{entity_id(run.id)}/artifacts"


def experiment_of(run: Node) -> str:
    """The node id of the experiment that the run is in."""
    experiment_id = run.attributes.get("experiment_id", "")
    return node_id(NodeKind.EXPERIMENT, f"{run.project}/{experiment_id}")
