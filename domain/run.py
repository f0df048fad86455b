"""Runs (PROV Activity) and the payloads of the entries that record them.

``tags`` stand in payloads as the client sent them; ``uses`` are what those tags and inputs say
about provenance (``ingest.facets``), derived once, at ingest, so that replay needs no client rules.
"""

from enum import StrEnum
from typing import Final, NotRequired, TypedDict

from domain.artifact import ArtifactUse
from domain.metric import MetricPoint

RUN_STARTED: Final = "run.started"
RUN_UPDATED: Final = "run.updated"
RUN_LOGGED: Final = "run.logged"
RUN_TAG_DELETED: Final = "run.tag_deleted"
RUN_INPUTS_LOGGED: Final = "run.inputs_logged"
RUN_OUTPUTS_LOGGED: Final = "run.outputs_logged"
RUN_DELETED: Final = "run.deleted"
RUN_RESTORED: Final = "run.restored"


class RunStatus(StrEnum):
    """MLflow's run states."""

    RUNNING = "RUNNING"
    SCHEDULED = "SCHEDULED"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


class RunStarted(TypedDict):
    """Payload of ``run.started``."""

    run_id: str
    experiment_id: str
    name: str
    user: str
    start_time: int
    """The client's clock, milliseconds since the epoch."""
    tags: dict[str, str]
    uses: list[ArtifactUse]
    parent_run_id: str
    """The run that informed this one (MLflow parent); empty when none."""
    job: str
    """Name of the recipe that this run executes (MLflow source name); empty when none."""
    erasable: NotRequired[bool]
    """True when the rest of what the run says is sealed, so that it can be erased."""


class RunUpdated(TypedDict):
    """Payload of ``run.updated``: what is given changes."""

    run_id: str
    status: NotRequired[str]
    start_time: NotRequired[int]
    end_time: NotRequired[int]
    name: NotRequired[str]


class RunLogged(TypedDict):
    """One logging call: any mix of points, params and tags."""

    run_id: str
    metrics: list[MetricPoint]
    params: dict[str, str]
    tags: dict[str, str]
    uses: list[ArtifactUse]
    parent_run_id: NotRequired[str]


class RunTagDeleted(TypedDict):
    """Payload of ``run.tag_deleted``."""

    run_id: str
    key: str


class RunInputsLogged(TypedDict):
    """Payload of ``run.inputs_logged``."""

    run_id: str
    uses: list[ArtifactUse]


class RunOutputsLogged(TypedDict):
    """Payload of ``run.outputs_logged``."""

    run_id: str
    generates: list[ArtifactUse]


class RunRef(TypedDict):
    """Payload of ``run.deleted`` and ``run.restored``."""

    run_id: str
