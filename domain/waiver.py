"""Waivers: exceptions that k of n people sign, for one thing, with a reason and an end."""

from typing import Final, NotRequired, TypedDict

APPROVERS_SET: Final = "approvers.set"
WAIVER_SUBMITTED: Final = "waiver.submitted"
WAIVER_REVOKED: Final = "waiver.revoked"
WAIVER_EXPIRED: Final = "waiver.expired"
TIME_WITNESSED: Final = "time.witnessed"
"""Says nothing but that the ledger's time had come so far when it was recorded."""

WAIVER_VERSION: Final = 1
SIGNED_PREFIX: Final = b"lineproof.waiver/1\n"
"""Stands before the canonical waiver in what is signed, so that no signature serves for both."""


class ApproversSet(TypedDict):
    """Payload of ``approvers.set``: the whole set from this entry on."""

    threshold: int
    """How many of the keys must sign."""
    keys: list[str]
    """Verifier keys, ``<name>+<id>+<base64>``."""
    revoked: list[str]
    """Keys that were in a set and must not sign any more."""


class WaiverDocument(TypedDict):
    """What is signed. Either ``root``, or ``policy`` and ``rule`` and ``runs``."""

    version: int
    project: str
    root: NotRequired[str]
    """A quarantined graph node that it lifts."""
    policy: NotRequired[str]
    rule: NotRequired[str]
    runs: NotRequired[list[str]]
    """The candidate runs that the rule is waived for."""
    reason: str
    expires: int
    """Milliseconds since the epoch, held against the ledger's own time."""


class WaiverSignature(TypedDict):
    """One signature."""

    key: str
    """The verifier key that made it."""
    signature: str
    """Base64, 64 bytes."""


class WaiverSubmitted(TypedDict):
    """Payload of ``waiver.submitted``."""

    waiver_id: str
    """``sha256:`` of the canonical document."""
    document: WaiverDocument
    signatures: list[WaiverSignature]


class WaiverEnded(TypedDict):
    """Payload of ``waiver.revoked`` and ``waiver.expired``."""

    waiver_id: str
    reason: str
