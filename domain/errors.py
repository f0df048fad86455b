"""One tree of typed errors. Each carries a stable code and says what to do next.

::

    LineproofError
    ├── UsageError             the request cannot be carried out as it stands
    ├── NotFoundError          no such thing, or not yours to see
    ├── ConflictError          the request contradicts what is recorded
    ├── PermissionDeniedError  the caller may not do this
    ├── QuarantinedError       it descends from what is known to be bad
    ├── OverloadedError        try again after ``retry_after`` seconds
    ├── StorageFullError       writes are refused until space returns
    ├── StaleError             a read could not be brought up to the asked position
    ├── IntegrityError         evidence does not hold; never retried, never masked
    └── BackendError           a component we depend on failed; its cause is kept

Codes are part of the public contract: ``docs/reference/errors.md`` explains each one. How a code
becomes a GraphQL extension, an HTTP status or an exit code is decided once, by the layer that
speaks that language; this module knows none of them.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar


class ErrorCode(StrEnum):
    """Every stable error code. A code is never renamed or reused."""

    ALREADY_EXISTS = "ALREADY_EXISTS"
    BACKEND_UNAVAILABLE = "BACKEND_UNAVAILABLE"
    CHECKPOINT_INVALID = "CHECKPOINT_INVALID"
    CONFIG_INVALID = "CONFIG_INVALID"
    ENTRY_INVALID = "ENTRY_INVALID"
    ENTRY_TOO_LARGE = "ENTRY_TOO_LARGE"
    ERASED = "ERASED"
    EXPERIMENT_DELETED = "EXPERIMENT_DELETED"
    FORBIDDEN_HOST = "FORBIDDEN_HOST"
    FORBIDDEN_ORIGIN = "FORBIDDEN_ORIGIN"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    INTERNAL = "INTERNAL"
    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    INVALID_NAME = "INVALID_NAME"
    INVALID_PATH = "INVALID_PATH"
    LEDGER_FORKED = "LEDGER_FORKED"
    LEDGER_ROLLED_BACK = "LEDGER_ROLLED_BACK"
    LEDGER_TAMPERED = "LEDGER_TAMPERED"
    LINEAGE_CYCLE = "LINEAGE_CYCLE"
    MALFORMED = "MALFORMED"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_FOUND = "NOT_FOUND"
    OVERLOADED = "OVERLOADED"
    PARAM_IMMUTABLE = "PARAM_IMMUTABLE"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    POLICY_INVALID = "POLICY_INVALID"
    PROOF_INVALID = "PROOF_INVALID"
    QUARANTINED = "QUARANTINED"
    QUORUM_MISSING = "QUORUM_MISSING"
    REPLAY_DIVERGED = "REPLAY_DIVERGED"
    REQUEST_TIMEOUT = "REQUEST_TIMEOUT"
    RUN_DELETED = "RUN_DELETED"
    SHADOWED_PACKAGE = "SHADOWED_PACKAGE"
    SIGNATURES_MISSING = "SIGNATURES_MISSING"
    SIGNATURE_INVALID = "SIGNATURE_INVALID"
    SIGNATURE_REVOKED = "SIGNATURE_REVOKED"
    STALE = "STALE"
    STORAGE_FULL = "STORAGE_FULL"
    TOO_COMPLEX = "TOO_COMPLEX"
    TOO_LARGE = "TOO_LARGE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    WAIVER_EXPIRED = "WAIVER_EXPIRED"


class LineproofError(Exception):
    """The root of every expected failure.

    ``message`` says in one sentence what is wrong, ``hint`` what to do about it, ``context`` holds
    the values concerned (safe to show), ``retryable`` whether the same call may succeed later.
    """

    default_code: ClassVar[ErrorCode] = ErrorCode.INTERNAL
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        code: ErrorCode | None = None,
        hint: str = "",
        context: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint
        self.context: Mapping[str, object] = MappingProxyType(dict(context or {}))

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(LineproofError):
    """The request cannot be carried out as it stands; change it and ask again."""

    default_code = ErrorCode.INVALID_ARGUMENT


class NotFoundError(LineproofError):
    """No such thing, or it belongs to a project that the caller may not see."""

    default_code = ErrorCode.NOT_FOUND


class ConflictError(LineproofError):
    """The request contradicts what is already recorded."""

    default_code = ErrorCode.ALREADY_EXISTS


class PermissionDeniedError(LineproofError):
    """The caller may not do this."""

    default_code = ErrorCode.PERMISSION_DENIED


class QuarantinedError(LineproofError):
    """It descends from something under quarantine, so it must not be used."""

    default_code = ErrorCode.QUARANTINED


class OverloadedError(LineproofError):
    """The queue is full. Nothing was written; ask again after ``retry_after`` seconds."""

    default_code = ErrorCode.OVERLOADED
    retryable = True

    def __init__(self, message: str, *, retry_after: int, hint: str = "") -> None:
        super().__init__(message, hint=hint, context={"retry_after": retry_after})
        self.retry_after = retry_after


class StorageFullError(LineproofError):
    """The disk is nearly full: writes are refused, reads go on."""

    default_code = ErrorCode.STORAGE_FULL
    retryable = True


class StaleError(LineproofError):
    """A projection could not be brought up to the position that the read asked for."""

    default_code = ErrorCode.STALE
    retryable = True


class IntegrityError(LineproofError):
    """Evidence does not hold: a hash, signature, proof or replay disagrees. Never retried."""

    default_code = ErrorCode.LEDGER_TAMPERED


class BackendError(LineproofError):
    """A component that we depend on failed; raise it ``from`` its cause."""

    default_code = ErrorCode.BACKEND_UNAVAILABLE
    retryable = True
