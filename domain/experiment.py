"""Experiments (MLflow's) and the payloads of the entries that change them."""

from typing import Final, TypedDict

EXPERIMENT_CREATED: Final = "experiment.created"
EXPERIMENT_RENAMED: Final = "experiment.renamed"
EXPERIMENT_TAGGED: Final = "experiment.tagged"
EXPERIMENT_TAG_DELETED: Final = "experiment.tag_deleted"
EXPERIMENT_DELETED: Final = "experiment.deleted"
EXPERIMENT_RESTORED: Final = "experiment.restored"


class ExperimentCreated(TypedDict):
    """Payload of ``experiment.created``."""

    experiment_id: str
    name: str
    artifact_location: str
    tags: dict[str, str]


class ExperimentRenamed(TypedDict):
    """Payload of ``experiment.renamed``."""

    experiment_id: str
    name: str


class ExperimentTagged(TypedDict):
    """Payload of ``experiment.tagged``."""

    experiment_id: str
    key: str
    value: str


class ExperimentTagDeleted(TypedDict):
    """Payload of ``experiment.tag_deleted``."""

    experiment_id: str
    key: str


class ExperimentRef(TypedDict):
    """Payload of ``experiment.deleted`` and ``experiment.restored``."""

    experiment_id: str
