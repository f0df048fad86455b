"""A ledger in a list: drafts that are planned are recorded and shown by a graph in memory."""

from collections.abc import Callable

from domain.canonical import JsonObject, canonical_bytes
from graph.memory import MemoryGraph
from ingest.mlflow.experiments import default_experiment
from ingest.mlflow.fields import Fields
from ingest.mlflow.write import Planned, Write
from ledger.entry import Draft, Entry
from ledger.projection import Cursor

Plan = Callable[[Write, Fields], Planned]


class Recorder:
    """Judges requests of one project one after the other."""

    def __init__(self) -> None:
        self.graph = MemoryGraph()
        self.entries: list[Entry] = []
        self._append(default_experiment("p"))

    def record(
        self, plan: Plan, body: JsonObject, *, project: str = "p", idem: str | None = None
    ) -> str:
        """Record what ``plan`` makes of the request; the id of its subject."""
        key = idem or f"request {len(self.entries)}"
        planned = plan(Write(project, key, self.graph), Fields(body))
        for draft in planned.drafts:
            self._append(draft)
        return planned.subject

    def last(self) -> JsonObject:
        """The payload of the last entry."""
        return self.entries[-1].payload

    def types(self) -> list[str]:
        """Types of all entries but the Default experiment's."""
        return [entry.type for entry in self.entries[1:]]

    def _append(self, draft: Draft) -> None:
        seq = len(self.entries)
        entry = Entry(
            seq=seq,
            type=draft.type,
            project=draft.project,
            actor=draft.actor,
            source=draft.source,
            idem=draft.idem,
            at=seq,
            schema=draft.schema,
            payload=draft.payload,
            data=canonical_bytes(draft.payload),
        )
        self.entries.append(entry)
        self.graph.apply([entry], old=Cursor(seq, (b"",)[: seq and 1]), new=Cursor(seq + 1, (b"",)))
