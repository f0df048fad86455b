"""A ledger entry: what a writer asks to record (``Draft``) and what stands recorded (``Entry``).

The recorded bytes are the RFC 8785 canonical JSON of ``{v, type, project, actor, source, idem, at,
schema, payload | payload_digest}``; the leaf hash is RFC 9162's over those bytes.
"""

from dataclasses import dataclass

from domain.canonical import JsonObject

FORMAT_VERSION = 1
SOFT_LIMIT = 16 * 1024
"""Bytes above which a payload moves to a blob and the entry keeps its digest."""
HARD_LIMIT = 60_000
"""Bytes that no entry may exceed: ENTRY_TOO_LARGE, never truncation."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A request to record something; becomes one entry."""

    type: str
    """``noun.past_verb``, for example ``run.started``."""
    project: str
    actor: str
    source: str
    """Which door it came through: ``mlflow``, ``cli``, ``graphql``, …"""
    idem: str
    """Idempotency key, unique per project: the same key with the same content is recorded once."""
    payload: JsonObject
    schema: int = 1
    """Version of the payload's own form."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A recorded entry. ``payload`` is resolved, from a blob where it was too large to stand in."""

    seq: int
    """Leaf index: the only order there is."""
    type: str
    project: str
    actor: str
    source: str
    idem: str
    at: int
    """Milliseconds since the epoch, written once by the sequencer, never decreasing."""
    schema: int
    payload: JsonObject
    data: bytes
    """The canonical bytes that the leaf hash covers."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to an append: durable at ``seq``."""

    seq: int
    repeated: bool
    """True when this idempotency key was already recorded with the same content."""
