"""Writes about registered models, their versions, aliases, tags and stages."""

import re

from domain.errors import ConflictError, ErrorCode, NotFoundError, UsageError
from domain.ids import derived_id
from domain.model import (
    MODEL_VERSION_CREATED,
    MODEL_VERSION_DELETED,
    MODEL_VERSION_UPDATED,
    REGISTERED_MODEL_CREATED,
    REGISTERED_MODEL_DELETED,
    REGISTERED_MODEL_UPDATED,
    ModelVersionCreated,
    ModelVersionRef,
    ModelVersionUpdated,
    RegisteredModelCreated,
    RegisteredModelRef,
    RegisteredModelUpdated,
)
from domain.names import checked_name, checked_text
from graph.model import Node, NodeKind, entity_id
from graph.model_projector import model_version
from graph.port import Condition, GraphReader, NodeQuery, Operator
from graph.projector import ACTIVE
from ingest.limits import (
    MAX_ALIAS,
    MAX_DESCRIPTION,
    MAX_REGISTERED_NAME,
    MAX_REGISTRY_TAG_KEY,
    MAX_REGISTRY_TAG_VALUE,
)
from ingest.mlflow.fields import Fields, invalid, missing, too_long
from ingest.mlflow.keys import tag_of
from ingest.mlflow.locations import checked_source
from ingest.mlflow.logged_models import known_model
from ingest.mlflow.write import Planned, Write
from ledger.entry import Draft

STAGES = ("None", "Staging", "Production", "Archived")
_ALIAS = re.compile(r"[\w\-]*", re.ASCII)
_LOGGED = "models:/"
"""How the address of a logged model begins, before its id."""
_VERSION_ALIAS = re.compile(r"v\d+", re.IGNORECASE)


def create_registered_model(write: Write, body: Fields) -> Planned:
    """``registered-models/create``: ALREADY_EXISTS when the name is taken."""
    name = _name(body, "name")
    _check_free(write, name)
    model = derived_id("mlflow.registered", write.project, write.idem)
    payload = RegisteredModelCreated(
        model=model, name=name, description=_description(body), tags=_tags(body)
    )
    return Planned((write.draft(REGISTERED_MODEL_CREATED, payload, actor=""),), name)


def update_registered_model(write: Write, body: Fields) -> Planned:
    """``registered-models/update``: the description."""
    return _update(write, body, RegisteredModelUpdated(model="", description=_description(body)))


def rename_registered_model(write: Write, body: Fields) -> Planned:
    """``registered-models/rename``: ALREADY_EXISTS when the name is taken."""
    name = _name(body, "new_name")
    named_model(write, body)
    _check_free(write, name)
    planned = _update(write, body, RegisteredModelUpdated(model="", name=name))
    return Planned(planned.drafts, name)


def delete_registered_model(write: Write, body: Fields) -> Planned:
    """``registered-models/delete``: with all its versions; the name is free again."""
    model = named_model(write, body)
    payload = RegisteredModelRef(model=_id(model))
    drafts = [write.draft(REGISTERED_MODEL_DELETED, payload, actor="")]
    for part, version in enumerate(versions_of(write.graph, model), start=1):
        drafts.append(_delete_draft(write, version, part))
    return Planned(tuple(drafts), body.text("name"))


def set_registered_tag(write: Write, body: Fields) -> Planned:
    """``registered-models/set-tag``."""
    return _update(write, body, RegisteredModelUpdated(model="", tags=dict([_tag(body)])))


def delete_registered_tag(write: Write, body: Fields) -> Planned:
    """``registered-models/delete-tag``: fine when there is none."""
    return _update(write, body, RegisteredModelUpdated(model="", untag=body.required("key")))


def set_alias(write: Write, body: Fields) -> Planned:
    """``registered-models/alias``: the alias names this version from now on."""
    alias = _alias(body)
    if alias.lower() == "latest":
        raise UsageError("'latest' alias name (case insensitive) is reserved.")
    if _VERSION_ALIAS.fullmatch(alias):
        raise UsageError(f"Version alias name '{alias}' is reserved.")
    version = known_version(write, body)
    aliases = {alias: _number(version)}
    return _update(write, body, RegisteredModelUpdated(model="", aliases=aliases))


def delete_alias(write: Write, body: Fields) -> Planned:
    """``DELETE registered-models/alias``: fine when there is none."""
    return _update(write, body, RegisteredModelUpdated(model="", unalias=[_alias(body)]))


