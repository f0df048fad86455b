"""Demanding the word of witnesses: a verdict counts only once a quorum has cosigned its checkpoint.

Which witnesses, and how many, is the asker's own file (``LINEPROOF_WITNESSES``, tlog-policy): a
server that could choose would choose itself.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from domain.canonical import JsonObject
from domain.errors import ErrorCode, StaleError
from lineproof.cli.backend import Backend
from lineproof.cli.files import read_text

if TYPE_CHECKING:
    from ledger.witness_policy import WitnessPolicy

SECONDS = 10.0
"""How long a gate waits for the witnesses."""
_PAUSE = 0.5


def read_quorum(path: str | Path) -> "WitnessPolicy":
    """The asker's witness policy; ``UsageError`` when the file is not one."""
    from ledger.witness_policy import parse_witness_policy

    return parse_witness_policy(read_text(Path(path)))


def require_quorum(policy: "WitnessPolicy", checkpoint: str) -> None:
    """``StaleError`` (QUORUM_MISSING) unless a quorum has cosigned the checkpoint."""
    by = policy.cosigned(checkpoint)
    if not policy.satisfied(by):
        raise StaleError(
            f"INCONCLUSIVE: the checkpoint is cosigned by {', '.join(by) or 'no witness'}, which "
            "is no quorum.",
            code=ErrorCode.QUORUM_MISSING,
            hint="Ask again when the witnesses answer; until then nobody else vouches for it.",
        )


def wait_for_quorum(backend: Backend, answer: JsonObject, path: str) -> None:
    """Wait a moment until a quorum has cosigned a checkpoint that proves the verdict.

    Raises ``StaleError`` (QUORUM_MISSING) when it does not, or when nothing was recorded;
    ``IntegrityError`` when the proof is of something else.
    """
    from ledger.proof import parse_proof

    policy = read_quorum(path)
    index = answer.get("leafIndex")
    if not isinstance(index, int):
        raise StaleError(
            "INCONCLUSIVE: a dry run is not recorded, so no witness can vouch for it.",
            code=ErrorCode.QUORUM_MISSING,
        )
    end = time.monotonic() + SECONDS
    while True:
        checkpoint = parse_proof(backend.proof(index)).checkpoint
        try:
            require_quorum(policy, checkpoint)
        except StaleError:
            if time.monotonic() >= end:
                raise
            time.sleep(_PAUSE)
        else:
            return
