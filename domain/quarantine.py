"""Quarantine: what is known to be bad stops everything that descends from it."""

from enum import StrEnum
from typing import Final, TypedDict

QUARANTINE_HELD: Final = "quarantine.held"
QUARANTINE_PROPAGATED: Final = "quarantine.propagated"
QUARANTINE_RELEASED: Final = "quarantine.released"
QUARANTINE_CONDEMNED: Final = "quarantine.condemned"


class QuarantineState(StrEnum):
    """States of a root: clear → held → clear, held → condemned for ever.

    ``waived`` is no state of the ledger: a held root is waived while a waiver for it is in force.
    """

    CLEAR = "clear"
    HELD = "held"
    CONDEMNED = "condemned"


class Trigger(StrEnum):
    """What put a root under quarantine."""

    PERSON = "person"
    DIGEST_MISMATCH = "digest_mismatch"
    RULE = "rule"
    SIGNATURE = "signature"
    """Bad, of a revoked key, or revoked itself."""
    DIVERGENCE = "divergence"
    """A replay that a rule requires came to other bytes."""


class Closure(TypedDict):
    """Everything downstream of a root at a position."""

    root: str
    """Graph node id: ``run:<id>`` or ``artifact:<id>``."""
    closure_digest: str
    """``sha256:`` of the canonical JSON list of the node ids, ordered, the root among them."""
    count: int
    """How many node ids."""
    at_seq: int
    """The tree size at which the closure was taken."""


class QuarantineHeld(Closure):
    """Payload of ``quarantine.held``."""

    reason: str
    trigger: str


class QuarantineEnded(TypedDict):
    """Payload of ``quarantine.released`` and ``quarantine.condemned``."""

    root: str
    reason: str
