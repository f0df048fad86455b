"""What the records of models come to: the entries that say what is not recorded yet.

What was deleted here is not brought back by importing it again.
"""

from collections.abc import Mapping
from typing import Final, cast

import orjson

from domain.canonical import JsonObject, sha256_text
from domain.errors import NotFoundError
from domain.ids import derived_id
from domain.model import (
    LOGGED_MODEL_CREATED,
    LOGGED_MODEL_DELETED,
    LOGGED_MODEL_UPDATED,
    MODEL_VERSION_CREATED,
    MODEL_VERSION_UPDATED,
    REGISTERED_MODEL_CREATED,
    REGISTERED_MODEL_UPDATED,
    LoggedModelCreated,
    LoggedModelRef,
    LoggedModelUpdated,
    ModelVersionCreated,
    ModelVersionUpdated,
    RegisteredModelCreated,
    RegisteredModelUpdated,
)
from graph.artifact_uri import artifact_locations, artifact_uri
from graph.model import Node, entity_id
from graph.model_projector import logged_model, model_version, registered_model
from graph.port import GraphReader
from graph.projector import ACTIVE
from ingest.mlflow.registry import aliases_of, find_model
from ingest.model_record import LoggedModelRecord, RegisteredModelRecord, VersionOf
from ingest.run_state import ANONYMOUS, any_run, experiment_for
from ledger.entry import Draft

SOURCE: Final = "import"
_NO_STAGE: Final = "None"
_PENDING: Final = "LOGGED_MODEL_PENDING"


def plan_logged_model(graph: GraphReader, project: str, record: LoggedModelRecord) -> list[Draft]:
    """The drafts that make the logged model what the record says."""
    model_id = record["model_id"]
    node = graph.nodes([logged_model(project, model_id)]).get(logged_model(project, model_id))
    if node is not None and node.attributes.get("lifecycle") != ACTIVE:
        return []
    drafts: list[Draft] = []
    if node is None:
        experiment_id, drafts = experiment_for(
            graph,
            project,
            record["experiment"]["name"],
            source=SOURCE,
            wanted_id=record["experiment"]["id"],
        )
        created = LoggedModelCreated(
            model_id=model_id,
            experiment_id=experiment_id,
            name=record["name"],
            model_type=record["model_type"],
            source_run_id=record["run_id"],
            params=record["params"],
            tags=record["tags"],
        )
        drafts.append(_draft(project, LOGGED_MODEL_CREATED, created))
    stands = node.attributes if node else {f"tags.{k}": v for k, v in record["tags"].items()}
    updated = LoggedModelUpdated(model_id=model_id)
    if record["status"] != stands.get("status", _PENDING):
        updated["status"] = record["status"]
    tags = _changed(stands, record["tags"])
    if tags:
        updated["tags"] = tags
    if len(updated) > 1:
        drafts.append(_draft(project, LOGGED_MODEL_UPDATED, updated, _changes(graph, node)))
    if record["deleted"]:
        deleted = LoggedModelRef(model_id=model_id)
        drafts.append(_draft(project, LOGGED_MODEL_DELETED, deleted))
    return drafts


def plan_registered_model(
    graph: GraphReader, project: str, record: RegisteredModelRecord, *, dry: bool
) -> list[Draft]:
    """The drafts that make the registered model and its versions what the record says.

    Raises ``NotFoundError`` for a version whose files are a run's that is not recorded, unless
    ``dry``: then it might have been by now.
    """
    found = find_model(graph, project, record["name"])
    model = derived_id("import.registered", project, record["name"])
    drafts: list[Draft] = []
    if found is not None:
        model = entity_id(found.id).partition("/")[2]
    elif graph.nodes([registered_model(project, model)]):
        return []
    else:
        created = RegisteredModelCreated(
            model=model,
            name=record["name"],
            description=record["description"],
            tags=record["tags"],
        )
        drafts.append(_draft(project, REGISTERED_MODEL_CREATED, created))
    for version in record["versions"]:
        drafts += _version(graph, project, model, version, dry)
    updated = _registered(found, record, model)
    if len(updated) > 1:
        drafts.append(_draft(project, REGISTERED_MODEL_UPDATED, updated, _changes(graph, found)))
    return drafts


def _registered(
    found: Node | None, record: RegisteredModelRecord, model: str
) -> RegisteredModelUpdated:
    """What changes of a registered model itself: of a new one, the aliases."""
    updated = RegisteredModelUpdated(model=model)
    stands = aliases_of(found) if found else {}
    aliases = {name: n for name, n in record["aliases"].items() if stands.get(name) != n}
    if aliases:
        updated["aliases"] = aliases
    if found is None:
        return updated
    tags = _changed(found.attributes, record["tags"])
    if tags:
        updated["tags"] = tags
    if record["description"] != found.attributes.get("description", ""):
        updated["description"] = record["description"]
    return updated


def _version(
    graph: GraphReader, project: str, model: str, version: VersionOf, dry: bool
) -> list[Draft]:
    wanted = model_version(project, model, version["version"])
    node = graph.nodes([wanted]).get(wanted)
    if node is not None and node.attributes.get("lifecycle") != ACTIVE:
        return []
    drafts: list[Draft] = []
    stands: Mapping[str, str | int] = node.attributes if node else {}
    if node is None:
        created = ModelVersionCreated(
            model=model,
            version=version["version"],
            source="" if dry else _source(graph, project, version),
            run_id=version["run_id"],
            run_link=version["run_link"],
            model_id=version["model_id"],
            description=version["description"],
            tags=version["tags"],
        )
        drafts.append(_draft(project, MODEL_VERSION_CREATED, created))
        stands = {"description": version["description"], **_as_tags(version["tags"])}
    updated = ModelVersionUpdated(model=model, version=version["version"])
    if version["stage"] != stands.get("stage", _NO_STAGE):
        updated["stage"] = version["stage"]
    if version["description"] != stands.get("description", ""):
        updated["description"] = version["description"]
    tags = _changed(stands, version["tags"])
    if tags:
        updated["tags"] = tags
    if len(updated) > 2:
        drafts.append(_draft(project, MODEL_VERSION_UPDATED, updated, _changes(graph, node)))
    return drafts


def _source(graph: GraphReader, project: str, version: VersionOf) -> str:
    """Where the files are: at the address that is given, or with the run's other artifacts."""
    run_id = version.get("source_run", "")
    if not run_id:
        return version.get("source", "")
    run = any_run(graph, project, run_id)
    if run is None:
        raise NotFoundError(
            f"Run with id={run_id[:64]} not found, which has the files of version "
            f"{version['version']}.",
            hint="Import the run before the registry.",
        )
    root = artifact_uri(run, artifact_locations(graph, [run]))
    return f"{root}/{version.get('run_path', '')}".rstrip("/")


def _as_tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {f"tags.{key}": value for key, value in tags.items()}


def _changed(stands: Mapping[str, str | int], tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if stands.get(f"tags.{key}") != value}


def _changes(graph: GraphReader, node: Node | None) -> int:
    """How often the node was changed: what is said again after something else is another thing."""
    return len(graph.history(node.id)) if node else 0


def _draft(project: str, kind: str, payload: Mapping[str, object], changes: int = 0) -> Draft:
    body = cast("JsonObject", payload)
    key = sha256_text(orjson.dumps([kind, body, changes], option=orjson.OPT_SORT_KEYS))
    return Draft(
        type=kind,
        project=project,
        actor=ANONYMOUS,
        source=SOURCE,
        idem=f"import/{key}",
        payload=body,
    )
