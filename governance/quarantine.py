"""Puts roots under quarantine and lets them go: clear → held → clear, held → condemned."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import cast

import structlog

from domain.canonical import JsonObject
from domain.errors import ConflictError
from domain.names import checked_text
from domain.quarantine import (
    QUARANTINE_CONDEMNED,
    QUARANTINE_HELD,
    QUARANTINE_RELEASED,
    Closure,
    QuarantineEnded,
    QuarantineHeld,
    QuarantineState,
    Trigger,
)
from governance.closure import closure_of
from governance.triggers import Triggered
from graph.model import Node, NodeKind, node_id
from graph.port import GraphReader
from ledger.entry import Draft
from ledger.log import Log

logger = structlog.get_logger()

REASON_LIMIT = 2_000


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who changes a quarantine, where."""

    log: Log
    graph: GraphReader
    catch_up: Callable[[], int]
    project: str
    source: str
    actor: str = ""

    def hold(self, root: str, reason: str, trigger: Trigger = Trigger.PERSON) -> Closure:
        """Hold ``root`` (a graph node id) and all that descends from it; the closure at that point.

        Holding what is held or condemned changes nothing.
        """
        size = self.catch_up()
        node = self._node(root, size)
        if node is not None and _state(node) is not QuarantineState.CLEAR:
            return _recorded(node)
        closure = closure_of(self.graph, root, as_of=size)
        payload: QuarantineHeld = {
            **closure,
            "reason": checked_text(reason, what="reason", limit=REASON_LIMIT),
            "trigger": trigger.value,
        }
        self._append(QUARANTINE_HELD, cast("JsonObject", payload), root, node)
        logger.warning(
            "quarantine.propagated",
            root=root,
            count=closure["count"],
            digest=closure["closure_digest"],
            trigger=trigger.value,
        )
        return closure

    def hold_all(self, roots: Iterable[Triggered]) -> None:
        """Hold what a verdict calls for."""
        for item in roots:
            self.hold(item.root, item.reason[:REASON_LIMIT], item.trigger)

    def release(self, root: str, reason: str) -> None:
        """Let a held root go. Raises ``ConflictError`` when it is not held."""
        self._end(QUARANTINE_RELEASED, root, reason)

    def condemn(self, root: str, reason: str) -> None:
        """Keep a held root for ever: no waiver lifts it. ``ConflictError`` when it is not held."""
        self._end(QUARANTINE_CONDEMNED, root, reason)

    def _end(self, kind: str, root: str, reason: str) -> None:
        node = self._node(root, self.catch_up())
        if _state(node) is not QuarantineState.HELD:
            raise ConflictError(
                f"{root} is {_state(node)}, not held.", hint="See `lineproof quarantine list`."
            )
        text = checked_text(reason, what="reason", limit=REASON_LIMIT)
        payload: QuarantineEnded = {"root": root, "reason": text}
        self._append(kind, cast("JsonObject", payload), root, node)
        logger.info(kind, root=root)

    def _node(self, root: str, size: int) -> Node | None:
        node = node_id(NodeKind.QUARANTINE, root)
        return self.graph.nodes([node], as_of=size).get(node)

    def _append(self, kind: str, payload: JsonObject, root: str, node: Node | None) -> None:
        # What it follows makes the key: two who say the same at the same time say it once.
        before = "none" if node is None else f"{node.attributes['held_at']}/{_state(node)}"
        idem = f"{kind}/{root}/{before}"
        draft = Draft(kind, self.project, self.actor, self.source, idem, payload)
        try:
            self.log.append([draft])
        except ConflictError:
            # Somebody said it first, in other words: it is so.
            logger.info("quarantine.repeated", root=root, kind=kind)
        self.log.publish()
        self.catch_up()


def _state(node: Node | None) -> QuarantineState:
    return QuarantineState.CLEAR if node is None else QuarantineState(str(node.attributes["state"]))


def _recorded(node: Node) -> Closure:
    return {
        "root": str(node.attributes["root"]),
        "closure_digest": str(node.attributes["closure_digest"]),
        "count": int(node.attributes["count"]),
        "at_seq": int(node.attributes["at_seq"]),
    }
