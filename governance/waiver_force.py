"""Which waivers are in force: enough signatures at the entry that submitted them, not ended yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from domain.approver import Signature
from domain.errors import UsageError
from domain.strict_json import parse_json, parse_json_object
from domain.waiver import WaiverDocument
from governance.approvers import approvers
from governance.waiver import check_signatures
from governance.waiver_scope import CandidateScope
from graph.model import Node, NodeKind
from graph.port import GraphReader, NodeQuery


@dataclass(frozen=True, slots=True)
class Waiver:
    """A recorded waiver."""

    waiver_id: str
    document: WaiverDocument
    signatures: tuple[Signature, ...]
    seq: int
    """The entry that submitted it."""
    state: str
    """``submitted``, ``revoked`` or ``expired``, as the ledger says."""
    signed_by: tuple[str, ...]
    """Empty when its signatures were not enough at its entry."""

    def in_force(self, at: int) -> bool:
        """Whether it counts at the ledger's time ``at``, ms; at its end it counts no more."""
        return self.state != "revoked" and bool(self.signed_by) and at < self.document["expires"]


def recorded_waivers(graph: GraphReader, project: str, *, as_of: int | None) -> tuple[Waiver, ...]:
    """Every waiver of the project, by entry. Keys are judged as they stood at its entry."""
    nodes = graph.find(NodeQuery(project, NodeKind.WAIVER), as_of=as_of)
    return tuple(_waiver(graph, node) for node in nodes)


def waivers_of_roots(
    graph: GraphReader, project: str, *, as_of: int | None, at: int
) -> dict[str, str]:
    """Quarantined root to the waiver that lifts it at time ``at``."""
    return {
        waiver.document["root"]: waiver.waiver_id
        for waiver in recorded_waivers(graph, project, as_of=as_of)
        if "root" in waiver.document and waiver.in_force(at)
    }


def waivers_of_rules(
    waivers: Sequence[Waiver], policy: str, scope: CandidateScope, *, at: int
) -> dict[str, str]:
    """Rule id to the waiver that lifts it for every candidate run of ``scope``."""
    return {
        waiver.document["rule"]: waiver.waiver_id
        for waiver in waivers
        if waiver.document.get("policy") == policy
        and "rule" in waiver.document
        and waiver.in_force(at)
        and scope.covered_by(waiver.document)
    }


def _waiver(graph: GraphReader, node: Node) -> Waiver:
    document = cast(
        "WaiverDocument", parse_json_object(str(node.attributes["document"]).encode("utf-8"))
    )
    signatures = cast(
        "list[Signature]", parse_json(str(node.attributes["signatures"]).encode("utf-8"))
    )
    seq = int(node.attributes["submitted_at"])
    try:
        signed_by = check_signatures(
            document, signatures, approvers(graph, node.project, as_of=seq)
        )
    except UsageError:
        signed_by = ()
    return Waiver(
        waiver_id=str(node.attributes["waiver_id"]),
        document=document,
        signatures=tuple(signatures),
        seq=seq,
        state=str(node.attributes["state"]),
        signed_by=signed_by,
    )
