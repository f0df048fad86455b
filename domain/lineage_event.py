"""OpenLineage events and the payload of the entries that record them.

An entry keeps the whole event as text, and beside it what the event means for provenance, resolved
once, at ingest: replay needs neither the specification nor the state of that day.
"""

from typing import Final, TypedDict

from domain.artifact import ArtifactRef, ArtifactUse

LINEAGE_EVENT_RECORDED: Final = "lineage.event_recorded"
LINEAGE_DERIVED: Final = "lineage.derived"


class Derivation(TypedDict):
    """One artifact version was derived from another (PROV ``wasDerivedFrom``)."""

    artifact: str
    """``domain.artifact.artifact_id`` of the younger one."""
    source: str


class LineageEventRecorded(TypedDict):
    """Payload of ``lineage.event_recorded``; whatever the event does not speak of is empty."""

    event: str
    """The whole event: JSON with sorted keys and no spaces."""
    event_type: str
    event_time: int
    """The producer's clock, milliseconds since the epoch."""
    run_id: str
    run_facets: dict[str, str]
    """JSON text by facet name."""
    job: str
    """``<namespace>/<name>``."""
    job_facets: dict[str, str]
    parent_job: str
    parent_run_ids: list[str]
    """The run of the ``parent`` facet, and those upstream in ``jobDependencies``."""
    uses: list[ArtifactUse]
    generates: list[ArtifactUse]
    artifacts: list[ArtifactRef]
    """Versions that the event describes without a run."""
    derivations: list[Derivation]


class LineageDerived(TypedDict):
    """Payload of ``lineage.derived``: versions that no run is known to have made."""

    artifacts: list[ArtifactRef]
    derivations: list[Derivation]
