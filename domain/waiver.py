"""Waivers: exceptions that k of n people sign, for one thing, with a reason and an end."""

from typing import Final, NotRequired, TypedDict

from domain.approver import Signature

WAIVER_SUBMITTED: Final = "waiver.submitted"
WAIVER_REVOKED: Final = "waiver.revoked"
WAIVER_EXPIRED: Final = "waiver.expired"
TIME_WITNESSED: Final = "time.witnessed"
"""Says nothing but that the ledger's time had come so far when it was recorded."""

WAIVER_VERSION: Final = 1
SIGNED_PREFIX: Final = b"lineproof.waiver/1\n"
"""Stands before the canonical waiver in what is signed, so that no signature serves for both."""


class WaiverDocument(TypedDict):
    """What is signed.

    Either ``root``, or ``policy`` and ``rule`` and one of ``runs``, ``group`` and ``artifact``.
    """

    version: int
    project: str
    root: NotRequired[str]
    """A quarantined graph node that it lifts."""
    policy: NotRequired[str]
    rule: NotRequired[str]
    runs: NotRequired[list[str]]
    """The candidate runs that the rule is waived for."""
    group: NotRequired[str]
    """The fingerprint of the run group whose runs it is waived for."""
    artifact: NotRequired[str]
    """It is waived for runs that made a file, model or version of a registered model so named."""
    reason: str
    expires: int
    """Milliseconds since the epoch, held against the ledger's own time."""


class WaiverSubmitted(TypedDict):
    """Payload of ``waiver.submitted``."""

    waiver_id: str
    """``sha256:`` of the canonical document."""
    document: WaiverDocument
    signatures: list[Signature]


class WaiverEnded(TypedDict):
    """Payload of ``waiver.revoked`` and ``waiver.expired``."""

    waiver_id: str
    reason: str
