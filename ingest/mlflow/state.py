"""What must be true of the record before a write: runs and experiments that exist and are active.

What another project holds does not exist here: it is NOT_FOUND, as if it had never been.
"""

from collections.abc import Iterable

from domain.errors import ConflictError, ErrorCode, NotFoundError, UsageError
from graph.model import EdgeType, Node, NodeKind, node_id
from graph.port import Condition, Direction, NodeQuery, Operator
from graph.projector import ACTIVE
from ingest.erasable import ERASABLE_NAMES
from ingest.facets import REPOSITORY_TAG, SOURCE_TAG
from ingest.mlflow.write import Write

DEFAULT_EXPERIMENT_ID = "0"
USER_TAG = "mlflow.user"


RUN_NAMES = (
    "lifecycle",
    "user",
    *ERASABLE_NAMES,
    f"tags.{USER_TAG}",
    f"tags.{REPOSITORY_TAG}",
    f"tags.{SOURCE_TAG}",
)
"""What judging a write looks at in a run, besides what the write itself is about."""


def known_run(write: Write, run_id: str, names: Iterable[str] = ()) -> Node:
    """The run's node with ``RUN_NAMES`` and ``names``, whatever its lifecycle; ``NotFoundError``
    without it."""
    wanted = node_id(NodeKind.RUN, run_id)
    node = write.graph.nodes([wanted], names=[*RUN_NAMES, *names]).get(wanted)
    if node is None or node.project != write.project:
        raise NotFoundError(
            f"Run with id={run_id[:64]} not found.",
            hint="Check the run id and the project.",
        )
    return node


def active_run(write: Write, run_id: str, names: Iterable[str] = ()) -> Node:
    """As ``known_run``; ``UsageError`` (RUN_DELETED) when it is deleted."""
    node = known_run(write, run_id, names)
    lifecycle = node.attributes.get("lifecycle")
    if lifecycle != ACTIVE:
        raise UsageError(
            f"The run {run_id} must be in the 'active' state. Current state is {lifecycle}.",
            code=ErrorCode.RUN_DELETED,
            hint="Restore the run first.",
        )
    return node


def known_experiment(write: Write, experiment_id: str) -> Node:
    """The experiment's node, whatever its lifecycle; ``NotFoundError`` without it."""
    wanted = node_id(NodeKind.EXPERIMENT, f"{write.project}/{checked_experiment_id(experiment_id)}")
    node = write.graph.nodes([wanted]).get(wanted)
    if node is None:
        raise no_experiment(experiment_id)
    return node


def active_experiment(write: Write, experiment_id: str) -> Node:
    """The experiment's node; ``UsageError`` (EXPERIMENT_DELETED) when it is deleted."""
    node = known_experiment(write, experiment_id)
    lifecycle = node.attributes.get("lifecycle")
    if lifecycle != ACTIVE:
        raise UsageError(
            f"The experiment {experiment_id} must be in the 'active' state. "
            f"Current state is {lifecycle}.",
            code=ErrorCode.EXPERIMENT_DELETED,
            hint="Restore the experiment first.",
        )
    return node


def experiment_named(write: Write, name: str) -> Node | None:
    """The experiment of that name, deleted or not."""
    query = NodeQuery(
        write.project, NodeKind.EXPERIMENT, (Condition("name", Operator.EQ, name),), limit=1
    )
    found = write.graph.find(query)
    return found[0] if found else None


def check_name_is_free(write: Write, name: str, *, experiment_id: str) -> None:
    """``ConflictError`` (ALREADY_EXISTS) when another experiment has the name."""
    other = experiment_named(write, name)
    if other is not None and other.attributes.get("experiment_id") != experiment_id:
        raise ConflictError(
            f"Experiment(name={name}) already exists.",
            code=ErrorCode.ALREADY_EXISTS,
            hint="Use another name, or restore the experiment if it is deleted.",
        )


def check_parent(write: Write, run_id: str, parent_run_id: str) -> None:
    """The parent must be a run of this project that does not descend from ``run_id``.

    Raises ``NotFoundError``, or ``UsageError`` (LINEAGE_CYCLE).
    """
    if parent_run_id == run_id:
        raise _cycle(run_id, parent_run_id)
    parent = known_run(write, parent_run_id)
    ancestry = write.graph.closure(
        [parent.id], direction=Direction.UPSTREAM, types=(EdgeType.WAS_INFORMED_BY,)
    )
    if node_id(NodeKind.RUN, run_id) in ancestry.distance:
        raise _cycle(run_id, parent_run_id)


def checked_experiment_id(experiment_id: str) -> str:
    """``experiment_id`` when it is a decimal number, as all of MLflow's are."""
    text = experiment_id.strip()
    if not text.isascii() or not text.isdecimal() or len(text) > 20:
        raise UsageError(
            f"Invalid experiment ID '{experiment_id[:64]}'. Experiment ID must be a valid integer.",
            code=ErrorCode.INVALID_ARGUMENT,
            hint="Look the id up by the experiment's name.",
        )
    return text.lstrip("0") or "0"


def no_experiment(experiment_id: str) -> NotFoundError:
    """MLflow's error for an experiment that does not exist (in the asked lifecycle)."""
    return NotFoundError(
        f"No Experiment with id={experiment_id[:64]} exists.",
        hint="Check the experiment id and the project.",
    )


def _cycle(run_id: str, parent_run_id: str) -> UsageError:
    return UsageError(
        f"The run {parent_run_id} cannot be the parent of {run_id}: it descends from it.",
        code=ErrorCode.LINEAGE_CYCLE,
        hint="Name a parent that was started before this run.",
    )
