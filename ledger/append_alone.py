"""Appending one entry without a ``Log``, for commands that must be alone with the ledger."""

from domain.errors import IntegrityError, LineproofError
from ledger.entry import Draft, Receipt, encode
from ledger.sequencer import Sequencer


def append_alone(sequencer: Sequencer, draft: Draft, now_ms: int) -> Receipt:
    """Record a small draft, durable on return; the caller holds ``open.lock`` alone.

    Raises as ``Log.append`` does.
    """
    (outcome,) = sequencer.commit([[encode(draft, _no_blob)]], now_ms)
    if isinstance(outcome, LineproofError):
        raise outcome
    return outcome[0]


def _no_blob(_: bytes) -> str:
    raise IntegrityError("This entry has no large payload.")
