"""A run of MLflow's as its stores keep it, folder or database, as records."""

from collections.abc import Iterable, Mapping
from typing import Final

from domain.artifact import GIVEN_DIGEST, ArtifactUse
from domain.facet import Facet
from ingest.facets import CONTEXT_TAG, PARENT_TAG, SOURCE_TAG, dataset_use, model_use
from ingest.record import ParentRecord, RunRecord
from ingest.record_values import ExperimentOf

STATUSES: Final = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
"""``RunStatus`` of MLflow's service.proto, which run folders keep as a number."""
NAME_TAG: Final = "mlflow.runName"
_DATASET_ATTRIBUTES: Final = (
    ("source_type", "dataset_source_type"),
    ("source", "dataset_source"),
    ("schema", "dataset_schema"),
    ("profile", "dataset_profile"),
)


def experiment_of(meta: Mapping[str, object], tags: Mapping[str, str]) -> ExperimentOf:
    """The experiment that ``meta.yaml``, or a row of ``experiments``, describes."""
    return ExperimentOf(
        id=str(meta.get("experiment_id", "")),
        name=str(meta.get("name") or f"experiment-{meta.get('experiment_id')}"),
        deleted=meta.get("lifecycle_stage") == "deleted",
        tags=dict(tags),
    )


def run_record(
    meta: Mapping[str, object],
    experiment: ExperimentOf,
    *,
    params: Mapping[str, str],
    tags: Mapping[str, str],
    uses: Iterable[ArtifactUse] = (),
    generates: Iterable[ArtifactUse] = (),
) -> RunRecord:
    """The run that ``meta.yaml``, or a row of ``runs``, describes.

    Columns that old stores used for what are tags now become those tags.
    """
    run_id = str(meta.get("run_id") or meta.get("run_uuid") or "")
    name = str(tags.get(NAME_TAG) or meta.get("run_name") or meta.get("name") or "")
    found = {NAME_TAG: name or f"run-{run_id[:8]}", **_old_tags(meta), **tags}
    status = meta.get("status")
    record = RunRecord(
        kind="run",
        run_id=run_id,
        experiment=experiment,
        name=found[NAME_TAG][:250],
        user=str(meta.get("user_id") or ""),
        status=STATUSES.get(status, "") if isinstance(status, int) else str(status or "RUNNING"),
        start_time=_time(meta.get("start_time")) or 0,
        deleted=meta.get("lifecycle_stage") == "deleted",
        job=found.get(SOURCE_TAG, ""),
        params=dict(params),
        tags=found,
        uses=list(uses),
        generates=list(generates),
    )
    ended = _time(meta.get("end_time"))
    if ended is not None:
        record["end_time"] = ended
    return record


def parent_record(record: RunRecord) -> ParentRecord | None:
    """The parent that the run's tags name."""
    parent = record["tags"].get(PARENT_TAG)
    if not parent:
        return None
    return ParentRecord(kind="parent", run_id=record["run_id"], parent_run_id=parent)


def dataset_input(row: Mapping[str, object], tags: Mapping[str, str]) -> ArtifactUse:
    """A dataset that a run used; ``row`` has the columns of the table ``datasets``."""
    attributes = {
        name: str(row[column])
        for name, column in _DATASET_ATTRIBUTES
        if row.get(column) is not None
    }
    digest = str(row.get("digest", ""))
    use = dataset_use(
        name=str(row.get("name", "")),
        digest=digest,
        context=tags.get(CONTEXT_TAG, ""),
        attributes=attributes,
        tags=tags,
    )
    if use["artifact"]["algorithm"] == "sha256":
        use["artifact"]["attributes"] = {**attributes, GIVEN_DIGEST: digest}
    return use


def model_input(model_id: str) -> ArtifactUse:
    """A logged model that a run used."""
    return model_use(model_id, facet=Facet.BASE_MODEL)


def model_output(model_id: str, step: int) -> ArtifactUse:
    """A logged model that a run made."""
    return model_use(model_id, facet=None, step=step)


def _old_tags(meta: Mapping[str, object]) -> dict[str, str]:
    found = {
        SOURCE_TAG: meta.get("source_name"),
        "mlflow.source.git.commit": meta.get("source_version"),
        "mlflow.project.entryPoint": meta.get("entry_point_name"),
    }
    return {key: str(value) for key, value in found.items() if value}


def _time(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
