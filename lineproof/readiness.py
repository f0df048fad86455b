"""Whether a candidate can be judged yet: its runs are recorded and finished."""

from typing import TYPE_CHECKING

from domain.canonical import JsonObject
from domain.errors import NotFoundError
from domain.facet import DEFAULT_REPLICATE_KEYS
from domain.run import RunStatus
from governance.declared_policy import find_policy
from governance.request_reader import object_of, text_member
from governance.run_set import resolve, run_set_from_json
from graph.model import NodeKind, entity_id, node_id

if TYPE_CHECKING:
    from lineproof.services import Services

_UNFINISHED = (RunStatus.RUNNING, RunStatus.SCHEDULED)


def ready(services: "Services", arguments: JsonObject, project: str, _source: str) -> JsonObject:
    """``{"ready", "waitingFor"}`` for ``{"candidate", "policy"}``: what is not finished or absent.

    Raises ``UsageError`` when the candidate is not a set of runs.
    """
    fields = object_of(arguments, "the request", ("candidate", "policy"))
    candidate = run_set_from_json(fields.get("candidate"), "candidate")
    size = services.catch_up()
    name = text_member(fields, "policy", limit=100)
    declared = find_policy(services.graph, project, name, as_of=size) if name else None
    try:
        found = resolve(
            candidate,
            project=project,
            graph=services.graph,
            metrics=services.metrics,
            replicates=declared.policy.replicates if declared else DEFAULT_REPLICATE_KEYS,
            as_of=size,
        )
    except NotFoundError as error:
        return {"ready": False, "waitingFor": [error.message]}
    if not found.run_ids:
        return {"ready": False, "waitingFor": ["The candidate set has no run yet."]}
    ids = [node_id(NodeKind.RUN, run_id) for run_id in found.run_ids]
    nodes = services.graph.nodes(ids, as_of=size)
    waiting = [
        f"The run {entity_id(node)!r} is {nodes[node].attributes['status']}."
        for node in ids
        if nodes[node].attributes.get("status") in _UNFINISHED
    ]
    return {"ready": not waiting, "waitingFor": waiting}
