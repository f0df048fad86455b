"""Writes of what a run used and made: datasets and logged models."""

from collections.abc import Sequence

from domain.artifact import GIVEN_DIGEST, OWN_ATTRIBUTE, ArtifactUse, artifact_id
from domain.facet import Facet
from domain.names import checked_name, checked_text
from domain.run import RUN_INPUTS_LOGGED, RUN_OUTPUTS_LOGGED, RunInputsLogged, RunOutputsLogged
from graph.model import Node, NodeKind, node_id
from ingest.facets import CONTEXT_TAG, dataset_use, model_use
from ingest.limits import (
    MAX_DATASET_DIGEST,
    MAX_DATASET_NAME,
    MAX_DATASET_PROFILE,
    MAX_DATASET_SCHEMA,
    MAX_DATASET_SOURCE,
    MAX_DATASET_SOURCE_TYPE,
    MAX_INPUT_TAG_KEY,
    MAX_INPUT_TAG_VALUE,
    MAX_INPUTS_PER_REQUEST,
)
from ingest.mlflow.fields import Fields, missing, too_long
from ingest.mlflow.locations import checked_model_id
from ingest.mlflow.runs import actor_of
from ingest.mlflow.state import active_run
from ingest.mlflow.write import Planned, Write

DATASET_ATTRIBUTES = {
    "source_type": MAX_DATASET_SOURCE_TYPE,
    "source": MAX_DATASET_SOURCE,
    "schema": MAX_DATASET_SCHEMA,
    "profile": MAX_DATASET_PROFILE,
}
"""What MLflow says of a dataset besides name and digest, with its limits in characters."""


def log_inputs(write: Write, body: Fields) -> Planned:
    """``runs/log-inputs``: datasets with their contexts, and models."""
    run_id = body.run_id()
    datasets, models = body.objects("datasets"), body.objects("models")
    if len(datasets) + len(models) > MAX_INPUTS_PER_REQUEST:
        raise body.wrong("datasets", f"at most {MAX_INPUTS_PER_REQUEST} inputs can be logged")
    uses = [_dataset(dataset) for dataset in datasets]
    uses += [model_use(_model_id(model), facet=Facet.BASE_MODEL) for model in models]
    run = active_run(write, run_id)
    if not uses:
        return Planned((), run_id)
    _keep_own_attributes(write, uses)
    payload = RunInputsLogged(run_id=run_id, uses=uses)
    return Planned((write.draft(RUN_INPUTS_LOGGED, payload, actor=actor_of(run)),), run_id)


def log_outputs(write: Write, body: Fields) -> Planned:
    """``runs/outputs``: models that the run made, each at a step."""
    run_id = body.run_id()
    if not body.has("models"):
        raise missing("models")
    models = body.objects("models")
    if len(models) > MAX_INPUTS_PER_REQUEST:
        raise body.wrong("models", f"at most {MAX_INPUTS_PER_REQUEST} models can be logged")
    generates = [
        model_use(_model_id(model), facet=None, step=model.integer("step") or 0) for model in models
    ]
    run = active_run(write, run_id)
    if not generates:
        return Planned((), run_id)
    payload = RunOutputsLogged(run_id=run_id, generates=generates)
    return Planned((write.draft(RUN_OUTPUTS_LOGGED, payload, actor=actor_of(run)),), run_id)


def _dataset(fields: Fields) -> ArtifactUse:
    dataset = fields.object("dataset")
    name = checked_name(
        _short(dataset, "name", MAX_DATASET_NAME, required=True),
        what="dataset name",
        limit=MAX_DATASET_NAME,
    )
    digest = _short(dataset, "digest", MAX_DATASET_DIGEST, required=True)
    attributes = {
        key: _short(dataset, key, limit)
        for key, limit in DATASET_ATTRIBUTES.items()
        if dataset.has(key) or key in ("source_type", "source")
    }
    tags = dict(_input_tag(tag) for tag in fields.objects("tags"))
    use = dataset_use(
        name=name,
        digest=digest,
        context=tags.get(CONTEXT_TAG, ""),
        attributes=attributes,
        tags=tags,
    )
    if use["artifact"]["algorithm"] == "sha256":
        use["artifact"]["attributes"] = {**attributes, GIVEN_DIGEST: digest}
    return use


def _keep_own_attributes(write: Write, uses: Sequence[ArtifactUse]) -> None:
    """A version keeps the attributes that it came with first; others stay with their use."""
    nodes = [
        node_id(NodeKind.ARTIFACT, artifact_id(write.project, use["artifact"])) for use in uses
    ]
    known = {
        node: _attributes(found) for node, found in write.graph.nodes(sorted(set(nodes))).items()
    }
    for node, use in zip(nodes, uses, strict=True):
        given = use["artifact"].get("attributes", {})
        first = known.setdefault(node, given)
        own = {name: value for name, value in given.items() if first.get(name) != value}
        if own:
            use["artifact"]["attributes"] = {n: v for n, v in given.items() if n not in own}
            tags = use.get("tags", {})
            use["tags"] = {**tags, **{OWN_ATTRIBUTE + name: own[name] for name in sorted(own)}}


def _attributes(artifact: Node) -> dict[str, str]:
    """What was said of a version besides its identity."""
    prefix = "attributes."
    return {
        name.removeprefix(prefix): str(value)
        for name, value in artifact.attributes.items()
        if name.startswith(prefix)
    }


def _input_tag(fields: Fields) -> tuple[str, str]:
    key = checked_name(
        _short(fields, "key", MAX_INPUT_TAG_KEY, required=True),
        what="input tag key",
        limit=MAX_INPUT_TAG_KEY,
    )
    return key, _short(fields, "value", MAX_INPUT_TAG_VALUE)


def _model_id(fields: Fields) -> str:
    return checked_model_id(fields.required("model_id"))


def _short(fields: Fields, name: str, limit: int, *, required: bool = False) -> str:
    text = fields.required(name) if required else fields.text(name)
    if len(text) > limit:
        raise too_long(fields.path(name), limit)
    return checked_text(text, what=fields.path(name), limit=limit)