def create_version(write: Write, body: Fields) -> Planned:
    """``model-versions/create``: the next number of the model."""
    model = named_model(write, body)
    source = checked_source(body.required("source"))
    model_id = checked_text(body.text("model_id"), what="model_id", limit=500)
    run_id = checked_text(body.text("run_id"), what="run_id", limit=64)
    every = versions_of(write.graph, model, deleted=True)
    number = 1 + max((_number(version) for version in every), default=0)
    payload = ModelVersionCreated(
        model=_id(model),
        version=number,
        source=source,
        run_id=run_id or _run_behind(write, source, model_id),
        run_link=checked_text(body.text("run_link"), what="run_link", limit=500),
        model_id=model_id,
        description=_description(body),
        tags=_tags(body),
    )
    return Planned((write.draft(MODEL_VERSION_CREATED, payload, actor=""),), str(number))


def update_version(write: Write, body: Fields) -> Planned:
    """``model-versions/update``: the description."""
    description = _description(body)
    return _update_version(
        write, body, ModelVersionUpdated(model="", version=0, description=description)
    )


def transition_stage(write: Write, body: Fields) -> Planned:
    """``model-versions/transition-stage``, and archive those that were in it if asked."""
    wanted = body.required("stage")
    stage = next((one for one in STAGES if one.lower() == wanted.lower()), None)
    if stage is None:
        known = ", ".join(STAGES)
        raise UsageError(
            f"Invalid Model Version stage: {wanted[:60]}. Value must be one of {known}."
        )
    archive = body.raw("archive_existing_versions")
    if archive and stage not in ("Staging", "Production"):
        raise UsageError(
            f"Model version transition cannot archive existing model versions because '{stage}' "
            "is not an Active stage. Valid stages are Staging, Production"
        )
    planned = _update_version(write, body, ModelVersionUpdated(model="", version=0, stage=stage))
    drafts = list(planned.drafts)
    for other in versions_of(write.graph, named_model(write, body)) if archive else ():
        if other.attributes.get("stage") == stage and str(_number(other)) != planned.subject:
            payload = ModelVersionUpdated(
                model=str(other.attributes["model"]), version=_number(other), stage="Archived"
            )
            draft = write.draft(MODEL_VERSION_UPDATED, payload, actor="", part=len(drafts))
            drafts.append(draft)
    return Planned(tuple(drafts), planned.subject)


def delete_version(write: Write, body: Fields) -> Planned:
    """``model-versions/delete``: its aliases go with it."""
    version = known_version(write, body)
    model, number = named_model(write, body), _number(version)
    drafts = [_delete_draft(write, version, 0)]
    aliases = [alias for alias, of in aliases_of(model).items() if of == number]
    if aliases:
        payload = RegisteredModelUpdated(model=_id(model), unalias=aliases)
        drafts.append(write.draft(REGISTERED_MODEL_UPDATED, payload, actor="", part=1))
    return Planned(tuple(drafts), str(number))


def set_version_tag(write: Write, body: Fields) -> Planned:
    """``model-versions/set-tag``."""
    tags = dict([_tag(body)])
    return _update_version(write, body, ModelVersionUpdated(model="", version=0, tags=tags))


def delete_version_tag(write: Write, body: Fields) -> Planned:
    """``model-versions/delete-tag``: fine when there is none."""
    key = body.required("key")
    return _update_version(write, body, ModelVersionUpdated(model="", version=0, untag=key))


def named_model(write: Write, body: Fields) -> Node:
    """The registered model that the request names; ``NotFoundError`` without it."""
    return model_named(write.graph, write.project, _name(body, "name"))


def model_named(graph: GraphReader, project: str, name: str) -> Node:
    """The registered model of that name; ``NotFoundError`` without it."""
    found = find_model(graph, project, name)
    if found is None:
        raise NotFoundError(f"Registered Model with name={name[:256]} not found")
    return found


def known_version(write: Write, body: Fields) -> Node:
    """The version that the request names; ``NotFoundError`` without it."""
    name = _name(body, "name")
    model = named_model(write, body)
    return version_node(write.graph, model, name, body.required("version"))


def version_node(graph: GraphReader, model: Node, name: str, version: str) -> Node:
    """A version by its number as text; ``NotFoundError`` without it."""
    if not version.isascii() or not version.isdecimal() or len(version) > 12:
        raise invalid("version", version, "Model version must be an integer.")
    wanted = model_version(model.project, _id(model), int(version))
    node = graph.nodes([wanted]).get(wanted)
    if node is None or node.attributes.get("lifecycle") != ACTIVE:
        raise NotFoundError(f"Model Version (name={name}, version={version}) not found")
    return node


