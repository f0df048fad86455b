"""Verdicts as they stand recorded, and the proof that one does."""

import base64
from dataclasses import dataclass

from domain.errors import NotFoundError
from domain.strict_json import parse_json_object
from domain.verdict import Outcome, VerdictRecorded
from governance.statement import Statement, as_json, statement_of
from graph.model import Node, NodeKind, node_id
from graph.port import GraphReader
from ledger.log import Log
from ledger.proof import format_proof


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """A verdict with its place in the ledger."""

    verdict_id: str
    statement: Statement
    seq: int | None
    """Its leaf index; None when it was a dry run and stands nowhere."""
    replayed: bool = False
    """True when this very verdict was recorded before and is given again."""

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.statement["outcome"])

    @property
    def blocking(self) -> bool:
        """Whether the candidate must not ship on this verdict."""
        return self.statement["blocking"]


@dataclass(frozen=True, slots=True)
class VerdictProof:
    """That the verdict's entry is in the tree of a signed checkpoint (RFC 9162)."""

    leaf_index: int
    tree_size: int
    root_hash: str
    """Base64, as the checkpoint writes it."""
    inclusion: tuple[str, ...]
    """The audit path, base64, from the leaf up."""
    checkpoint: str
    """The signed note."""
    text: str
    """The whole C2SP tlog-proof file, to be checked offline."""


def verdict_proof(ledger: Log, seq: int) -> VerdictProof:
    """The proof of the entry ``seq`` in the last checkpoint, published first when need be."""
    checkpoint = ledger.checkpoint()
    if checkpoint.size <= seq:
        checkpoint = ledger.publish()
    path = ledger.inclusion_proof(seq, checkpoint.size)
    return VerdictProof(
        leaf_index=seq,
        tree_size=checkpoint.size,
        root_hash=base64.b64encode(checkpoint.root).decode("ascii"),
        inclusion=tuple(base64.b64encode(step).decode("ascii") for step in path),
        checkpoint=checkpoint.text,
        text=format_proof(seq, path, checkpoint.text),
    )


def verdict_key(verdict_id: str) -> str:
    """The idempotency key of the entry that records a verdict."""
    return f"verdict/{verdict_id}"


def recorded_payload(verdict_id: str, statement: Statement) -> VerdictRecorded:
    """The payload of the ``verdict.recorded`` entry of a statement."""
    return {
        "verdict_id": verdict_id,
        "policy_name": statement["policy"]["name"],
        "run_ids": statement["subject"]["run_ids"],
        "outcome": statement["outcome"],
        "statement": as_json(statement),
    }


def find_verdict(
    graph: GraphReader, project: str, verdict_id: str, *, as_of: int | None = None
) -> VerdictRecord | None:
    """The recorded verdict; None when this project has none of that id."""
    node = node_id(NodeKind.VERDICT, verdict_id)
    found = graph.nodes([node], as_of=as_of).get(node)
    return verdict_of(found) if found is not None and found.project == project else None


def require_verdict(
    graph: GraphReader, project: str, verdict_id: str, *, as_of: int | None = None
) -> VerdictRecord:
    """Like ``find_verdict``; ``NotFoundError`` when there is none."""
    found = find_verdict(graph, project, verdict_id, as_of=as_of)
    if found is None:
        raise NotFoundError(
            f"No verdict {verdict_id[:64]!r} is recorded in the project {project!r}.",
            hint="Take the id from the answer of a gate that was no dry run.",
        )
    return found


def verdict_of(node: Node) -> VerdictRecord:
    """The verdict that a VERDICT node holds."""
    return VerdictRecord(
        verdict_id=str(node.attributes["verdict_id"]),
        statement=statement_of(
            parse_json_object(str(node.attributes["statement"]).encode("utf-8"))
        ),
        seq=node.seq,
    )
