"""What is recorded of runs and experiments, for doors that are told of runs by their own ids.

What another project holds does not exist here: it is NOT_FOUND, as if it had never been.
"""

from typing import cast

from domain.canonical import JsonObject
from domain.errors import ErrorCode, NotFoundError, UsageError
from domain.experiment import EXPERIMENT_CREATED, ExperimentCreated
from domain.ids import derived_id
from domain.names import checked_name
from graph.model import LINEAGE, Node, NodeKind, node_id
from graph.overlay import GraphState
from graph.port import Condition, Direction, NodeQuery, Operator
from graph.projector import ACTIVE
from ingest.limits import MAX_EXPERIMENT_NAME
from ingest.mlflow.experiments import default_location
from ledger.entry import Draft

ANONYMOUS = "anonymous"


def any_run(graph: GraphState, project: str, run_id: str) -> Node | None:
    """The run's node, deleted or not, None when there is none yet.

    Raises ``NotFoundError`` for a run of another project.
    """
    wanted = node_id(NodeKind.RUN, run_id)
    node = graph.nodes([wanted]).get(wanted)
    if node is not None and node.project != project:
        raise NotFoundError(
            f"Run with id={run_id[:64]} not found.", hint="Check the run id and the project."
        )
    return node


def known_run(graph: GraphState, project: str, run_id: str) -> Node | None:
    """As ``any_run``; ``UsageError`` (RUN_DELETED) for a run that is deleted."""
    node = any_run(graph, project, run_id)
    if node is not None and node.attributes.get("lifecycle") != ACTIVE:
        raise UsageError(
            f"The run {run_id} is deleted.",
            code=ErrorCode.RUN_DELETED,
            hint="Restore the run first.",
        )
    return node


def check_acyclic(graph: GraphState, run_id: str, causes: list[str], effects: list[str]) -> None:
    """That nothing which the run depends on depends on the run.

    ``causes`` and ``effects`` are node ids that an event adds to the run. Walks downstream, where
    little stands behind what was just made. Raises ``UsageError`` (LINEAGE_CYCLE).
    """
    if not (causes or effects):
        return
    run = node_id(NodeKind.RUN, run_id)
    roots = [run, *effects]
    later = graph.reachable(roots, direction=Direction.DOWNSTREAM, types=LINEAGE)
    earlier = {edge.target for edge in graph.outgoing([run], types=LINEAGE)[run]}
    closing = sorted((later | set(roots)) & (earlier | set(causes)))
    if closing:
        raise UsageError(
            f"The run {run_id} would depend on itself, through {closing[0][:200]}.",
            code=ErrorCode.LINEAGE_CYCLE,
            hint="A run cannot use what it makes, nor what comes of it.",
        )


def experiment_for(
    graph: GraphState, project: str, name: str, *, source: str, wanted_id: str = ""
) -> tuple[str, list[Draft]]:
    """The id of the experiment called ``name``, and the draft that makes it when there is none.

    ``wanted_id`` is its id where it is free; else one is derived from the name.
    """
    name = checked_name(name, what="experiment name", limit=MAX_EXPERIMENT_NAME)
    named = (Condition("name", Operator.EQ, name),)
    found = graph.find(NodeQuery(project, NodeKind.EXPERIMENT, named, limit=1))
    if found:
        return str(found[0].attributes["experiment_id"]), []
    experiment_id = wanted_id
    taken = node_id(NodeKind.EXPERIMENT, f"{project}/{wanted_id}")
    if not wanted_id or graph.nodes([taken]):
        experiment_id = str(int(derived_id("experiment", project, name)[:15], 16))
    payload = ExperimentCreated(
        experiment_id=experiment_id,
        name=name,
        artifact_location=default_location(experiment_id),
        tags={},
    )
    draft = Draft(
        type=EXPERIMENT_CREATED,
        project=project,
        actor=ANONYMOUS,
        source=source,
        idem=f"experiment/{experiment_id}",
        payload=cast("JsonObject", payload),
    )
    return experiment_id, [draft]
