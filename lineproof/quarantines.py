"""Quarantine as the application gives it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from domain.canonical import JsonObject
from governance.closure import Descent, descent_of, find_root, shown_name
from governance.heal import heal_plan, heal_stages
from governance.holds import Hold, active_holds, holds_over
from governance.quarantine import Keeper
from governance.request_reader import object_of, refused, required_text
from graph.model import EdgeType, NodeKind, entity_id
from graph.port import NodeQuery

if TYPE_CHECKING:
    from lineproof.services import Services

_SHOWN = 100
"""Nodes of a closure that are listed by name."""


def hold(services: "Services", arguments: JsonObject, project: str, source: str) -> JsonObject:
    """Hold ``root`` for a ``reason``: the closure that it covers."""
    root, reason, keeper = _change(services, arguments, project, source)
    return cast("JsonObject", keeper.hold(root, reason))


def release(services: "Services", arguments: JsonObject, project: str, source: str) -> JsonObject:
    """Let ``root`` go for a ``reason``."""
    root, reason, keeper = _change(services, arguments, project, source)
    keeper.release(root, reason)
    return {"root": root, "state": "clear"}


def condemn(services: "Services", arguments: JsonObject, project: str, source: str) -> JsonObject:
    """Keep ``root`` for ever for a ``reason``."""
    root, reason, keeper = _change(services, arguments, project, source)
    keeper.condemn(root, reason)
    return {"root": root, "state": "condemned"}


def holds(services: "Services", arguments: JsonObject, project: str, _source: str) -> JsonObject:
    """``{"holds"}``: every root that is held or condemned, with the waiver in force now."""
    object_of(arguments, "the request", ())
    size = services.catch_up()
    found = active_holds(services.graph, project, as_of=size, at=services.clock.now_ms())
    return {"holds": [_hold(each) for each in found]}


def impact(services: "Services", arguments: JsonObject, project: str, _source: str) -> JsonObject:
    """What holding ``root`` covers or would cover, with counts by kind; writes nothing."""
    descent = _descent(services, arguments, project)
    kinds = [node.kind for node in descent.nodes]
    return {
        **cast("JsonObject", descent.closure()),
        "kinds": {kind.value: kinds.count(kind) for kind in NodeKind if kind in kinds},
        "nodes": [
            {"id": node.id, "kind": node.kind.value, "name": shown_name(node)}
            for node in descent.nodes[:_SHOWN]
        ],
        "truncated": len(descent.nodes) > _SHOWN,
    }


def heal(services: "Services", arguments: JsonObject, project: str, _source: str) -> JsonObject:
    """What to run again, in schedule order: runs, and the jobs that they are of; writes nothing."""
    descent = _descent(services, arguments, project)
    plan = heal_plan(descent)
    jobs = _jobs(services, [step.run for step in plan.steps], as_of=descent.as_of)
    stages = heal_stages(descent, jobs)
    return {
        "treeSize": descent.as_of,
        "scheduleDigest": plan.schedule.digest(),
        "steps": [
            {
                "run": step.run,
                "name": step.name,
                "replaces": list(step.replaces),
                "job": _job_name(project, jobs[step.run]) if step.run in jobs else None,
            }
            for step in plan.steps
        ],
        "jobs": [_job_name(project, task.id) for task in stages.tasks],
    }


def healed(services: "Services", arguments: JsonObject, project: str, _source: str) -> JsonObject:
    """``{"runs"}`` of any job that were recorded since ``after`` (a tree size), and what holds
    each: ``heldBy`` is a root, null for a clear one."""
    after = object_of(arguments, "the request", ("after",)).get("after")
    if isinstance(after, bool) or not isinstance(after, int):
        raise refused("'after' must be a tree size")
    graph, size = services.graph, services.catch_up()
    query = NodeQuery(project, NodeKind.RUN, after=(after - 1, "\U0010ffff"))
    jobs = _jobs(services, [node.id for node in graph.find(query, as_of=size)], as_of=size)
    holds = active_holds(graph, project, as_of=size, at=services.clock.now_ms())
    over = holds_over(graph, [hold for hold in holds if hold.blocks], jobs, as_of=size)
    return {
        "runs": [
            {
                "run": run,
                "job": _job_name(project, job),
                "heldBy": over[run][0].root if run in over else None,
            }
            for run, job in jobs.items()
        ]
    }


def _jobs(services: "Services", runs: Sequence[str], *, as_of: int) -> dict[str, str]:
    """Run to job, where a run is an execution of one."""
    edges = services.graph.outgoing(runs, types=[EdgeType.EXECUTION_OF], as_of=as_of)
    return {run: found[0].target for run, found in edges.items() if found}


def _job_name(project: str, job: str) -> str:
    return entity_id(job).removeprefix(f"{project}/")


def _change(
    services: "Services", arguments: JsonObject, project: str, source: str
) -> tuple[str, str, Keeper]:
    fields = object_of(arguments, "the request", ("root", "reason"))
    text = required_text(fields, "root", limit=1_000)
    reason = required_text(fields, "reason", limit=2_000)
    root = find_root(services.graph, project, text, as_of=services.catch_up())
    return root, reason, Keeper(services.log, services.graph, services.catch_up, project, source)


def _descent(services: "Services", arguments: JsonObject, project: str) -> Descent:
    text = required_text(object_of(arguments, "the request", ("root",)), "root", limit=1_000)
    size = services.catch_up()
    root = find_root(services.graph, project, text, as_of=size)
    return descent_of(services.graph, root, as_of=size)


def _hold(hold: Hold) -> JsonObject:
    return {
        "root": hold.root,
        "state": hold.state.value,
        "reason": hold.reason,
        "trigger": hold.trigger,
        "leafIndex": hold.held_at,
        "closureDigest": hold.closure_digest,
        "count": hold.count,
        "atSeq": hold.at_seq,
        "waiver": hold.waiver,
    }
