"""What the entries of governance say about the graph; ``graph.projector`` lists them."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias, cast

from domain.approver import APPROVERS_SET
from domain.canonical import JsonValue, canonical_bytes
from domain.ids import derived_id
from domain.quarantine import (
    QUARANTINE_CONDEMNED,
    QUARANTINE_HELD,
    QUARANTINE_PROPAGATED,
    QUARANTINE_RELEASED,
    Closure,
    QuarantineEnded,
    QuarantineHeld,
    QuarantineState,
)
from domain.schedule import (
    SCHEDULE_COMMITTED,
    TASK_COMMITTED,
    ScheduleCommitted,
    TaskCommitted,
)
from domain.signature import (
    ARTIFACT_SIGNED,
    SIGNATURE_REVOKED,
    ArtifactSigned,
    SignatureRevoked,
)
from domain.waiver import (
    WAIVER_EXPIRED,
    WAIVER_REVOKED,
    WAIVER_SUBMITTED,
    WaiverEnded,
    WaiverSubmitted,
)
from graph.model import (
    AddEdge,
    AddNode,
    EdgeType,
    Mutation,
    NodeKind,
    SetAttribute,
    node_id,
)
from ledger.entry import Entry


def _held(entry: Entry) -> Iterator[Mutation]:
    payload = cast("QuarantineHeld", entry.payload)
    node = node_id(NodeKind.QUARANTINE, payload["root"])
    yield AddNode(node, NodeKind.QUARANTINE, entry.project)
    yield SetAttribute(node, "root", payload["root"])
    yield SetAttribute(node, "state", QuarantineState.HELD.value)
    yield SetAttribute(node, "reason", payload["reason"])
    yield SetAttribute(node, "trigger", payload["trigger"])
    yield SetAttribute(node, "held_at", entry.seq)
    yield from _closure(node, payload)
    yield AddEdge(node, EdgeType.HOLDS, payload["root"])


def _propagated(entry: Entry) -> Iterator[Mutation]:
    payload = cast("Closure", entry.payload)
    yield from _closure(node_id(NodeKind.QUARANTINE, payload["root"]), payload)


def _closure(node: str, closure: Closure) -> Iterator[Mutation]:
    yield SetAttribute(node, "closure_digest", closure["closure_digest"])
    yield SetAttribute(node, "count", closure["count"])
    yield SetAttribute(node, "at_seq", closure["at_seq"])


def _released(entry: Entry) -> Iterator[Mutation]:
    return _ended(entry, QuarantineState.CLEAR)


def _condemned(entry: Entry) -> Iterator[Mutation]:
    return _ended(entry, QuarantineState.CONDEMNED)


def _ended(entry: Entry, state: QuarantineState) -> Iterator[Mutation]:
    payload = cast("QuarantineEnded", entry.payload)
    node = node_id(NodeKind.QUARANTINE, payload["root"])
    yield SetAttribute(node, "state", state.value)
    yield SetAttribute(node, "end_reason", payload["reason"])


def _approvers(entry: Entry) -> Iterator[Mutation]:
    node = node_id(NodeKind.APPROVERS, entry.project)
    yield AddNode(node, NodeKind.APPROVERS, entry.project)
    yield SetAttribute(node, "document", _canonical(entry.payload))


def _waiver(entry: Entry) -> Iterator[Mutation]:
    payload = cast("WaiverSubmitted", entry.payload)
    node = node_id(NodeKind.WAIVER, payload["waiver_id"])
    yield AddNode(node, NodeKind.WAIVER, entry.project)
    yield SetAttribute(node, "waiver_id", payload["waiver_id"])
    yield SetAttribute(node, "document", _canonical(cast("JsonValue", payload["document"])))
    yield SetAttribute(node, "signatures", _canonical(cast("JsonValue", payload["signatures"])))
    yield SetAttribute(node, "submitted_at", entry.seq)
    yield SetAttribute(node, "state", "submitted")


def _waiver_revoked(entry: Entry) -> Iterator[Mutation]:
    payload = cast("WaiverEnded", entry.payload)
    node = node_id(NodeKind.WAIVER, payload["waiver_id"])
    yield SetAttribute(node, "state", "revoked")
    yield SetAttribute(node, "end_reason", payload["reason"])


def _waiver_expired(entry: Entry) -> Iterator[Mutation]:
    payload = cast("WaiverEnded", entry.payload)
    yield SetAttribute(node_id(NodeKind.WAIVER, payload["waiver_id"]), "state", "expired")


def _signed(entry: Entry) -> Iterator[Mutation]:
    payload = cast("ArtifactSigned", entry.payload)
    for subject in payload["subjects"]:
        node = _signature(entry, payload["signature_id"], subject["digest"])
        yield AddNode(node, NodeKind.SIGNATURE, entry.project)
        yield SetAttribute(node, "signature_id", payload["signature_id"])
        yield SetAttribute(node, "digest", subject["digest"])
        yield SetAttribute(node, "name", subject["name"])
        yield SetAttribute(node, "envelope", _canonical(payload["envelope"]))
        yield SetAttribute(node, "submitted_at", entry.seq)
        yield SetAttribute(node, "state", "submitted")


def _signature_revoked(entry: Entry) -> Iterator[Mutation]:
    payload = cast("SignatureRevoked", entry.payload)
    for subject in payload["subjects"]:
        node = _signature(entry, payload["signature_id"], subject["digest"])
        yield SetAttribute(node, "state", "revoked")
        yield SetAttribute(node, "end_reason", payload["reason"])


def _signature(entry: Entry, signature_id: str, digest: str) -> str:
    identity = derived_id("signature", entry.project, signature_id, digest)
    return node_id(NodeKind.SIGNATURE, identity)


def _schedule(entry: Entry) -> Iterator[Mutation]:
    payload = cast("ScheduleCommitted", entry.payload)
    node = node_id(NodeKind.SCHEDULE, f"{entry.project}/{payload['digest']}")
    yield AddNode(node, NodeKind.SCHEDULE, entry.project)
    yield SetAttribute(node, "digest", payload["digest"])
    yield SetAttribute(node, "document", _canonical(payload["schedule"]))
    yield SetAttribute(node, "position", payload["position"])
    yield SetAttribute(node, "at", payload["at"])
    yield SetAttribute(node, "done", 0)
    yield SetAttribute(node, "state", "open")


def _task(entry: Entry) -> Iterator[Mutation]:
    payload = cast("TaskCommitted", entry.payload)
    node = node_id(NodeKind.SCHEDULE, f"{entry.project}/{payload['schedule']}")
    yield SetAttribute(node, "done", payload["index"] + 1)
    yield SetAttribute(node, f"states.{payload['index']}", payload["state"])
    if payload["last"]:
        yield SetAttribute(node, "state", "closed")


def _canonical(value: JsonValue) -> str:
    return canonical_bytes(value).decode("utf-8")


Projector: TypeAlias = Callable[[Entry], Iterator[Mutation]]

GOVERNANCE: Final[Mapping[str, Projector]] = MappingProxyType(
    {
        APPROVERS_SET: _approvers,
        ARTIFACT_SIGNED: _signed,
        SIGNATURE_REVOKED: _signature_revoked,
        QUARANTINE_CONDEMNED: _condemned,
        QUARANTINE_HELD: _held,
        QUARANTINE_PROPAGATED: _propagated,
        QUARANTINE_RELEASED: _released,
        SCHEDULE_COMMITTED: _schedule,
        TASK_COMMITTED: _task,
        WAIVER_EXPIRED: _waiver_expired,
        WAIVER_REVOKED: _waiver_revoked,
        WAIVER_SUBMITTED: _waiver,
    }
)
"""Entry type to what it says."""
