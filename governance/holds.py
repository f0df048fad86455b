"""What is held at a position, and which nodes descend from it.

The closure is derived at every question, so a late arrival that uses a held input is born held.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from domain.errors import QuarantinedError
from domain.quarantine import QuarantineState
from governance.waiver_force import waivers_of_roots
from graph.model import LINEAGE, Edge, NodeKind
from graph.port import Condition, Direction, GraphReader, NodeQuery, Operator

_STATES = (QuarantineState.HELD.value, QuarantineState.CONDEMNED.value)
_HELD = (Condition("state", Operator.IN, _STATES),)


@dataclass(frozen=True, slots=True)
class Hold:
    """One root under quarantine."""

    root: str
    """Graph node id."""
    state: QuarantineState
    reason: str
    trigger: str
    held_at: int
    """The entry that put it there."""
    closure_digest: str
    """Of the closure that was last recorded, with its count and position."""
    count: int
    at_seq: int
    waiver: str | None
    """The waiver that lifts it; never one of a condemned root."""

    @property
    def blocks(self) -> bool:
        """Whether what descends from it must not ship."""
        return self.waiver is None


def anything_held(graph: GraphReader, project: str) -> bool:
    """Whether any root is held or condemned now, waived or not: the cheap question first."""
    query = NodeQuery(project, NodeKind.QUARANTINE, _HELD, limit=1)
    return bool(graph.find_ids(query))


def active_holds(
    graph: GraphReader, project: str, *, as_of: int | None, at: int | None
) -> tuple[Hold, ...]:
    """Every root that is held or condemned, by (entry, root).

    ``at`` is the ledger's time, ms: a waiver counts that has not ended then; None: none counts.
    """
    nodes = graph.find(NodeQuery(project, NodeKind.QUARANTINE, _HELD), as_of=as_of)
    if not nodes:
        return ()
    waivers = {} if at is None else waivers_of_roots(graph, project, as_of=as_of, at=at)
    found = [
        Hold(
            root=str(node.attributes["root"]),
            state=QuarantineState(str(node.attributes["state"])),
            reason=str(node.attributes["reason"]),
            trigger=str(node.attributes["trigger"]),
            held_at=int(node.attributes["held_at"]),
            closure_digest=str(node.attributes["closure_digest"]),
            count=int(node.attributes["count"]),
            at_seq=int(node.attributes["at_seq"]),
            waiver=(
                waivers.get(str(node.attributes["root"]))
                if node.attributes["state"] == QuarantineState.HELD
                else None
            ),
        )
        for node in nodes
    ]
    return tuple(sorted(found, key=lambda hold: (hold.held_at, hold.root)))


def holds_over(
    graph: GraphReader, holds: Sequence[Hold], nodes: Collection[str], *, as_of: int | None
) -> dict[str, tuple[Hold, ...]]:
    """Node to the holds upstream of it (or on itself), for the nodes that have any."""
    if not holds or not nodes:
        return {}
    reached = graph.reachable(nodes, direction=Direction.UPSTREAM, types=LINEAGE, as_of=as_of)
    over = [hold for hold in holds if hold.root in reached]
    if not over:
        return {}
    upstream = graph.closure(nodes, direction=Direction.UPSTREAM, types=LINEAGE, as_of=as_of)
    downstream: dict[str, list[Edge]] = {}
    for edge in upstream.edges:
        downstream.setdefault(edge.target, []).append(edge)
    found: dict[str, list[Hold]] = {}
    for hold in over:
        for node in _descendants(hold.root, downstream) & set(nodes):
            found.setdefault(node, []).append(hold)
    return {node: tuple(found[node]) for node in sorted(found)}


def require_clear(
    graph: GraphReader,
    project: str,
    nodes: Collection[str],
    *,
    at: int,
    as_of: int | None = None,
) -> None:
    """Raise ``QuarantinedError`` (QUARANTINED) when something of ``nodes`` must not be used.

    ``nodes`` are graph node ids, ``at`` is the time now in ms. Cheap when nothing is held.
    """
    holds = [hold for hold in active_holds(graph, project, as_of=as_of, at=at) if hold.blocks]
    for node, over in holds_over(graph, holds, nodes, as_of=as_of).items():
        hold = over[0]
        raise QuarantinedError(
            f"{node} is quarantined: it descends from {hold.root}, which is {hold.state}: "
            f"{hold.reason}",
            hint="See `lineproof quarantine impact`; heal it, or submit a waiver.",
            context={"node": node, "root": hold.root, "held_at": hold.held_at},
        )


def _descendants(root: str, downstream: Mapping[str, Sequence[Edge]]) -> set[str]:
    found = {root}
    frontier = [root]
    while frontier:
        for edge in downstream.get(frontier.pop(), ()):
            if edge.source not in found:
                found.add(edge.source)
                frontier.append(edge.source)
    return found
