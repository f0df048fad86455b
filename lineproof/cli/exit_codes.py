"""What a command's exit code means: the one mapping from errors; verdicts' is governance's.

A gate that cannot judge never exits 0: not when a code is unknown, not when an answer is broken.
"""

from enum import IntEnum

from domain.errors import ErrorCode
from domain.verdict import Outcome
from governance.exit_code import exit_code_of


class Exit(IntEnum):
    """Every exit code of ours."""

    OK = 0
    """Passed, or warnings only."""
    FAILED = 1
    """The gate failed, or the subject is quarantined."""
    USAGE = 2
    """The command or the configuration is wrong."""
    CANNOT_JUDGE = 3
    """Inconclusive, not comparable, missing, stale."""
    INTEGRITY = 4
    """Evidence is invalid; the ledger was changed, rolled back or forked; a replay diverged."""
    UNREACHABLE = 5
    """The server, or something behind it, does not answer as it should."""


_OF_CODE = {
    ErrorCode.BACKEND_UNAVAILABLE: Exit.UNREACHABLE,
    ErrorCode.CHECKPOINT_INVALID: Exit.INTEGRITY,
    ErrorCode.ERASED: Exit.CANNOT_JUDGE,
    ErrorCode.INTERNAL: Exit.UNREACHABLE,
    ErrorCode.LEDGER_FORKED: Exit.INTEGRITY,
    ErrorCode.LEDGER_ROLLED_BACK: Exit.INTEGRITY,
    ErrorCode.LEDGER_TAMPERED: Exit.INTEGRITY,
    ErrorCode.NOT_FOUND: Exit.CANNOT_JUDGE,
    ErrorCode.OVERLOADED: Exit.UNREACHABLE,
    ErrorCode.PROOF_INVALID: Exit.INTEGRITY,
    ErrorCode.QUARANTINED: Exit.FAILED,
    ErrorCode.QUORUM_MISSING: Exit.CANNOT_JUDGE,
    ErrorCode.REPLAY_DIVERGED: Exit.INTEGRITY,
    ErrorCode.REQUEST_TIMEOUT: Exit.UNREACHABLE,
    ErrorCode.STALE: Exit.CANNOT_JUDGE,
    ErrorCode.STORAGE_FULL: Exit.UNREACHABLE,
}
"""Codes that do not mean wrong usage."""


def exit_of_outcome(outcome: Outcome) -> Exit:
    """The exit code of a verdict."""
    return Exit(exit_code_of(outcome))


def exit_of_code(code: ErrorCode) -> Exit:
    """The exit code of an error."""
    return _OF_CODE.get(code, Exit.USAGE)
