"""Signatures over artifacts: who signed what, judged with the keys in force at their entry."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import cast

import structlog

from domain.canonical import JsonObject, JsonValue, canonical_digest
from domain.errors import ConflictError, ErrorCode, NotFoundError, UsageError
from domain.quarantine import Trigger
from domain.signature import ARTIFACT_SIGNED, SIGNATURE_REVOKED, ArtifactSigned, SignedSubject
from domain.strict_json import parse_json_object
from governance.approvers import Approvers, approvers
from governance.in_toto import Envelope, read_envelope
from governance.products import nodes_of_content
from governance.quarantine import Keeper
from graph.model import Node, NodeKind
from graph.port import Condition, GraphReader, NodeQuery, Operator
from ledger.entry import Draft
from ledger.log import Log

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ArtifactSignature:
    """A recorded signature over one artifact."""

    signature_id: str
    digest: str
    """SHA-256 of the artifact, hexadecimal."""
    name: str
    seq: int
    revoked: bool
    signed_by: tuple[str, ...]
    """Names of the signers whose keys were in force at its entry; ordered."""

    @property
    def counts(self) -> bool:
        """Whether it says anything."""
        return bool(self.signed_by) and not self.revoked


def signed_names(envelope: Envelope, people: Approvers) -> tuple[str, ...]:
    """The names of the signers of an envelope, ordered.

    Raises ``UsageError``: SIGNATURE_REVOKED when a revoked key made one of its signatures,
    SIGNATURE_INVALID when none is one of a signer in force, or one names such a key and is wrong.
    """
    names: set[str] = set()
    for key_id, signature in envelope.signatures:
        for key in people.revoked:
            if key.verifies(envelope.message, signature):
                raise UsageError(
                    f"The key {key.name!r} was revoked.",
                    code=ErrorCode.SIGNATURE_REVOKED,
                    hint="Have it signed by a key that is in force.",
                )
        by = [key for key in people.signers if key.verifies(envelope.message, signature)]
        names.update(key.name for key in by)
        claimed = [key.name for key in people.signers if key.vkey == key_id]
        if claimed and not by:
            raise _invalid(f"It is not one of {claimed[0]!r} over this statement")
    if not names:
        raise _invalid("None of its keys is a signer's")
    return tuple(sorted(names))


def recorded_signatures(
    graph: GraphReader,
    project: str,
    *,
    digests: Collection[str] | None = None,
    as_of: int | None,
) -> tuple[ArtifactSignature, ...]:
    """The signatures over artifacts with these SHA-256 digests (None: over any), by entry."""
    conditions: tuple[Condition, ...] = ()
    if digests is not None:
        conditions = (Condition("digest", Operator.IN, tuple(sorted(digests))),)
    nodes = graph.find(NodeQuery(project, NodeKind.SIGNATURE, conditions), as_of=as_of)
    return tuple(_recorded(graph, node) for node in nodes)


@dataclass(frozen=True, slots=True)
class SignatureRegistrar:
    """Who records signatures, where."""

    log: Log
    graph: GraphReader
    catch_up: Callable[[], int]
    project: str
    source: str
    actor: str = ""

    def submit(self, document: JsonValue) -> tuple[ArtifactSignature, ...]:
        """Record an envelope; raises as ``read_envelope`` and ``signed_names``.

        What a signature of a revoked key, or one that is not its key's, is about is held: whoever
        shows it has either the key or a forgery.
        """
        envelope = read_envelope(document)
        people = approvers(self.graph, self.project, as_of=self.catch_up())
        try:
            signed_names(envelope, people)
        except UsageError as error:
            if error.code is ErrorCode.SIGNATURE_REVOKED or _claims(envelope, people):
                self._hold(envelope.subjects, error.message)
            raise
        identity = canonical_digest(envelope.document)
        payload: ArtifactSigned = {
            "signature_id": identity,
            "envelope": envelope.document,
            "subjects": list(envelope.subjects),
        }
        self._append(ARTIFACT_SIGNED, cast("JsonObject", payload), f"signature/{identity}")
        logger.info("artifact.signed", signature=identity, subjects=len(envelope.subjects))
        return self.require(identity)

    def revoke(self, identity: str, reason: str) -> tuple[ArtifactSignature, ...]:
        """A signature counts no more, and what it is about is held; ``NotFoundError``."""
        found = self.require(identity)
        subjects: list[SignedSubject] = [{"name": o.name, "digest": o.digest} for o in found]
        if not any(one.revoked for one in found):
            said: JsonObject = {
                "signature_id": identity,
                "subjects": cast("list[JsonValue]", subjects),
                "reason": reason,
            }
            self._append(SIGNATURE_REVOKED, said, f"signature/{identity}/revoked")
            logger.info("signature.revoked", signature=identity)
        self._hold(subjects, f"Its signature {identity} was revoked: {reason}")
        return self.require(identity)

    def require(self, identity: str) -> tuple[ArtifactSignature, ...]:
        """The signature of that id over each of its subjects."""
        size = self.catch_up()
        of = (Condition("signature_id", Operator.EQ, identity),)
        nodes = self.graph.find(NodeQuery(self.project, NodeKind.SIGNATURE, of), as_of=size)
        if not nodes:
            raise NotFoundError(
                f"No signature {identity[:80]!r} is recorded in the project {self.project!r}.",
                hint="See `lineproof signature list`.",
            )
        return tuple(_recorded(self.graph, node) for node in nodes)

    def _hold(self, subjects: Sequence[SignedSubject], reason: str) -> None:
        keeper = Keeper(self.log, self.graph, self.catch_up, self.project, self.source, self.actor)
        for subject in subjects:
            for root in nodes_of_content(self.graph, self.project, subject["digest"]):
                keeper.hold(root, reason[:2_000], Trigger.SIGNATURE)

    def _append(self, kind: str, payload: JsonObject, idem: str) -> None:
        draft = Draft(kind, self.project, self.actor, self.source, idem, payload)
        try:
            self.log.append([draft])
        except ConflictError:
            logger.info("signature.repeated", idem=idem)
        self.log.publish()


def _recorded(graph: GraphReader, node: Node) -> ArtifactSignature:
    attributes = node.attributes
    seq = int(attributes["submitted_at"])
    envelope = read_envelope(parse_json_object(str(attributes["envelope"]).encode("utf-8")))
    try:
        names = signed_names(envelope, approvers(graph, node.project, as_of=seq))
    except UsageError:
        names = ()
    return ArtifactSignature(
        signature_id=str(attributes["signature_id"]),
        digest=str(attributes["digest"]),
        name=str(attributes["name"]),
        seq=seq,
        revoked=attributes["state"] == "revoked",
        signed_by=names,
    )


def _claims(envelope: Envelope, people: Approvers) -> bool:
    """Whether a signature names the key of a signer, although it is not that key's."""
    return any(key_id == key.vkey for key_id, _ in envelope.signatures for key in people.signers)


def _invalid(why: str) -> UsageError:
    return UsageError(
        f"The signature does not count. {why}.",
        code=ErrorCode.SIGNATURE_INVALID,
        hint="Sign with a key that `lineproof approver list` shows as a signer's.",
    )