def versions_of(graph: GraphReader, model: Node, *, deleted: bool = False) -> list[Node]:
    """The versions of a registered model, by number."""
    conditions = [Condition("model", Operator.EQ, _id(model))]
    if not deleted:
        conditions.append(Condition("lifecycle", Operator.EQ, ACTIVE))
    ids = graph.find_ids(NodeQuery(model.project, NodeKind.MODEL_VERSION, tuple(conditions)))
    return sorted(graph.nodes(ids).values(), key=_number)


def aliases_of(model: Node) -> dict[str, int]:
    """Version by alias, by alias."""
    start = "aliases."
    return {
        name.removeprefix(start): int(value)
        for name, value in sorted(model.attributes.items())
        if name.startswith(start)
    }


def _update(write: Write, body: Fields, said: RegisteredModelUpdated) -> Planned:
    payload: RegisteredModelUpdated = {**said, "model": _id(named_model(write, body))}
    draft = write.draft(REGISTERED_MODEL_UPDATED, payload, actor="")
    return Planned((draft,), body.text("name"))


def _update_version(write: Write, body: Fields, said: ModelVersionUpdated) -> Planned:
    version = known_version(write, body)
    number = _number(version)
    model = str(version.attributes["model"])
    payload: ModelVersionUpdated = {**said, "model": model, "version": number}
    return Planned((write.draft(MODEL_VERSION_UPDATED, payload, actor=""),), str(number))


def _delete_draft(write: Write, version: Node, part: int) -> Draft:
    payload = ModelVersionRef(model=str(version.attributes["model"]), version=_number(version))
    return write.draft(MODEL_VERSION_DELETED, payload, actor="", part=part)


def _run_behind(write: Write, source: str, model_id: str) -> str:
    """The run that made the logged model which a version is; empty when it is none."""
    in_source = source.removeprefix(_LOGGED) if source.startswith(_LOGGED) else ""
    wanted = model_id or (in_source if "/" not in in_source and "@" not in in_source else "")
    return str(known_model(write, wanted).attributes["source_run_id"]) if wanted else ""


def find_model(graph: GraphReader, project: str, name: str) -> Node | None:
    """The registered model of that name; None without it."""
    conditions = (
        Condition("name", Operator.EQ, name),
        Condition("lifecycle", Operator.EQ, ACTIVE),
    )
    ids = graph.find_ids(NodeQuery(project, NodeKind.REGISTERED_MODEL, conditions, limit=1))
    return graph.nodes(ids)[ids[0]] if ids else None


def _check_free(write: Write, name: str) -> None:
    if find_model(write.graph, write.project, name) is not None:
        raise ConflictError(
            f"Registered Model (name={name}) already exists.",
            code=ErrorCode.ALREADY_EXISTS,
            hint="Use another name, or add a version to it.",
        )


def _name(body: Fields, field: str) -> str:
    name = body.required(field)
    if not name.strip():
        raise missing(field)
    if "/" in name or ":" in name:
        raise UsageError(f"Invalid model name '{name[:256]}'. Names cannot contain '/' or ':'.")
    if name in (".", ".."):
        raise invalid("name", name, "Names must not resolve to other names as files do.")
    return checked_name(name, what="model name", limit=MAX_REGISTERED_NAME)


def _alias(body: Fields) -> str:
    alias = body.required("alias")
    if not _ALIAS.fullmatch(alias):
        raise UsageError(
            f"Invalid alias name: '{alias[:256]}'. Names may only contain alphanumerics, "
            "underscores (_), and dashes (-)."
        )
    if len(alias) > MAX_ALIAS:
        raise too_long("Registered model alias name", MAX_ALIAS)
    return alias


def _description(body: Fields) -> str:
    text = body.text("description")
    if len(text) > MAX_DESCRIPTION:
        raise too_long("description", MAX_DESCRIPTION)
    return checked_text(text, what="description", limit=MAX_DESCRIPTION)


def _tags(body: Fields) -> dict[str, str]:
    return dict(_tag(tag) for tag in body.objects("tags"))


def _tag(fields: Fields) -> tuple[str, str]:
    key, value = tag_of(fields, limit=MAX_REGISTRY_TAG_VALUE)
    if len(key) > MAX_REGISTRY_TAG_KEY:
        raise too_long("key", MAX_REGISTRY_TAG_KEY)
    return key, value


def _id(model: Node) -> str:
    return entity_id(model.id).partition("/")[2]


def _number(version: Node) -> int:
    return int(version.attributes["version"])
