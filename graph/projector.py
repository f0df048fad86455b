"""What each ledger entry says about the graph: pure, and shared by every store.

``mutations`` is a table from entry type to function; an entry type that is not in it says nothing
about the graph. Attribute names are fixed but for their last part where clients name things:
``params.<key>``, ``tags.<key>``, ``attributes.<key>``, ``input_tags.<artifact id>.<role>``,
``output_tags.<artifact id>.<role>``. None is ever ``id``, ``project`` or ``seq``, which stores keep
for the node itself.
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias, cast

from domain.artifact import (
    ARTIFACT_DELETED,
    ARTIFACT_LOGGED,
    EXAMPLES_PATH,
    EXAMPLES_SUFFIXES,
    ArtifactDeleted,
    ArtifactLogged,
)
from domain.canonical import JsonObject, JsonValue
from domain.experiment import (
    EXPERIMENT_CREATED,
    EXPERIMENT_DELETED,
    EXPERIMENT_RENAMED,
    EXPERIMENT_RESTORED,
    EXPERIMENT_TAG_DELETED,
    EXPERIMENT_TAGGED,
    ExperimentCreated,
    ExperimentRef,
    ExperimentRenamed,
    ExperimentTagDeleted,
    ExperimentTagged,
)
from domain.ids import derived_id
from domain.run import (
    RUN_DELETED,
    RUN_INPUTS_LOGGED,
    RUN_LOGGED,
    RUN_OUTPUTS_LOGGED,
    RUN_RESTORED,
    RUN_STARTED,
    RUN_TAG_DELETED,
    RUN_UPDATED,
    RunInputsLogged,
    RunLogged,
    RunOutputsLogged,
    RunRef,
    RunStarted,
    RunStatus,
    RunTagDeleted,
    RunUpdated,
)
from domain.verdict import POLICY_APPLIED, VERDICT_RECORDED, PolicyApplied, VerdictRecorded
from graph.governance_projector import GOVERNANCE
from graph.lineage_projector import LINEAGE_ENTRIES
from graph.model import (
    AddEdge,
    AddNode,
    EdgeType,
    Mutation,
    NodeKind,
    SetAttribute,
    UnsetAttribute,
    node_id,
)
from graph.model_projector import MODELS
from graph.provenance import (
    canonical_text,
    generated,
    informed_by,
    job_node,
    known_job,
    texts,
    used,
)
from ledger.entry import Entry

_EXAMPLES: Final = tuple(f"/{EXAMPLES_PATH}{suffix}" for suffix in EXAMPLES_SUFFIXES)

PROJECTOR_VERSION: Final = 2
"""Raised whenever the same entry comes to mean other mutations; a store of another version is
emptied and rebuilt."""

ACTIVE: Final = "active"
DELETED: Final = "deleted"
"""Values of the attribute ``lifecycle``."""
ERASABLE: Final = "erasable"
"""The attribute of runs whose payloads are sealed; when they are erased it is what is left."""


def mutations(entry: Entry) -> list[Mutation]:
    """What ``entry`` changes in the graph. All of it holds from the seq of the entry on."""
    project = _PROJECTORS.get(entry.type)
    return [] if project is None else list(project(entry))


def _experiment_created(entry: Entry) -> Iterator[Mutation]:
    payload = cast("ExperimentCreated", entry.payload)
    node = _experiment(entry, payload["experiment_id"])
    yield AddNode(node, NodeKind.EXPERIMENT, entry.project)
    yield SetAttribute(node, "experiment_id", payload["experiment_id"])
    yield SetAttribute(node, "name", payload["name"])
    yield SetAttribute(node, "artifact_location", payload["artifact_location"])
    yield SetAttribute(node, "lifecycle", ACTIVE)
    yield SetAttribute(node, "created_at", entry.at)
    yield SetAttribute(node, "updated_at", entry.at)
    yield from texts(node, "tags", payload["tags"])


def _experiment_renamed(entry: Entry) -> Iterator[Mutation]:
    payload = cast("ExperimentRenamed", entry.payload)
    node = _experiment(entry, payload["experiment_id"])
    yield SetAttribute(node, "name", payload["name"])
    yield SetAttribute(node, "updated_at", entry.at)


def _experiment_tagged(entry: Entry) -> Iterator[Mutation]:
    payload = cast("ExperimentTagged", entry.payload)
    node = _experiment(entry, payload["experiment_id"])
    yield SetAttribute(node, f"tags.{payload['key']}", payload["value"])


def _experiment_tag_deleted(entry: Entry) -> Iterator[Mutation]:
    payload = cast("ExperimentTagDeleted", entry.payload)
    yield UnsetAttribute(_experiment(entry, payload["experiment_id"]), f"tags.{payload['key']}")


def _experiment_deleted(entry: Entry) -> Iterator[Mutation]:
    return _experiment_lifecycle(entry, DELETED)


def _experiment_restored(entry: Entry) -> Iterator[Mutation]:
    return _experiment_lifecycle(entry, ACTIVE)


def _experiment_lifecycle(entry: Entry, lifecycle: str) -> Iterator[Mutation]:
    payload = cast("ExperimentRef", entry.payload)
    node = _experiment(entry, payload["experiment_id"])
    yield SetAttribute(node, "lifecycle", lifecycle)
    yield SetAttribute(node, "updated_at", entry.at)


def _run_started(entry: Entry) -> Iterator[Mutation]:
    payload = cast("RunStarted", entry.payload)
    node = node_id(NodeKind.RUN, payload["run_id"])
    yield AddNode(node, NodeKind.RUN, entry.project)
    yield SetAttribute(node, "name", payload["name"])
    yield SetAttribute(node, "experiment_id", payload["experiment_id"])
    yield SetAttribute(node, "user", payload["user"])
    yield SetAttribute(node, "status", RunStatus.RUNNING.value)
    yield SetAttribute(node, "start_time", payload["start_time"])
    yield SetAttribute(node, "lifecycle", ACTIVE)
    if payload.get("erasable"):
        yield SetAttribute(node, ERASABLE, "true")
    yield from texts(node, "tags", payload["tags"])
    yield AddEdge(node, EdgeType.IN_EXPERIMENT, _experiment(entry, payload["experiment_id"]))
    if payload["user"]:
        agent = node_id(NodeKind.AGENT, f"{entry.project}/{payload['user']}")
        yield AddNode(agent, NodeKind.AGENT, entry.project)
        yield SetAttribute(agent, "name", payload["user"])
        yield AddEdge(node, EdgeType.WAS_ASSOCIATED_WITH, agent)
    if payload["job"]:
        yield from known_job(entry, payload["job"])
        yield AddEdge(node, EdgeType.EXECUTION_OF, job_node(entry, payload["job"]))
    yield from informed_by(node, payload["parent_run_id"])
    yield from used(entry, node, payload["uses"])


def _run_updated(entry: Entry) -> Iterator[Mutation]:
    payload = cast("RunUpdated", entry.payload)
    node = node_id(NodeKind.RUN, payload["run_id"])
    if "status" in payload:
        yield SetAttribute(node, "status", payload["status"])
    if "start_time" in payload:
        yield SetAttribute(node, "start_time", payload["start_time"])
    if "end_time" in payload:
        yield SetAttribute(node, "end_time", payload["end_time"])
    if "name" in payload:
        yield SetAttribute(node, "name", payload["name"])


def _run_logged(entry: Entry) -> Iterator[Mutation]:
    payload = cast("RunLogged", entry.payload)
    node = node_id(NodeKind.RUN, payload["run_id"])
    yield from texts(node, "params", payload["params"])
    yield from texts(node, "tags", payload["tags"])
    yield from informed_by(node, payload.get("parent_run_id", ""))
    yield from used(entry, node, payload["uses"])


def _run_tag_deleted(entry: Entry) -> Iterator[Mutation]:
    payload = cast("RunTagDeleted", entry.payload)
    yield UnsetAttribute(node_id(NodeKind.RUN, payload["run_id"]), f"tags.{payload['key']}")


def _run_inputs_logged(entry: Entry) -> Iterator[Mutation]:
    payload = cast("RunInputsLogged", entry.payload)
    return used(entry, node_id(NodeKind.RUN, payload["run_id"]), payload["uses"])


def _run_outputs_logged(entry: Entry) -> Iterator[Mutation]:
    payload = cast("RunOutputsLogged", entry.payload)
    return generated(entry, node_id(NodeKind.RUN, payload["run_id"]), payload["generates"])


def _run_deleted(entry: Entry) -> Iterator[Mutation]:
    payload = cast("RunRef", entry.payload)
    yield SetAttribute(node_id(NodeKind.RUN, payload["run_id"]), "lifecycle", DELETED)


def _run_restored(entry: Entry) -> Iterator[Mutation]:
    payload = cast("RunRef", entry.payload)
    yield SetAttribute(node_id(NodeKind.RUN, payload["run_id"]), "lifecycle", ACTIVE)


def _policy_applied(entry: Entry) -> Iterator[Mutation]:
    payload = cast("PolicyApplied", entry.payload)
    node = _policy(entry, payload["name"], payload["digest"])
    yield AddNode(node, NodeKind.POLICY, entry.project)
    yield SetAttribute(node, "name", payload["name"])
    yield SetAttribute(node, "digest", payload["digest"])
    yield SetAttribute(node, "document", canonical_text(payload["document"]))
    # Applying an older version again puts it back in force: the latest application decides.
    yield SetAttribute(node, "applied_at", entry.seq)


def _verdict_recorded(entry: Entry) -> Iterator[Mutation]:
    payload = cast("VerdictRecorded", entry.payload)
    statement = payload["statement"]
    digest = str(_member(statement, "policy", "digest") or "")
    node = node_id(NodeKind.VERDICT, payload["verdict_id"])
    yield AddNode(node, NodeKind.VERDICT, entry.project)
    yield SetAttribute(node, "verdict_id", payload["verdict_id"])
    yield SetAttribute(node, "policy_name", payload["policy_name"])
    yield SetAttribute(node, "policy_digest", digest)
    yield SetAttribute(node, "outcome", payload["outcome"])
    yield SetAttribute(node, "statement", canonical_text(statement))
    yield AddEdge(node, EdgeType.UNDER_POLICY, _policy(entry, payload["policy_name"], digest))
    for run in payload["run_ids"]:
        yield AddEdge(node, EdgeType.JUDGED, node_id(NodeKind.RUN, run), "candidate")
    for run in _baseline_run_ids(statement):
        yield AddEdge(node, EdgeType.JUDGED, node_id(NodeKind.RUN, run), "baseline")


def _artifact_logged(entry: Entry) -> Iterator[Mutation]:
    payload = cast("ArtifactLogged", entry.payload)
    node = _file(entry, payload["path"])
    yield AddNode(node, NodeKind.FILE, entry.project)
    yield SetAttribute(node, "path", payload["path"])
    # Under one run or model stand few files: what a folder holds is found by this.
    yield SetAttribute(node, "root", file_root(payload["path"]))
    yield SetAttribute(node, "run_id", payload["run_id"])
    yield SetAttribute(node, "digest", payload["digest"])
    yield SetAttribute(node, "size", payload["size"])
    if "blob" in payload and "sealed_for" in payload:
        yield SetAttribute(node, "blob", payload["blob"])
        yield SetAttribute(node, "sealed_for", payload["sealed_for"])
    elif payload["run_id"] and payload["path"].endswith(_EXAMPLES):
        suffix = payload["path"].rpartition(".")[2]
        run = node_id(NodeKind.RUN, payload["run_id"])
        yield SetAttribute(run, "examples", f"{payload['digest']}.{suffix}")
    yield SetAttribute(node, "lifecycle", ACTIVE)


def _artifact_deleted(entry: Entry) -> Iterator[Mutation]:
    payload = cast("ArtifactDeleted", entry.payload)
    for path in payload["paths"]:
        yield SetAttribute(_file(entry, path), "lifecycle", DELETED)


def file_root(path: str) -> str:
    """The first two folders of a path, as far as it has them."""
    return "/".join(path.split("/")[:-1][:2])


def _baseline_run_ids(statement: JsonObject) -> list[str]:
    ids = _member(statement, "baseline", "run_ids")
    return [str(run) for run in ids] if isinstance(ids, list | tuple) else []


def _experiment(entry: Entry, experiment_id: str) -> str:
    return node_id(NodeKind.EXPERIMENT, f"{entry.project}/{experiment_id}")


def _file(entry: Entry, path: str) -> str:
    return node_id(NodeKind.FILE, f"{entry.project}/{path}")


def _policy(entry: Entry, name: str, digest: str) -> str:
    return node_id(NodeKind.POLICY, derived_id("policy", entry.project, name, digest))


def _member(value: JsonValue, *path: str) -> JsonValue:
    """The member at ``path``, None where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


