"""Recording what importers read: planned against what stands, appended in groups."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from analytics.summaries import MetricSummary
from domain.canonical import JsonObject, JsonValue
from domain.errors import ErrorCode, LineproofError, UsageError
from domain.run import RUN_STARTED
from ingest.plan_models import plan_logged_model, plan_registered_model
from ingest.plan_record import plan_derived, plan_parent, plan_run, plan_series
from ingest.record import MAX_RECORDS, PlannedRecord, Record, SeriesRecord, read_record
from ingest.run_state import any_run
from ledger.entry import Draft
from lineproof.lineage_events import judge_event

if TYPE_CHECKING:
    from lineproof.services import Services

_DEPENDENT = ("parent", "derived", "logged_model", "registered_model")
"""Kinds of records that speak of what stands in the graph."""

log = structlog.get_logger()


def import_records(
    services: "Services", arguments: JsonObject, project: str, _source: str
) -> JsonObject:
    """Operation ``records.import``: ``records``, and ``dryRun`` to only say what would be added.

    Records go in order; one that is refused does not keep the others out. Gives ``entries``, how
    many were (or would be) added, ``unchanged``, how many records added none, and ``refused``, each
    with its ``index``, ``code`` and ``reason``. A dry run counts each OpenLineage event as new.
    """
    values = arguments.get("records")
    if not isinstance(values, list):
        raise UsageError("`records` is no list.", hint="Send the records of an import.")
    if len(values) > MAX_RECORDS:
        raise UsageError(
            f"{len(values)} records are more than {MAX_RECORDS}.",
            code=ErrorCode.TOO_LARGE,
            hint="Send them in parts.",
        )
    refused: list[JsonObject] = []
    added: list[int] = []
    with services.judging:
        dry = arguments.get("dryRun") is True
        group = _Group(services, project, dry, _runs_with_points(values))
        for index, value in enumerate(values):
            try:
                added.append(group.add(read_record(value)))
            except LineproofError as error:
                reason = str(error)
                refused.append({"index": index, "code": str(error.code), "reason": reason})
        group.append()
    log.info("records.imported", project=project, entries=sum(added), refused=len(refused))
    return {"entries": sum(added), "unchanged": added.count(0), "refused": refused}


@dataclass(slots=True)
class _Group:
    """Drafts that are appended together; a record that depends on them has them appended first."""

    services: "Services"
    project: str
    dry: bool
    runs: frozenset[str]
    """Runs whose points are spoken of."""
    begun: dict[str, str] = field(default_factory=dict[str, str])
    """Runs that are made by the drafts that wait, and whom they are about if they can be erased."""
    waiting: dict[str, Draft] = field(default_factory=dict[str, Draft])
    """By idempotency key: two runs of one new experiment both ask for it."""
    is_fresh: bool = False
    """Whether the graph shows everything that was appended."""
    counted: Mapping[str, Mapping[str, MetricSummary]] = field(
        default_factory=dict[str, Mapping[str, MetricSummary]]
    )
    """Of all ``runs``, as they stood at the first question. A record says where in its metric it
    begins, so what this call adds before it changes nothing."""

    def add(self, record: Record) -> int:
        """How many entries the record adds. Raises what the planners raise."""
        if record["kind"] == "event":
            self.append()
            self.is_fresh = False
            event = record["event"]
            return judge_event(self.services, event, project=self.project, dry=self.dry)
        follows = record["kind"] == "run" and record["run_id"] in self.begun
        if follows or record["kind"] in _DEPENDENT:
            self.append()
        if not self.is_fresh:
            self.services.catch_up_graph()
            self.is_fresh = True
        drafts = [one for one in self._plan(record) if one.idem not in self.waiting]
        subject = next((draft.subject for draft in drafts if draft.subject), "")
        if subject:
            self.services.log.sealer.require(subject)
        self.waiting.update({draft.idem: draft for draft in drafts})
        if record["kind"] == "run" and any(draft.type == RUN_STARTED for draft in drafts):
            self.begun[record["run_id"]] = subject
        return len(drafts)

    def append(self) -> None:
        """Append what waits."""
        if self.dry:
            return
        if self.waiting:
            self.services.log.append(list(self.waiting.values()))
            self.is_fresh = False
        self.waiting.clear()
        self.begun.clear()

    def _plan(self, record: PlannedRecord) -> Sequence[Draft]:
        graph = self.services.graph
        if record["kind"] == "run":
            return plan_run(graph, self.project, record)
        if record["kind"] == "series":
            return plan_series(self, graph, self.project, record, begun=self._begun(record))
        if record["kind"] == "derived":
            return plan_derived(graph, self.project, record)
        if record["kind"] == "logged_model":
            return plan_logged_model(graph, self.project, record)
        if record["kind"] == "registered_model":
            return plan_registered_model(graph, self.project, record, dry=self.dry)
        # In a dry run the parent's run may not be there yet, which says nothing.
        is_hidden = self.dry and any_run(graph, self.project, record["run_id"]) is None
        return () if is_hidden else plan_parent(graph, self.project, record)

    def _begun(self, record: SeriesRecord) -> str | None:
        run_id = record["run_id"]
        if self.dry and any_run(self.services.graph, self.project, run_id) is None:
            return ""
        return self.begun.get(run_id)

    def counts(self, run_id: str, keys: Collection[str]) -> Mapping[str, int]:
        """Points that are recorded of each metric of a run."""
        if not self.counted:
            self.services.catch_up()
            self.counted = self.services.metrics.summaries(self.runs)
        found = self.counted[run_id]
        return {key: found[key].count for key in keys if key in found}


def _runs_with_points(values: Sequence[JsonValue]) -> frozenset[str]:
    runs = [
        value.get("run_id") for value in values if isinstance(value, dict) and "series" in value
    ]
    return frozenset(run for run in runs if isinstance(run, str))
