"""Group commit: whatever arrives while a commit is under way is the next commit.

One thread commits: at once when idle, at most 256 requests together, so nobody waits for a timer.
The queue is bounded; a full one is the caller's ``OverloadedError``, with nothing written.
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
    __slots__ = ("done", "outcome", "unit")

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.done = threading.Event()
        self.outcome: Outcome = []


class GroupCommit:
    """The queue in front of the sequencer and the thread that empties it."""

    def __init__(self, commit: Callable[[Sequence[Unit]], Sequence[Outcome]]) -> None:
        self._commit = commit
        self._queue: deque[_Request] = deque()
        self._wake = threading.Condition()
        self._closed = False
        self._failure: LineproofError | None = None
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

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
        with self._wake:
            self._refuse_when_unable()
            self._queue.append(request)
            self._wake.notify()
        request.done.wait()
        if isinstance(request.outcome, LineproofError):
            raise request.outcome
        return request.outcome

    def close(self) -> None:
        """Commit what was accepted, then stop."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        self._thread.join()

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

    def _run(self) -> None:
        while group := self._take():
            outcomes = self._outcomes([request.unit for request in group])
            for request, outcome in zip(group, outcomes, strict=True):
                request.outcome = outcome
                request.done.set()

    def _take(self) -> list[_Request]:
        """The next group; empty when closed and drained."""
        with self._wake:
            self._wake.wait_for(lambda: self._queue or self._closed)
            return [self._queue.popleft() for _ in range(min(MAX_GROUP, len(self._queue)))]

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
        except Exception as error:  # noqa: BLE001 - whatever it is, the callers must not wait for ever
            failure = BackendError(f"The ledger's writer stopped: {error!r}.")
            failure.__cause__ = error
            self.fail(failure)
            return [failure] * len(units)
