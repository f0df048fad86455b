"""What the known facets of an event say of provenance, parameters, tags and metrics.

``docs/reference/facets.md`` shows the same table. Unknown facets are kept and mean nothing.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Final, cast

from domain.artifact import ArtifactKind, ArtifactRef, ArtifactUse, artifact_id
from domain.canonical import JsonObject, JsonValue
from domain.facet import Facet, Strength
from domain.lineage_event import Derivation
from domain.metric import MetricPoint, decimal_text
from domain.names import checked_text
from ingest.facets import DATASET_CONTEXTS, commit_use, tag_uses
from ingest.limits import MAX_KEY, MAX_PARAM_VALUE, MAX_TAG_VALUE
from ingest.openlineage.event import (
    Dataset,
    JobRef,
    LineageEvent,
    facet_objects,
    facet_text,
    job_of,
    json_text,
    run_id_of,
)

CONTEXT_TAG: Final = "lineproof.context"
"""Dataset tag that says what a run used it for: ``training``, ``evaluation``, …"""
STATISTICS: Final = {
    "inputFacets": ("inputStatistics", "dataQualityMetrics"),
    "outputFacets": ("outputStatistics",),
}
_COUNTS: Final = ("rowCount", "size", "bytes", "fileCount")


def run_tags(event: LineageEvent) -> dict[str, str]:
    """The ``tags`` facet of the run, and where the event comes from."""
    tags = {"openlineage.producer": event.producer} if event.producer else {}
    if event.job:
        tags["openlineage.job.namespace"] = event.job.namespace
        tags["openlineage.job.name"] = event.job.name
    for tag in facet_objects(event.run_facets, "tags", "tags"):
        key, value = tag.get("key"), tag.get("value")
        if isinstance(key, str) and 0 < len(key) <= MAX_KEY and isinstance(value, str):
            tags[key] = checked_text(value, what="tag value", limit=MAX_TAG_VALUE)
    return tags


def run_params(event: LineageEvent) -> dict[str, str]:
    """The ``executionParameters`` facet."""
    params: dict[str, str] = {}
    for one in facet_objects(event.run_facets, "executionParameters", "parameters"):
        key, value = one.get("key"), one.get("value")
        if isinstance(key, str) and 0 < len(key) <= MAX_KEY and value is not None:
            text = value if isinstance(value, str) else json_text(value)
            params[key] = checked_text(text, what="param value", limit=MAX_PARAM_VALUE)
    return params


def code_and_engine(event: LineageEvent) -> list[ArtifactUse]:
    """Code by commit and by content, and the engine as the environment."""
    uses: list[ArtifactUse] = []
    location = event.job_facets
    version = facet_text(location, "sourceCodeLocation", "version")
    if version:
        where = [facet_text(location, "sourceCodeLocation", key) for key in ("repoUrl", "url")]
        uses.append(commit_use(where[0] or where[1] or "unknown", version))
    for facet, key in (("sourceCode", "sourceCode"), ("sql", "query")):
        text = facet_text(location, facet, key)
        if text and event.job:
            uses.append(_code(event.job, facet, text))
    engine = facet_text(event.run_facets, "processing_engine", "version")
    if engine:
        name = facet_text(event.run_facets, "processing_engine", "name") or "processing_engine"
        uses.append(_engine(name, engine))
    return [*uses, *tag_uses(tags := run_tags(event), tuple(tags))]


def parents(event: LineageEvent) -> list[tuple[str, JobRef]]:
    """The run and job of the ``parent`` facet, then those upstream in ``jobDependencies``."""
    found: list[tuple[str, JobRef]] = []
    parent = event.run_facets.get("parent")
    if parent is not None and parent.get("run") is not None:
        found.append(_run_and_job(parent, "event.run.facets.parent"))
    for one in facet_objects(event.run_facets, "jobDependencies", "upstream"):
        if one.get("run") is not None:
            found.append(_run_and_job(one, "event.run.facets.jobDependencies.upstream"))
    return found


def parent_job(event: LineageEvent) -> JobRef | None:
    """The job of the ``parent`` facet, where that names its run, too."""
    has_run = event.run_facets.get("parent", {}).get("run") is not None
    return parents(event)[0][1] if has_run else None


def input_use(dataset: Dataset, ref: ArtifactRef) -> ArtifactUse:
    """A dataset that a run read. An unknown version is part of no facet: it proves nothing."""
    context = next(
        (
            str(tag.get("value"))
            for tag in facet_objects(dataset.facets, "tags", "tags")
            if tag.get("key") == CONTEXT_TAG
        ),
        "",
    )
    role, facet = DATASET_CONTEXTS.get(context.lower(), (context or "input", None))
    known = facet is not None and ref["strength"] != Strength.UNKNOWN.name
    return _use(role, facet if known else None, ref, dataset, "inputFacets")


def output_use(dataset: Dataset, ref: ArtifactRef) -> ArtifactUse:
    """A dataset that a run wrote."""
    return _use("output", None, ref, dataset, "outputFacets")


def derivations(
    project: str,
    outputs: Sequence[tuple[Dataset, ArtifactRef]],
    inputs: Sequence[tuple[Dataset, ArtifactRef]],
) -> list[Derivation]:
    """Each output from the inputs that its ``columnLineage`` names; without it, from all."""
    found: list[Derivation] = []
    for dataset, ref in outputs:
        named = _column_sources(dataset)
        for source, source_ref in inputs:
            if named is None or (source.namespace, source.name) in named:
                pair = (artifact_id(project, ref), artifact_id(project, source_ref))
                found.append(Derivation(artifact=pair[0], source=pair[1]))
    return found


def statistics(event: LineageEvent) -> list[MetricPoint]:
    """Row counts, sizes and file counts as metrics ``<dataset>/<statistic>`` at step 0."""
    points: list[MetricPoint] = []
    for side, datasets in (("inputFacets", event.inputs), ("outputFacets", event.outputs)):
        for dataset in datasets:
            for facet in STATISTICS[side]:
                points += _counts(dataset, dataset.own_facets.get(facet, {}), event.time)
    return points


def _counts(dataset: Dataset, facet: JsonObject, time: int) -> list[MetricPoint]:
    points: list[MetricPoint] = []
    for name in _COUNTS:
        value = facet.get(name)
        key = f"{dataset.name}/{name}"
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and math.isfinite(float(cast("float", value))) and len(key) <= MAX_KEY:
            text = decimal_text(float(cast("float", value)))
            points.append(MetricPoint(key=key, value=text, step=0, timestamp=time))
    return points


def _column_sources(dataset: Dataset) -> set[tuple[JsonValue, JsonValue]] | None:
    """(namespace, name) of the inputs that any column came from; None when it is not told."""
    fields = dataset.facets.get("columnLineage", {}).get("fields")
    if not isinstance(fields, dict):
        return None
    lists = [one.get("inputFields") for one in fields.values() if isinstance(one, Mapping)]
    lists.append(dataset.facets["columnLineage"].get("dataset"))
    sources = [field for fields in lists if isinstance(fields, list) for field in fields]
    named = {(one.get("namespace"), one.get("name")) for one in sources if isinstance(one, dict)}
    return named or None


def _use(
    role: str, facet: Facet | None, ref: ArtifactRef, dataset: Dataset, prefix: str
) -> ArtifactUse:
    use = ArtifactUse(role=role, facet=facet.value if facet else "", artifact=ref)
    if dataset.own_facets:
        use["tags"] = {f"{prefix}.{n}": json_text(f) for n, f in dataset.own_facets.items()}
    return use


def _code(job: JobRef, facet: str, text: str) -> ArtifactUse:
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    ref = ArtifactRef(
        kind=ArtifactKind.CODE.value,
        name=job.full_name,
        digest=digest,
        algorithm="sha256",
        strength=Strength.CONTENT.name,
    )
    role = "source_code" if facet == "sourceCode" else facet
    return ArtifactUse(role=role, facet=Facet.TRAIN_CODE.value, artifact=ref)


def _engine(name: str, version: str) -> ArtifactUse:
    ref = ArtifactRef(
        kind=ArtifactKind.ENVIRONMENT.value,
        name=name,
        digest=version,
        algorithm="version",
        strength=Strength.NAMED.name,
    )
    return ArtifactUse(role="processing_engine", facet=Facet.ENVIRONMENT.value, artifact=ref)


def _run_and_job(value: JsonObject, path: str) -> tuple[str, JobRef]:
    run = run_id_of(value.get("run"), f"{path}.run")
    return run, job_of(value.get("job"), f"{path}.job")
