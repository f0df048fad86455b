"""Scheduled governance work as the application gives it."""

from typing import TYPE_CHECKING, cast

from domain.canonical import JsonObject
from domain.errors import NotFoundError
from domain.strict_json import parse_json_object
from governance.request_reader import object_of, refused, required_text, text_member
from governance.schedule import Schedule, schedule_moves
from governance.sweep import Sweep, schedule_of
from graph.model import Node, NodeKind
from graph.port import NodeQuery

if TYPE_CHECKING:
    from lineproof.services import Services

MAX_WORKERS = 32


def run(services: "Services", arguments: JsonObject, project: str, source: str) -> JsonObject:
    """Do what is due with ``workers``: the schedule, or ``digest`` null when nothing is due."""
    workers = object_of(arguments, "the request", ("workers",)).get("workers", 1)
    if isinstance(workers, bool) or not isinstance(workers, int) or not 0 < workers <= MAX_WORKERS:
        raise refused(f"'workers' must be a whole number from 1 to {MAX_WORKERS}")
    sweep = Sweep(
        services.log, services.graph, services.metrics, services.catch_up, project, source
    )
    plan = sweep.run(workers=workers)
    return {
        "digest": plan.schedule.digest() if plan else None,
        "tasks": [cast("JsonObject", task) for task in sweep.committed],
    }


def show(services: "Services", arguments: JsonObject, project: str, _source: str) -> JsonObject:
    """The schedule ``digest``, or the latest: its tasks in order with their states."""
    digest = text_member(object_of(arguments, "the request", ("digest",)), "digest", limit=100)
    node = _find(services, project, digest)
    schedule = _schedule(node)
    return {
        "digest": str(node.attributes["digest"]),
        "position": int(node.attributes["position"]),
        "seed": schedule.seed,
        "leafIndex": node.seq,
        "tasks": [
            {
                "task": task.id,
                "priority": task.priority,
                "state": node.attributes.get(f"states.{index}"),
            }
            for index, task in enumerate(schedule.tasks)
        ],
    }


def diff(services: "Services", arguments: JsonObject, project: str, _source: str) -> JsonObject:
    """``{"moves"}`` from the schedule ``before`` to the schedule ``after``, with the reasons."""
    fields = object_of(arguments, "the request", ("before", "after"))
    before, after = (
        _schedule(_find(services, project, required_text(fields, name, limit=100)))
        for name in ("before", "after")
    )
    return {
        "moves": [
            {"task": move.task, "before": move.before, "after": move.after, "reason": move.reason}
            for move in schedule_moves(before, after)
        ]
    }


def _find(services: "Services", project: str, digest: str | None) -> Node:
    size = services.catch_up()
    query = NodeQuery(project, NodeKind.SCHEDULE, descending=True)
    for node in services.graph.find(query, as_of=size):
        if digest is None or str(node.attributes["digest"]).startswith(digest):
            return node
    raise NotFoundError(
        "There is no such schedule in this project.",
        hint="Run one with `lineproof schedule run`.",
    )


def _schedule(node: Node) -> Schedule:
    return schedule_of(parse_json_object(str(node.attributes["document"]).encode("utf-8")))
