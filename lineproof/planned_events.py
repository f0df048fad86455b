"""What OpenLineage events come to that are judged together, before any of it is recorded."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from domain.lineage_event import LINEAGE_EVENT_RECORDED
from graph.model import NodeKind, node_id
from graph.overlay import Overlay
from graph.projector import mutations
from ingest.openlineage.event import LineageEvent
from ingest.openlineage.plan import event_key, plan_event
from ledger.entry import Draft, Entry

if TYPE_CHECKING:
    from lineproof.services import Services

_BEYOND: Final = 2**60
"""A position behind everything that is recorded."""


class PlannedEvents:
    """The drafts of events, each planned over what is recorded and the drafts before it.

    ``events`` are those that will be added: what is recorded of them is looked up at once. The
    caller holds ``services.judging``. Raises what ``Services.catch_up_graph`` does.
    """

    def __init__(self, services: "Services", events: Sequence[tuple[str, LineageEvent]]) -> None:
        self._log = services.log
        services.catch_up_graph()
        self._graph = Overlay(services.graph)
        self._graph.outgoing([node_id(NodeKind.RUN, event.run_id) for _, event in events])
        self._known: set[tuple[str, str]] = set()
        for project in sorted({project for project, _ in events}):
            keys = [event_key(event) for where, event in events if where == project]
            self._known |= {(project, key) for key in self._log.known_keys(project, keys)}
        self.drafts: list[Draft] = []

    def add(self, project: str, event: LineageEvent) -> int:
        """How many drafts the event adds: 0 when it is recorded or planned already.

        Raises what ``plan_event`` does; nothing is added then.
        """
        if (project, event_key(event)) in self._known:
            return 0
        drafts = plan_event(self._graph, project, event)
        key = next(self._log.key_of(one) for one in drafts if one.type == LINEAGE_EVENT_RECORDED)
        # The key of a sealed event is another one, which is known only now.
        is_sealed = key != event_key(event)
        if (project, key) in self._known or (is_sealed and self._log.known_keys(project, [key])):
            return 0
        self._known.add((project, key))
        for draft in drafts:
            seq = _BEYOND + len(self.drafts)
            self._graph.apply(mutations(_as_recorded(draft, seq)), seq)
            self.drafts.append(draft)
        return len(drafts)


def _as_recorded(draft: Draft, seq: int) -> Entry:
    """The entry that the draft becomes, but for its place and time, which nobody looks at."""
    return Entry(
        seq=seq,
        type=draft.type,
        project=draft.project,
        actor=draft.actor,
        source=draft.source,
        idem=draft.idem,
        at=0,
        schema=draft.schema,
        payload=draft.payload,
        data=b"",
    )
