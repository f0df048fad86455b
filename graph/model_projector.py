"""What the entries about models say about the graph; ``graph.projector`` lists them."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias, cast

from domain.model import (
    LOGGED_MODEL_CREATED,
    LOGGED_MODEL_DELETED,
    LOGGED_MODEL_UPDATED,
    MODEL_VERSION_CREATED,
    MODEL_VERSION_DELETED,
    MODEL_VERSION_UPDATED,
    REGISTERED_MODEL_CREATED,
    REGISTERED_MODEL_DELETED,
    REGISTERED_MODEL_UPDATED,
)
from graph.model import AddNode, Mutation, NodeKind, SetAttribute, UnsetAttribute, node_id
from ledger.entry import Entry

_Payload: TypeAlias = Mapping[str, "str | int | Mapping[str, str | int] | list[str]"]

_PLAIN: Final = (
    "description",
    "experiment_id",
    "model",
    "model_id",
    "model_type",
    "name",
    "run_id",
    "run_link",
    "source",
    "source_run_id",
    "stage",
    "status",
    "version",
)
"""Members of the payloads that become attributes of the same name."""
_NAMED: Final = ("aliases", "params", "tags")
"""Members whose own members become attributes ``<name>.<key>``."""


def logged_model(project: str, model_id: str) -> str:
    """The node of a logged model."""
    return node_id(NodeKind.LOGGED_MODEL, f"{project}/{model_id}")


def registered_model(project: str, model: str) -> str:
    """The node of a registered model, by its id."""
    return node_id(NodeKind.REGISTERED_MODEL, f"{project}/{model}")


def model_version(project: str, model: str, version: int) -> str:
    """The node of a version, by the id of its registered model."""
    return node_id(NodeKind.MODEL_VERSION, f"{project}/{model}/{version}")


def _created(entry: Entry) -> Iterator[Mutation]:
    node, kind = _subject(entry)
    yield AddNode(node, kind, entry.project)
    yield SetAttribute(node, "created_at", entry.at)
    yield SetAttribute(node, "lifecycle", "active")
    yield from _said(entry, node)


def _updated(entry: Entry) -> Iterator[Mutation]:
    node, _ = _subject(entry)
    yield from _said(entry, node)


def _deleted(entry: Entry) -> Iterator[Mutation]:
    node, _ = _subject(entry)
    yield SetAttribute(node, "lifecycle", "deleted")
    yield SetAttribute(node, "updated_at", entry.at)


def _said(entry: Entry, node: str) -> Iterator[Mutation]:
    payload = cast("_Payload", entry.payload)
    yield SetAttribute(node, "updated_at", entry.at)
    for name in _PLAIN:
        if name in payload:
            yield SetAttribute(node, name, cast("str | int", payload[name]))
    for prefix in _NAMED:
        named = cast("Mapping[str, str | int]", payload.get(prefix, {}))
        for key in sorted(named):
            yield SetAttribute(node, f"{prefix}.{key}", named[key])
    if "untag" in payload:
        yield UnsetAttribute(node, f"tags.{payload['untag']}")
    for alias in cast("list[str]", payload.get("unalias", [])):
        yield UnsetAttribute(node, f"aliases.{alias}")


def _subject(entry: Entry) -> tuple[str, NodeKind]:
    payload = cast("Mapping[str, str | int]", entry.payload)
    if entry.type.startswith("logged_model."):
        return logged_model(entry.project, str(payload["model_id"])), NodeKind.LOGGED_MODEL
    model = str(payload["model"])
    if entry.type.startswith("registered_model."):
        return registered_model(entry.project, model), NodeKind.REGISTERED_MODEL
    node = model_version(entry.project, model, int(payload["version"]))
    return node, NodeKind.MODEL_VERSION


MODELS: Final[Mapping[str, Callable[[Entry], Iterator[Mutation]]]] = MappingProxyType(
    {
        LOGGED_MODEL_CREATED: _created,
        LOGGED_MODEL_UPDATED: _updated,
        LOGGED_MODEL_DELETED: _deleted,
        REGISTERED_MODEL_CREATED: _created,
        REGISTERED_MODEL_UPDATED: _updated,
        REGISTERED_MODEL_DELETED: _deleted,
        MODEL_VERSION_CREATED: _created,
        MODEL_VERSION_UPDATED: _updated,
        MODEL_VERSION_DELETED: _deleted,
    }
)
