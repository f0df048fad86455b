"""Quarantine as the application gives it."""

from typing import TYPE_CHECKING, cast

from domain.canonical import JsonObject
from governance.closure import Descent, descent_of, find_root, shown_name
from governance.heal import heal_plan
from governance.holds import Hold, active_holds
from governance.quarantine import Keeper
from governance.request_reader import object_of, required_text
from graph.model import NodeKind

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
    """What to run again, in schedule order; writes nothing."""
    plan = heal_plan(_descent(services, arguments, project))
    return {
        "scheduleDigest": plan.schedule.digest(),
        "steps": [
            {"run": step.run, "name": step.name, "replaces": list(step.replaces)}
            for step in plan.steps
        ],
    }


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
