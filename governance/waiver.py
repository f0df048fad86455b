"""One waiver: its document, what is signed, and whether its signatures are enough."""

from collections.abc import Sequence
from typing import cast

from domain.approver import Signature
from domain.canonical import JsonObject, JsonValue, canonical_bytes, canonical_digest
from domain.waiver import SIGNED_PREFIX, WAIVER_VERSION, WaiverDocument
from governance.approvers import Approvers
from governance.quorum import sign_bytes, signed_by
from governance.request_reader import object_of, refused, required_text, text_list, text_member
from ledger.signing import Signer

_FOR = ("runs", "group", "artifact")
_MEMBERS = ("version", "project", "reason", "expires", "root", "policy", "rule", *_FOR)
MAX_RUNS = 10_000


def waiver_document(body: JsonValue) -> WaiverDocument:
    """The document in ``body``; ``UsageError`` (INVALID_ARGUMENT) unless it is a whole waiver."""
    fields = object_of(body, "the waiver", _MEMBERS)
    if fields.get("version") != WAIVER_VERSION:
        raise refused(f"'version' of the waiver must be {WAIVER_VERSION}")
    expires = fields.get("expires")
    if isinstance(expires, bool) or not isinstance(expires, int) or not 0 < expires < 2**53:
        raise refused("'expires' must be milliseconds since the epoch")
    document: WaiverDocument = {
        "version": WAIVER_VERSION,
        "project": required_text(fields, "project", limit=250),
        "reason": required_text(fields, "reason", limit=2_000),
        "expires": expires,
    }
    root = text_member(fields, "root", limit=1_000)
    policy, rule = (text_member(fields, name, limit=100) for name in ("policy", "rule"))
    scope = [name for name in _FOR if fields.get(name) is not None]
    if root is not None and not (policy or rule or scope):
        document["root"] = root
    elif root is None and policy and rule and len(scope) == 1:
        document["policy"], document["rule"] = policy, rule
        _set_scope(document, fields)
    else:
        raise refused(
            "a waiver lifts either one 'root', or one 'rule' of a 'policy' for its 'runs', a "
            "'group' or an 'artifact'"
        )
    return document


def _set_scope(document: WaiverDocument, fields: JsonObject) -> None:
    runs = text_list(fields, "runs", most=MAX_RUNS, limit=250)
    group, artifact = (text_member(fields, name, limit=1_000) for name in ("group", "artifact"))
    if runs:
        document["runs"] = list(runs)
    elif group:
        document["group"] = group
    elif artifact:
        document["artifact"] = artifact
    else:
        raise refused("'runs' must name at least one run")


def waiver_id(document: WaiverDocument) -> str:
    """``sha256:`` of the canonical document."""
    return canonical_digest(cast("JsonObject", document))


def signed_bytes(document: WaiverDocument) -> bytes:
    """What a signature is made over."""
    return SIGNED_PREFIX + canonical_bytes(cast("JsonObject", document))


def sign_waiver(document: WaiverDocument, signer: Signer) -> Signature:
    """The signature of one approver."""
    return sign_bytes(signed_bytes(document), signer)


def check_signatures(
    document: WaiverDocument, signatures: Sequence[Signature], people: Approvers
) -> tuple[str, ...]:
    """The names of those who signed; raises as ``governance.quorum.signed_by``."""
    return signed_by(signed_bytes(document), signatures, people, what="waiver")
