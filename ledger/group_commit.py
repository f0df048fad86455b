"""Group commit: whatever arrives while a commit is under way is the next commit.

Nobody waits for a timer, nor for another thread when nobody else commits: whoever finds no commit
under way carries one out, for itself and for at most 255 others that wait. Then the first of those
that came meanwhile goes on. The queue is bounded; a full one is the caller's ``OverloadedError``,
with nothing written.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence

from domain.errors import BackendError, LineproofError, OverloadedError
from ledger.durable import FsyncFailed
from ledger.entry import Receipt
from ledger.sequencer import Outcome, Unit

MAX_GROUP = 256
MAX_QUEUE = 4_096


class _Request:
    __slots__ = ("outcome", "turn", "unit")

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.outcome: Outcome | None = None
        self.turn = threading.Lock()
        """Held while others commit; let go when there is an outcome, or when it is our turn."""


class GroupCommit:
    """The queue in front of the sequencer. Thread-safe; makes no thread of its own."""

    def __init__(self, commit: Callable[[Sequence[Unit]], Sequence[Outcome]]) -> None:
        self._commit = commit
        self._queue: deque[_Request] = deque()
        self._idle = threading.Condition()
        self._busy = False
        """Whether somebody commits, or was told to."""
        self._closed = False
        self._failure: LineproofError | None = None

    @property
    def failure(self) -> LineproofError | None:
        """Why nothing is accepted any more; None while all is well."""
        return self._failure

    @property
    def waiting(self) -> int:
        """Requests in the queue, those of the commit under way not counted."""
        return len(self._queue)

    def fail(self, error: LineproofError) -> None:
        """Accept nothing more, and answer what waits with ``error``."""
        self._failure = self._failure or error

    def submit(self, unit: Unit) -> list[Receipt]:
        """Commit one unit; returns when it is durable, raises what became of it otherwise."""
        request = _Request(unit)
        with self._idle:
            self._refuse_when_unable()
            if self._busy:
                request.turn.acquire()
            self._busy = True
            self._queue.append(request)
        try:
            request.turn.acquire()
        except KeyboardInterrupt:
            request.turn.acquire()  # Others count on whoever is in the queue.
            self._done(request)
            raise
        return self._done(request)

    def close(self) -> None:
        """Accept nothing more; returns when what was accepted is committed."""
        with self._idle:
            self._closed = True
            self._idle.wait_for(lambda: not self._busy)

    def _done(self, request: _Request) -> list[Receipt]:
        """It is the request's turn: commit it, unless somebody has; what became of it."""
        if request.outcome is None:
            self._lead()
        if isinstance(request.outcome, LineproofError):
            raise request.outcome
        assert request.outcome is not None, "whoever leads commits its own request"
        return request.outcome

    def _refuse_when_unable(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._closed:
            raise BackendError("The ledger is closed.", hint="Open it again.")
        if len(self._queue) >= MAX_QUEUE:
            raise OverloadedError(
                f"{MAX_QUEUE} requests wait for the ledger already; this one was not accepted.",
                retry_after=1,
            )

    def _lead(self) -> None:
        """Commit what waits, our own first; then let the next one lead."""
        group = [self._queue.popleft() for _ in range(min(MAX_GROUP, len(self._queue)))]
        outcomes: Sequence[Outcome] = [_interrupted()] * len(group)
        try:
            outcomes = self._outcomes([request.unit for request in group])
        finally:
            for request, outcome in zip(group, outcomes, strict=True):
                request.outcome = outcome
            self._pass_on()
            for request in group[1:]:
                request.turn.release()

    def _pass_on(self) -> None:
        with self._idle:
            if self._queue:
                self._queue[0].turn.release()
            else:
                self._busy = False
                self._idle.notify_all()

    def _outcomes(self, units: Sequence[Unit]) -> Sequence[Outcome]:
        if self._failure is not None:
            return [self._failure] * len(units)
        try:
            return self._commit(units)
        except FsyncFailed as error:
            self.fail(error)
            return [error] * len(units)
        except LineproofError as error:
            return [error] * len(units)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others must not wait for ever
            failure = BackendError(f"The ledger's writer stopped: {error!r}.")
            failure.__cause__ = error
            self.fail(failure)
            return [failure] * len(units)


def _interrupted() -> BackendError:
    return BackendError(
        "The commit was interrupted.", hint="Send the request again with its idempotency key."
    )