_Projector: TypeAlias = Callable[[Entry], Iterator[Mutation]]

_PROJECTORS: Final[Mapping[str, _Projector]] = MappingProxyType(
    {
        EXPERIMENT_CREATED: _experiment_created,
        EXPERIMENT_RENAMED: _experiment_renamed,
        EXPERIMENT_TAGGED: _experiment_tagged,
        EXPERIMENT_TAG_DELETED: _experiment_tag_deleted,
        EXPERIMENT_DELETED: _experiment_deleted,
        EXPERIMENT_RESTORED: _experiment_restored,
        RUN_STARTED: _run_started,
        RUN_UPDATED: _run_updated,
        RUN_LOGGED: _run_logged,
        RUN_TAG_DELETED: _run_tag_deleted,
        RUN_INPUTS_LOGGED: _run_inputs_logged,
        RUN_OUTPUTS_LOGGED: _run_outputs_logged,
        RUN_DELETED: _run_deleted,
        RUN_RESTORED: _run_restored,
        ARTIFACT_LOGGED: _artifact_logged,
        ARTIFACT_DELETED: _artifact_deleted,
        **MODELS,
        POLICY_APPLIED: _policy_applied,
        VERDICT_RECORDED: _verdict_recorded,
        **GOVERNANCE,
        **LINEAGE_ENTRIES,
    }
)
