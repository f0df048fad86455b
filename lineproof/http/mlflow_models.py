"""MLflow's calls about logged models and the model registry."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from domain.errors import UsageError
from governance.products import require_clear_source, require_clear_version
from graph.logged_model_filter import parse_model_order
from ingest.mlflow import logged_models, registry
from ingest.mlflow.fields import Fields
from ingest.mlflow.locations import checked_artifact_path
from ingest.mlflow.state import checked_experiment_id
from ingest.mlflow.write import Planned, Write
from lineproof.http.mlflow_bodies import Body, page_body
from lineproof.http.mlflow_calls import Call, Operation, Plan, Tracking
from lineproof.http.mlflow_files import PROXIED, listed_body
from lineproof.http.mlflow_model_bodies import model_body, registered_body, version_body
from resolvers.mlflow_files import folder
from resolvers.mlflow_models import MlflowModel, ModelSearch, get_model, search_models
from resolvers.mlflow_registry import (
    MlflowRegistered,
    MlflowVersion,
    RegistrySearch,
    registered,
    search_registered,
    search_versions,
    shown_versions,
)

_Answer: TypeAlias = Callable[[Tracking, Call], Body]

MAX_MODELS_PER_PAGE = 1_000
MAX_VERSIONS_PER_PAGE = 200_000


def _nothing(_tracking: Tracking, _call: Call) -> Body:
    return {}


def _model_write(plan: Plan, answer: _Answer) -> Operation:
    def operation(tracking: Tracking, call: Call) -> Body:
        tracking.record(call, plan, [f"model/{call.body.text('model_id')}"])
        return answer(tracking, call)

    return operation


def _registry_write(plan: Plan, answer: _Answer) -> Operation:
    """A write about one registered model; the lock is by name, so that numbers are given once."""

    def operation(tracking: Tracking, call: Call) -> Body:
        names = [f"registered/{call.body.text(field)}" for field in ("name", "new_name")]
        tracking.record(call, plan, names)
        return answer(tracking, call)

    return operation


def _create_model(tracking: Tracking, call: Call) -> Body:
    model_id = tracking.record(call, logged_models.create_logged_model, ())
    return {"model": model_body(_model(tracking, call, model_id))}


def _promotion(plan: Plan, answer: _Answer) -> Operation:
    """A write that puts a version to use: refused while what it was made from is quarantined."""

    def operation(tracking: Tracking, call: Call) -> Body:
        def clear_plan(write: Write, body: Fields) -> Planned:
            planned = plan(write, body)
            version = registry.known_version(write, body)
            require_clear_version(write.graph, version, at=tracking.services.clock.now_ms())
            return planned

        return _registry_write(clear_plan, answer)(tracking, call)

    return operation


def _transition(tracking: Tracking, call: Call) -> Body:
    """A version can always be taken out of use."""
    out = call.body.text("stage").lower() in ("none", "archived")
    write = _registry_write if out else _promotion
    return write(registry.transition_stage, _read_version)(tracking, call)


def _create_version(tracking: Tracking, call: Call) -> Body:
    def clear_plan(write: Write, body: Fields) -> Planned:
        planned = registry.create_version(write, body)
        require_clear_source(
            write.graph,
            call.project,
            body.text("source"),
            run_id=body.text("run_id"),
            model_id=body.text("model_id"),
            at=tracking.services.clock.now_ms(),
        )
        return planned

    locks = [f"registered/{call.body.text('name')}"]
    number = tracking.record(call, clear_plan, locks)
    return {"model_version": version_body(_version(tracking, call, number))}


def _read_model(tracking: Tracking, call: Call) -> Body:
    deleted = call.body.text("allow_deleted").lower() == "true"
    model = _model(tracking, call, call.body.required("model_id"), deleted=deleted)
    return {"model": model_body(model)}


def _find_models(tracking: Tracking, call: Call) -> Body:
    body = call.body
    ids = tuple(checked_experiment_id(one) for one in body.texts("experiment_ids"))
    if not ids:
        raise UsageError("Missing value for required parameter 'experiment_ids'.")
    datasets = [
        (one.text("dataset_name"), one.text("dataset_digest")) for one in body.objects("datasets")
    ]
    if not all(name for name, _ in datasets):
        raise UsageError("`dataset_name` in the `datasets` clause must be specified.")
    orders = [
        parse_model_order(
            one.required("field_name"),
            descending=one.raw("ascending") is False,
            name=one.text("dataset_name"),
            digest=one.text("dataset_digest"),
        )
        for one in body.objects("order_by")
    ]
    limit = body.integer("max_results")
    search = ModelSearch(
        project=call.project,
        experiment_ids=ids,
        filter=body.text("filter"),
        datasets=tuple(datasets),
        order_by=tuple(orders),
        max_results=100 if limit is None else limit,
        page_token=body.text("page_token"),
    )
    services = tracking.services
    visible = tracking.see()
    found = search_models(services.graph, services.metrics, search, visible=visible)
    return page_body("models", [model_body(one) for one in found.models], found.next_page_token)


def _list_model_files(tracking: Tracking, call: Call) -> Body:
    model = _model(tracking, call, call.body.required("model_id"))
    relative = call.body.text("artifact_directory_path")
    if relative:
        checked_artifact_path(relative)
    if not model.artifact_uri.startswith(PROXIED):
        raise UsageError(f"The files of model {model.model_id} are not kept here.")
    root = model.artifact_uri.removeprefix(PROXIED).lstrip("/")
    path = f"{root}/{relative}" if relative else root
    found = folder(tracking.services.graph, project=call.project, path=path)
    return {"root_uri": model.artifact_uri, **listed_body(found, relative)}


def _read_registered(tracking: Tracking, call: Call) -> Body:
    return {"registered_model": registered_body(_registered(tracking, call, "name"))}


def _read_renamed(tracking: Tracking, call: Call) -> Body:
    return {"registered_model": registered_body(_registered(tracking, call, "new_name"))}


def _read_version(tracking: Tracking, call: Call) -> Body:
    version = _version(tracking, call, call.body.required("version"))
    return {"model_version": version_body(version)}


def _read_alias(tracking: Tracking, call: Call) -> Body:
    alias = call.body.required("alias")
    model = _registered(tracking, call, "name")
    if alias not in model.aliases:
        raise UsageError(f"Registered model alias {alias[:255]} not found.")
    version = _version(tracking, call, str(model.aliases[alias]))
    return {"model_version": version_body(version)}


def _read_latest(tracking: Tracking, call: Call) -> Body:
    model = _registered(tracking, call, "name")
    wanted = {stage.lower() for stage in call.body.texts("stages")}
    unknown = wanted - {stage.lower() for stage in registry.STAGES}
    if unknown:
        known = ", ".join(registry.STAGES)
        raise UsageError(
            f"Invalid Model Version stage: {min(unknown)[:60]}. Value must be one of {known}."
        )
    latest = [one for one in model.latest if not wanted or one.stage.lower() in wanted]
    return page_body("model_versions", [version_body(one) for one in latest], "")


def _download_uri(tracking: Tracking, call: Call) -> Body:
    version = _version(tracking, call, call.body.required("version"))
    uri = version.source
    require_clear_source(
        tracking.services.graph,
        call.project,
        uri,
        run_id=version.run_id,
        model_id=version.model_id,
        at=tracking.services.clock.now_ms(),
    )
    if uri.startswith("models:/m-"):
        model = _model(tracking, call, uri.removeprefix("models:/"))
        uri = model.artifact_uri
    return {"artifact_uri": uri}


def _find_registered(tracking: Tracking, call: Call) -> Body:
    visible = tracking.see_graph()
    search = _search(call, 100, MAX_MODELS_PER_PAGE)
    found, token = search_registered(tracking.services.graph, search, visible=visible)
    return page_body("registered_models", [registered_body(one) for one in found], token)


def _find_versions(tracking: Tracking, call: Call) -> Body:
    visible = tracking.see_graph()
    search = _search(call, 10_000, MAX_VERSIONS_PER_PAGE)
    found, token = search_versions(tracking.services.graph, search, visible=visible)
    return page_body("model_versions", [version_body(one) for one in found], token)


def _search(call: Call, usual: int, most: int) -> RegistrySearch:
    limit = call.body.integer("max_results")
    if limit is not None and limit > most:
        raise call.body.wrong("max_results", f"It must be at most {most}.")
    return RegistrySearch(
        project=call.project,
        filter=call.body.text("filter"),
        order_by=call.body.texts("order_by"),
        max_results=usual if limit is None else limit,
        page_token=call.body.text("page_token"),
    )


def _model(tracking: Tracking, call: Call, model_id: str, *, deleted: bool = False) -> MlflowModel:
    tracking.see()
    services = tracking.services
    return get_model(
        services.graph,
        services.metrics,
        project=call.project,
        model_id=model_id,
        deleted=deleted,
    )


def _registered(tracking: Tracking, call: Call, field: str) -> MlflowRegistered:
    tracking.see_graph()
    graph = tracking.services.graph
    node = registry.model_named(graph, call.project, call.body.required(field))
    return registered(graph, [node])[0]


def _version(tracking: Tracking, call: Call, version: str) -> MlflowVersion:
    tracking.see_graph()
    graph, name = tracking.services.graph, call.body.required("name")
    model = registry.model_named(graph, call.project, name)
    return shown_versions(graph, [registry.version_node(graph, model, name, version)])[0]


_MODEL = "logged-models/{model_id}"
_REGISTERED = "registered-models"
_VERSIONS = "model-versions"

MODEL_OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("POST", "logged-models"): _create_model,
    ("POST", "logged-models/search"): _find_models,
    ("GET", _MODEL): _read_model,
    ("PATCH", _MODEL): _model_write(logged_models.finalize_logged_model, _read_model),
    ("DELETE", _MODEL): _model_write(logged_models.delete_logged_model, _nothing),
    ("POST", f"{_MODEL}/params"): _model_write(logged_models.log_model_params, _nothing),
    ("PATCH", f"{_MODEL}/tags"): _model_write(logged_models.set_model_tags, _read_model),
    ("DELETE", f"{_MODEL}/tags/{{tag_key}}"): _model_write(
        logged_models.delete_model_tag, _nothing
    ),
    ("GET", f"{_MODEL}/artifacts/directories"): _list_model_files,
    ("POST", f"{_REGISTERED}/create"): _registry_write(
        registry.create_registered_model, _read_registered
    ),
    ("GET", f"{_REGISTERED}/get"): _read_registered,
    ("PATCH", f"{_REGISTERED}/update"): _registry_write(
        registry.update_registered_model, _read_registered
    ),
    ("POST", f"{_REGISTERED}/rename"): _registry_write(
        registry.rename_registered_model, _read_renamed
    ),
    ("DELETE", f"{_REGISTERED}/delete"): _registry_write(
        registry.delete_registered_model, _nothing
    ),
    ("GET", f"{_REGISTERED}/search"): _find_registered,
    ("POST", f"{_REGISTERED}/set-tag"): _registry_write(registry.set_registered_tag, _nothing),
    ("DELETE", f"{_REGISTERED}/delete-tag"): _registry_write(
        registry.delete_registered_tag, _nothing
    ),
    ("POST", f"{_REGISTERED}/alias"): _promotion(registry.set_alias, _nothing),
    ("DELETE", f"{_REGISTERED}/alias"): _registry_write(registry.delete_alias, _nothing),
    ("GET", f"{_REGISTERED}/alias"): _read_alias,
    ("GET", f"{_REGISTERED}/get-latest-versions"): _read_latest,
    ("POST", f"{_REGISTERED}/get-latest-versions"): _read_latest,
    ("POST", f"{_VERSIONS}/create"): _create_version,
    ("GET", f"{_VERSIONS}/get"): _read_version,
    ("PATCH", f"{_VERSIONS}/update"): _registry_write(registry.update_version, _read_version),
    ("DELETE", f"{_VERSIONS}/delete"): _registry_write(registry.delete_version, _nothing),
    ("GET", f"{_VERSIONS}/search"): _find_versions,
    ("GET", f"{_VERSIONS}/get-download-uri"): _download_uri,
    ("POST", f"{_VERSIONS}/transition-stage"): _transition,
    ("POST", f"{_VERSIONS}/set-tag"): _registry_write(registry.set_version_tag, _nothing),
    ("DELETE", f"{_VERSIONS}/delete-tag"): _registry_write(registry.delete_version_tag, _nothing),
}
"""Method and path below the tracking API's prefix; a ``{name}`` in a path is a field, too."""
